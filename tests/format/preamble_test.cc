#include "format/preamble.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr HeaderFormat kFormat = {"test", Magic("TEST"), 3, 32};
constexpr uint64_t kSeed = 77;

std::string GoodHeader() {
  std::string header(32, 'f');
  FinishHeader(header.data(), kFormat, kSeed);
  return header;
}

absl::Status Check(std::string_view bytes) { return CheckHeader(bytes, kFormat, kSeed); }

TEST_CASE("a header begins with its preamble and ends with its hash", "[format]") {
  const std::string header = GoodHeader();
  CHECK(header.substr(0, 8) == std::string("TEST\x03\0\x20\0", 8));
  CHECK(header.substr(8, 16) == std::string(16, 'f'));
  CHECK(header.substr(24) == Le(Hash64(header.substr(0, 24), kSeed)));
  CHECK(Check(header).ok());
  CHECK(Check(header + "what follows").ok());
}

TEST_CASE("every flipped bit of a header is damage", "[format]") {
  RequireFlipsAreDamage(GoodHeader(), 0, 32, Check);
}

TEST_CASE("every cut header is damage", "[format]") {
  RequireTruncationsAreDamage(GoodHeader(), Check);
}

TEST_CASE("a header under another seed is damage", "[format]") {
  CHECK(IsDamage(CheckHeader(GoodHeader(), kFormat, kSeed + 1)));
}

TEST_CASE("zeros are damage and not a newer version", "[format]") {
  CHECK(IsDamage(Check(std::string(512, '\0'))));
}

TEST_CASE("a good hash under a later version is a newer format", "[format]") {
  const std::string newer = AsNewerVersion(GoodHeader(), kFormat, kSeed);
  CHECK(IsNewerFormat(Check(newer)));
  CHECK(IsNewerFormat(Check(newer + "what follows")));

  HeaderFormat same_length = kFormat;
  same_length.version = 65535;
  std::string header = GoodHeader();
  FinishHeader(header.data(), same_length, kSeed);
  CHECK(IsNewerFormat(Check(header)));
}

TEST_CASE("a damaged header of a later version is damage", "[format]") {
  std::string newer = AsNewerVersion(GoodHeader(), kFormat, kSeed);
  newer[10] = static_cast<char>(newer[10] ^ 1);
  CHECK(IsDamage(Check(newer)));
  CHECK(IsDamage(CheckHeader(AsNewerVersion(GoodHeader(), kFormat, kSeed), kFormat, 1)));
}

TEST_CASE("a header that states an impossible length is damage", "[format]") {
  // Each with a hash that is good for the length it states.
  for (const std::size_t length : std::initializer_list<std::size_t>{0, 8, 12, 36, 520, 65528}) {
    std::string header(66000, 'f');
    std::memcpy(header.data(), GoodHeader().data(), 8);
    StoreLe(header.data() + 4, uint16_t{4});
    StoreLe(header.data() + 6, static_cast<uint16_t>(length));
    if (length >= 16) {
      StoreLe(header.data() + length - 8, Hash64({header.data(), length - 8}, kSeed));
    }
    CAPTURE(length);
    CHECK(IsDamage(Check(header)));
  }
}

TEST_CASE("a version that never was is damage", "[format]") {
  HeaderFormat zero = kFormat;
  zero.version = 0;
  std::string header = GoodHeader();
  FinishHeader(header.data(), zero, kSeed);
  CHECK(IsDamage(Check(header)));

  HeaderFormat longer = kFormat;  // our version, but not its length
  longer.header_bytes = 40;
  std::string long_header(40, 'f');
  FinishHeader(long_header.data(), longer, kSeed);
  CHECK(IsDamage(Check(long_header)));
}

}  // namespace
}  // namespace eventlog::inline v1::internal

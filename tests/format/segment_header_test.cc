#include "format/segment_header.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status Decode(std::string_view bytes) { return DecodeSegmentHeader(bytes).status(); }

TEST_CASE("a segment header comes back", "[format]") {
  const std::string bytes = EncodeSegmentHeader(FixtureSegmentHeader());
  CHECK(bytes.size() == static_cast<std::size_t>(kSegmentHeaderBytes));
  const auto decoded = DecodeSegmentHeader(bytes + "batches");
  REQUIRE(decoded.ok());
  CHECK((*decoded == FixtureSegmentHeader()));
}

TEST_CASE("every flip and cut of a segment header is damage", "[format]") {
  const std::string good = EncodeSegmentHeader(FixtureSegmentHeader());
  RequireFlipsAreDamage(good, 0, good.size(), Decode);
  RequireTruncationsAreDamage(good, Decode);
}

TEST_CASE("a newer segment is refused as newer", "[format]") {
  const std::string good = EncodeSegmentHeader(FixtureSegmentHeader());
  CHECK(IsNewerFormat(Decode(AsNewerVersion(good, kSegmentFormat, 0))));
}

TEST_CASE("a segment header with impossible values is damage", "[format]") {
  const std::string good = EncodeSegmentHeader(FixtureSegmentHeader());
  CHECK(Decode(WithField(good, 32, kMaxOffset, kSegmentFormat, 0)).ok());
  CHECK(IsDamage(Decode(WithField(good, 24, int32_t{-1}, kSegmentFormat, 0))));
  CHECK(IsDamage(Decode(WithField(good, 28, uint32_t{1}, kSegmentFormat, 0))));
  CHECK(IsDamage(Decode(WithField(good, 32, int64_t{-1}, kSegmentFormat, 0))));
  CHECK(IsDamage(Decode(WithField(good, 32, kMaxOffset + 1, kSegmentFormat, 0))));
}

}  // namespace
}  // namespace eventlog::inline v1::internal

#include "format/index_file.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr uint64_t kSeed = 99;

absl::Status DecodeOffsets(std::string_view bytes) {
  return DecodeIndexFile(bytes, kOffsetIndexFormat, kSeed).status();
}

// Encodes what the encoder would refuse: the entries are put in afterwards.
absl::Status DecodeWith(const HeaderFormat& format, IndexFile index) {
  const std::vector<IndexEntry> entries = std::exchange(index.entries, {});
  std::string bytes = EncodeIndexFile(index, format, kSeed);
  for (const IndexEntry& entry : entries) bytes += Le(entry.key) + Le(entry.value);
  StoreLe(bytes.data() + 24, static_cast<uint32_t>(entries.size()));
  const uint64_t body_hash = Hash64(std::string_view(bytes).substr(kIndexHeaderBytes), kSeed);
  return DecodeIndexFile(WithField(bytes, 32, body_hash, format, kSeed), format, kSeed).status();
}

TEST_CASE("both indexes come back", "[format]") {
  const std::string offsets = EncodeIndexFile(FixtureOffsetIndex(), kOffsetIndexFormat, kSeed);
  const auto by_offset = DecodeIndexFile(offsets, kOffsetIndexFormat, kSeed);
  REQUIRE(by_offset.ok());
  CHECK((*by_offset == FixtureOffsetIndex()));
  const std::string times = EncodeIndexFile(FixtureTimeIndex(), kTimeIndexFormat, kSeed);
  const auto by_time = DecodeIndexFile(times, kTimeIndexFormat, kSeed);
  REQUIRE(by_time.ok());
  CHECK((*by_time == FixtureTimeIndex()));
  CHECK(IsDamage(DecodeIndexFile(times, kOffsetIndexFormat, kSeed).status()));
  CHECK(IsDamage(DecodeIndexFile(times, kTimeIndexFormat, kSeed + 1).status()));
}

TEST_CASE("an index without entries comes back", "[format]") {
  const IndexFile empty = {5, 56, {}};
  const auto decoded =
      DecodeIndexFile(EncodeIndexFile(empty, kTimeIndexFormat, kSeed), kTimeIndexFormat, kSeed);
  REQUIRE(decoded.ok());
  CHECK((*decoded == empty));
}

TEST_CASE("every flip and cut of an index is damage", "[format]") {
  const std::string good = EncodeIndexFile(FixtureOffsetIndex(), kOffsetIndexFormat, kSeed);
  RequireFlipsAreDamage(good, 0, good.size(), DecodeOffsets);
  RequireTruncationsAreDamage(good, DecodeOffsets);
  CHECK(IsDamage(DecodeOffsets(good + '\0')));
}

TEST_CASE("a newer index is refused as newer", "[format]") {
  const std::string good = EncodeIndexFile(FixtureOffsetIndex(), kOffsetIndexFormat, kSeed);
  CHECK(IsNewerFormat(DecodeOffsets(AsNewerVersion(good, kOffsetIndexFormat, kSeed))));
}

TEST_CASE("an index whose count is not its length is damage", "[format]") {
  const std::string good = EncodeIndexFile(FixtureOffsetIndex(), kOffsetIndexFormat, kSeed);
  for (const uint32_t count : {0u, 2u, 4u, 0x10000003u, UINT32_MAX}) {
    CHECK(IsDamage(DecodeOffsets(WithField(good, 24, count, kOffsetIndexFormat, kSeed))));
  }
  CHECK(IsDamage(DecodeOffsets(WithField(good, 28, 1u, kOffsetIndexFormat, kSeed))));
}

TEST_CASE("entries that do not rise are damage", "[format]") {
  for (const HeaderFormat& format : {kOffsetIndexFormat, kTimeIndexFormat}) {
    CHECK(DecodeWith(format, {0, 1000, {{10, 100}, {11, 101}}}).ok());
    CHECK(IsDamage(DecodeWith(format, {0, 1000, {{10, 100}, {10, 101}}})));
    CHECK(IsDamage(DecodeWith(format, {0, 1000, {{10, 100}, {11, 100}}})));
    CHECK(IsDamage(DecodeWith(format, {0, 1000, {{10, 100}, {9, 101}}})));
  }
}

TEST_CASE("entries outside their segment are damage", "[format]") {
  CHECK(DecodeWith(kOffsetIndexFormat, {10, 1000, {{10, 999}}}).ok());
  CHECK(IsDamage(DecodeWith(kOffsetIndexFormat, {10, 1000, {{9, 999}}})));
  CHECK(IsDamage(DecodeWith(kOffsetIndexFormat, {10, 1000, {{10, 1000}}})));
  CHECK(IsDamage(DecodeWith(kOffsetIndexFormat, {10, 1000, {{10, -1}}})));
  CHECK(DecodeWith(kTimeIndexFormat, {10, 1000, {{INT64_MIN, 10}, {INT64_MAX, 11}}}).ok());
  CHECK(IsDamage(DecodeWith(kTimeIndexFormat, {10, 1000, {{5, 9}}})));
  CHECK(IsDamage(DecodeWith(kTimeIndexFormat, {10, 1000, {{5, INT64_MAX}}})));
}

TEST_CASE("an index of a segment that cannot be is damage", "[format]") {
  const std::string good = EncodeIndexFile({10, 1000, {}}, kOffsetIndexFormat, kSeed);
  for (const int64_t base_offset : {int64_t{-1}, INT64_MAX}) {
    CHECK(IsDamage(DecodeOffsets(WithField(good, 8, base_offset, kOffsetIndexFormat, kSeed))));
  }
  CHECK(IsDamage(DecodeOffsets(WithField(good, 16, int64_t{-1}, kOffsetIndexFormat, kSeed))));
}

}  // namespace
}  // namespace eventlog::inline v1::internal

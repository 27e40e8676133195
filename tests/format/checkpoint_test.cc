#include "format/checkpoint.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status Decode(std::string_view bytes) { return DecodeCheckpoint(bytes).status(); }

std::string Rehashed(const std::string& bytes) {
  const uint64_t body_hash = Hash64(std::string_view(bytes).substr(kCheckpointHeaderBytes));
  return WithField(bytes, 88, body_hash, kCheckpointFormat, 0);
}

// Overwrites a field of the second entry, with good hashes.
template <typename T>
absl::Status WithEntryField(std::size_t offset, T value) {
  std::string bytes = EncodeCheckpoint(FixtureCheckpoint());
  StoreLe(bytes.data() + kCheckpointHeaderBytes + kCheckpointEntryBytes + offset, value);
  return Decode(Rehashed(bytes));
}

// Overwrites a field of the first committed offset, with good hashes.
template <typename T>
absl::Status WithOffsetField(std::size_t offset, T value) {
  std::string bytes = EncodeCheckpoint(FixtureCheckpoint());
  StoreLe(bytes.data() + kCheckpointHeaderBytes + 2 * kCheckpointEntryBytes + offset, value);
  return Decode(Rehashed(bytes));
}

TEST_CASE("a checkpoint comes back", "[format]") {
  const auto decoded = DecodeCheckpoint(EncodeCheckpoint(FixtureCheckpoint()));
  REQUIRE(decoded.ok());
  CHECK((*decoded == FixtureCheckpoint()));
}

TEST_CASE("a checkpoint without partitions comes back", "[format]") {
  const auto decoded = DecodeCheckpoint(EncodeCheckpoint(Checkpoint{}));
  REQUIRE(decoded.ok());
  CHECK((*decoded == Checkpoint{}));
}

TEST_CASE("every flip and cut of a checkpoint is damage", "[format]") {
  const std::string good = EncodeCheckpoint(FixtureCheckpoint());
  RequireFlipsAreDamage(good, 0, good.size(), Decode);
  RequireTruncationsAreDamage(good, Decode);
  CHECK(IsDamage(Decode(good + '\0')));
  CHECK(IsDamage(Decode(Rehashed(good + '\0'))));
}

TEST_CASE("a newer checkpoint is refused as newer", "[format]") {
  const std::string good = EncodeCheckpoint(FixtureCheckpoint());
  CHECK(IsNewerFormat(Decode(AsNewerVersion(good, kCheckpointFormat, 0))));
}

TEST_CASE("a checkpoint whose count is not its length is damage", "[format]") {
  const std::string good = EncodeCheckpoint(FixtureCheckpoint());
  for (const uint32_t count : {0u, 1u, 3u, UINT32_MAX}) {
    CHECK(IsDamage(Decode(WithField(good, 68, count, kCheckpointFormat, 0))));
  }
  for (const uint64_t count :
       {uint64_t{0}, uint64_t{1}, uint64_t{3}, UINT64_MAX / 48, UINT64_MAX}) {
    CHECK(IsDamage(Decode(WithField(good, 80, count, kCheckpointFormat, 0))));
  }
  CHECK(IsDamage(Decode(WithField(good, 64, int32_t{-1}, kCheckpointFormat, 0))));
}

TEST_CASE("checkpoint entries that cannot be are damage", "[format]") {
  CHECK(WithEntryField(0, int32_t{2}).ok());
  CHECK(IsDamage(WithEntryField(0, int32_t{-1})));
  CHECK(IsDamage(WithEntryField(0, int32_t{0})));  // not sorted
  CHECK(IsDamage(WithEntryField(4, int32_t{0})));  // there twice
  CHECK(IsDamage(WithEntryField(8, int64_t{-1})));
  CHECK(IsDamage(WithEntryField(8, int64_t{1056})));  // log start beyond the end
  CHECK(IsDamage(WithEntryField(16, int64_t{-2})));
  CHECK(IsDamage(WithEntryField(16, int64_t{1056})));
  CHECK(IsDamage(WithEntryField(24, int64_t{-1})));
  CHECK(IsDamage(WithEntryField(32, int64_t{499})));
  CHECK(WithEntryField(32, kMaxOffset).ok());
  CHECK(IsDamage(WithEntryField(32, INT64_MAX)));
  CHECK(WithEntryField(40, INT64_MIN).ok());
}

TEST_CASE("committed offsets that cannot be are damage", "[format]") {
  const std::string good = EncodeCheckpoint(FixtureCheckpoint());
  CHECK(IsDamage(WithOffsetField(0, UINT32_MAX)));        // the key's length
  CHECK(IsDamage(WithOffsetField(0, uint32_t{0})));       // no version in the key
  CHECK(IsNewerFormat(WithOffsetField(4, uint16_t{2})));  // the key's version
  CHECK(WithOffsetField(10, 'c').ok());
  CHECK(IsDamage(WithOffsetField(10, 'z')));  // the group: not sorted
  CHECK(IsDamage(Decode(WithField(good, 72, int64_t{-1}, kCheckpointFormat, 0))));
  CHECK(Decode(WithField(good, 72, kMaxOffset, kCheckpointFormat, 0)).ok());
  CHECK(IsDamage(Decode(WithField(good, 72, kMaxOffset + 1, kCheckpointFormat, 0))));
}

TEST_CASE("a version 1 with the header of version 2 is damage", "[format]") {
  HeaderFormat version_1 = kCheckpointFormat;
  version_1.version = 1;
  std::string bytes = EncodeCheckpoint(FixtureCheckpoint());
  FinishHeader(bytes.data(), version_1, 0);
  CHECK(IsDamage(Decode(bytes)));
}

TEST_CASE("the files below a log start are those that end there and are not named", "[format]") {
  const auto count = [](int64_t log_start, int64_t named, std::vector<int64_t> base_offsets) {
    PartitionCheckpoint entry;
    entry.log_start_offset = log_start;
    entry.segment_base_offset = named;
    return CountBelowLogStart(entry, base_offsets);
  };
  CHECK(count(20, 20, {}) == 0);
  CHECK(count(0, 0, {0, 10, 20}) == 0);
  CHECK(count(20, 20, {0, 10, 20}) == 2);
  CHECK(count(15, 20, {0, 10, 20}) == 1);  // 10 holds the log start
  CHECK(count(15, 10, {0, 10}) == 1);
  CHECK(count(15, 10, {0}) == 0);  // what is missing behind it may have begun anywhere
  CHECK(count(20, 0, {0, 10}) == 0);
  CHECK(count(20, -1, {0, 10}) == 2);  // every record was deleted
  CHECK(count(20, -1, {0, 10, 20}) == 2);
}

}  // namespace
}  // namespace eventlog::inline v1::internal

#include "format/checkpoint.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status Decode(std::string_view bytes) { return DecodeCheckpoint(bytes).status(); }

// Overwrites a field of the second entry, with good hashes.
template <typename T>
absl::Status WithEntryField(std::size_t offset, T value) {
  std::string bytes = EncodeCheckpoint(FixtureCheckpoint());
  StoreLe(bytes.data() + kCheckpointHeaderBytes + kCheckpointEntryBytes + offset, value);
  const uint64_t body_hash = Hash64(std::string_view(bytes).substr(kCheckpointHeaderBytes));
  return Decode(WithField(bytes, 72, body_hash, kCheckpointFormat, 0));
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
}

}  // namespace
}  // namespace eventlog::inline v1::internal

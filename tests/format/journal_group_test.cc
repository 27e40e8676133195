#include "format/journal_group.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr std::size_t kFrame = kGroupHeaderBytes;  // where the fixture's first frame lies

uint64_t Seed() { return JournalSeed(FixtureLogId(), kFixtureGeneration); }

absl::Status Decode(std::string_view bytes) {
  return DecodeGroup(bytes, kFixtureGeneration, FixtureLogId()).status();
}

// Overwrites a field of the body and makes both hashes good again.
template <typename T>
std::string WithBodyField(std::string bytes, std::size_t offset, T value) {
  StoreLe(bytes.data() + offset, value);
  const uint64_t body_hash = Hash64(std::string_view(bytes).substr(kGroupHeaderBytes), Seed());
  return WithField(bytes, 40, body_hash, kJournalGroupFormat, Seed());
}

TEST_CASE("a group comes back", "[format]") {
  const std::string group = FixtureGroup();
  const auto size = GroupBytes(group, kFixtureGeneration, FixtureLogId());
  REQUIRE(size.ok());
  CHECK(*size == group.size());

  const std::string padded = group + std::string(100, '\0');
  const auto decoded = DecodeGroup(padded, kFixtureGeneration, FixtureLogId());
  REQUIRE(decoded.ok());
  CHECK(decoded->generation == kFixtureGeneration);
  CHECK(decoded->sequence == 345);
  CHECK(decoded->synced_upto == 343);
  REQUIRE(decoded->frames.size() == 2);
  const std::string records = FixtureRecords();
  const std::vector<JournalFrame> expected = FixtureFrames(records);
  for (std::size_t i = 0; i < 2; ++i) {
    const JournalFrame& frame = decoded->frames[i];
    CHECK(frame.topic_id == expected[i].topic_id);
    CHECK(frame.partition == expected[i].partition);
    CHECK(frame.batch_base_offset == expected[i].batch_base_offset);
    CHECK(frame.base_timestamp_ms == expected[i].base_timestamp_ms);
    CHECK(frame.first_offset == expected[i].first_offset);
    CHECK((frame.writer == expected[i].writer));
    CHECK(frame.record_count == expected[i].record_count);
    CHECK(frame.base_sequence == expected[i].base_sequence);
    CHECK(frame.leader_epoch == expected[i].leader_epoch);
    CHECK(frame.attributes == expected[i].attributes);
    CHECK(frame.records == expected[i].records);
    CHECK(frame.end_offset() == 1002);
  }
}

TEST_CASE("a builder can be used again", "[format]") {
  const std::string records = FixtureRecords();
  GroupBuilder builder;
  CHECK(builder.empty());
  builder.Add(FixtureFrames(records)[1]);
  CHECK_FALSE(builder.empty());
  builder.Clear();
  CHECK(builder.empty());
  for (const JournalFrame& frame : FixtureFrames(records)) builder.Add(frame);
  CHECK(builder.bytes() == FixtureGroup().size());
  CHECK(builder.Finish(kFixtureGeneration, 345, 343, FixtureLogId()) == FixtureGroup());
}

TEST_CASE("a group without frames comes back", "[format]") {
  GroupBuilder builder;
  const std::string group(builder.Finish(kFixtureGeneration, 1, 0, FixtureLogId()));
  const auto decoded = DecodeGroup(group, kFixtureGeneration, FixtureLogId());
  REQUIRE(decoded.ok());
  CHECK(decoded->frames.empty());
}

TEST_CASE("every flip and cut of a group is damage", "[format]") {
  const std::string good = FixtureGroup();
  RequireFlipsAreDamage(good, 0, good.size(), Decode);
  RequireTruncationsAreDamage(good, Decode);
  RequireFlipsAreDamage(good, 0, kGroupHeaderBytes, [](std::string_view bytes) {
    return GroupBytes(bytes, kFixtureGeneration, FixtureLogId()).status();
  });
}

TEST_CASE("a group of another log or generation is damage", "[format]") {
  const std::string group = FixtureGroup();
  CHECK(IsDamage(DecodeGroup(group, kFixtureGeneration, UuidFrom(1)).status()));
  CHECK(IsDamage(DecodeGroup(group, kFixtureGeneration + 1, FixtureLogId()).status()));
  CHECK(IsDamage(DecodeGroup(group, kFixtureGeneration - 1, FixtureLogId()).status()));
}

TEST_CASE("a newer group is refused as newer", "[format]") {
  CHECK(IsNewerFormat(Decode(AsNewerVersion(FixtureGroup(), kJournalGroupFormat, Seed()))));
  // Of another generation it is none of ours, whatever its version.
  CHECK(IsDamage(Decode(AsNewerVersion(FixtureGroup(), kJournalGroupFormat, Seed() + 1))));
}

TEST_CASE("group headers that cannot be are damage", "[format]") {
  const auto with = [](std::size_t offset, auto value) {
    return Decode(WithField(FixtureGroup(), offset, value, kJournalGroupFormat, Seed()));
  };
  CHECK(with(24, uint64_t{344}).ok());
  CHECK(IsDamage(with(24, uint64_t{345})));  // claims its own sync
  CHECK(IsDamage(with(8, kFixtureGeneration + 1)));
  CHECK(IsDamage(with(32, UINT32_MAX)));
  CHECK(IsDamage(with(32, static_cast<uint32_t>(kMaxGroupBytes))));
  CHECK(IsDamage(with(36, uint32_t{1})));
  CHECK(IsDamage(with(36, uint32_t{3})));
  CHECK(IsDamage(with(36, UINT32_MAX)));
}

TEST_CASE("frames that cannot be are damage", "[format]") {
  const std::string good = FixtureGroup();
  REQUIRE(Decode(WithBodyField(good, kFrame, int32_t{9})).ok());
  const auto with = [&good](std::size_t offset, auto value) {
    return Decode(WithBodyField(good, kFrame + offset, value));
  };
  CHECK(IsDamage(with(0, int32_t{-1})));   // topic id
  CHECK(IsDamage(with(4, int32_t{-1})));   // partition
  CHECK(IsDamage(with(8, int64_t{-1})));   // batch base
  CHECK(IsDamage(with(8, int64_t{999})));  // records start one later than it says
  CHECK(IsDamage(with(8, INT64_MIN)));
  CHECK(IsDamage(with(24, int64_t{999})));  // first offset below the batch's
  CHECK(IsDamage(with(24, INT64_MAX)));
  CHECK(IsDamage(with(24, int64_t{1000} + (int64_t{1} << 32))));  // the same modulo 2^32
  CHECK(IsDamage(with(24, kMaxOffset)));                          // too far from the batch's base
  CHECK(IsDamage(with(32, int64_t{-2})));                         // producer
  CHECK(IsDamage(with(32, int64_t{7})));                          // without an epoch
  CHECK(IsDamage(with(40, int32_t{0})));                          // record count
  CHECK(IsDamage(with(40, int32_t{1})));
  CHECK(IsDamage(with(40, int32_t{3})));
  CHECK(IsDamage(with(40, INT32_MAX)));
  CHECK(IsDamage(with(40, int32_t{-1})));
  CHECK(IsDamage(with(44, int32_t{-2})));  // sequence
  CHECK(IsDamage(with(48, int32_t{-2})));  // leader epoch
  CHECK(IsDamage(with(52, int16_t{-2})));  // producer epoch
  CHECK(IsDamage(with(54, kLz4Codec)));    // compressed
  CHECK(IsDamage(with(56, uint32_t{0})));  // records' length
  CHECK(IsDamage(with(56, UINT32_MAX)));
  CHECK(IsDamage(with(60, uint32_t{1})));  // reserved
}

TEST_CASE("records of a frame that cannot be are damage", "[format]") {
  const std::string good = FixtureGroup();
  const std::size_t records = kFrame + kFrameHeaderBytes;
  CHECK(IsDamage(Decode(WithBodyField(good, records, char{1}))));      // a negative length
  CHECK(IsDamage(Decode(WithBodyField(good, records, char{100}))));    // over the end
  CHECK(IsDamage(Decode(WithBodyField(good, records + 3, char{2}))));  // offset 1001 first
}

}  // namespace
}  // namespace eventlog::inline v1::internal

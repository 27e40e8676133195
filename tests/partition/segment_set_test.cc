#include "partition/segment_set.h"

#include <catch2/catch.hpp>

#include "format/segment_header.h"
#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::PartitionConfig;
using internal::SegmentSet;

struct SetFixture : PartitionFixture {
  SegmentSet set{&files, {Name(0).directory, TestIdentity()}};
  PartitionConfig config;
  int64_t now_ms = 1000;
  int rolls = 0;

  absl::Status Append(int64_t base_offset, int32_t count, std::size_t value_bytes = 20) {
    const SealedBatch batch = MakeCountedBatch(TestIdentity(), base_offset, count, value_bytes);
    bool rolled = false;
    EVENTLOG_RETURN_IF_ERROR(
        set.Reserve(batch.header.batch_bytes(), base_offset, now_ms, config, &rolled));
    rolls += rolled ? 1 : 0;
    const auto sealed = internal::AsSealedBatch(batch.header, batch.bytes);
    return set.Append({&sealed, 1});
  }
  std::vector<int64_t> Bases(int64_t offset, int64_t max_bytes = 1 << 20) {
    std::vector<internal::StoredBatch> batches;
    EVENTLOG_ASSERT(set.Read(offset, -1, max_bytes, &batches).ok());
    std::vector<int64_t> bases;
    for (const auto& batch : batches) bases.push_back(batch.header.base_offset);
    return bases;
  }
};

TEST_CASE("there is no file before the first batch", "[partition]") {
  SetFixture fixture;
  CHECK(fixture.Snapshot(0).empty());
  CHECK(fixture.Bases(0).empty());
  CHECK(fixture.set.bytes() == 0);
  CHECK_FALSE(fixture.set.unsynced());
  internal::PartitionCheckpoint entry;
  fixture.set.Describe(&entry);
  CHECK(entry.segment_base_offset == -1);
}

TEST_CASE("a segment that would grow beyond segment_bytes is rolled", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_bytes = 2000;
  for (int64_t i = 0; i < 6; ++i) REQUIRE(fixture.Append(i * 10, 10, 60).ok());
  CHECK(fixture.rolls == 2);
  CHECK(fixture.Bases(0) == std::vector<int64_t>{0, 10});
  CHECK(fixture.Bases(25) == std::vector<int64_t>{20, 30});
  CHECK(fixture.Bases(59) == std::vector<int64_t>{50});
  CHECK(fixture.Bases(60).empty());
}

TEST_CASE("a batch larger than a segment has one of its own", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_bytes = 1000;
  REQUIRE(fixture.Append(0, 1, 5000).ok());
  REQUIRE(fixture.Append(1, 1, 5000).ok());
  CHECK(fixture.rolls == 1);
}

TEST_CASE("an old segment is rolled and an empty or adopted one is not due", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_ms = 100;
  CHECK_FALSE(fixture.set.IsDue(fixture.now_ms, fixture.config));
  REQUIRE(fixture.Append(0, 1).ok());
  CHECK_FALSE(fixture.set.IsDue(fixture.now_ms + 99, fixture.config));
  CHECK(fixture.set.IsDue(fixture.now_ms + 100, fixture.config));
  fixture.set.Adopt(fixture.set.segments());
  CHECK_FALSE(fixture.set.IsDue(fixture.now_ms + 100, fixture.config));
  REQUIRE(fixture.Append(1, 1).ok());
  fixture.now_ms += 100;
  REQUIRE(fixture.Append(2, 1).ok());
  CHECK(fixture.rolls == 1);
}

TEST_CASE("a sync covers rolled files and the active one and their names", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_bytes = 1000;
  for (int64_t i = 0; i < 4; ++i) REQUIRE(fixture.Append(i * 10, 10, 60).ok());
  CHECK(fixture.set.unsynced());
  REQUIRE(fixture.set.Sync().ok());
  CHECK_FALSE(fixture.set.unsynced());
  internal::PartitionCheckpoint entry;
  fixture.set.Describe(&entry);
  CHECK(entry.segment_base_offset == 30);
  CHECK(entry.end_offset == 40);
  const auto before = fixture.set.bytes();
  fixture.memory.CutPower();
  fixture.files.ForgetAll();
  CHECK(fixture.Bases(0) == std::vector<int64_t>{0});
  CHECK(fixture.Bases(30) == std::vector<int64_t>{30});
  CHECK(fixture.set.bytes() == before);
}

TEST_CASE("a sync covers what was appended since the last one", "[partition]") {
  SetFixture fixture;
  for (int64_t offset = 0; offset < 3; ++offset) {
    REQUIRE(fixture.Append(offset, 1).ok());
    CHECK(fixture.set.unsynced());
    REQUIRE(fixture.set.Sync().ok());
  }
  fixture.memory.CutPower();
  fixture.files.ForgetAll();
  CHECK(fixture.Bases(2) == std::vector<int64_t>{2});
}

TEST_CASE("a full disk changes nothing", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_bytes = 1000;
  REQUIRE(fixture.Append(0, 10, 60).ok());
  const auto before = fixture.Snapshot(0);
  fixture.disk.Intercept(DiskFullOn("Allocate", "/segments/"));
  CHECK(internal::IsDiskFull(fixture.Append(10, 10, 60)));
  CHECK((fixture.Snapshot(0) == before));
  CHECK(fixture.set.segments().size() == 1);
  fixture.disk.Heal();
  REQUIRE(fixture.Append(10, 10, 60).ok());
  CHECK(fixture.Bases(10) == std::vector<int64_t>{10});
}

TEST_CASE("offsets between two files are in neither", "[partition]") {
  SetFixture fixture;
  REQUIRE(fixture.Append(5, 5).ok());
  fixture.set.Roll();
  REQUIRE(fixture.Append(20, 5).ok());
  std::vector<internal::StoredBatch> batches;
  REQUIRE(fixture.set.Read(12, -1, 1000, &batches).ok());
  CHECK(batches.empty());
  REQUIRE(fixture.set.Read(3, -1, 1000, &batches).ok());
  CHECK(batches.empty());
}

TEST_CASE("missing offsets between batches are told as damage", "[partition]") {
  SetFixture fixture;
  REQUIRE(fixture.Append(5, 5).ok());
  REQUIRE(fixture.Append(20, 5).ok());
  std::vector<internal::StoredBatch> batches;
  CHECK(ReasonOf(fixture.set.Read(12, -1, 1000, &batches)) == ErrorReason::kCorruptData);
  CHECK(batches.empty());
  REQUIRE(fixture.set.Read(5, -1, 1000, &batches).ok());  // the good ones first
  CHECK(batches.size() == 1);
}

TEST_CASE("a batch of another segment that was written over one is told as damage", "[partition]") {
  SetFixture fixture;
  REQUIRE(fixture.Append(5, 5).ok());
  fixture.set.Roll();
  REQUIRE(fixture.Append(10, 5).ok());
  const SealedBatch strange = MakeCountedBatch(TestIdentity(), 5, 5);
  const auto file = fixture.files.Open(fixture.set.segments().back()->path());
  REQUIRE((*file)->WriteAt(internal::kSegmentHeaderBytes, {strange.bytes}).ok());
  std::vector<internal::StoredBatch> batches;
  const absl::Status read = fixture.set.Read(10, -1, 1000, &batches);
  CHECK(ReasonOf(read) == ErrorReason::kCorruptData);
  CHECK_THAT(std::string(read.message()), Catch::Contains("end at 9, where 10 belongs"));
  CHECK(batches.empty());
}

TEST_CASE("removed segments leave no file and no directory", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_bytes = 1000;
  for (int64_t i = 0; i < 4; ++i) REQUIRE(fixture.Append(i * 10, 10, 60).ok());
  REQUIRE(fixture.set.Sync().ok());
  bool sync_failed = true;
  REQUIRE(fixture.set.Remove(&sync_failed).ok());
  CHECK_FALSE(sync_failed);
  CHECK(absl::IsNotFound(fixture.memory.List(fixture.Name(0).directory).status()));
  CHECK(fixture.set.segments().empty());
  REQUIRE(fixture.set.Remove(&sync_failed).ok());
}

TEST_CASE("a timestamp is found in the first segment that has it", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_bytes = 1000;
  for (int64_t i = 0; i < 4; ++i) REQUIRE(fixture.Append(i * 10, 10, 60).ok());
  CHECK(fixture.set.FindTimestamp(17, 0).value() == 17);
  CHECK(fixture.set.FindTimestamp(39, 0).value() == 39);
  CHECK_FALSE(fixture.set.FindTimestamp(40, 0).value().has_value());
}

TEST_CASE("trimming cuts what was preallocated", "[partition]") {
  SetFixture fixture;
  REQUIRE(fixture.set.Trim().ok());
  REQUIRE(fixture.Append(0, 10).ok());
  REQUIRE(fixture.set.Trim().ok());
  CHECK(static_cast<int64_t>(fixture.Bytes(fixture.SegmentFile(0, 0)).size()) ==
        fixture.set.bytes());
  CHECK(fixture.set.unsynced());
  REQUIRE(fixture.Append(10, 10).ok());
  CHECK(fixture.Bases(10) == std::vector<int64_t>{10});
}

TEST_CASE("what was rolled is cut to its end by the next sync and by no append", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_bytes = 1000;
  REQUIRE(fixture.Append(0, 10, 60).ok());
  fixture.disk.ResetCounts();
  REQUIRE(fixture.Append(10, 10, 60).ok());
  REQUIRE(fixture.set.segments().size() == 2);
  CHECK(fixture.disk.Count("Truncate") == 0);
  CHECK(fixture.disk.Count("SyncDirectory") == 0);
  REQUIRE(fixture.set.Sync().ok());
  CHECK(static_cast<int64_t>(fixture.Bytes(fixture.SegmentFile(0, 0)).size()) ==
        fixture.set.segments().front()->end_position());
  fixture.disk.ResetCounts();
  REQUIRE(fixture.set.Sync().ok());
  CHECK(fixture.disk.Count("Truncate") == 0);
}

TEST_CASE("an adopted segment is as old as its header says", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_ms = 100;
  REQUIRE(fixture.Append(0, 1).ok());
  REQUIRE(fixture.set.Sync().ok());
  const auto adopt = [&] {
    const int64_t end = fixture.set.segments().front()->end_position();
    fixture.set.Adopt({internal::Segment::Adopt(
        &fixture.files, {fixture.Name(0).directory, TestIdentity(), 0}, end, 1, false)});
  };
  adopt();
  SECTION("and rolls with the first batch after its time") {
    fixture.now_ms += 100;
    REQUIRE(fixture.Append(1, 1).ok());
    CHECK(fixture.rolls == 1);
  }
  SECTION("and does not roll earlier") {
    fixture.now_ms += 99;
    REQUIRE(fixture.Append(1, 1).ok());
    CHECK(fixture.rolls == 0);
    CHECK(fixture.set.IsDue(fixture.now_ms + 1, fixture.config));
  }
  SECTION("but not younger than now when a clock was wrong") {
    fixture.now_ms -= 500;
    REQUIRE(fixture.Append(1, 1).ok());
    CHECK_FALSE(fixture.set.IsDue(fixture.now_ms + 99, fixture.config));
    CHECK(fixture.set.IsDue(fixture.now_ms + 100, fixture.config));
  }
  SECTION("and as old as this run when that is damaged") {
    fixture.WriteFile(fixture.SegmentFile(0, 0), 40, "x");
    fixture.now_ms += 1000;
    REQUIRE(fixture.Append(1, 1).ok());
    CHECK(fixture.rolls == 0);
    CHECK(fixture.set.IsDue(fixture.now_ms + 100, fixture.config));
  }
}

TEST_CASE("what was removed is neither synced nor indexed afterwards", "[partition]") {
  SetFixture fixture;
  fixture.config.segment_bytes = 1000;
  for (int64_t i = 0; i < 3; ++i) REQUIRE(fixture.Append(i, 1, 900).ok());
  int64_t bytes = 0;
  REQUIRE(fixture.set.RemoveOldestBelow(2, &bytes).ok());
  CHECK(bytes > 900);
  REQUIRE(fixture.set.RemoveOldestBelow(2, &bytes).ok());
  CHECK(bytes > 900);
  REQUIRE(fixture.set.RemoveOldestBelow(2, &bytes).ok());
  CHECK(bytes == 0);
  CHECK(fixture.set.unsynced());
  REQUIRE(fixture.set.Sync().ok());
  CHECK(fixture.Snapshot(0).size() == 1);
  fixture.memory.CutPower();
  CHECK(fixture.Snapshot(0).size() == 1);
}

TEST_CASE("an index that was being written does not keep a directory from removal", "[partition]") {
  SetFixture fixture;
  REQUIRE(fixture.Append(0, 1).ok());
  fixture.WriteFile(fixture.SegmentFile(0, 0) + ".tmp", 0, "half");
  bool sync_failed = true;
  REQUIRE(fixture.set.Remove(&sync_failed).ok());
  CHECK(absl::IsNotFound(fixture.memory.List(fixture.Name(0).directory).status()));
}

}  // namespace
}  // namespace eventlog::test

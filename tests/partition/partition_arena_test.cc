// Partitions of `process` durability whose records go to the arena.
#include <catch2/catch.hpp>
#include <thread>

#include "format/segment_header.h"
#include "journal/arena_reader.h"
#include "support/partition_fixture.h"
#include "support/temp_dir.h"

namespace eventlog::test {
namespace {

using internal::Acknowledgement;
using internal::Partition;

constexpr std::size_t kTooLargeForAChunk = 20'000;

struct MappedFixture : PartitionFixture {
  MappedFixture() {
    mapped.Start(log_id, 1);
    arena = &mapped;
  }

  TempDir directory;  // memory cannot be mapped from a file system in memory
  internal::Arena mapped{FileSystem::Posix(), directory.path()};
  internal::PartitionConfig config = Config(Acknowledgement::kProcess);

  int64_t CountCalls() {
    int64_t calls = 0;
    for (const char* call : {"OpenFile", "WriteAt", "Allocate", "SyncData", "SyncDirectory"}) {
      calls += disk.Count(call);
    }
    return calls;
  }
  // After a kill: nothing is lost that was written to a file or the arena.
  std::vector<std::string> RecoveredWithArena(int32_t number) {
    auto input = RecoveryInput(number, config);
    internal::Checkpoint checkpoint;
    checkpoint.log_id = log_id;
    checkpoint.generation = 1;
    const auto contents = internal::ReadArena(FileSystem::Posix(), directory.path(), checkpoint);
    EVENTLOG_ASSERT(contents.ok());
    for (const auto& chunk : contents->frames) {
      if (chunk.partition == number) input.chunks.push_back(&chunk);
    }
    auto result = internal::RecoverPartition(input);
    EVENTLOG_ASSERT(result.ok());
    return ReadRecovered(number, *std::move(result), config);
  }
};

TEST_CASE("a record in the arena is seen at once and without a call", "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  fixture.disk.ResetCounts();
  for (int i = 1; i < 100; ++i) {
    const auto staged = fixture.Stage(partition, Values(1, 10, i));
    REQUIRE(staged.ok());
    CHECK(partition->IsAcknowledged(staged->ticket));
    REQUIRE(fixture.Await(*staged).ok());
  }
  CHECK(fixture.CountCalls() == 0);
  CHECK(fixture.Read(partition.get()) == Values(100));
  CHECK(fixture.Frames(0).empty());
}

TEST_CASE("what the arena has alone survives a kill", "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  REQUIRE(fixture.Append(partition, Values(30)).ok());
  REQUIRE(partition->SealAll().ok());
  REQUIRE(fixture.Append(partition, Values(12, 10, 30)).ok());
  CHECK(fixture.Recovered(0, fixture.config) == Values(30));  // which is why there is an arena
  CHECK(fixture.RecoveredWithArena(0) == Values(42));
}

TEST_CASE("full batches go to the segment together", "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  REQUIRE(fixture.Append(partition, Values(1, 1000)).ok());
  fixture.disk.ResetCounts();
  std::size_t count = 1;
  while (fixture.disk.Count("WriteAt") == 0) {
    REQUIRE(fixture.Append(partition, Values(1, 1000, static_cast<int>(count++))).ok());
  }
  CHECK(count > 190);  // 192 KiB
  CHECK(count < 270);
  CHECK(fixture.Read(partition.get()) == Values(static_cast<int>(count), 1000));
}

TEST_CASE("what is too large for a chunk goes by the journal and keeps the order", "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  std::vector<std::string> expected;
  for (int i = 0; i < 10; ++i) {
    expected.emplace_back(i % 3 == 2 ? kTooLargeForAChunk : 100, static_cast<char>('a' + i));
    REQUIRE(fixture.Append(partition, {expected.back()}).ok());
  }
  CHECK(fixture.Read(partition.get()) == expected);
  CHECK_FALSE(fixture.Frames(0).empty());
  CHECK(fixture.RecoveredWithArena(0) == expected);
}

TEST_CASE("nothing overtakes a record that waits for the journal", "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  const auto large = fixture.Stage(partition, {std::string(kTooLargeForAChunk, 'b')});
  const auto small = fixture.Stage(partition, {"c"});
  REQUIRE((large.ok() && small.ok()));
  CHECK_FALSE(partition->IsAcknowledged(small->ticket));
  CHECK(partition->high_watermark() == 1);
  REQUIRE(fixture.Await(*large).ok());
  REQUIRE(fixture.Await(*small).ok());
  CHECK(partition->high_watermark() == 3);
  CHECK(fixture.RecoveredWithArena(0).size() == 3);
}

TEST_CASE("a chunk is used only with room for it in the segment", "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  fixture.disk.FailNext("Allocate", FaultFileSystem::Fault::kDiskFull);
  fixture.disk.FailNext("Allocate", FaultFileSystem::Fault::kDiskFull);
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  CHECK(fixture.Frames(0).size() == 1);  // the journal has room of its own
  REQUIRE(fixture.Append(partition, Values(1, 10, 1)).ok());
  CHECK(fixture.Frames(0).size() == 1);
  CHECK(fixture.Read(partition.get()) == Values(2));
}

TEST_CASE("what is not journaled is not sealed under an atomic write", "[partition]") {
  MappedFixture fixture;
  fixture.config.batch_bytes = 1000;
  const auto partition = fixture.Make(0, fixture.config);
  for (int i = 0; i < 5; ++i) REQUIRE(fixture.Append(partition, Values(1, 600, i)).ok());
  bool held = false;
  REQUIRE(partition->HoldForAtomicWrite(true, &held).ok());
  REQUIRE(held);
  const int64_t before = partition->bytes();
  REQUIRE(partition->WriteClosedBatches(/*wait=*/true).ok());
  CHECK(partition->bytes() == before);
  partition->ReleaseHold();
  REQUIRE(partition->WriteClosedBatches(/*wait=*/true).ok());
  CHECK(partition->bytes() > before);
}

TEST_CASE("an append at once takes an open batch and no hold and a log that goes on",
          "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  const auto append_at_once = [&](std::size_t bytes = 1) {
    const std::string value(bytes, 'v');
    const ProducerRecord record = {.value = value};
    return partition->AppendAtOnce({&record, 1}, fixture.time.Now());
  };
  CHECK(append_at_once() == -1);
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  CHECK(append_at_once() == 1);
  CHECK(partition->high_watermark() == 2);
  CHECK(append_at_once(internal::Arena::kLargeChunkBytes) == -1);
  bool held = false;
  REQUIRE(partition->HoldForAtomicWrite(true, &held).ok());
  CHECK(append_at_once() == -1);
  partition->ReleaseHold();
  CHECK(append_at_once() == 2);
  partition->CloseOpenBatch();
  CHECK(append_at_once() == -1);
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  CHECK(append_at_once() == 4);
  static_cast<void>(
      fixture.health.Poison(internal::Health::Failure::kJournal, absl::InternalError("broken")));
  CHECK(append_at_once() == -1);
  CHECK(partition->high_watermark() == 5);
}

TEST_CASE("what lies before a switch to disk is durable before a frame behind it", "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  REQUIRE(partition->SealAll().ok());
  REQUIRE(fixture.Append(partition, Values(2, 10, 3)).ok());
  fixture.config.acknowledgement = Acknowledgement::kDisk;
  REQUIRE(partition->SwitchToDisk(fixture.config).ok());
  REQUIRE(fixture.Append(partition, Values(1, 10, 5)).ok());
  fixture.memory.CutPower();
  CHECK(fixture.Recovered(0, fixture.config) == Values(6));
}

TEST_CASE("partitions that have had their chunks for longest give way to others", "[partition]") {
  MappedFixture fixture;
  constexpr int kPartitions = 1200;  // more than there are chunks
  std::vector<std::shared_ptr<Partition>> partitions;
  for (int i = 0; i < kPartitions; ++i) {
    partitions.push_back(fixture.Make(i, fixture.config));
    REQUIRE(fixture.Append(partitions.back(), Values(1, 10, i)).ok());
  }
  CHECK(fixture.Frames(0).empty());
  CHECK(partitions.front()->bytes() > internal::kSegmentHeaderBytes);
  for (int i = 0; i < kPartitions; ++i) {
    CHECK(fixture.Read(partitions[static_cast<std::size_t>(i)].get()) == Values(1, 10, i));
  }
}

TEST_CASE("a reader that keeps what it was handed keeps no chunk", "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  constexpr int kTimes = 1200;  // more than there are chunks
  std::vector<internal::StoredBatch> kept;
  internal::FetchCursor cursor;
  for (int i = 0; i < kTimes; ++i) {
    REQUIRE(fixture.Append(partition, Values(1, 10, i)).ok());
    REQUIRE(partition->Read(i, 1 << 10, &cursor, &kept).ok());
    REQUIRE(partition->SealAll().ok());
  }
  CHECK(fixture.Frames(0).empty());
  for (int i = 0; i < kTimes; ++i) {
    CHECK(ValuesOf(kept[static_cast<std::size_t>(i)].records) == Values(1, 10, i));
  }
}

TEST_CASE("readers beside a writer in the arena see every record once and in order",
          "[partition]") {
  MappedFixture fixture;
  const auto partition = fixture.Make(0, fixture.config);
  constexpr int kRecords = 20'000;
  std::thread writer([&] {
    for (int i = 0; i < kRecords; ++i) {
      EVENTLOG_ASSERT(fixture.Append(partition, Values(1, 50, i)).ok());
    }
  });
  std::vector<std::string> seen;
  while (seen.size() < kRecords) {
    const auto more = fixture.Read(partition.get(), static_cast<int64_t>(seen.size()));
    seen.insert(seen.end(), more.begin(), more.end());
  }
  writer.join();
  CHECK((seen == Values(kRecords, 50)));
}

}  // namespace
}  // namespace eventlog::test

#include "partition/partition.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::Acknowledgement;
using internal::Partition;
using internal::PartitionConfig;

constexpr std::size_t kBulk = Partition::kBulkBytes;

TEST_CASE("a disk record is seen after its sync and not before", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  fixture.disk.ResetCounts();
  int64_t seen_at_write = -1;
  int64_t seen_at_sync = -1;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "WriteAt") seen_at_write = partition->high_watermark();
    if (call.name == "SyncData") seen_at_sync = partition->high_watermark();
    return absl::OkStatus();
  });
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  CHECK(seen_at_write == 0);
  CHECK(seen_at_sync == 0);
  CHECK(partition->high_watermark() == 3);
  CHECK(fixture.Read(partition.get()) == Values(3));
  CHECK(fixture.disk.Count("SyncData") == 1);
}

TEST_CASE("a process record is seen after its write without a sync", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0, fixture.Config(Acknowledgement::kProcess));
  fixture.disk.ResetCounts();
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  CHECK(partition->high_watermark() == 3);
  CHECK(fixture.disk.Count("WriteAt") == 1);
  CHECK(fixture.disk.Count("SyncData") == 0);
}

TEST_CASE("a memory record is seen at once and never journaled", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0, fixture.Config(Acknowledgement::kMemory));
  fixture.disk.ResetCounts();
  const auto staged = fixture.Stage(partition, Values(3));
  REQUIRE(staged.ok());
  CHECK(fixture.Read(partition.get()) == Values(3));
  REQUIRE(fixture.Await(*staged).ok());
  CHECK(fixture.disk.Count("WriteAt") == 0);
}

TEST_CASE("frames of a partition go on where the last one ended", "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config;
  config.batch_bytes = 200;
  const auto partition = fixture.Make(0, config);
  for (const int count : {1, 9, 2, 30}) REQUIRE(fixture.Append(partition, Values(count)).ok());
  int64_t end = 0;
  for (const auto* frame : fixture.Frames(0)) {
    CHECK(frame->first_offset == end);
    end = frame->end_offset();
  }
  CHECK(end == 42);
}

TEST_CASE("batches close at batch_bytes and reach the segment when durable", "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config;
  config.batch_bytes = 1000;
  const auto partition = fixture.Make(0, config);
  const auto staged = fixture.Stage(partition, Values(25, 200));
  REQUIRE(staged.ok());
  CHECK(partition->has_closed_batches());
  REQUIRE(partition->WriteClosedBatches(/*wait=*/true).ok());
  CHECK(partition->bytes() == 0);  // no byte of it is on the device yet
  REQUIRE(fixture.Await(*staged).ok());
  CHECK(partition->bytes() > 0);
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 4)));
  CHECK(fixture.Read(partition.get()) == Values(25, 200));
  CHECK(fixture.Read(partition.get(), 17) == Values(8, 200, 17));
}

TEST_CASE("sealing everything leaves nothing in the tail and a checkpoint says so", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(5)).ok());
  const auto staged = fixture.Stage(partition, Values(2, 10, 5));  // sealing waits for these too
  REQUIRE(staged.ok());
  REQUIRE(partition->SealAll().ok());
  CHECK(partition->high_watermark() == 7);
  REQUIRE(fixture.Await(*staged).ok());
  const auto checkpoint = partition->SyncForCheckpoint(0);
  REQUIRE(checkpoint.ok());
  CHECK(checkpoint->segment_base_offset == 0);
  CHECK(checkpoint->end_offset == 7);
  CHECK(checkpoint->position == partition->bytes());
  CHECK(fixture.Read(partition.get()) == Values(7));
  REQUIRE(partition->SealAll().ok());
}

TEST_CASE("batches are sealed when their oldest record is old enough", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  fixture.clock.Advance(absl::Seconds(9));
  const auto left = partition->SealOlderThan(absl::Seconds(10));
  REQUIRE(left.ok());
  CHECK(*left);
  CHECK(partition->bytes() == 0);
  fixture.clock.Advance(absl::Seconds(1));
  CHECK_FALSE(*partition->SealOlderThan(absl::Seconds(10)));
  CHECK(partition->bytes() > 0);
}

TEST_CASE("segments roll by size and by age", "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config;
  config.segment_bytes = 4096;
  config.segment_ms = 60'000;
  const auto partition = fixture.Make(0, config);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(fixture.Append(partition, Values(1, 1000, i)).ok());
    REQUIRE(partition->SealAll().ok());
  }
  CHECK(fixture.Exists(fixture.SegmentFile(0, 3)));
  CHECK(fixture.Exists(fixture.SegmentFile(0, 9)));
  fixture.clock.Advance(absl::Minutes(1));
  REQUIRE(partition->SealOlderThan(absl::Hours(1)).ok());
  REQUIRE(fixture.Append(partition, Values(1, 10, 10)).ok());
  REQUIRE(partition->SealAll().ok());
  CHECK(fixture.Exists(fixture.SegmentFile(0, 10)));
  REQUIRE(partition->SyncForCheckpoint(0).ok());
  auto expected = Values(10, 1000);
  expected.push_back(Values(1, 10, 10).front());
  CHECK(fixture.Read(partition.get()) == expected);
}

TEST_CASE("much at once goes to the segment instead of the journal", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  const auto small = Values(2);
  REQUIRE(fixture.Append(partition, small).ok());
  fixture.disk.ResetCounts();
  std::vector<std::string> written;
  std::vector<std::string> synced;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "WriteAt") written.push_back(call.path);
    if (call.name == "SyncData" || call.name == "SyncDirectory") synced.push_back(call.path);
    if (call.name == "SyncData") CHECK(partition->high_watermark() == 2);
    return absl::OkStatus();
  });
  const auto large = Values(10, kBulk / 8);
  REQUIRE(fixture.Append(partition, large).ok());
  for (const std::string& path : written) CHECK(path == fixture.SegmentFile(0, 0));
  CHECK(synced.back() == fixture.Name(0).directory);
  fixture.disk.Heal();
  auto expected = small;
  expected.insert(expected.end(), large.begin(), large.end());
  CHECK(fixture.Read(partition.get()) == expected);
  REQUIRE(fixture.Append(partition, Values(1, 5)).ok());
  CHECK(fixture.Frames(0).back()->first_offset == 12);
  fixture.memory.CutPower();
  expected.push_back(Values(1, 5).front());
  CHECK(fixture.Recovered(0) == expected);
}

TEST_CASE("a bulk write for which there is no space is refused and offsets are used again",
          "[partition]") {
  const std::string call = GENERATE(as<std::string>{}, "OpenFile", "Allocate");
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  fixture.disk.Intercept(DiskFullOn(call, "/segments/"));
  CHECK(internal::IsDiskFull(fixture.Append(partition, Values(10, kBulk / 8))));
  CHECK_FALSE(fixture.health.poisoned());
  CHECK(partition->high_watermark() == 2);
  CHECK(partition->watermarks().log_end() == 2);
  REQUIRE(fixture.Append(partition, Values(2, 10, 2)).ok());  // the journal has room
  fixture.disk.Heal();
  REQUIRE(fixture.Append(partition, Values(10, kBulk / 8, 4)).ok());
  auto expected = Values(4);
  const auto large = Values(10, kBulk / 8, 4);
  expected.insert(expected.end(), large.begin(), large.end());
  CHECK(fixture.Read(partition.get()) == expected);
  CHECK(fixture.Recovered(0) == expected);
}

TEST_CASE("a bulk write that fails in reserved space stops the log though the disk is only full",
          "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  REQUIRE(partition->SealAll().ok());
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != "WriteAt" || call.path.find("/segments/") == std::string::npos)
      return absl::OkStatus();
    return internal::MakeError(ErrorReason::kDiskFull, "full");
  });
  CHECK(ReasonOf(fixture.Append(partition, Values(10, kBulk / 8))) == ErrorReason::kPoisoned);
  CHECK(fixture.health.failure() == internal::Health::Failure::kSegment);
  CHECK(partition->high_watermark() == 2);
}

TEST_CASE("records refused by a full journal are dropped and none of the others", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  for (int i = 0; i < 3; ++i) REQUIRE(fixture.Append(partition, Values(1, 60 << 10, i)).ok());
  fixture.disk.Intercept(DiskFullOn("OpenFile", "/journal/"));
  const auto first = fixture.Stage(partition, Values(2, 50 << 10));
  const auto second = fixture.Stage(partition, Values(1));
  REQUIRE((first.ok() && second.ok()));
  CHECK(internal::IsDiskFull(fixture.Await(*first)));
  CHECK(partition->IsDropped(second->ticket));
  CHECK_FALSE(partition->IsAcknowledged(second->ticket));
  // While the other caller has not heard of it, its offsets are not given out again.
  CHECK(internal::IsDiskFull(fixture.Stage(partition, Values(1)).status()));
  CHECK(internal::IsDiskFull(fixture.Await(*second)));
  CHECK(fixture.Read(partition.get()) == Values(3, 60 << 10));
  const auto third = fixture.Stage(partition, Values(1));
  REQUIRE(third.ok());
  CHECK(third->ticket.first_offset == 3);
  REQUIRE(fixture.Await(*third).ok());
  fixture.disk.Heal();
  REQUIRE(fixture.Append(partition, Values(3, 60 << 10)).ok());
  CHECK(fixture.Recovered(0).size() == 7);
}

TEST_CASE("a full disk keeps sealed batches in memory and in the journal", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(5)).ok());
  fixture.disk.Intercept(DiskFullOn("Allocate", "/segments/"));
  CHECK(internal::IsDiskFull(partition->SealAll()));
  CHECK_FALSE(fixture.health.poisoned());
  CHECK(fixture.Read(partition.get()) == Values(5));
  fixture.disk.Heal();
  REQUIRE(partition->SealAll().ok());
  CHECK(fixture.Read(partition.get()) == Values(5));
}

TEST_CASE("reading beyond either end says where the end is", "[partition]") {
  PartitionFixture fixture;
  internal::RecoveredPartition recovered;
  recovered.log_start_offset = 5;
  recovered.end_offset = 5;
  const auto partition = fixture.Make(0, {}, recovered, 1);
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  internal::FetchCursor cursor;
  std::vector<internal::StoredBatch> batches;
  const absl::Status below = partition->Read(4, 1000, &cursor, &batches);
  CHECK(ReasonOf(below) == ErrorReason::kBelowLogStart);
  CHECK(ActualOffset(below) == 5);
  const absl::Status beyond = partition->Read(9, 1000, &cursor, &batches);
  CHECK(ReasonOf(beyond) == ErrorReason::kBeyondHighWatermark);
  CHECK(ActualOffset(beyond) == 8);
  CHECK(partition->Read(8, 1000, &cursor, &batches).ok());
  CHECK(batches.empty());
}

TEST_CASE("a timestamp is found in segments and in the tail", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  const int64_t start_ms = fixture.NowMs();
  for (int i = 0; i < 6; ++i) {
    REQUIRE(fixture.Append(partition, Values(1)).ok());
    fixture.clock.Advance(absl::Seconds(10));
    if (i == 2) REQUIRE(partition->SealAll().ok());
  }
  CHECK(partition->OffsetForTimestamp(0).value() == 0);
  CHECK(partition->OffsetForTimestamp(start_ms + 10'001).value() == 2);
  CHECK(partition->OffsetForTimestamp(start_ms + 20'001).value() == 3);
  CHECK(partition->OffsetForTimestamp(start_ms + 50'000).value() == 5);
  CHECK(partition->OffsetForTimestamp(start_ms + 50'001).value() == 6);
}

TEST_CASE("readers beside appenders see each record once and in order", "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config;
  config.batch_bytes = 300;  // sealed all the time
  config.segment_bytes = 20'000;
  config.acknowledgement = Acknowledgement::kProcess;
  const auto partition = fixture.Make(0, config);
  constexpr int kThreads = 3;
  constexpr int kEach = 700;
  constexpr int64_t kRecords = kThreads * kEach;
  std::atomic<int> failures{0};
  std::vector<std::string> seen[2];
  std::vector<std::thread> threads;
  for (auto& values : seen) {
    threads.emplace_back([&] {
      internal::FetchCursor cursor;
      for (int64_t next = 0; next < kRecords && failures == 0;) {
        std::vector<internal::StoredBatch> batches;
        if (!partition->Read(next, 2000, &cursor, &batches).ok()) ++failures;
        for (const auto& batch : batches) {
          const auto in_batch = ValuesOf(batch.records);
          const int64_t first = batch.header.next_offset() - std::ssize(in_batch);
          if (first > next) ++failures;
          for (int64_t i = next - first; i < std::ssize(in_batch); ++i) {
            values.push_back(in_batch[static_cast<std::size_t>(i)]);
          }
          next = batch.header.next_offset();
        }
      }
    });
  }
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        if (!fixture.Append(partition, {std::to_string(t * kEach + i)}).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(seen[0].size() == kRecords);
  CHECK(seen[0] == seen[1]);
  CHECK(seen[0] == fixture.Read(partition.get()));
  CHECK(fixture.Recovered(0, config) == seen[0]);
}

TEST_CASE("a reopened partition keeps what was acknowledged and drops the rest", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(4)).ok());
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "SyncData" ? absl::InternalError("broken") : absl::OkStatus();
  });
  CHECK(ReasonOf(fixture.Append(partition, Values(3))) == ErrorReason::kPoisoned);
  CHECK(ReasonOf(fixture.Append(partition, Values(3))) == ErrorReason::kPoisoned);
  CHECK(fixture.Read(partition.get()) == Values(4));
  fixture.disk.Heal();
  const auto checkpoint = partition->ReopenFromMemory(7);
  REQUIRE(checkpoint.ok());
  CHECK(checkpoint->end_offset == 4);
  CHECK(partition->leader_epoch() == 7);
  fixture.health.Clear();
  REQUIRE(fixture.journal.Start(fixture.log_id, 2).ok());
  REQUIRE(fixture.Append(partition, Values(2, 10, 4)).ok());
  CHECK(fixture.Read(partition.get()) == Values(6));
}

TEST_CASE("a reopening that fails can be tried again or is a matter of recovery", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(4)).ok());
  static_cast<void>(
      fixture.health.Poison(internal::Health::Failure::kJournal, absl::InternalError("broken")));
  fixture.disk.Intercept(DiskFullOn("Allocate", "/segments/"));
  CHECK(internal::IsDiskFull(partition->ReopenFromMemory(2).status()));
  CHECK(fixture.health.failure() == internal::Health::Failure::kJournal);
  SECTION("with space") {
    fixture.disk.Heal();
    CHECK(partition->ReopenFromMemory(2)->end_offset == 4);
  }
  SECTION("with a device that fails") {
    fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
      return call.name == "SyncData" ? absl::InternalError("broken") : absl::OkStatus();
    });
    CHECK_FALSE(partition->ReopenFromMemory(2).ok());
    CHECK(fixture.health.failure() == internal::Health::Failure::kSegment);
  }
}

TEST_CASE("a partition that is deleted refuses who waits and who comes", "[partition]") {
  PartitionFixture fixture;
  const auto acknowledgement = GENERATE(Acknowledgement::kDisk, Acknowledgement::kProcess);
  const auto partition = fixture.Make(0, fixture.Config(acknowledgement));
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  REQUIRE(partition->SealAll().ok());
  const auto waiting = fixture.Stage(partition, Values(2));
  REQUIRE(waiting.ok());
  REQUIRE(partition->Delete().ok());
  CHECK(ReasonOf(fixture.Await(*waiting)) == ErrorReason::kUnknownTopic);
  CHECK(ReasonOf(fixture.Append(partition, Values(1))) == ErrorReason::kUnknownTopic);
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 0)));
  CHECK(absl::IsNotFound(fixture.memory.List(fixture.Name(0).directory).status()));
  CHECK(partition->SealAll().ok());
}

TEST_CASE("what a reader of a deleted partition does not find is no damage", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  REQUIRE(partition->SealAll().ok());
  const auto read = [&] {
    internal::FetchCursor cursor;
    std::vector<internal::StoredBatch> batches;
    return partition->Read(0, 1 << 20, &cursor, &batches);
  };
  SECTION("when its segments are forgotten") {
    REQUIRE(partition->Delete().ok());
    CHECK(ReasonOf(read()) == ErrorReason::kUnknownTopic);
  }
  SECTION("when their files go under its hands") {
    fixture.files.ForgetAll();  // so that it opens one
    std::thread deleting;
    absl::Status deleted = absl::UnknownError("not tried");
    fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
      if (call.name != "OpenFile") return absl::OkStatus();
      deleting = std::thread([&] { deleted = partition->Delete(); });
      while (fixture.Exists(fixture.SegmentFile(0, 0))) std::this_thread::yield();
      return absl::OkStatus();
    });
    CHECK(ReasonOf(read()) == ErrorReason::kUnknownTopic);
    deleting.join();
    CHECK(deleted.ok());
  }
}

TEST_CASE("a partition can be deleted while threads append to it", "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config;
  config.batch_bytes = 500;
  const auto partition = fixture.Make(0, config);
  std::atomic<int> others{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (;;) {
        const absl::Status appended =
            fixture.Append(partition, Values(2, t == 0 ? kBulk : std::size_t{100}));
        if (appended.ok()) continue;
        if (ReasonOf(appended) != ErrorReason::kUnknownTopic) ++others;
        return;
      }
    });
  }
  while (partition->high_watermark() < 50) std::this_thread::yield();
  CHECK(partition->Delete().ok());
  for (std::thread& thread : threads) thread.join();
  CHECK(others == 0);
  CHECK_FALSE(fixture.health.poisoned());
}

TEST_CASE("waiting readers are woken when there is something to see", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  internal::Event event;
  partition->waiters()->Add(&event);
  std::thread reader([&] { event.Wait(absl::Seconds(60)); });
  const auto before = std::chrono::steady_clock::now();
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  reader.join();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(30));
  partition->waiters()->Remove(&event);
}

TEST_CASE("a process record is seen after its write and not before", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0, fixture.Config(Acknowledgement::kProcess));
  int64_t seen_at_write = -1;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "WriteAt") seen_at_write = partition->high_watermark();
    return absl::OkStatus();
  });
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  CHECK(seen_at_write == 0);
  CHECK(partition->high_watermark() == 3);
}

TEST_CASE("what a bulk write has written is not read before its sync", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  REQUIRE(partition->SealAll().ok());
  std::vector<std::string> seen;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && call.path == fixture.SegmentFile(0, 0)) {
      seen = fixture.Read(partition.get());
    }
    return absl::OkStatus();
  });
  REQUIRE(fixture.Append(partition, Values(10, kBulk / 8)).ok());
  CHECK(seen == Values(2));
}

TEST_CASE("the journal takes nothing of a partition while a bulk write of it is under way",
          "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  internal::GroupBuilder group;
  group.Clear();
  absl::StatusOr<internal::StagedAppend> staged = absl::UnknownError("no bulk write");
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && call.path == fixture.SegmentFile(0, 0)) {
      staged = fixture.Stage(partition, Values(1));
      partition->Collect(&group);
    }
    return absl::OkStatus();
  });
  REQUIRE(fixture.Append(partition, Values(10, kBulk / 8)).ok());
  REQUIRE(staged.ok());
  CHECK(group.empty());
  fixture.disk.Heal();
  REQUIRE(fixture.Await(*staged).ok());
  CHECK(fixture.Frames(0).size() == 1);
  CHECK(fixture.Frames(0).front()->first_offset == 10);
}

TEST_CASE("a bulk write that waited for a failing sync is not made", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  REQUIRE(partition->SealAll().ok());
  const auto staged = fixture.Stage(partition, Values(10, kBulk / 8));
  REQUIRE(staged.ok());
  absl::Status bulk;
  std::thread bulk_writer;
  int syncs = 0;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != "SyncDirectory" || ++syncs > 1) return absl::OkStatus();
    bulk_writer = std::thread([&] { bulk = fixture.Await(*staged); });
    while (!partition->IsResolved(staged->ticket)) std::this_thread::yield();  // it is under way
    return absl::InternalError("broken");
  });
  CHECK(ReasonOf(partition->SyncForCheckpoint(0).status()) == ErrorReason::kPoisoned);
  bulk_writer.join();
  CHECK(ReasonOf(bulk) == ErrorReason::kPoisoned);
  CHECK(syncs == 1);
  CHECK(partition->high_watermark() == 1);
}

TEST_CASE("a segment that fails under sealing or a checkpoint stops the log", "[partition]") {
  const std::string failing = GENERATE(as<std::string>{}, "WriteAt", "SyncData", "SyncDirectory");
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    return call.name == failing && call.path.find("/segments/1-0") != std::string::npos
               ? absl::InternalError("broken")
               : absl::OkStatus();
  });
  absl::Status failed = partition->SealAll();
  if (failed.ok()) failed = partition->SyncForCheckpoint(0).status();
  CHECK(ReasonOf(failed) == ErrorReason::kPoisoned);
  CHECK(fixture.health.failure() == internal::Health::Failure::kSegment);
}

TEST_CASE("a segment that cannot be cut to its end stops the log", "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config;
  config.segment_ms = 60'000;
  const auto partition = fixture.Make(0, config);
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  REQUIRE(partition->SealAll().ok());
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Truncate" ? absl::InternalError("broken") : absl::OkStatus();
  });
  absl::Status failed;
  if (GENERATE(true, false)) {
    fixture.clock.Advance(absl::Minutes(1));
    REQUIRE(partition->SealOlderThan(absl::Hours(1)).ok());
    failed = partition->SyncForCheckpoint(0).status();
  } else {
    failed = partition->TrimForClose();
  }
  CHECK(ReasonOf(failed) == ErrorReason::kPoisoned);
  CHECK(fixture.health.failure() == internal::Health::Failure::kSegment);
}

TEST_CASE("a stopped log takes and writes and syncs nothing more of its partitions",
          "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config;
  config.batch_bytes = 1000;
  const auto partition = fixture.Make(0, config);
  REQUIRE(fixture.Append(partition, Values(5)).ok());
  REQUIRE(partition->SealAll().ok());
  const auto staged = fixture.Stage(partition, Values(5, 400));
  REQUIRE(staged.ok());
  REQUIRE(partition->has_closed_batches());
  static_cast<void>(
      fixture.health.Poison(internal::Health::Failure::kSegment, absl::InternalError("broken")));
  fixture.disk.ResetCounts();
  CHECK(ReasonOf(fixture.Stage(partition, Values(1)).status()) == ErrorReason::kPoisoned);
  CHECK(ReasonOf(partition->WriteClosedBatches(/*wait=*/true)) == ErrorReason::kPoisoned);
  CHECK(ReasonOf(partition->SyncForCheckpoint(0).status()) == ErrorReason::kPoisoned);
  bool held = false;
  CHECK(ReasonOf(partition->HoldForAtomicWrite(true, &held)) == ErrorReason::kPoisoned);
  CHECK(fixture.disk.Count() == 0);
  CHECK(ReasonOf(fixture.Await(*staged)) == ErrorReason::kPoisoned);
}

TEST_CASE("what a reopening writes from memory is durable", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(4)).ok());
  const auto checkpoint = partition->ReopenFromMemory(2);
  REQUIRE(checkpoint.ok());
  fixture.memory.CutPower();
  internal::PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.checkpoint = *checkpoint;
  input.frames.clear();  // the journal is not consulted
  auto recovered = internal::RecoverPartition(input);
  REQUIRE(recovered.ok());
  CHECK(fixture.ReadRecovered(0, *std::move(recovered)) == Values(4));
}

TEST_CASE("a visible offset that no segment has is data loss", "[partition]") {
  PartitionFixture fixture;
  internal::RecoveredPartition recovered;
  recovered.end_offset = 5;
  const auto partition = fixture.Make(0, {}, recovered, 1);
  absl::Status status;
  CHECK(fixture.Read(partition.get(), 0, &status).empty());
  CHECK(ReasonOf(status) == ErrorReason::kDurableDataMissing);
}

}  // namespace
}  // namespace eventlog::test

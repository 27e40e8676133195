// Moving the log start up, and removing what lies below it.
#include <catch2/catch.hpp>
#include <thread>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::Acknowledgement;
using internal::EventQueue;
using internal::Partition;
using internal::PartitionConfig;

// Ten sealed records of 1000 bytes in the files 0, 3, 6 and 9.
struct RetentionFixture : PartitionFixture {
  explicit RetentionFixture(Acknowledgement acknowledgement = Acknowledgement::kDisk) {
    config.acknowledgement = acknowledgement;
    config.segment_bytes = 4096;
    partition = Make(0, config);
    for (int i = 0; i < 10; ++i) Append(1);
  }
  // Each in a batch of its own.
  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      const auto value = Values(1, 1000, static_cast<int>(partition->high_watermark()));
      EVENTLOG_ASSERT(PartitionFixture::Append(partition, value).ok());
      EVENTLOG_ASSERT(partition->SealAll().ok());
    }
  }
  absl::StatusOr<internal::PartitionCheckpoint> Advance(int64_t log_start) {
    EVENTLOG_ASSIGN_OR_RETURN(const auto entry, partition->SyncForCheckpoint(log_start));
    partition->SetLogStart(log_start);
    EVENTLOG_RETURN_IF_ERROR(partition->RemoveBelowLogStart());
    return entry;
  }
  absl::Status ReadAt(int64_t offset) {
    absl::Status status;
    Read(partition.get(), offset, &status);
    return status;
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : Snapshot(0)) names.push_back(name);
    return names;
  }

  PartitionConfig config;
  std::shared_ptr<Partition> partition;
};

TEST_CASE("readers see a log start when it is set and not when a checkpoint prepares it",
          "[partition]") {
  RetentionFixture fixture;
  const auto entry = fixture.partition->SyncForCheckpoint(4);
  REQUIRE(entry.ok());
  CHECK(entry->log_start_offset == 4);
  CHECK(entry->segment_base_offset == 9);
  CHECK(entry->end_offset == 10);
  CHECK(fixture.partition->log_start_offset() == 0);
  CHECK(fixture.Read(fixture.partition.get()) == Values(10, 1000));

  fixture.partition->SetLogStart(4);
  CHECK(fixture.partition->watermarks().log_start() == 4);
  const absl::Status below = fixture.ReadAt(3);
  CHECK(ReasonOf(below) == ErrorReason::kBelowLogStart);
  CHECK(ActualOffset(below) == 4);
  CHECK(fixture.Read(fixture.partition.get(), 4) == Values(6, 1000, 4));
  fixture.partition->SetLogStart(2);  // never back
  CHECK(fixture.partition->log_start_offset() == 4);
  CHECK(fixture.partition->SyncForCheckpoint(2)->log_start_offset == 4);
}

TEST_CASE("segments that lie wholly below the log start are removed with their indexes",
          "[partition]") {
  RetentionFixture fixture;
  REQUIRE(fixture.partition->SyncForCheckpoint(0).ok());
  const int64_t bytes = fixture.partition->bytes();
  REQUIRE(fixture.Advance(7).ok());
  CHECK(fixture.Files() ==
        std::vector<std::string>{"00000000000000000006.index", "00000000000000000006.log",
                                 "00000000000000000006.timeindex", "00000000000000000009.log"});
  CHECK(fixture.partition->bytes() < bytes / 2);
  CHECK(fixture.files.open_files() == 2);
  CHECK(fixture.Read(fixture.partition.get(), 7) == Values(3, 1000, 7));
}

TEST_CASE("the removal of segments is told", "[partition]") {
  RetentionFixture fixture;
  int64_t told_bytes = 0;
  int told = 0;
  EventQueue events([&](const LogEvent& event) {
    if (event.kind != LogEvent::Kind::kRetained) return;
    ++told;
    told_bytes += event.bytes;
    CHECK(event.topic == "topic");
    CHECK(event.partition == 0);
  });
  const auto told_partition = std::make_shared<Partition>(
      internal::PartitionEnvironment{&fixture.files, &fixture.cache, &fixture.journal,
                                     fixture.arena, &fixture.health, &fixture.clock, &events,
                                     &fixture.time, &fixture.any_rolled},
      fixture.Name(0));
  REQUIRE(fixture.partition->SyncForCheckpoint(0).ok());
  told_partition->Adopt({fixture.partition->retention_view().segments, 0, 10, 0}, 1);
  const int64_t bytes = told_partition->bytes();
  told_partition->SetLogStart(7);
  REQUIRE(told_partition->RemoveBelowLogStart().ok());
  REQUIRE(told_partition->RemoveBelowLogStart().ok());
  events.Deliver();
  CHECK(told == 1);
  CHECK(told_bytes == bytes - told_partition->bytes());
}

TEST_CASE("a log start at the end leaves no file and offsets go on", "[partition]") {
  RetentionFixture fixture;
  const auto entry = fixture.Advance(10);
  REQUIRE(entry.ok());
  CHECK(entry->log_start_offset == 10);
  CHECK(entry->segment_base_offset == -1);
  CHECK(entry->position == 0);
  CHECK(entry->end_offset == 10);
  CHECK(fixture.Files().empty());
  CHECK(fixture.ReadAt(10).ok());
  CHECK(ReasonOf(fixture.ReadAt(9)) == ErrorReason::kBelowLogStart);
  CHECK(*fixture.partition->SyncForCheckpoint(0) == *entry);

  fixture.Append(2);
  CHECK(fixture.Exists(fixture.SegmentFile(0, 10)));
  CHECK(fixture.Read(fixture.partition.get(), 10) == Values(2, 1000, 10));
  CHECK(fixture.partition->SyncForCheckpoint(0)->segment_base_offset == 10);
}

TEST_CASE("what is appended between the checkpoint and the removal stays", "[partition]") {
  RetentionFixture fixture;
  const auto entry = fixture.partition->SyncForCheckpoint(10);
  REQUIRE(entry.ok());
  CHECK(entry->segment_base_offset == -1);
  fixture.Append(1);
  fixture.partition->SetLogStart(10);
  REQUIRE(fixture.partition->RemoveBelowLogStart().ok());
  CHECK(fixture.Files() == std::vector<std::string>{"00000000000000000010.log"});
  CHECK(fixture.Read(fixture.partition.get(), 10) == Values(1, 1000, 10));
}

TEST_CASE("a segment with a record at the log start is kept and named", "[partition]") {
  RetentionFixture fixture;
  fixture.Append(1);  // into the file 9
  const auto entry = fixture.Advance(10);
  REQUIRE(entry.ok());
  CHECK(entry->log_start_offset == 10);
  CHECK(entry->segment_base_offset == 9);
  CHECK(entry->end_offset == 11);
  CHECK(fixture.Files() == std::vector<std::string>{"00000000000000000009.log"});
  CHECK(fixture.Read(fixture.partition.get(), 10) == Values(1, 1000, 10));
}

TEST_CASE("a segment that cannot be removed is removed the next time", "[partition]") {
  RetentionFixture fixture;
  REQUIRE(fixture.partition->SyncForCheckpoint(7).ok());
  fixture.partition->SetLogStart(7);
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    return call.name == "Remove" && call.path == fixture.SegmentFile(0, 3)
               ? absl::InternalError("stuck")
               : absl::OkStatus();
  });
  CHECK(absl::IsInternal(fixture.partition->RemoveBelowLogStart()));
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 0)));
  CHECK(fixture.Exists(fixture.SegmentFile(0, 3)));
  CHECK(fixture.Read(fixture.partition.get(), 7) == Values(3, 1000, 7));
  fixture.disk.Heal();
  CHECK(fixture.partition->RemoveBelowLogStart().ok());
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 3)));
  CHECK(fixture.Exists(fixture.SegmentFile(0, 6)));
}

TEST_CASE("a memory log removes its last segment without a checkpoint", "[partition]") {
  RetentionFixture fixture(Acknowledgement::kMemory);
  fixture.partition->SetLogStart(10);
  REQUIRE(fixture.partition->RemoveBelowLogStart().ok());
  CHECK(fixture.Files().empty());
  CHECK(fixture.partition->bytes() == 0);
  fixture.Append(1);
  CHECK(fixture.Read(fixture.partition.get(), 10) == Values(1, 1000, 10));
}

TEST_CASE("a deleted partition has no log start to move", "[partition]") {
  RetentionFixture fixture;
  REQUIRE(fixture.partition->Delete().ok());
  fixture.partition->SetLogStart(5);
  CHECK(fixture.partition->log_start_offset() == 0);
  CHECK(fixture.partition->RemoveBelowLogStart().ok());
}

TEST_CASE("the newest append is dated by the log's time", "[partition]") {
  PartitionFixture fixture;
  const int64_t start_ms = fixture.NowMs();
  const auto partition = fixture.Make(0);
  fixture.clock.Advance(absl::Seconds(5));
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  CHECK(partition->retention_view().newest_append_ms == start_ms + 5000);
  fixture.clock.SetWall(fixture.clock.Now() - absl::Hours(1));
  fixture.clock.Advance(absl::Seconds(5));
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  CHECK(partition->retention_view().newest_append_ms == start_ms + 10'000);
  CHECK(partition->SyncForCheckpoint(0)->newest_append_ms == start_ms + 10'000);
  const auto later = fixture.Make(1, {}, {{}, 0, 0, start_ms + 60'000}, 1);
  REQUIRE(fixture.Append(later, Values(1)).ok());
  CHECK(later->retention_view().newest_append_ms == start_ms + 60'000);
}

TEST_CASE("a timestamp is looked for from the log start on", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  // One batch with the timestamps 50, 51, 40, 52.
  std::vector<ProducerRecord> records(4);
  const int64_t timestamps_ms[] = {50, 51, 40, 52};
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].timestamp = absl::FromUnixMillis(timestamps_ms[i]);
  }
  const auto ticket = partition->Stage(records, fixture.time.Now());
  REQUIRE(ticket.ok());
  REQUIRE(fixture.Await({partition, *ticket}).ok());
  REQUIRE(partition->SealAll().ok());
  CHECK(partition->OffsetForTimestamp(50).value() == 0);
  REQUIRE(partition->SyncForCheckpoint(2).ok());
  partition->SetLogStart(2);
  CHECK(partition->OffsetForTimestamp(50).value() == 3);
  CHECK(partition->OffsetForTimestamp(40).value() == 2);
  CHECK(partition->OffsetForTimestamp(53).value() == 4);
}

TEST_CASE("readers beside deletion get records or are told where the log starts", "[partition]") {
  RetentionFixture fixture;
  std::atomic<bool> done{false};
  std::vector<std::string> wrong;
  std::thread reader([&] {
    while (!done.load()) {
      const int64_t offset = fixture.partition->log_start_offset();
      internal::FetchCursor cursor;
      std::vector<internal::StoredBatch> batches;
      const absl::Status read = fixture.partition->Read(offset, 1, &cursor, &batches);
      if (!read.ok() && ReasonOf(read) != ErrorReason::kBelowLogStart) {
        wrong.push_back(read.ToString());
      }
      const auto found = fixture.partition->OffsetForTimestamp(0);
      if (!found.ok()) wrong.push_back(found.status().ToString());
    }
  });
  for (int i = 0; i < 100; ++i) {
    fixture.Append(4);
    EVENTLOG_ASSERT(fixture.Advance(fixture.partition->high_watermark() - i % 3).ok());
  }
  done.store(true);
  reader.join();
  CHECK(wrong == std::vector<std::string>());
}

TEST_CASE("an append goes on when the log start passes the file it was written to", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0, fixture.Config(Acknowledgement::kProcess));
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  REQUIRE(partition->SealAll().ok());
  REQUIRE(fixture.Append(partition, Values(2, 10, 3)).ok());  // in the tail
  REQUIRE(partition->SyncForCheckpoint(3).ok());
  partition->SetLogStart(3);
  REQUIRE(partition->RemoveBelowLogStart().ok());
  CHECK(fixture.Read(partition.get(), 3) == Values(2, 10, 3));
  REQUIRE(partition->SealAll().ok());
  CHECK(fixture.Exists(fixture.SegmentFile(0, 3)));
  CHECK(fixture.Read(partition.get(), 3) == Values(2, 10, 3));
}

}  // namespace
}  // namespace eventlog::test

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

// Topic "t" of four partitions, each with 20 records in several segments, which expire in an hour.
struct Expiring {
  Expiring() {
    Open();
    for (int i = 0; i < 80; ++i) {
      REQUIRE(topic.Append({.value = std::string(10'000, 'v'), .partition = i % 4}).ok());
    }
    clock.Advance(absl::Minutes(10));
    REQUIRE(log.RunMaintenance().ok());
  }
  void Open() {
    log = Log();
    auto opened = Log::Open({.directory = "log", .clock = &clock, .file_system = &disk});
    REQUIRE(opened.ok());
    log = *std::move(opened);
    auto made = log.OpenTopic(
        "t", {.partitions = 4, .retention = absl::Hours(1), .segment_bytes = 64 << 10});
    REQUIRE(made.ok());
    topic = *std::move(made);
  }
  void Expire() {
    clock.Advance(absl::Hours(2));
    REQUIRE(log.RunMaintenance().ok());
  }
  int64_t start(int32_t partition) { return topic.GetWatermarks(partition)->log_start_offset; }
  std::string SegmentFile(int32_t partition, int64_t base_offset) {
    return internal::SegmentPath(internal::PartitionDirectory("log", 1, partition), base_offset);
  }
  bool Exists(const std::string& path) {
    return memory.OpenFile(path, FileSystem::Open::kReadOnly).ok();
  }

  MemoryFileSystem memory;
  FaultFileSystem disk{&memory};
  ManualClock clock;
  Log log;
  Topic topic;
};

TEST_CASE("one checkpoint moves the log starts of a whole round", "[log]") {
  Expiring log;
  int checkpoints = 0;
  log.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "Rename" && call.path == "log/checkpoint.tmp") ++checkpoints;
    return absl::OkStatus();
  });
  log.Expire();
  log.disk.Heal();
  CHECK(checkpoints == 1);
  for (int32_t partition = 0; partition < 4; ++partition) CHECK(log.start(partition) == 20);
}

TEST_CASE("files that could not be removed go with a later round", "[log]") {
  Expiring log;
  const std::string stuck = log.SegmentFile(2, 0);
  REQUIRE(log.Exists(stuck));
  log.disk.Intercept([&](const FaultFileSystem::Call& call) {
    return call.name == "Remove" && call.path == stuck ? absl::InternalError("stuck")
                                                       : absl::OkStatus();
  });
  log.Expire();
  CHECK(log.start(2) == 20);
  CHECK(log.Exists(stuck));
  CHECK_FALSE(log.Exists(log.SegmentFile(1, 0)));
  SECTION("of this opening") {
    log.disk.Heal();
    log.clock.Advance(absl::Minutes(5));
    REQUIRE(log.log.RunMaintenance().ok());
  }
  SECTION("or with the next opening") {
    log.disk.Heal();
    REQUIRE(log.log.Close().ok());
    log.Open();
    CHECK(log.log.recovery_report().cut.empty());
  }
  CHECK_FALSE(log.Exists(stuck));
  CHECK(log.start(2) == 20);
}

TEST_CASE("damaged segment headers do not keep segments for ever nor shorten their time", "[log]") {
  Expiring log;
  REQUIRE(log.log.Close().ok());
  for (const int64_t base_offset : {0, 6}) {
    auto file = log.memory.OpenFile(log.SegmentFile(1, base_offset), FileSystem::Open::kExisting);
    REQUIRE(file.ok());
    REQUIRE((*file)->WriteAt(40, {"x"}).ok());
  }
  log.Open();
  log.clock.Advance(absl::Minutes(45));
  REQUIRE(log.log.RunMaintenance().ok());
  CHECK(log.start(1) == 0);
  log.Expire();
  CHECK(log.start(1) == 20);
}

TEST_CASE("the log's thread deletes beside appends and readers", "[log]") {
  MemoryFileSystem disk;
  LogOptions options = {.directory = "log", .file_system = &disk};
  options.tuning.retention_check_interval = absl::Milliseconds(10);
  options.tuning.batch_age = absl::Milliseconds(20);
  auto log = Log::Open(options);
  REQUIRE(log.ok());
  auto topic =
      log->OpenTopic("t", {.retention = absl::Milliseconds(50), .segment_bytes = 64 << 10});
  REQUIRE(topic.ok());
  auto consumer = log->NewConsumer({.topics = {"t"}});
  REQUIRE(consumer.ok());
  std::atomic<bool> done{false};
  absl::Status read;
  int64_t last = -1;
  bool in_order = true;
  std::thread reader([&] {
    ConsumerRecords records;
    while (!done && read.ok()) {
      read = consumer->Poll(absl::Milliseconds(1), &records);
      for (const auto& record : records) {
        in_order = in_order && record.offset() > last;
        last = record.offset();
      }
    }
  });
  absl::Status appended;
  for (int i = 0; i < 2000 && appended.ok(); ++i) {
    appended = topic->Append({.value = std::string(2000, 'v')}).status();
  }
  const auto deleted = [&] {
    const auto marks = topic->GetWatermarks(0);
    return marks->log_start_offset == marks->high_watermark;
  };
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!deleted() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
  done = true;
  reader.join();
  CHECK(appended.ok());
  INFO(read);
  CHECK(read.ok());
  CHECK(in_order);
  CHECK(deleted());
  REQUIRE(log->Close().ok());
  log = Log::Open(options);
  REQUIRE(log.ok());
  CHECK(log->recovery_report().clean);
  CHECK(log->OpenTopic("t")->GetWatermarks(0)->log_start_offset == 2000);
}

TEST_CASE("a full disk does not keep deletion from making room", "[log]") {
  Expiring log;
  REQUIRE(log.log.OpenTopic("unsealed")->Append({.value = "v"}).ok());
  bool always_full = false;
  bool removed = false;
  log.disk.Intercept([&](const FaultFileSystem::Call& call) {
    removed = removed || (call.name == "Remove" && call.path.ends_with(".log"));
    const bool full = call.name == "Allocate" && call.path.find("segments") != call.path.npos &&
                      (always_full || !removed);
    return full ? internal::MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
  });
  SECTION("by retention") {
    log.Expire();
    CHECK(log.start(1) == 20);
  }
  SECTION("of records by hand") {
    CHECK(log.topic.DeleteRecords(1, 20).ok());
    CHECK(log.start(1) == 20);
  }
  SECTION("or what needs no more room") {
    always_full = true;
    CHECK(ReasonOf(log.topic.DeleteRecords(1, 20)) == ErrorReason::kDiskFull);
    CHECK_FALSE(log.Exists(log.SegmentFile(1, 0)));
    const int64_t start = log.start(1);
    CHECK(start > 0);
    CHECK(start < 20);
    log.disk.Heal();
    log.memory.CutPower();
    log.Open();
    CHECK(log.start(1) == start);
    CHECK(log.topic.GetWatermarks(1)->high_watermark == 20);
    CHECK(log.log.OpenTopic("unsealed")->GetWatermarks(0)->high_watermark == 1);
  }
}

TEST_CASE("a deletion that fails at any call loses no record that it does not delete", "[log]") {
  const bool full = GENERATE(false, true);  // until a file is removed
  int refused = 0;
  for (int64_t failed_call = 1;; ++failed_call) {
    Expiring log;
    REQUIRE(log.log.OpenTopic("unsealed")->Append({.value = "v"}).ok());
    bool removed = false;
    log.disk.ResetCounts();
    log.disk.Intercept([&](const FaultFileSystem::Call& call) {
      if (call.number == failed_call) return absl::InternalError("EIO");
      removed = removed || (call.name == "Remove" && call.path.ends_with(".log"));
      return full && !removed && call.name == "Allocate"
                 ? internal::MakeError(ErrorReason::kDiskFull, "full")
                 : absl::OkStatus();
    });
    const absl::Status deleted = log.topic.DeleteRecords(1, 20);
    INFO("call " << failed_call << ": " << deleted);
    if (log.disk.Count() < failed_call) break;
    log.disk.Heal();
    log.memory.CutPower();
    log.Open();
    const int64_t start = log.start(1);
    if (deleted.ok()) CHECK(start == 20);
    CHECK(ReadTopic(&log.log, "t").size() == static_cast<std::size_t>(80 - start));
    CHECK(ReadTopic(&log.log, "unsealed").size() == 1);
    if (!deleted.ok()) ++refused;
  }
  CHECK(refused > 20);
}

TEST_CASE("a retention whose alteration failed half-way holds after a reopening", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem disk(&memory);
  ManualClock clock;
  auto log = Log::Open({.directory = "log", .clock = &clock, .file_system = &disk});
  auto topic = log->OpenTopic("t");
  REQUIRE(topic->Append({.value = "v"}).ok());
  bool renamed = false;
  disk.Intercept([&](const FaultFileSystem::Call& call) {
    renamed = renamed || call.name == "Rename";
    return call.name == "SyncDirectory" && renamed ? absl::InternalError("EIO") : absl::OkStatus();
  });
  REQUIRE_FALSE(log->AlterTopic("t", {.retention = absl::Hours(1)}).ok());
  disk.Heal();
  REQUIRE(log->Reopen().ok());
  REQUIRE(log->DescribeTopic("t")->options.retention == absl::Hours(1));
  clock.Advance(absl::Hours(2));
  REQUIRE(log->RunMaintenance().ok());
  CHECK(topic->GetWatermarks(0)->log_start_offset == 1);
}

}  // namespace
}  // namespace eventlog::test

#include "log/recovery.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "io/durable_file.h"

namespace eventlog::internal {
namespace {

absl::StatusOr<Log> OpenLog(FileSystem* files, RecoveryMode mode = RecoveryMode::kRefuse) {
  LogOptions options;
  options.directory = "log";
  options.file_system = files;
  options.recovery_mode = mode;
  options.background_thread = false;
  return Log::Open(options);
}

void Flip(FileSystem* files, const std::string& path, int64_t at) {
  auto file = files->OpenFile(path, FileSystem::Open::kExisting);
  REQUIRE(file.ok());
  char byte = 0;
  REQUIRE((*file)->ReadAt(at, absl::MakeSpan(&byte, 1)).ok());
  byte = static_cast<char>(byte ^ 0x40);
  REQUIRE((*file)->WriteAt(at, {std::string_view(&byte, 1)}).ok());
  REQUIRE((*file)->SyncData().ok());
}

TEST_CASE("checkpoints are read back and a missing one is named", "[log]") {
  MemoryFileSystem files;
  REQUIRE(files.CreateDirectory("log").ok());
  const absl::Status missing = ReadCheckpoint(&files, "log").status();
  CHECK(ReasonOf(missing) == ErrorReason::kDurableDataMissing);
  CHECK(missing.message().find("checkpoint") != absl::string_view::npos);
  Checkpoint checkpoint;
  checkpoint.generation = 7;
  checkpoint.leader_epoch = 9;
  ReplacedFile file(&files, CheckpointPath("log"));
  REQUIRE(WriteCheckpoint(&file, checkpoint).ok());
  CHECK(ReadCheckpoint(&files, "log")->generation == 7);
  CHECK(ReadCheckpoint(&files, "log")->leader_epoch == 9);
  Flip(&files, CheckpointPath("log"), 12);
  CHECK(ReasonOf(ReadCheckpoint(&files, "log").status()) == ErrorReason::kCorruptData);
}

TEST_CASE("a recovery that is cut anywhere is done again with the same result", "[log]") {
  for (int cut = 0;; ++cut) {
    MemoryFileSystem memory;
    {
      auto log = OpenLog(&memory);
      REQUIRE(log.ok());
      auto topic = log->OpenTopic("t", {.partitions = 2});
      for (int i = 0; i < 6; ++i) {
        REQUIRE(topic->Append({.value = std::to_string(i), .partition = i % 2}).ok());
      }
      REQUIRE(log->OpenTopic("deleted")->Append({.value = std::string(300'000, 'x')}).ok());
      REQUIRE(log->DeleteTopic("deleted").ok());
      memory.CutPower();
    }
    FaultFileSystem failing(&memory);
    int left = cut;
    failing.Intercept([&](const FaultFileSystem::Call&) {
      if (left-- == 0) memory.CutPower();
      return absl::OkStatus();
    });
    const bool survived = OpenLog(&failing).ok();
    const bool reached = left < 0;
    auto log = OpenLog(&memory);
    INFO("cut at call " << cut << ", first opening: " << survived << ": " << log.status());
    REQUIRE(log.ok());
    auto topic = log->OpenTopic("t");
    CHECK(topic->GetWatermarks(0)->high_watermark == 3);
    CHECK(topic->GetWatermarks(1)->high_watermark == 3);
    CHECK(log->ListTopics()->size() == 1);
    if (!reached) break;
    REQUIRE(cut < 2000);
  }
}

TEST_CASE("damage below what is durable is refused and repaired when asked", "[log]") {
  MemoryFileSystem files;
  std::string segment;
  {
    auto log = OpenLog(&files);
    REQUIRE(log.ok());
    auto topic = log->OpenTopic("t", {.batch_bytes = 1024});
    for (int i = 0; i < 40; ++i) {
      REQUIRE(topic->Append({.value = std::to_string(i) + std::string(200, '.')}).ok());
    }
    REQUIRE(log->Close().ok());
  }
  const auto names = files.List("log/segments");
  REQUIRE(names->size() == 1);
  segment = SegmentPath("log/segments/" + names->front(), 0);
  auto opened = files.OpenFile(segment, FileSystem::Open::kReadOnly);
  REQUIRE(opened.ok());
  const int64_t size = *(*opened)->Size();
  Flip(&files, segment, size / 2);

  {
    // Open has no reason to read the middle; who polls it is told.
    auto log = OpenLog(&files);
    REQUIRE(log.ok());
    auto consumer = log->NewConsumer({.topics = {"t"}});
    ConsumerRecords records;
    absl::Status polled;
    int64_t seen = 0;
    while (polled.ok()) {
      polled = consumer->Poll(absl::ZeroDuration(), &records);
      seen += static_cast<int64_t>(records.size());
      if (records.caught_up()) break;
    }
    INFO(polled);
    CHECK(ReasonOf(polled) == ErrorReason::kCorruptData);
    CHECK(records.empty());
    CHECK(seen == *consumer->Position({"t", 0}));
    CHECK(seen > 0);
    CHECK(seen < 40);
    REQUIRE(log->Close().ok());
  }
  auto log = OpenLog(&files, RecoveryMode::kTruncate);
  REQUIRE(log.ok());
  const RecoveryReport report = log->recovery_report();
  INFO(report.text);
  CHECK_FALSE(report.clean);
  CHECK(report.bytes_cut > 0);
  REQUIRE(report.cut.size() == 1);
  CHECK(report.cut[0].topic == "t");
  auto topic = log->OpenTopic("t");
  CHECK(topic->GetWatermarks(0)->high_watermark == report.cut[0].offset);
  CHECK(report.cut[0].offset > 0);
  CHECK(report.cut[0].offset < 40);
  CHECK(topic->Append({.value = "on"}).ok());
}

TEST_CASE("files of a partition that never was are not thrown away", "[log]") {
  MemoryFileSystem files;
  { REQUIRE(OpenLog(&files)->OpenTopic("t")->Append({.value = "v"}).ok()); }
  REQUIRE(CreateDirectories(&files, PartitionDirectory("log", 99, 0)).ok());
  CHECK(ReasonOf(OpenLog(&files).status()) == ErrorReason::kCorruptData);
  REQUIRE(files.Remove(PartitionDirectory("log", 99, 0)).ok());
  CHECK(OpenLog(&files).ok());
}

// What is only in the journal needs space in segments, which the journal's reserve gives up.
TEST_CASE("a log whose journal is full of records is opened on a full disk", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  auto log = OpenLog(&files);
  const Topic topic = *log->OpenTopic("t");
  for (int i = 0; i < 10; ++i) REQUIRE(topic.Append({.value = std::to_string(i)}).ok());
  const std::string reserve = JournalReservePath("log");
  REQUIRE(memory.OpenFile(reserve, FileSystem::Open::kReadOnly).ok());
  bool has_reserve = true;
  const auto full = [&](const FaultFileSystem::Call& call) {
    if (call.name == "Remove" && call.path == reserve) has_reserve = false;
    return call.name == "Allocate" && has_reserve ? MakeError(ErrorReason::kDiskFull, "full")
                                                  : absl::OkStatus();
  };
  SECTION("after a crash") {
    files.Intercept([](const FaultFileSystem::Call&) { return absl::InternalError("dead"); });
    *log = Log();
    files.Intercept(full);
    log = OpenLog(&files);
    REQUIRE(log.ok());
  }
  SECTION("after a journal that failed") {
    files.FailNext("WriteAt", FaultFileSystem::Fault::kIoError);
    REQUIRE_FALSE(topic.Append({.value = "lost"}).ok());
    files.Intercept(full);
    REQUIRE(log->Reopen().ok());
  }
  CHECK_FALSE(has_reserve);
  CHECK(log->OpenTopic("t")->GetWatermarks(0)->high_watermark == 10);
  has_reserve = true;
  CHECK(ReasonOf(log->CreateTopic("u").status()) == ErrorReason::kNone);
}

}  // namespace
}  // namespace eventlog::internal

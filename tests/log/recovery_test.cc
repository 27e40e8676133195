#include "log/recovery.h"

#include <catch2/catch.hpp>
#include <map>

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

std::map<std::string, std::string> Contents(FileSystem* files, const std::string& directory) {
  std::map<std::string, std::string> contents;
  const auto names = files->List(directory);
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    const std::string path = directory + "/" + name;
    if (files->List(path).ok()) {
      contents.merge(Contents(files, path));
    } else {
      contents[path] = ReadWholeFile(files, path, 1 << 30).value_or("unreadable");
    }
  }
  return contents;
}

absl::Status CopyTree(FileSystem* from, const std::string& directory, FileSystem* to) {
  for (const auto& [path, bytes] : Contents(from, directory)) {
    EVENTLOG_RETURN_IF_ERROR(CreateDirectories(to, ParentDirectory(path)));
    EVENTLOG_RETURN_IF_ERROR(ReplaceFile(to, path, bytes));
  }
  return absl::OkStatus();
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

TEST_CASE("a recovery that is cut or fails anywhere is done again with the same result", "[log]") {
  const bool fails = GENERATE(false, true);
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
      if (left-- != 0) return absl::OkStatus();
      if (fails) return absl::InternalError("EIO");
      memory.CutPower();
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

// So whoever has a good copy of what is damaged has lost nothing by trying.
TEST_CASE("an opening that is refused leaves every file as it was", "[log]") {
  MemoryFileSystem files;
  for (const bool killed : {false, true}) {
    auto log = OpenLog(&files);
    REQUIRE(log.ok());
    for (const char* name : {"a", "b"}) {
      auto topic = log->OpenTopic(name, {.batch_bytes = 1024});
      for (int i = 0; i < 10; ++i) REQUIRE(topic->Append({.value = std::string(300, 'v')}).ok());
    }
    if (!killed) continue;
    MemoryFileSystem left;
    REQUIRE(CopyTree(&files, "log", &left).ok());
    const std::string damaged = SegmentPath(PartitionDirectory("log", 2, 0), 0);
    REQUIRE(ReplaceFile(&left, damaged, "").ok());
    const auto before = Contents(&left, "log");
    CHECK(ReasonOf(OpenLog(&left).status()) == ErrorReason::kDurableDataMissing);
    CHECK((Contents(&left, "log") == before));
    REQUIRE(ReplaceFile(&left, damaged, *ReadWholeFile(&files, damaged, 1 << 20)).ok());
    auto healed = OpenLog(&left);
    INFO(healed.status());
    REQUIRE(healed.ok());
    for (const char* name : {"a", "b"}) {
      CHECK(healed->DescribeTopic(name)->partitions[0].watermarks.high_watermark == 20);
    }
  }
}

TEST_CASE("files of a partition that never was are not thrown away", "[log]") {
  MemoryFileSystem files;
  { REQUIRE(OpenLog(&files)->OpenTopic("t")->Append({.value = "v"}).ok()); }
  const std::string directory = GENERATE(PartitionDirectory("log", 99, 0),  // of no topic
                                         PartitionDirectory("log", 1, 1));
  REQUIRE(CreateDirectories(&files, directory).ok());
  CHECK(ReasonOf(OpenLog(&files).status()) == ErrorReason::kCorruptData);
  REQUIRE(files.Remove(directory).ok());
  CHECK(OpenLog(&files).ok());
}

TEST_CASE("a directory that is no partition's is left alone", "[log]") {
  MemoryFileSystem files;
  { REQUIRE(OpenLog(&files)->OpenTopic("t")->Append({.value = "v"}).ok()); }
  REQUIRE(CreateDirectories(&files, SegmentsDirectory("log") + "/notes").ok());
  CHECK(OpenLog(&files).ok());
  CHECK(files.List(SegmentsDirectory("log") + "/notes").ok());
}

TEST_CASE("a catalog that is older than its log is refused", "[log]") {
  MemoryFileSystem memory;
  { REQUIRE(OpenLog(&memory)->OpenTopic("t")->Append({.value = "v"}).ok()); }
  const std::string catalog = *ReadWholeFile(&memory, CatalogPath("log"), 1 << 20);
  const bool more_partitions = GENERATE(true, false);
  const bool closed = GENERATE(true, false);
  CAPTURE(more_partitions, closed);
  FaultFileSystem files(&memory);
  auto log = OpenLog(&files);
  REQUIRE(log.ok());
  if (more_partitions) {
    REQUIRE(log->AlterTopic("t", {.partitions = 2}).ok());
    REQUIRE(log->OpenTopic("t")->Append({.value = "v", .partition = 1}).ok());
  } else {
    REQUIRE(log->OpenTopic("u")->Append({.value = "v"}).ok());
  }
  // The journal alone knows of the partition when the log dies.
  if (!closed) files.Intercept([](const auto&) { return absl::InternalError("dead"); });
  *log = Log();
  REQUIRE(ReplaceFile(&memory, CatalogPath("log"), catalog).ok());
  const absl::Status refused = OpenLog(&memory).status();
  CHECK(ReasonOf(refused) == ErrorReason::kCorruptData);
  CHECK(refused.message().find("is older than log/") != absl::string_view::npos);
  CHECK((refused.message().find("log/checkpoint") != absl::string_view::npos) == closed);
}

TEST_CASE("files of different logs are not taken for one", "[log]") {
  MemoryFileSystem files;
  MemoryFileSystem others;
  { REQUIRE(OpenLog(&files)->OpenTopic("t")->Append({.value = "v"}).ok()); }
  { REQUIRE(OpenLog(&others)->OpenTopic("t")->Append({.value = "v"}).ok()); }
  const std::string catalog = *ReadWholeFile(&others, CatalogPath("log"), 1 << 20);
  REQUIRE(ReplaceFile(&files, CatalogPath("log"), catalog).ok());
  CHECK(ReasonOf(OpenLog(&files).status()) == ErrorReason::kCorruptData);
}

TEST_CASE("a last group of the journal that is not whole is told in the report", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  auto log = OpenLog(&files);
  auto topic = log->OpenTopic("t");
  for (const char* value : {"the first", "the last"}) REQUIRE(topic->Append({.value = value}).ok());
  files.Intercept([](const FaultFileSystem::Call&) { return absl::InternalError("dead"); });
  *log = Log();
  const std::string journal = JournalPath("log", 0);
  const std::string bytes = *ReadWholeFile(&memory, journal, 1 << 30);
  const std::size_t last = bytes.find("the last");
  REQUIRE(last != std::string::npos);
  Flip(&memory, journal, static_cast<int64_t>(last));
  log = OpenLog(&memory);
  REQUIRE(log.ok());
  const RecoveryReport report = log->recovery_report();
  CHECK_FALSE(report.clean);
  CHECK(report.text.find("is not whole") != std::string::npos);
  CHECK(log->OpenTopic("t")->GetWatermarks(0)->high_watermark == 1);
}

TEST_CASE("a log without its journal is data loss", "[log]") {
  MemoryFileSystem files;
  { REQUIRE(OpenLog(&files)->OpenTopic("t")->Append({.value = "v"}).ok()); }
  REQUIRE(files.Rename(JournalDirectory("log"), "elsewhere").ok());
  CHECK(ReasonOf(OpenLog(&files).status()) == ErrorReason::kDurableDataMissing);
}

TEST_CASE("files of a deleted topic that a crash kept are removed", "[log]") {
  MemoryFileSystem files;
  {
    auto log = OpenLog(&files);
    REQUIRE(log->OpenTopic("t")->Append({.value = "v"}).ok());
    REQUIRE(log->DeleteTopic("t").ok());
  }
  const std::string directory = PartitionDirectory("log", 1, 0);
  REQUIRE(CreateDirectories(&files, directory).ok());
  REQUIRE(ReplaceFile(&files, SegmentPath(directory, 0), "what was left").ok());
  FaultFileSystem failing(&files);
  for (const std::string_view failed : {"List", "Remove"}) {
    failing.Intercept([&](const FaultFileSystem::Call& call) {
      return call.name == failed && call.path.starts_with(directory) ? absl::InternalError("EIO")
                                                                     : absl::OkStatus();
    });
    CHECK(absl::IsInternal(OpenLog(&failing).status()));
  }
  REQUIRE(OpenLog(&files).ok());
  CHECK(files.List(SegmentsDirectory("log"))->empty());
}

// A kill left a name that only the page cache has. Recovery builds on it; then the power goes.
TEST_CASE("a directory that recovery believes is durable first", "[log]") {
  MemoryFileSystem memory;
  {
    auto log = OpenLog(&memory);
    REQUIRE(log->OpenTopic("t")->Append({.value = "v"}).ok());
    REQUIRE(log->Close().ok());
  }
  const std::string name = PartitionDirectory("log", 1, 0);
  REQUIRE(DurableRename(&memory, name, name + "-away").ok());
  REQUIRE(memory.Rename(name + "-away", name).ok());
  FaultFileSystem files(&memory);
  bool believed = false;
  files.Intercept([&](const FaultFileSystem::Call& call) {
    const bool listed = call.name == "List" && call.path == name;
    if (listed && !std::exchange(believed, true)) memory.CutPower();
    return absl::OkStatus();
  });
  static_cast<void>(OpenLog(&files));
  REQUIRE(believed);
  const absl::Status again = OpenLog(&memory).status();
  INFO(again);
  CHECK(again.ok());
}

// A second run would find nothing of what the first one has mended.
TEST_CASE("a repair on a full disk tells all that it has mended", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  {
    auto log = OpenLog(&files);
    auto topic = log->OpenTopic("damaged", {.batch_bytes = 1024});
    for (int i = 0; i < 10; ++i) REQUIRE(topic->Append({.value = std::string(300, 'v')}).ok());
    REQUIRE(log->Close().ok());
  }
  {
    auto log = OpenLog(&files);
    REQUIRE(log->OpenTopic("journaled")->Append({.value = "v"}).ok());  // in no segment yet
    files.Intercept([](const FaultFileSystem::Call&) { return absl::InternalError("dead"); });
    *log = Log();
  }
  Flip(&memory, SegmentPath(PartitionDirectory("log", 1, 0), 0), 2000);
  const std::string reserve = JournalReservePath("log");
  files.Intercept([&](const FaultFileSystem::Call& call) {
    const bool full = call.name == "Allocate" && call.path != reserve &&
                      memory.OpenFile(reserve, FileSystem::Open::kReadOnly).ok();
    return full ? MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
  });
  const auto mode = GENERATE(RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  auto log = OpenLog(&files, mode);
  REQUIRE(log.ok());
  CHECK(log->recovery_report().bytes_cut > 0);
  CHECK(log->recovery_report().records_replayed > 0);
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

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "group/offset_store.h"
#include "io/durable_file.h"
#include "log/log_state.h"

namespace eventlog::internal {
namespace {

using Offsets = std::vector<TopicPartitionOffset>;

// A log whose time stands still, on a disk that can be cut from power and fail.
struct Disk {
  absl::StatusOr<Log> TryOpen(RecoveryMode mode = RecoveryMode::kRefuse) {
    return Log::Open(
        {.directory = "log", .recovery_mode = mode, .clock = &clock, .file_system = &files});
  }
  Log Open(RecoveryMode mode = RecoveryMode::kRefuse) {
    auto log = TryOpen(mode);
    INFO(log.status());
    REQUIRE(log.ok());
    return *std::move(log);
  }
  void Checkpoint(Log* log) {
    clock.Advance(absl::Minutes(1));
    REQUIRE(log->RunMaintenance().ok());
  }
  void CutPower(Log* log) {
    memory.CutPower();
    CHECK_FALSE(log->Close().ok());
  }
  // Where the segments of __consumer_offsets are, which is the only topic.
  std::string directory() { return "log/segments/" + memory.List("log/segments")->front(); }
  int64_t BytesOnDisk() {
    int64_t bytes = 0;
    const auto names = memory.List(directory());
    REQUIRE(names.ok());
    for (const std::string& name : *names) {
      auto file = memory.OpenFile(directory() + "/" + name, FileSystem::Open::kReadOnly);
      bytes += *(*file)->Size();
    }
    return bytes;
  }

  ManualClock clock;
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
};

// One atomic write of `count` commits; offsets of a topic that is not of this log are synced.
void Commit(Log* log, const std::string& group, int64_t offset, int count = 1,
            const std::string& metadata = "") {
  Offsets offsets;
  for (int32_t i = 0; i < count; ++i) offsets.push_back({"t", i, offset, -1, metadata});
  REQUIRE(log->Write(WriteBatch().CommitOffsets({.group = group}, offsets)).ok());
}

int64_t Committed(const Log& log, const std::string& group) {
  const auto offsets = log.CommittedOffsets(group);
  REQUIRE(offsets.ok());
  return offsets->empty() ? -1 : offsets->front().offset;
}

// How often the segments of __consumer_offsets are read by an Open after `commits` before a
// checkpoint and `later` after it.
int ReadsOfOpen(int commits, int later, int64_t* replayed) {
  Disk disk;
  Log log = disk.Open();
  for (int i = 0; i < commits / 1000; ++i) Commit(&log, "g", i, 1000);
  disk.Checkpoint(&log);
  for (int i = 0; i < later; ++i) Commit(&log, "h", i);
  disk.CutPower(&log);
  int reads = 0;
  const std::string directory = disk.directory();
  disk.files.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "ReadAt" && call.path.find(directory) != std::string::npos) ++reads;
    return absl::OkStatus();
  });
  log = disk.Open();
  disk.files.Heal();
  *replayed = log.recovery_report().records_replayed;
  CHECK(Committed(log, "g") == commits / 1000 - 1);
  CHECK(log.CommittedOffsets("g")->size() == 1000);
  CHECK(Committed(log, "h") == later - 1);
  return reads;
}

TEST_CASE("an opening reads the commits after the last checkpoint and no others", "[log]") {
  int64_t few_replayed = 0;
  int64_t many_replayed = 0;
  const int few = ReadsOfOpen(1000, 50, &few_replayed);
  const int many = ReadsOfOpen(100'000, 50, &many_replayed);
  CHECK(few_replayed == 50);
  CHECK(many_replayed == 50);
  CHECK(many == few);
  CHECK(many < 10);
}

TEST_CASE("the topic of offsets does not grow for ever", "[log]") {
  Disk disk;
  Log log = disk.Open();
  const std::string metadata(200, 'm');
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 8; ++i) Commit(&log, "g", 8 * round + i, 1000, metadata);
    disk.Checkpoint(&log);
    CHECK(disk.BytesOnDisk() < 4 << 20);  // what is preallocated included
  }
  const auto described = log.DescribeTopic(kConsumerOffsetsTopic);
  const Watermarks marks = described->partitions.front().watermarks;
  CHECK(marks.high_watermark == 64'000);
  CHECK(marks.log_start_offset > 50'000);
  CHECK(described->partitions.front().bytes < 3 << 20);
  REQUIRE(log.Close().ok());
  log = disk.Open();
  CHECK(log.recovery_report().clean);
  CHECK(Committed(log, "g") == 63);
}

TEST_CASE("the topic of offsets does not grow for ever in a memory log", "[log]") {
  ManualClock clock;
  auto log = Log::Open({.memory = true, .clock = &clock});
  REQUIRE(log.ok());
  const std::string metadata(200, 'm');
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 8; ++i) Commit(&*log, "g", 8 * round + i, 1000, metadata);
    clock.Advance(absl::Minutes(1));
    REQUIRE(log->RunMaintenance().ok());
    CHECK(log->DescribeTopic(kConsumerOffsetsTopic)->partitions.front().bytes < 3 << 20);
  }
  CHECK(Committed(*log, "g") == 31);
}

TEST_CASE("commits that come while checkpoints are made survive a power cut", "[log]") {
  MemoryFileSystem files;
  constexpr std::size_t kThreads = 4;
  std::array<int64_t, kThreads> acknowledged = {};
  {
    auto log = Log::Open({.directory = "log",
                          .background_thread = false,
                          .file_system = &files,
                          .tuning = {.batch_age = absl::Milliseconds(5),
                                     .checkpoint_interval = absl::Milliseconds(10)}});
    REQUIRE(log.ok());
    std::atomic<bool> cut{false};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int64_t offset = 1; !cut; ++offset) {
          WriteBatch batch;
          batch.CommitOffsets({.group = "g" + std::to_string(i)}, {{"t", 0, offset}});
          if (!log->Write(batch).ok()) break;
          if (!cut) acknowledged[i] = offset;
        }
      });
    }
    for (int i = 0; i < 15; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      REQUIRE(log->RunMaintenance().ok());
    }
    cut = true;
    files.CutPower();
    for (std::thread& thread : threads) thread.join();
    static_cast<void>(log->Close());
  }
  auto log = Log::Open({.directory = "log", .file_system = &files});
  INFO(log.status());
  REQUIRE(log.ok());
  const int64_t all = std::accumulate(acknowledged.begin(), acknowledged.end(), int64_t{0});
  CHECK(log->recovery_report().records_replayed < all);  // checkpoints were made
  for (std::size_t i = 0; i < kThreads; ++i) {
    CHECK(acknowledged[i] > 0);
    CHECK(Committed(*log, "g" + std::to_string(i)) >= acknowledged[i]);
  }
}

TEST_CASE("a checkpoint that is cut anywhere loses no commit", "[log]") {
  for (int cut = 0;; ++cut) {
    Disk disk;
    int64_t acknowledged = 0;
    {
      Log log = disk.Open();
      const std::string metadata(4000, 'm');
      for (int i = 0; i < 15; ++i) Commit(&log, "g", acknowledged = i, 50, metadata);
      int left = cut;
      disk.files.Intercept([&](const FaultFileSystem::Call&) {
        if (left == 0) disk.memory.CutPower();
        return left-- > 0 ? absl::OkStatus() : absl::UnavailableError("no power");
      });
      disk.clock.Advance(absl::Minutes(1));
      static_cast<void>(log.RunMaintenance());
      disk.files.Heal();
      if (left >= 0) break;
      static_cast<void>(log.Close());
    }
    INFO("cut at call " << cut);
    Log log = disk.Open();
    CHECK(Committed(log, "g") == acknowledged);
    CHECK(log.CommittedOffsets("g")->size() == 50);
    Commit(&log, "g", 77);
    disk.Checkpoint(&log);
    CHECK(disk.BytesOnDisk() < 3 << 20);
    disk.CutPower(&log);
    log = disk.Open();
    CHECK(Committed(log, "g") == 77);
    REQUIRE(cut < 2000);
  }
}

TEST_CASE("a commit that a power cut takes leaves the one before it", "[log]") {
  Disk disk;
  Log log = disk.Open();
  REQUIRE(log.CreateTopic("t", {.durability = Durability::kProcess}).ok());
  Commit(&log, "g", 1);  // without a sync, as its topic
  disk.Checkpoint(&log);
  Commit(&log, "g", 2);
  CHECK(Committed(log, "g") == 2);
  disk.CutPower(&log);
  log = disk.Open();
  CHECK(Committed(log, "g") == 1);
  Commit(&log, "g", 3);  // at the offset of the one that was lost
  disk.Checkpoint(&log);
  disk.CutPower(&log);
  log = disk.Open();
  CHECK(Committed(log, "g") == 3);
}

TEST_CASE("a checkpoint has no commit that its syncs did not cover", "[log]") {
  Disk disk;
  Log log = disk.Open();
  auto topic = log.CreateTopic("t", {.durability = Durability::kProcess});
  REQUIRE(topic->Append({.value = "v"}).ok());
  Commit(&log, "g", 1);
  bool committed = false;
  disk.files.Intercept([&](const FaultFileSystem::Call& call) {
    const bool segment =
        call.name == "SyncData" && call.path.find("segments/1-0") != std::string::npos;
    if (segment && !std::exchange(committed, true)) Commit(&log, "g", 2);
    return absl::OkStatus();
  });
  disk.Checkpoint(&log);
  disk.files.Heal();
  CHECK(committed);
  CHECK(Committed(log, "g") == 2);
  disk.CutPower(&log);
  log = disk.Open();
  CHECK(Committed(log, "g") == 1);
}

TEST_CASE("a deleted group is in no checkpoint", "[log]") {
  Disk disk;
  Log log = disk.Open();
  Commit(&log, "gone", 1, 5);
  Commit(&log, "kept", 2);
  disk.Checkpoint(&log);
  REQUIRE(log.DeleteGroup("gone").ok());
  disk.CutPower(&log);
  log = disk.Open();
  CHECK(*log.ListGroups() == std::vector<std::string>{"kept"});
  Commit(&log, "kept", 3);
  disk.Checkpoint(&log);
  const std::string bytes = *ReadWholeFile(&disk.memory, CheckpointPath("log"), 1 << 20);
  CHECK(bytes.find("kept") != std::string::npos);
  CHECK(bytes.find("gone") == std::string::npos);
}

TEST_CASE("commits outlast a journal that failed", "[log]") {
  Disk disk;
  Log log = disk.Open();
  Commit(&log, "g", 1);
  disk.files.Intercept([](const FaultFileSystem::Call& call) {
    const bool journal = call.name == "SyncData" && call.path.find("journal") != std::string::npos;
    return journal ? MakeError(absl::StatusCode::kInternal, "bad sector") : absl::OkStatus();
  });
  CHECK_FALSE(log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{"t", 0, 2}})).ok());
  disk.files.Heal();
  REQUIRE(log.Reopen().ok());
  CHECK(Committed(log, "g") == 1);
  disk.memory.CutPower();
  static_cast<void>(log.Close());
  log = disk.Open();
  CHECK(Committed(log, "g") == 1);
  Commit(&log, "g", 3);
  disk.CutPower(&log);
  log = disk.Open();
  CHECK(Committed(log, "g") == 3);
}

TEST_CASE("offsets outlast damage to the records that said them", "[log]") {
  Disk disk;
  {
    Log log = disk.Open();
    for (int i = 0; i < 10; ++i) Commit(&log, "g", i, 1000);
    REQUIRE(log.Close().ok());
  }
  const auto names = disk.memory.List(disk.directory());
  REQUIRE(names.ok());
  for (const std::string& name : *names) {
    if (!ParseSegmentName(name).has_value()) continue;
    auto file = disk.memory.OpenFile(disk.directory() + "/" + name, FileSystem::Open::kExisting);
    REQUIRE((*file)->WriteAt(2000, {std::string_view("damage")}).ok());
    REQUIRE((*file)->SyncData().ok());
  }
  const RecoveryMode mode =
      GENERATE(RecoveryMode::kRefuse, RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  Log log = disk.Open(mode);
  CHECK(log.recovery_report().clean == (mode == RecoveryMode::kRefuse));
  CHECK(Committed(log, "g") == 9);
  CHECK(log.CommittedOffsets("g")->size() == 1000);
  for (int64_t offset = 100; offset < 104; ++offset) {
    Commit(&log, "g", offset);
    if (offset % 2 == 0) disk.Checkpoint(&log);
    disk.CutPower(&log);
    log = disk.Open();
    CHECK(Committed(log, "g") == offset);
    CHECK(log.CommittedOffsets("g")->size() == 1000);
  }
}

// The checkpoint as version 1 wrote it.
std::string AsVersion1(const Checkpoint& checkpoint) {
  const std::string now = EncodeCheckpoint(checkpoint);
  std::string body;
  for (std::size_t i = 0; i < checkpoint.partitions.size(); ++i) {
    body += now.substr(kCheckpointHeaderBytes + i * kCheckpointEntryBytes, 40);
  }
  std::string bytes = now.substr(0, 72) + std::string(16, '\0') + body;
  StoreLe(bytes.data() + 72, Hash64(body));
  FinishHeader(bytes.data(), {"checkpoint", kCheckpointFormat.magic, 1, 88}, 0);
  return bytes;
}

TEST_CASE("a log with a checkpoint of version 1 has its offsets from the records", "[log]") {
  Disk disk;
  {
    Log log = disk.Open();
    Commit(&log, "g", 5, 10);
    REQUIRE(log.Close().ok());
  }
  const auto checkpoint = ReadCheckpoint(&disk.memory, "log");
  REQUIRE(checkpoint.ok());
  CHECK(checkpoint->offsets.size() == 10);
  REQUIRE(ReplaceFile(&disk.memory, CheckpointPath("log"), AsVersion1(*checkpoint)).ok());
  CHECK(ReadCheckpoint(&disk.memory, "log")->offsets.empty());
  Log log = disk.Open();
  CHECK(log.recovery_report().clean);
  CHECK(Committed(log, "g") == 5);
  CHECK(log.CommittedOffsets("g")->size() == 10);
}

}  // namespace
}  // namespace eventlog::internal

// Checkpoints that are made for space in the journal, of partitions that have little in memory.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"

namespace eventlog::internal {
namespace {

constexpr int32_t kPartitions = 8;
// Each that is synced takes a block: so many fill more than half of the journal.
constexpr int kHalfJournal = 140;

struct CrowdedLog {
  CrowdedLog() {
    auto opened = Log::Open(Options());
    REQUIRE(opened.ok());
    log = *std::move(opened);
    topic = *log.OpenTopic("t", {.partitions = kPartitions, .durability = Durability::kDisk});
  }
  LogOptions Options() {
    LogOptions options = {
        .directory = "log", .max_write_bytes = 512 << 10, .clock = &clock, .file_system = &files};
    options.max_record_bytes = 256 << 10;
    options.tuning.journal_bytes = 1 << 20;
    return options;
  }
  void Append(int count) {
    for (int i = 0; i < count; ++i, ++appended) {
      REQUIRE(topic.Append({.value = ValueOf(appended), .partition = Of(appended)}).ok());
    }
  }
  std::string ValueOf(int record) const {
    return std::to_string(record) + std::string(padding, '.');
  }
  static int32_t Of(int record) { return record % kPartitions; }
  int64_t BytesInSegments(std::size_t partition) {
    return log.DescribeTopic("t")->partitions[partition].bytes;
  }
  int SealedPartitions() {
    int sealed = 0;
    for (std::size_t i = 0; i < kPartitions; ++i) sealed += BytesInSegments(i) > 0 ? 1 : 0;
    return sealed;
  }
  // What a power cut leaves is what was appended.
  void CheckAfterPowerCut() {
    files.Heal();
    memory.CutPower();
    log = Log();
    auto opened = Log::Open(Options());
    INFO(opened.status());
    REQUIRE(opened.ok());
    log = *std::move(opened);
    topic = *log.OpenTopic("t");
    std::vector<std::vector<std::string>> found(kPartitions);
    auto consumer = log.NewConsumer({.topics = {"t"}});
    ConsumerRecords records;
    do {
      REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
      for (const auto& record : records) {
        found[static_cast<std::size_t>(record.partition())].emplace_back(record.value());
      }
    } while (!records.caught_up());
    std::vector<std::vector<std::string>> expected(kPartitions);
    for (int i = 0; i < appended; ++i) {
      expected[static_cast<std::size_t>(Of(i))].push_back(ValueOf(i));
    }
    CHECK(found == expected);
  }

  ManualClock clock;
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  Log log;
  Topic topic;
  int appended = 0;
  std::size_t padding = 0;  // of every value
};

TEST_CASE("a checkpoint for space makes no segment for what is little", "[log]") {
  CrowdedLog crowded;
  for (int round = 0; round < 6; ++round) {
    crowded.Append(kHalfJournal);
    crowded.files.ResetCounts();
    REQUIRE(crowded.log.RunMaintenance().ok());
    CHECK(crowded.files.Count("Rename") > 0);  // of the checkpoint
  }
  CHECK(crowded.SealedPartitions() == 0);
  crowded.CheckAfterPowerCut();
}

TEST_CASE("the journal stays within its bound while all is carried over", "[log]") {
  CrowdedLog crowded;
  crowded.Append(8 * kHalfJournal);
  int64_t journal = 0;
  const auto names = crowded.memory.List("log/journal");
  REQUIRE(names.ok());
  for (const std::string& name : *names) {
    if (name.ends_with(".journal")) {
      auto file = crowded.memory.OpenFile("log/journal/" + name, FileSystem::Open::kReadOnly);
      journal += *(*file)->Size();
    }
  }
  CHECK(journal <= 3 << 19);
  CHECK(crowded.SealedPartitions() == 0);
}

TEST_CASE("what is carried over survives a power cut at any call", "[log]") {
  int cut_after = 0;
  for (bool cut = true; cut; ++cut_after) {
    CrowdedLog crowded;
    crowded.Append(kHalfJournal);
    int calls = 0;
    crowded.files.Intercept([&](const FaultFileSystem::Call&) {
      cut = calls++ >= cut_after;
      return cut ? absl::InternalError("cut") : absl::OkStatus();
    });
    cut = false;
    static_cast<void>(crowded.log.RunMaintenance());
    const bool done = !cut;
    crowded.files.Heal();
    if (done) crowded.Append(3);
    INFO(cut_after);
    crowded.CheckAfterPowerCut();
    cut = !done;
  }
  CHECK(cut_after > 8);
}

TEST_CASE("what is appended while others are carried over survives a power cut", "[log]") {
  CrowdedLog crowded;
  crowded.Append(kHalfJournal);
  bool met = false;
  crowded.files.Intercept([&](const FaultFileSystem::Call& call) {
    // Of the checkpoint, when its mark is in the journal.
    const bool replaced =
        call.name == "Rename" && call.path.find("checkpoint") != std::string::npos;
    if (replaced && !std::exchange(met, true)) crowded.Append(5);
    return absl::OkStatus();
  });
  REQUIRE(crowded.log.RunMaintenance().ok());
  REQUIRE(met);
  crowded.CheckAfterPowerCut();
}

TEST_CASE("the partitions that have most are sealed and the others carried over", "[log]") {
  CrowdedLog crowded;
  for (int32_t partition = 1; partition < 7; ++partition) {  // together a little too much
    const std::size_t bytes = partition == 4 ? 63'000 : 40'000;
    REQUIRE(crowded.topic.Append({.value = std::string(bytes, 'x'), .partition = partition}).ok());
  }
  for (int i = 0; i < 80; ++i) {
    REQUIRE(crowded.topic.Append({.value = "v", .partition = 0}).ok());
  }
  REQUIRE(crowded.SealedPartitions() == 0);
  REQUIRE(crowded.log.RunMaintenance().ok());
  CHECK(crowded.SealedPartitions() == 1);
  CHECK(crowded.BytesInSegments(4) > 0);
}

TEST_CASE("what the journal has no room for is sealed", "[log]") {
  CrowdedLog crowded;
  crowded.padding = 1000;
  crowded.Append(188);  // nearly to the end of the third file
  crowded.files.Intercept([](const FaultFileSystem::Call& call) {
    const bool another = call.name == "Allocate" && call.path.find("journal/") != std::string::npos;
    return another ? MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
  });
  REQUIRE(crowded.log.RunMaintenance().ok());
  CHECK(crowded.SealedPartitions() == kPartitions);
  crowded.CheckAfterPowerCut();
}

// A share is in all of its partitions or in none, whichever of them were carried over.
TEST_CASE("an atomic write is whole after it was carried over", "[log]") {
  CrowdedLog crowded;
  for (int i = 0; i < kHalfJournal; ++i) {
    WriteBatch batch;
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      batch.Append(crowded.topic,
                   {.value = std::to_string(crowded.appended++), .partition = partition});
    }
    REQUIRE(crowded.log.Write(batch).ok());
  }
  REQUIRE(crowded.log.RunMaintenance().ok());
  CHECK(crowded.SealedPartitions() == 0);
  crowded.CheckAfterPowerCut();
}

}  // namespace
}  // namespace eventlog::internal

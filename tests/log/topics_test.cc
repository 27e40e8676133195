#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "group/offset_store.h"
#include "log/log_state.h"
#include "support/temp_dir.h"

namespace eventlog::internal {
namespace {

Log OpenLog(FileSystem* files) {
  auto log = Log::Open({.directory = "log", .background_thread = false, .file_system = files});
  INFO(log.status());
  REQUIRE(log.ok());
  return *std::move(log);
}

TEST_CASE("a topic is durable before its creation returns", "[log]") {
  MemoryFileSystem files;
  {
    Log log = OpenLog(&files);
    REQUIRE(log.CreateTopic("t", {.partitions = 3}).ok());
    files.CutPower();
  }
  Log log = OpenLog(&files);
  CHECK(log.DescribeTopic("t")->partitions.size() == 3);
}

TEST_CASE("a deletion is durable before it returns and leaves no file", "[log]") {
  MemoryFileSystem files;
  {
    Log log = OpenLog(&files);
    auto topic = log.CreateTopic("t");
    REQUIRE(topic->Append({.value = std::string(400'000, 'x')}).ok());
    REQUIRE(log.DeleteTopic("t").ok());
    CHECK(files.List("log/segments")->empty());
    files.CutPower();
  }
  CHECK(files.List("log/segments")->empty());  // before a recovery has looked
  Log log = OpenLog(&files);
  CHECK(log.ListTopics()->empty());
  CHECK(files.List("log/segments")->empty());
}

TEST_CASE("a deletion whose sync fails stops the log and is done", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  Log log = OpenLog(&files);
  auto topic = log.CreateTopic("t");
  auto other = log.CreateTopic("other");
  REQUIRE(topic->Append({.value = std::string(400'000, 'x')}).ok());
  files.Intercept([](const FaultFileSystem::Call& call) {
    const bool fails = call.name == "SyncDirectory" && call.path == "log/segments";
    return fails ? MakeError(absl::StatusCode::kInternal, "bad sector") : absl::OkStatus();
  });
  CHECK(ReasonOf(log.DeleteTopic("t")) == ErrorReason::kPoisoned);
  files.Heal();
  CHECK(ReasonOf(other->Append({.value = "v"}).status()) == ErrorReason::kPoisoned);
  REQUIRE(log.Reopen().ok());
  CHECK(*log.ListTopics() == std::vector<std::string>{"other"});
  CHECK(other->Append({.value = "v"}).ok());
}

TEST_CASE("what was acknowledged as process is on disk when its topic became disk", "[log]") {
  MemoryFileSystem files;
  {
    Log log = OpenLog(&files);
    auto topic = log.CreateTopic("t", {.durability = Durability::kProcess});
    REQUIRE(topic->Append({.value = "v"}).ok());
    REQUIRE(log.AlterTopic("t", {.durability = Durability::kDisk}).ok());
    files.CutPower();
  }
  Log log = OpenLog(&files);
  CHECK(log.OpenTopic("t")->GetWatermarks(0)->high_watermark == 1);
}

TEST_CASE("an altered config holds for handles that are out", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  Log log = OpenLog(&files);
  auto topic = log.CreateTopic("t", {.durability = Durability::kDisk});
  REQUIRE(topic->Append({.value = "v"}).ok());
  REQUIRE(log.AlterTopic("t", {.durability = Durability::kProcess}).ok());
  files.ResetCounts();
  REQUIRE(topic->Append({.value = "v"}).ok());
  CHECK(files.Count("SyncData") == 0);
  REQUIRE(log.AlterTopic("t", {.durability = Durability::kDisk}).ok());
  files.ResetCounts();
  REQUIRE(topic->Append({.value = "v"}).ok());
  CHECK(files.Count("SyncData") == 1);
}

std::vector<int64_t> EndOffsets(const Log& log) {
  std::vector<int64_t> ends;
  const auto described = log.DescribeTopic("t");
  REQUIRE(described.ok());
  for (const auto& partition : described->partitions) {
    ends.push_back(partition.watermarks.high_watermark);
  }
  return ends;
}

TEST_CASE("partitions that are added are there for handles that are out", "[log]") {
  MemoryFileSystem files;
  Log log = OpenLog(&files);
  auto topic = log.CreateTopic("t", {.partitions = 2, .segment_bytes = 1 << 17});
  REQUIRE(topic.ok());
  CHECK_FALSE(topic->Append({.value = "v", .partition = 4}).ok());
  REQUIRE(log.AlterTopic("t", {.partitions = 5}).ok());
  CHECK(topic->partitions() == 5);
  CHECK(topic->Append({.value = "v", .partition = 4}).ok());
  std::set<int32_t> by_key;
  for (int i = 0; i < 100; ++i) {
    by_key.insert(topic->Append({.key = std::to_string(i), .value = "v"})->partition);
  }
  CHECK(by_key.size() == 5);
  CHECK(EndOffsets(log).size() == 5);
  CHECK(log.DescribeTopic("t")->options.partitions == 5);
  CHECK(log.DescribeTopic("t")->options.segment_bytes == 1 << 17);
  CHECK(log.OpenTopic("t", {.partitions = 5}).ok());
  CHECK(ReasonOf(log.OpenTopic("t", {.partitions = 2}).status()) == ErrorReason::kConfigMismatch);
}

TEST_CASE("added partitions and what is in them survive a power cut", "[log]") {
  MemoryFileSystem files;
  const bool checkpoint_before = GENERATE(true, false);
  {
    Log log = OpenLog(&files);
    auto topic = log.CreateTopic("t", {.partitions = 2});
    REQUIRE(topic->Append({.value = "v", .partition = 1}).ok());
    if (checkpoint_before) {
      REQUIRE(log.Close().ok());
      log = OpenLog(&files);
      topic = log.OpenTopic("t");
    }
    REQUIRE(log.AlterTopic("t", {.partitions = 4}).ok());
    REQUIRE(topic->Append({.value = "journaled", .partition = 2}).ok());
    // Past the journal, into a segment that no checkpoint knows.
    REQUIRE(topic->Append({.value = std::string(600'000, 'x'), .partition = 3}).ok());
    files.CutPower();
    static_cast<void>(log.Close());
  }
  {
    Log log = OpenLog(&files);
    CHECK(EndOffsets(log) == std::vector<int64_t>{0, 1, 1, 1});
    REQUIRE(log.AlterTopic("t", {.partitions = 6}).ok());
    files.CutPower();
    static_cast<void>(log.Close());
  }
  Log log = OpenLog(&files);
  CHECK(EndOffsets(log) == std::vector<int64_t>{0, 1, 1, 1, 0, 0});
  CHECK(log.OpenTopic("t")->Append({.value = "v", .partition = 5}).ok());
}

TEST_CASE("an addition of partitions that is cut anywhere happened or did not", "[log]") {
  for (int cut = 0;; ++cut) {
    MemoryFileSystem memory;
    FaultFileSystem failing(&memory);
    int left = cut;
    bool added = false;
    {
      Log log = OpenLog(&failing);
      auto topic = log.CreateTopic("t", {.partitions = 2});
      REQUIRE(topic->Append({.value = "v", .partition = 1}).ok());
      failing.Intercept([&](const FaultFileSystem::Call&) {
        if (left == 0) memory.CutPower();
        return left-- > 0 ? absl::OkStatus() : absl::UnavailableError("no power");
      });
      added = log.AlterTopic("t", {.partitions = 3}).ok();
      failing.Heal();
      memory.CutPower();
      static_cast<void>(log.Close());
    }
    INFO("cut at call " << cut);
    Log log = OpenLog(&memory);
    const std::vector<int64_t> ends = EndOffsets(log);
    CHECK((ends.size() == 3 || (!added && ends.size() == 2)));
    CHECK(ends[1] == 1);
    CHECK(log.AlterTopic("t", {.partitions = 3}).ok());
    if (added) break;
    REQUIRE(cut < 100);
  }
}

TEST_CASE("an addition of partitions that failed half-way is looked up by a reopening", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  Log log = OpenLog(&files);
  auto topic = log.CreateTopic("t", {.partitions = 2});
  REQUIRE(topic->Append({.value = "v", .partition = 1}).ok());
  files.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "SyncDirectory" ? MakeError(absl::StatusCode::kInternal, "bad sector")
                                        : absl::OkStatus();
  });
  CHECK_FALSE(log.AlterTopic("t", {.partitions = 3, .batch_bytes = 2048}).ok());
  files.Heal();
  CHECK(ReasonOf(topic->Append({.value = "v"}).status()) == ErrorReason::kPoisoned);
  REQUIRE(log.Reopen().ok());
  // The new catalog is there: it had been renamed.
  CHECK(topic->partitions() == 3);
  CHECK(topic->Append({.value = "v", .partition = 2}).ok());
  CHECK(EndOffsets(log) == std::vector<int64_t>{0, 1, 1});
  CHECK(log.DescribeTopic("t")->options.batch_bytes == 2048);
}

TEST_CASE("an alteration that is refused names all that is wrong and changes nothing", "[log]") {
  MemoryFileSystem files;
  Log log = OpenLog(&files);
  REQUIRE(log.CreateTopic("t", {.partitions = 3, .segment_bytes = 64 << 10}).ok());
  const absl::Status fewer = log.AlterTopic("t", {.partitions = 2, .retention_bytes = -7});
  CHECK(ReasonOf(fewer) == ErrorReason::kInvalidOption);
  const std::string message(ToStd(fewer.message()));
  CHECK(message.find("topic t: ") != std::string::npos);
  CHECK(message.find("partitions is 2; there are 3") != std::string::npos);
  CHECK(message.find("retention.bytes is -7") != std::string::npos);
  CHECK(ReasonOf(log.AlterTopic("t", {.partitions = 4, .batch_bytes = 1 << 17})) ==
        ErrorReason::kInvalidOption);
  CHECK(EndOffsets(log).size() == 3);
  CHECK(log.AlterTopic("t", {.segment_bytes = 1 << 18, .batch_bytes = 1 << 17}).ok());
}

TEST_CASE("partitions are added while others append and poll", "[log]") {
  auto log = Log::Open({.memory = true});
  auto topic = log->OpenTopic("t");
  std::atomic<bool> done{false};
  std::atomic<int64_t> appended{0};
  std::atomic<int64_t> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      for (int64_t n = i; !done; n += 2) {
        const bool ok = topic->Append({.key = std::to_string(n), .value = "v"}).ok();
        (ok ? appended : failed).fetch_add(1);
      }
    });
  }
  threads.emplace_back([&] {
    while (!done) {
      if (!topic->GetWatermarks(topic->partitions() - 1).ok()) failed.fetch_add(1);
      if (!log->DescribeTopic("t").ok()) failed.fetch_add(1);
    }
  });
  bool altered = true;
  for (int32_t partitions = 2; partitions <= 64; ++partitions) {
    altered = altered && log->AlterTopic("t", {.partitions = partitions}).ok();
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(altered);
  CHECK(failed.load() == 0);
  int64_t records = 0;
  for (const int64_t end : EndOffsets(*log)) records += end;
  CHECK(records == appended.load());
}

TEST_CASE("the topic of offsets is hidden and can be described", "[log]") {
  MemoryFileSystem files;
  Log log = OpenLog(&files);
  REQUIRE(log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{"x", 0, 1}})).ok());
  CHECK(log.ListTopics()->empty());
  const auto described = log.DescribeTopic(kConsumerOffsetsTopic);
  REQUIRE(described.ok());
  CHECK(described->partitions.size() == 1);
}

TEST_CASE("records without key do not all begin in the same partition", "[log]") {
  std::set<int32_t> first;
  for (int i = 0; i < 40; ++i) {
    auto log = Log::Open({.memory = true});
    first.insert(log->OpenTopic("t", {.partitions = 8})->Append({.value = "v"})->partition);
  }
  CHECK(first.size() > 2);
}

TEST_CASE("deleting a topic forgets its offsets and no others", "[log]") {
  MemoryFileSystem files;
  {
    Log log = OpenLog(&files);
    REQUIRE(log.CreateTopic("t", {.partitions = 2}).ok());
    REQUIRE(log.Write(WriteBatch()
                          .CommitOffsets({.group = "g"}, {{"t", 0, 1}, {"t", 1, 2}, {"x", 0, 3}})
                          .CommitOffsets({.group = "h"}, {{"t", 1, 4}}))
                .ok());
    REQUIRE(log.DeleteTopic("t").ok());
    files.CutPower();
  }
  Log log = OpenLog(&files);
  const auto left = log.CommittedOffsets("g");
  REQUIRE(left->size() == 1);
  CHECK(left->front().topic == "x");
  CHECK(*log.ListGroups() == std::vector<std::string>{"g"});
}

TEST_CASE("offsets that are committed while their topic is deleted are forgotten with it",
          "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  Log log = OpenLog(&files);
  REQUIRE(log.CreateTopic("t")->Append({.value = "v"}).ok());
  auto consumer = log.NewConsumer({.group = "g", .topics = {"t"}});
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  REQUIRE(consumer->Commit().ok());
  absl::Status committed = absl::UnknownError("not asked");
  files.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "Rename" && call.path.find("catalog") != call.path.npos)
      committed = consumer->Commit();
    return absl::OkStatus();
  });
  REQUIRE(log.DeleteTopic("t").ok());
  files.Heal();
  CHECK(committed.ok());
  CHECK(log.CommittedOffsets("g")->empty());
}

TEST_CASE("a deletion that is refused deletes nothing", "[log]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  Log log = OpenLog(&files);
  auto topic = log.CreateTopic("t");
  REQUIRE(topic->Append({.value = std::string(400'000, 'x')}).ok());
  files.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "WriteAt" && call.path.find("catalog") != std::string::npos
               ? MakeError(ErrorReason::kDiskFull, "full")
               : absl::OkStatus();
  });
  CHECK(IsDiskFull(log.DeleteTopic("t")));
  files.Heal();
  CHECK(topic->Append({.value = "v"}).ok());
  auto consumer = log.NewConsumer({.topics = {"t"}});
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  REQUIRE_FALSE(records.empty());
  CHECK(records[0].value().size() == 400'000);
}

TEST_CASE("a topic says why process appends of its log do without the arena", "[log]") {
  MemoryFileSystem files;  // which maps nothing
  const test::TempDir directory;
  for (const bool maps : {false, true}) {
    LogOptions options = {.background_thread = false};
    options.directory = maps ? directory / "log" : "log";
    if (!maps) options.file_system = &files;
    auto log = Log::Open(options);
    REQUIRE(log.ok());
    const auto topic = log->OpenTopic("t", {.durability = Durability::kProcess});
    REQUIRE(topic.ok());
    CHECK(log->DescribeTopic("t")->no_arena.empty());  // nobody has asked for it yet
    REQUIRE(topic->Append({.value = "v"}).ok());
    CHECK(log->DescribeTopic("t")->no_arena.empty() == maps);
  }
}

}  // namespace
}  // namespace eventlog::internal

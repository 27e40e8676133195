#include <catch2/catch.hpp>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"
#include "log/log_state.h"

namespace eventlog::internal {
namespace {

struct ClockedLog {
  explicit ClockedLog(LogTuning tuning = {}) {
    auto opened = Log::Open(
        {.directory = "log", .clock = &clock, .file_system = &files, .tuning = std::move(tuning)});
    REQUIRE(opened.ok());
    log = *std::move(opened);
    topic = *log.OpenTopic("t", {.partitions = 2});
  }
  int64_t BytesInSegments(std::size_t partition) {
    return log.DescribeTopic("t")->partitions[partition].bytes;
  }
  ManualClock clock;
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  Log log;
  Topic topic;
};

TEST_CASE("an idle log has nothing to do", "[log]") {
  ClockedLog clocked;
  CHECK(clocked.log.UntilMaintenance() == absl::InfiniteDuration());
  CHECK(clocked.log.RunMaintenance().ok());
}

TEST_CASE("a batch is sealed when it is old", "[log]") {
  ClockedLog clocked;
  REQUIRE(clocked.topic.Append({.value = "v", .partition = 0}).ok());
  CHECK(clocked.log.UntilMaintenance() <= absl::Seconds(10));
  CHECK(clocked.log.RunMaintenance().ok());
  CHECK(clocked.BytesInSegments(0) == 0);
  clocked.clock.Advance(absl::Seconds(10));
  CHECK(clocked.log.RunMaintenance().ok());
  CHECK(clocked.BytesInSegments(0) > 0);
}

TEST_CASE("a batch that was too young is sealed without another append", "[log]") {
  ClockedLog clocked({.checkpoint_interval = absl::Hours(24)});
  REQUIRE(clocked.topic.Append({.value = "v", .partition = 0}).ok());
  clocked.clock.Advance(absl::Seconds(9));
  REQUIRE(clocked.topic.Append({.value = "v", .partition = 1}).ok());
  clocked.clock.Advance(absl::Seconds(1));
  REQUIRE(clocked.log.RunMaintenance().ok());
  CHECK(clocked.BytesInSegments(0) > 0);
  CHECK(clocked.BytesInSegments(1) == 0);
  clocked.clock.Advance(clocked.log.UntilMaintenance());
  REQUIRE(clocked.log.RunMaintenance().ok());
  CHECK(clocked.BytesInSegments(1) > 0);
  clocked.clock.Advance(absl::Hours(30));
  REQUIRE(clocked.log.RunMaintenance().ok());
  CHECK(clocked.log.UntilMaintenance() == absl::InfiniteDuration());
}

TEST_CASE("after a checkpoint there is nothing to replay", "[log]") {
  ClockedLog clocked;
  REQUIRE(clocked.topic.Append({.value = "v"}).ok());
  clocked.clock.Advance(absl::Minutes(1));
  REQUIRE(clocked.log.RunMaintenance().ok());
  clocked.memory.CutPower();
  CHECK_FALSE(clocked.log.Close().ok());
  auto log = Log::Open({.directory = "log", .file_system = &clocked.memory});
  REQUIRE(log.ok());
  CHECK(log->recovery_report().records_replayed == 0);
  auto topic = log->OpenTopic("t");
  CHECK(topic->GetWatermarks(0)->high_watermark + topic->GetWatermarks(1)->high_watermark == 1);
}

TEST_CASE("the journal stays within its bound without anybody's maintenance", "[log]") {
  ManualClock clock;
  MemoryFileSystem memory;
  auto log = Log::Open({.directory = "log",
                        .max_write_bytes = 1 << 20,
                        .clock = &clock,
                        .file_system = &memory,
                        .tuning = {.journal_bytes = 2 << 20}});
  REQUIRE(log.ok());
  auto topic = log->OpenTopic("t");
  for (int i = 0; i < 400; ++i) {
    REQUIRE(topic->Append({.value = std::string(50'000, 'x')}).ok());
  }
  int64_t journal = 0;
  const auto names = memory.List("log/journal");
  REQUIRE(names.ok());
  for (const std::string& name : *names) {
    auto file = memory.OpenFile("log/journal/" + name, FileSystem::Open::kReadOnly);
    journal += *(*file)->Size();
  }
  CHECK(journal <= 5 << 20);
  CHECK(topic->GetWatermarks(0)->high_watermark == 400);
}

TEST_CASE("a checkpoint without space keeps the old one and the log", "[log]") {
  ClockedLog clocked;
  REQUIRE(clocked.topic.Append({.value = "v"}).ok());
  clocked.files.Intercept([](const FaultFileSystem::Call& call) {
    const bool checkpoint =
        call.name == "WriteAt" && call.path.find("checkpoint") != std::string::npos;
    return checkpoint ? MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
  });
  clocked.clock.Advance(absl::Minutes(1));
  CHECK(clocked.log.RunMaintenance().ok());
  CHECK(clocked.topic.Append({.value = "w"}).ok());
  clocked.files.Heal();
  clocked.memory.CutPower();
  clocked.log = Log();
  auto log = Log::Open({.directory = "log", .file_system = &clocked.memory});
  REQUIRE(log.ok());
  auto topic = log->OpenTopic("t");
  CHECK(topic->GetWatermarks(0)->high_watermark + topic->GetWatermarks(1)->high_watermark == 2);
}

TEST_CASE("what is appended while a checkpoint is made survives a power cut", "[log]") {
  ClockedLog clocked({.batch_age = absl::Hours(1)});  // nothing is sealed before
  REQUIRE(clocked.topic.Append({.value = "v", .partition = 0}).ok());
  REQUIRE(clocked.topic.Append({.value = "v", .partition = 1}).ok());
  bool appended = false;
  clocked.files.Intercept([&](const FaultFileSystem::Call& call) {
    const bool seals_the_other =
        call.name == "WriteAt" && call.path.find("-1/") != std::string::npos;
    if (seals_the_other && !std::exchange(appended, true)) {
      CHECK(clocked.topic.Append({.value = "w", .partition = 0}).ok());
    }
    return absl::OkStatus();
  });
  clocked.clock.Advance(absl::Minutes(1));
  REQUIRE(clocked.log.RunMaintenance().ok());
  REQUIRE(appended);
  clocked.files.Heal();
  clocked.memory.CutPower();
  clocked.log = Log();
  auto log = Log::Open({.directory = "log", .file_system = &clocked.memory});
  REQUIRE(log.ok());
  CHECK(log->OpenTopic("t")->GetWatermarks(0)->high_watermark == 2);
}

TEST_CASE("the journal is kept until a checkpoint that covers it is durable", "[log]") {
  ClockedLog clocked;
  const auto append = [&](int count) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(clocked.topic.Append({.value = std::string(50'000, 'x'), .partition = 0}).ok());
    }
  };
  append(8);  // more than the first file
  clocked.files.Intercept([](const FaultFileSystem::Call& call) {
    const bool checkpoint =
        call.name == "WriteAt" && call.path.find("checkpoint") != std::string::npos;
    return checkpoint ? MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
  });
  clocked.clock.Advance(absl::Minutes(1));
  REQUIRE(clocked.log.RunMaintenance().ok());
  append(16);  // more than the second file: a first one that was free would be overwritten
  clocked.files.Heal();
  clocked.memory.CutPower();
  clocked.log = Log();
  auto log = Log::Open({.directory = "log", .file_system = &clocked.memory});
  REQUIRE(log.ok());
  CHECK(log->OpenTopic("t")->GetWatermarks(0)->high_watermark == 24);
}

TEST_CASE("a checkpoint that failed half-way stops the log", "[log]") {
  const std::string failing = GENERATE(as<std::string>{}, "SyncData", "Rename", "SyncDirectory");
  ClockedLog clocked;
  REQUIRE(clocked.topic.Append({.value = "v"}).ok());
  bool written = false;
  clocked.files.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.path.find("checkpoint") != std::string::npos) written = true;
    return written && call.name == failing ? absl::InternalError("broken") : absl::OkStatus();
  });
  clocked.clock.Advance(absl::Minutes(1));
  CHECK(ReasonOf(clocked.log.RunMaintenance()) == ErrorReason::kPoisoned);
  clocked.files.Heal();
  CHECK(ReasonOf(clocked.topic.Append({.value = "w"}).status()) == ErrorReason::kPoisoned);
  REQUIRE(clocked.log.Reopen().ok());
  CHECK(clocked.topic.Append({.value = "w"}).ok());
}

}  // namespace
}  // namespace eventlog::internal

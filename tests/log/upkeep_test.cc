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

}  // namespace
}  // namespace eventlog::internal

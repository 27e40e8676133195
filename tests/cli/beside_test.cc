// The tool beside a process that works on the log as hard as it can: appends, rolls segments, makes
// checkpoints, deletes records, makes and deletes topics.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/sealed_log.h"
#include "cli/stored_file.h"
#include "cli/tool.h"
#include "cli/verifier.h"
#include "eventlog/errors.h"
#include "eventlog/log.h"
#include "format/file_names.h"

namespace eventlog::test {
namespace {

// A partition gets this many records, then all but so many are deleted, many segments at once.
constexpr int64_t kMost = 100;
constexpr int64_t kLeast = 20;

// Works until it is killed, or fails and exits.
[[noreturn]] void Work(const std::string& path) {
  auto log = Log::Open({.directory = path,
                        .max_write_bytes = 1 << 20,
                        .tuning = {.journal_bytes = 4 << 20,
                                   .batch_age = absl::Milliseconds(5),
                                   .checkpoint_interval = absl::Milliseconds(10)}});
  if (!log.ok()) _exit(1);
  const auto topic = log->OpenTopic("t", {.partitions = 2,
                                          .durability = Durability::kProcess,
                                          .segment_bytes = 64 << 10,
                                          .batch_bytes = 2 << 10});
  if (!topic.ok()) _exit(2);
  const std::string value(3000, 'v');
  for (int64_t i = 0;; ++i) {
    const auto partition = static_cast<int32_t>(i % 2);
    const auto appended =
        topic->Append({.key = std::to_string(i), .value = value, .partition = partition});
    if (!appended.ok()) _exit(3);
    if (appended->offset % kMost == kMost - 1 &&
        !topic->DeleteRecords(partition, appended->offset - kLeast).ok()) {
      _exit(4);
    }
    if (i % 1000 == 0) {
      const auto passing = log->OpenTopic("passing", {.segment_bytes = 64 << 10});
      if (!passing.ok() || !passing->Append({.value = value}).ok()) _exit(5);
      if (!log->RunMaintenance().ok() || !log->DeleteTopic("passing").ok()) _exit(6);
    }
    const std::vector<TopicPartitionOffset> committed = {{"t", partition, appended->offset}};
    if (i % 100 == 0 && !log->AlterOffsets("g", committed).ok()) _exit(7);
  }
}

class Worker {
 public:
  explicit Worker(const std::string& path) : pid_(fork()) {
    EVENTLOG_ASSERT(pid_ >= 0);
    if (pid_ == 0) Work(path);
    while (!std::filesystem::exists(path + "/segments/1-1/00000000000000000000.log")) usleep(1000);
  }
  ~Worker() {
    if (pid_ > 0) Kill();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // Minus the signal that ended it, or the code of what failed before.
  int Kill() {
    EVENTLOG_ASSERT(kill(pid_, SIGKILL) == 0);
    return WaitFor(std::exchange(pid_, 0));
  }

 private:
  pid_t pid_;
};

std::string Describe(const cli::VerifyReport& report) {
  std::string text;
  for (const cli::Finding& finding : report.damage) {
    text += finding.file + " byte " + std::to_string(finding.position) + ": " + finding.what + "\n";
  }
  return text;
}

int64_t HighestSegment(const std::string& log) {
  const auto bases = cli::ListSegments(FileSystem::Posix(), log + "/segments/1-0");
  return bases.ok() && !bases->empty() ? bases->back() : 0;
}

// The lines "partition offset key" are records of the worker, in order and without gap. What was
// deleted while it was read may be left out where the tool says so.
int64_t CheckConsumed(const ToolResult& result) {
  int64_t count = 0;
  int64_t next[2] = {-1, -1};
  const bool gap_told = result.err.find("deleted meanwhile") != std::string::npos;
  for (const std::string& line : LinesOf(result.out)) {
    const auto partition = static_cast<std::size_t>(std::stoi(line));
    const int64_t offset = std::stoll(line.substr(2));
    const int64_t key = std::stoll(line.substr(line.rfind(' ') + 1));
    REQUIRE(key == 2 * offset + static_cast<int64_t>(partition));
    if (next[partition] >= 0 && !gap_told) REQUIRE(offset == next[partition]);
    REQUIRE(offset >= next[partition]);
    next[partition] = offset + 1;
    ++count;
  }
  return count;
}

TEST_CASE("verify beside a process that changes everything finds no damage", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  Worker worker(log);
  int64_t records = 0;
  int rounds = 0;
  // Until segments have come and gone, however slow the machine.
  for (const absl::Time end = absl::Now() + absl::Seconds(3);
       absl::Now() < end || HighestSegment(log) < 4 * kMost; ++rounds) {
    const auto report = cli::Verify(log);
    INFO("round " << rounds);
    REQUIRE(report.ok());
    INFO(Describe(*report));
    REQUIRE(report->damage.empty());
    REQUIRE(report->unproven_tails.empty());
    REQUIRE(report->holder.starts_with("process "));
    records += report->records;
  }
  CHECK(rounds > 10);
  CHECK(records > kLeast);
  CHECK(worker.Kill() == -SIGKILL);
  CHECK(RunTool({"verify", log}).exit_code == 0);
}

// Reads a partition to its end and returns how many batches it had.
int64_t ReadThrough(const cli::SealedLog& log, int32_t number) {
  auto partition = log.OpenPartition(*log.FindTopic("t").value(), number);
  REQUIRE(partition.ok());
  int64_t count = 0;
  std::vector<internal::StoredBatch> batches;
  for (int64_t offset = partition->log_start_offset(); offset < partition->end_offset();) {
    const absl::Status read = partition->Read(offset, &batches);
    if (ReasonOf(read) == ErrorReason::kBelowLogStart) {
      REQUIRE(*ActualOffset(read) > offset);
      offset = *ActualOffset(read);
      continue;
    }
    INFO(read.ToString());
    REQUIRE(read.ok());
    REQUIRE(batches.front().header.base_offset <= offset);
    offset = batches.back().header.next_offset();
    count += static_cast<int64_t>(batches.size());
  }
  return count;
}

TEST_CASE("partitions are read through beside a process that changes everything", "[cli]") {
  const TempDir directory;
  Worker worker(directory / "log");
  const auto log = cli::SealedLog::Read(FileSystem::Posix(), directory / "log");
  REQUIRE(log.ok());
  int64_t batches = 0;
  for (const absl::Time end = absl::Now() + absl::Seconds(3); absl::Now() < end;) {
    for (const int32_t partition : {0, 1}) batches += ReadThrough(*log, partition);
    internal::OffsetStore offsets;
    REQUIRE(log->ReadOffsets(&offsets).ok());
  }
  CHECK(batches > kLeast);
  CHECK(worker.Kill() == -SIGKILL);
}

TEST_CASE("what reads works beside a process that changes everything", "[cli]") {
  const TempDir directory;
  const std::string log = directory / "log";
  Worker worker(log);
  int64_t records = 0;
  const absl::Time end = absl::Now() + absl::Seconds(3);
  for (int round = 0; absl::Now() < end; ++round) {
    const ToolResult consumed = RunTool({"consume", log, "t", "--format", "%p %o %k\\n"});
    INFO("round " << round << ": " << consumed.err);
    REQUIRE(consumed.exit_code == 0);
    REQUIRE(consumed.err.find("in use by process ") != std::string::npos);
    records += CheckConsumed(consumed);
    for (const Arguments& arguments :
         {Arguments{"stats", log}, Arguments{"topic", "list", log},
          Arguments{"topic", "describe", log, "t"}, Arguments{"group", "describe", log},
          Arguments{"consume", log, "t", "--from", "-5"}, Arguments{"dump", log + "/checkpoint"},
          Arguments{"dump", log + "/catalog"},
          Arguments{"dump", internal::SegmentPath(log + "/segments/1-0", HighestSegment(log))}}) {
      const ToolResult result = RunTool(arguments);
      INFO(arguments[0] << " " << arguments.back() << ": " << result.err << result.out);
      const bool gone = result.err.find("NOT_FOUND") != std::string::npos;
      REQUIRE((result.exit_code == 0 || (arguments[0] == "dump" && gone)));
    }
  }
  CHECK(records > kLeast);
  CHECK(worker.Kill() == -SIGKILL);
  const ToolResult after = RunTool({"consume", log, "t", "--format", "%p %o %k\\n"});
  CHECK(after.exit_code == 0);
  CHECK(after.err.empty());
  CHECK(CheckConsumed(after) >= kLeast);
}

TEST_CASE("damage is found beside a process that has the log open", "[cli]") {
  const TempDir directory;
  const std::string path = directory / "log";
  auto log = Log::Open({.directory = path});
  REQUIRE(log.ok());
  const auto topic = log->OpenTopic(
      "t", {.durability = Durability::kProcess, .segment_bytes = 64 << 10, .batch_bytes = 4096});
  REQUIRE(topic.ok());
  for (int i = 0; i < 300; ++i) REQUIRE(topic->Append({.value = std::string(1000, 'v')}).ok());
  REQUIRE(topic->DeleteRecords(0, 1).ok());  // makes a checkpoint
  const auto bases = cli::ListSegments(FileSystem::Posix(), path + "/segments/1-0");
  REQUIRE(bases->size() > 3);
  const std::string second = internal::SegmentPath(path + "/segments/1-0", (*bases)[1]);
  const std::string good = ReadFileText(second);
  CHECK(RunTool({"verify", path}).exit_code == 0);
  FlipByte(second, 200);
  const ToolResult flipped = RunTool({"verify", path});
  CHECK(flipped.exit_code == 1);
  CHECK(flipped.out.find("damage: " + second) != std::string::npos);
  CHECK(flipped.out.find("in use by process ") != std::string::npos);
  std::filesystem::remove(second);
  CHECK(RunTool({"verify", path}).exit_code == 1);
  WriteFileText(second, good);
  CHECK(RunTool({"verify", path}).exit_code == 0);
  std::filesystem::remove(internal::SegmentPath(path + "/segments/1-0", bases->back()));
  CHECK(RunTool({"verify", path}).exit_code == 1);
}

TEST_CASE("what needs the log to itself says who has it and what works instead", "[cli]") {
  const TempDir directory;
  const std::string path = directory / "log";
  auto log = Log::Open({.directory = path});
  REQUIRE(log.ok());
  REQUIRE(log->OpenTopic("t").ok());
  for (const Arguments& arguments :
       {Arguments{"produce", path, "t"}, Arguments{"consume", path, "t", "--follow"},
        Arguments{"consume", path, "t", "--group", "g"}, Arguments{"topic", "delete", path, "t"},
        Arguments{"group", "delete", path, "g"}, Arguments{"recover", path, "--mode", "refuse"}}) {
    const ToolResult result = RunTool(arguments);
    CHECK(result.exit_code == 1);
    CHECK(result.err.find("LOCKED: ") != std::string::npos);
    CHECK(result.err.find("process " + std::to_string(getpid())) != std::string::npos);
    CHECK(result.err.find("topic list") != std::string::npos);
  }
}

}  // namespace
}  // namespace eventlog::test

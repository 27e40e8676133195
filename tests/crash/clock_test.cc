// Clocks and timestamps that jump, between openings and while a log is open: what retention does
// about them is in tests/scenario/retention_test.cc.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "eventlog/eventlog.h"
#include "eventlog/testing/manual_clock.h"
#include "lab/simulated_disk.h"

namespace eventlog::test {
namespace {

constexpr absl::Duration kYear = absl::Hours(365 * 24);

// A topic "t" of small segments on a disk that is killed, and a clock that jumps.
struct JumpingLog {
  explicit JumpingLog(TopicOptions options) : topic_options(std::move(options)) { Open(); }

  void Open() {
    topic = Topic();
    log = Log();
    auto opened = Log::Open({.directory = "log", .clock = &clock, .file_system = disk.get()});
    INFO(opened.status());
    REQUIRE(opened.ok());
    log = *std::move(opened);
    auto made = log.OpenTopic("t", topic_options);
    REQUIRE(made.ok());
    topic = *std::move(made);
  }
  void Reopen(bool killed) {
    if (killed) {
      auto left = disk->AfterKill();
      topic = Topic();
      log = Log();
      disk = std::move(left);
    } else {
      REQUIRE(log.Close().ok());
    }
    Open();
  }
  void Jump(absl::Duration by) { clock.SetWall(clock.Now() + by); }
  void Append(int count, std::optional<absl::Time> timestamp = {}) {
    for (int i = 0; i < count; ++i) {
      const auto appended =
          topic.Append({.value = std::string(8'000, 'v'), .timestamp = timestamp});
      INFO(appended.status());
      REQUIRE(appended.ok());
      timestamps.push_back(appended->timestamp);
    }
  }
  void Maintain(absl::Duration later) {
    clock.Advance(later);
    REQUIRE(log.RunMaintenance().ok());
  }
  int64_t start() { return topic.GetWatermarks(0)->log_start_offset; }
  int64_t end() { return topic.GetWatermarks(0)->high_watermark; }

  // For every timestamp there is, and those beside it.
  void CheckLookups() {
    std::vector<absl::Time> asked = {absl::FromUnixMillis(INT64_MIN), absl::UnixEpoch(),
                                     absl::FromUnixMillis(INT64_MAX)};
    for (const absl::Time at : timestamps) {
      asked.insert(asked.end(), {at - absl::Milliseconds(1), at, at + absl::Milliseconds(1)});
    }
    for (const absl::Time at : asked) {
      const auto first = std::find_if(timestamps.begin() + start(), timestamps.end(),
                                      [at](absl::Time time) { return time >= at; });
      const auto found = topic.ListOffsets(OffsetSpec::ForTimestamp(at));
      INFO(at);
      REQUIRE(found.ok());
      CHECK(found->at(0).offset == first - timestamps.begin());
    }
  }

  std::unique_ptr<SimulatedDisk> disk = std::make_unique<SimulatedDisk>();
  ManualClock clock;
  TopicOptions topic_options;
  Log log;
  Topic topic;
  std::vector<absl::Time> timestamps;  // by offset
};

TEST_CASE("offsets for timestamps are right whatever clock and timestamps did", "[crash]") {
  JumpingLog log({.segment_bytes = 64 << 10, .batch_bytes = 16 << 10});
  const bool killed = GENERATE(true, false);
  for (const absl::Duration jump : {-kYear, 10 * kYear, -30 * kYear, 12 * kYear, 7000 * kYear}) {
    log.Append(5);
    log.Jump(jump);
    log.Append(5);
    log.Append(1, absl::FromUnixMillis(INT64_MAX - 1));
    log.Append(1, absl::FromUnixMillis(0));
    log.CheckLookups();
    log.Reopen(killed);
    log.CheckLookups();
  }
  CHECK(log.end() == 60);
  CHECK(log.start() == 0);
}

TEST_CASE("a clock that was set back between openings deletes nothing early", "[crash]") {
  JumpingLog log({.retention = absl::Hours(1), .segment_bytes = 64 << 10});
  const bool killed = GENERATE(true, false);
  log.Append(20);
  log.Maintain(absl::Minutes(30));
  log.Jump(-kYear);
  log.Reopen(killed);
  log.Append(20);
  for (int i = 0; i < 5; ++i) {
    log.Maintain(absl::Minutes(10));
    CHECK(log.start() == 0);
  }
  log.Maintain(absl::Minutes(30));
  CHECK(log.start() == 40);  // and not a year late
}

// What docs/guarantees.md admits, and no more: offsets go on, and what is appended is kept.
TEST_CASE("a log that is opened years ahead deletes what it held and goes on", "[crash]") {
  JumpingLog log({.retention = absl::Hours(1), .segment_bytes = 64 << 10});
  const bool killed = GENERATE(true, false);
  log.Append(20);
  log.Jump(10 * kYear);
  log.Reopen(killed);
  log.Maintain(absl::Minutes(5));
  // After a kill the newest records are as old as the opening that found them.
  if (!killed) CHECK(log.start() == 20);
  log.Append(3);
  log.Maintain(absl::Minutes(30));
  CHECK(log.end() == 23);
  CHECK(log.start() <= 20);
  log.CheckLookups();
  log.Jump(-10 * kYear);
  log.Reopen(killed);
  log.Maintain(absl::Minutes(29));
  CHECK(log.start() <= 20);
  CHECK(log.end() == 23);
}

TEST_CASE("committed offsets and checkpoints do not mind a clock that jumps", "[crash]") {
  JumpingLog log({});
  const bool killed = GENERATE(true, false);
  for (const absl::Duration jump : {10 * kYear, -11 * kYear, -40 * kYear, 8000 * kYear}) {
    log.Append(2);
    auto consumer = log.log.NewConsumer({.group = "g", .topics = {"t"}});
    REQUIRE(consumer.ok());
    ConsumerRecords records;
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    CHECK(records.size() == 2);
    log.Jump(jump);
    REQUIRE(consumer->Commit().ok());
    log.Maintain(absl::Minutes(2));
    REQUIRE(consumer->Close().ok());
    log.Reopen(killed);
    const auto committed = log.log.CommittedOffsets("g");
    REQUIRE(committed.ok());
    REQUIRE(committed->size() == 1);
    CHECK(committed->at(0).offset == log.end());
  }
}

}  // namespace
}  // namespace eventlog::test

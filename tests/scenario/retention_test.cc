// What is deleted, by retention and by DeleteRecords, when, and what its readers see.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

constexpr absl::Duration kTenYears = absl::Hours(10 * 365 * 24);

// One topic "t" on a clock that the test moves.
class RetentionLog {
 public:
  RetentionLog(World world, TopicOptions topic_options)
      : place(world), world_(world), topic_options_(std::move(topic_options)) {
    Open();
  }
  void Open() {
    log = Log();
    LogOptions options = place.options();
    options.clock = &clock;
    options.observer = [this](const LogEvent& event) {
      if (event.kind == LogEvent::Kind::kRetained) retained_bytes += event.bytes;
    };
    if (world_ == World::kMemoryFileSystem) options.file_system = &disk;
    auto opened = Log::Open(options);
    INFO(opened.status());
    REQUIRE(opened.ok());
    log = *std::move(opened);
    auto made = log.OpenTopic("t", topic_options_);
    INFO(made.status());
    REQUIRE(made.ok());
    topic = *std::move(made);
  }
  void Reopen() {
    REQUIRE(log.Close().ok());
    Open();
  }
  void Append(int count, std::size_t bytes = 10, std::optional<absl::Time> timestamp = {}) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(topic.Append({.value = std::string(bytes, 'v'), .timestamp = timestamp}).ok());
    }
  }
  // Seals what is old enough, makes checkpoints, and looks for what has outlived its retention.
  void Pass(absl::Duration time) {
    clock.Advance(time);
    const absl::Status maintained = log.RunMaintenance();
    INFO(maintained);
    REQUIRE(maintained.ok());
  }
  Watermarks Marks() {
    const auto marks = topic.GetWatermarks(0);
    REQUIRE(marks.ok());
    return *marks;
  }
  int64_t start() { return Marks().log_start_offset; }
  int64_t end() { return Marks().high_watermark; }
  int64_t bytes() { return log.DescribeTopic("t")->partitions[0].bytes; }
  std::vector<int64_t> Offsets() {
    std::vector<int64_t> offsets;
    auto consumer = log.NewConsumer({.topics = {"t"}});
    REQUIRE(consumer.ok());
    ConsumerRecords records;
    do {
      REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
      for (const auto& record : records) offsets.push_back(record.offset());
    } while (!records.caught_up());
    return offsets;
  }

  Place place;
  ManualClock clock;
  FaultFileSystem disk{place.file_system()};  // in the world of the memory file system
  Log log;
  Topic topic;
  int64_t retained_bytes = 0;

 private:
  const World world_;
  const TopicOptions topic_options_;
};

std::vector<int64_t> Range(int64_t from, int64_t to) {
  std::vector<int64_t> range;
  for (int64_t at = from; at < to; ++at) range.push_back(at);
  return range;
}

TEST_CASE("records that have outlived their retention are deleted and offsets go on",
          "[scenario]") {
  RetentionLog world(AnyWorld(), {.retention = absl::Hours(1)});
  world.Append(3);
  world.Pass(absl::Minutes(59));
  CHECK(world.Offsets() == Range(0, 3));
  world.Pass(absl::Hours(2));
  CHECK(world.Offsets().empty());
  CHECK(world.start() == 3);
  CHECK(world.end() == 3);
  CHECK(world.bytes() == 0);
  CHECK(world.retained_bytes > 0);
  world.Append(2);
  CHECK(world.Offsets() == Range(3, 5));
  world.Pass(absl::Hours(2));
  CHECK(world.Offsets().empty());
  CHECK(world.start() == 5);
}

TEST_CASE("what retention has deleted stays deleted over a restart", "[scenario]") {
  RetentionLog world(GENERATE(World::kMemoryFileSystem, World::kDirectory),
                     {.retention = absl::Hours(1)});
  world.Append(3);
  world.Reopen();
  CHECK(world.Offsets() == Range(0, 3));
  world.Pass(absl::Hours(2));
  CHECK(world.start() == 3);
  world.Reopen();
  CHECK(world.log.recovery_report().clean);
  CHECK(world.start() == 3);
  CHECK(world.end() == 3);
  world.Append(1);
  CHECK(world.Offsets() == Range(3, 4));
  world.Reopen();
  CHECK(world.Offsets() == Range(3, 4));
}

TEST_CASE("the age of records counts over restarts", "[scenario]") {
  RetentionLog world(GENERATE(World::kMemoryFileSystem, World::kDirectory),
                     {.retention = absl::Hours(10)});
  world.Append(3);
  for (int i = 0; i < 9; ++i) {
    world.clock.Advance(absl::Hours(1));
    world.Reopen();
    world.Pass(absl::ZeroDuration());
    CHECK(world.start() == 0);
  }
  world.clock.Advance(absl::Hours(1));
  world.Reopen();
  world.Pass(absl::ZeroDuration());  // the first look comes with the opening
  CHECK(world.start() == 3);
}

TEST_CASE("segments go one after another as their newest records expire", "[scenario]") {
  RetentionLog world(AnyWorld(),
                     {.retention = absl::Hours(24), .configs = {{"segment.ms", "3600000"}}});
  for (int i = 0; i < 48; ++i) {
    world.Append(1);
    world.Pass(absl::Hours(1));
  }
  // A segment an hour and a record; the ones that are left end within the last day.
  CHECK(world.end() == 48);
  CHECK(world.start() >= 22);
  CHECK(world.start() <= 24);
  CHECK(world.Offsets() == Range(world.start(), 48));
}

TEST_CASE("timestamps neither shorten nor lengthen retention", "[scenario]") {
  RetentionLog world(AnyWorld(), {.retention = absl::Hours(1)});
  world.Append(1, 10, world.clock.Now() + kTenYears);
  world.Append(1, 10, absl::UnixEpoch());
  world.Pass(absl::Minutes(50));
  CHECK(world.Offsets() == Range(0, 2));
  world.Pass(absl::Minutes(20));
  CHECK(world.Offsets().empty());
}

TEST_CASE("a wall clock that jumps while the log is open deletes nothing early and nothing late",
          "[scenario]") {
  RetentionLog world(AnyWorld(), {.retention = absl::Hours(1)});
  const absl::Duration jump = GENERATE(as<absl::Duration>(), kTenYears, -kTenYears);
  world.Append(2);
  world.clock.SetWall(world.clock.Now() + jump);
  world.Pass(absl::Minutes(30));
  world.Append(2);
  world.Pass(absl::Minutes(59));
  CHECK(world.end() == 4);
  CHECK(world.Offsets() == Range(0, 4));
  world.Pass(absl::Minutes(10));
  CHECK(world.Offsets().empty());
}

TEST_CASE("a wall clock that is set back between openings keeps records a retention longer",
          "[scenario]") {
  RetentionLog world(World::kMemoryFileSystem, {.retention = absl::Hours(1)});
  world.Append(2);
  REQUIRE(world.log.Close().ok());
  world.clock.SetWall(world.clock.Now() - absl::Hours(24));
  world.Open();
  world.Pass(absl::Minutes(55));
  CHECK(world.Offsets() == Range(0, 2));
  world.Reopen();  // what recovery made of the time is kept
  world.Pass(absl::Minutes(10));
  CHECK(world.Offsets().empty());
}

TEST_CASE("the oldest segments go while the others hold retention_bytes", "[scenario]") {
  RetentionLog world(AnyWorld(), {.retention_bytes = 300 << 10, .segment_bytes = 64 << 10});
  world.Append(100, 10'000);
  world.Pass(absl::Minutes(5));
  world.Pass(absl::Minutes(5));  // by now all is in segments
  CHECK(world.end() == 100);
  CHECK(world.start() > 50);
  CHECK(world.bytes() >= 300 << 10);
  CHECK(world.bytes() <= (300 + 64 + 64) << 10);
  CHECK(world.Offsets() == Range(world.start(), 100));
  const int64_t start = world.start();
  world.Pass(absl::Hours(24));  // by size, time does nothing
  CHECK(world.start() == start);
  if (world.place.survives_close()) {
    world.Reopen();
    CHECK(world.Offsets() == Range(start, 100));
  }
}

TEST_CASE("the deleted segments' space is free", "[scenario]") {
  RetentionLog world(World::kDirectory, {.segment_bytes = 256 << 10});
  const auto used_bytes = [&] {
    int64_t total = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(world.place.directory() + "/segments")) {
      if (entry.is_regular_file()) total += static_cast<int64_t>(entry.file_size());
    }
    return total;
  };
  world.Append(200, 20'000);
  world.Pass(absl::Seconds(10));
  CHECK(used_bytes() > 3'900'000);
  REQUIRE(world.log.AlterTopic("t", {.retention_bytes = 64 << 10}).ok());
  world.Pass(absl::Minutes(5));
  CHECK(used_bytes() < 1'000'000);
}

TEST_CASE("a retention that is altered holds for what is there", "[scenario]") {
  RetentionLog world(AnyWorld(), {});
  world.Append(3);
  world.Pass(absl::Hours(100));
  CHECK(world.start() == 0);
  REQUIRE(world.log.AlterTopic("t", {.retention = absl::Hours(200)}).ok());
  world.Pass(absl::Hours(1));
  CHECK(world.start() == 0);
  REQUIRE(world.log.AlterTopic("t", {.retention = absl::Hours(50)}).ok());
  world.Pass(absl::Minutes(5));
  CHECK(world.start() == 3);
  world.Append(1);
  REQUIRE(world.log.AlterTopic("t", {.retention = absl::InfiniteDuration()}).ok());
  world.Pass(absl::Hours(100));
  CHECK(world.Offsets() == Range(3, 4));
}

// Whatever a batch has begun before there was anything to look for.
TEST_CASE("a retention that is set later is for a partition that is always written to as well",
          "[scenario]") {
  RetentionLog world(AnyWorld(), {});
  world.Append(3);
  REQUIRE(world.log
              .AlterTopic("t", {.retention = absl::Hours(1), .configs = {{"segment.ms", "600000"}}})
              .ok());
  for (int round = 0; round < 36; ++round) {
    world.Pass(absl::Minutes(5));
    world.Append(1);
  }
  CHECK(world.start() > 3);
  CHECK(world.end() - world.start() >= 12);
  CHECK(world.end() - world.start() < 24);
}

TEST_CASE("a log without retention has nothing to look for", "[scenario]") {
  RetentionLog world(AnyWorld(), {});
  world.Append(1);
  world.Pass(absl::Hours(1));
  world.Pass(absl::Hours(1));
  CHECK(world.log.UntilMaintenance() == absl::InfiniteDuration());
  REQUIRE(world.log.AlterTopic("t", {.retention_bytes = 1000}).ok());
  CHECK(world.log.UntilMaintenance() <= absl::Minutes(5));
}

TEST_CASE("a reader whose records are deleted goes on as its reset says", "[scenario]") {
  RetentionLog world(AnyWorld(), {.retention = absl::Hours(1)});
  world.Append(4);
  auto none = world.log.NewConsumer(
      {.topics = {"t"}, .from = OffsetSpec::At(1), .auto_offset_reset = AutoOffsetReset::kNone});
  auto earliest = world.log.NewConsumer({.topics = {"t"}, .max_poll_records = 2});
  REQUIRE(none.ok());
  REQUIRE(earliest.ok());
  ConsumerRecords records;
  ConsumerRecords held;
  REQUIRE(earliest->Poll(absl::ZeroDuration(), &held).ok());
  REQUIRE(held.size() == 2);
  // It has nothing of the deleted ones in hand any more.
  REQUIRE(earliest->Seek({"t", 0}, OffsetSpec::At(1)).ok());
  world.Pass(absl::Hours(2));
  world.Append(1);
  for (const auto& record : held) CHECK(record.value() == std::string(10, 'v'));

  const absl::Status below = none->Poll(absl::ZeroDuration(), &records);
  CHECK(ReasonOf(below) == ErrorReason::kBelowLogStart);
  CHECK(ActualOffset(below) == 4);
  std::vector<int64_t> offsets;
  do {
    REQUIRE(earliest->Poll(absl::ZeroDuration(), &records).ok());
    for (const auto& record : records) offsets.push_back(record.offset());
  } while (!records.caught_up());
  CHECK(offsets == Range(4, 5));
}

TEST_CASE("records before an offset are deleted wherever it lies", "[scenario]") {
  // The retention is what has a memory log seal in time.
  RetentionLog world(AnyWorld(), {.retention = kTenYears, .segment_bytes = 64 << 10});
  world.Append(40, 10'000);
  world.Pass(absl::Seconds(10));
  const int64_t bytes = world.bytes();
  REQUIRE(world.topic.DeleteRecords(0, 17).ok());  // in the middle of a batch or a segment
  CHECK(world.start() == 17);
  CHECK(world.Offsets() == Range(17, 40));
  CHECK(world.bytes() < bytes);
  CHECK(world.retained_bytes == bytes - world.bytes());
  REQUIRE(world.topic.DeleteRecords(0, 5).ok());  // it is there or beyond
  CHECK(world.start() == 17);
  world.Append(2);
  REQUIRE(world.topic.DeleteRecords(0, 41).ok());
  CHECK(world.Offsets() == Range(41, 42));
  REQUIRE(world.topic.DeleteRecords(0, 42).ok());  // all
  CHECK(world.Offsets().empty());
  CHECK(world.bytes() == 0);
  world.Append(1);
  CHECK(world.Offsets() == Range(42, 43));
}

TEST_CASE("records cannot be deleted beyond the high watermark", "[scenario]") {
  RetentionLog world(AnyWorld(), {});
  world.Append(3);
  const absl::Status beyond = world.topic.DeleteRecords(0, 4);
  CHECK(ReasonOf(beyond) == ErrorReason::kBeyondHighWatermark);
  CHECK(absl::IsOutOfRange(beyond));
  CHECK(ActualOffset(beyond) == 3);
  CHECK(absl::IsOutOfRange(world.topic.DeleteRecords(0, -1)));
  CHECK(ReasonOf(world.topic.DeleteRecords(1, 0)) == ErrorReason::kUnknownPartition);
  CHECK(world.Offsets() == Range(0, 3));
  const Topic topic = world.topic;
  REQUIRE(world.log.DeleteTopic("t").ok());
  CHECK(ReasonOf(topic.DeleteRecords(0, 1)) == ErrorReason::kUnknownTopic);
}

TEST_CASE("deleted records stay deleted over restarts and power cuts", "[scenario]") {
  const bool power_cut = GENERATE(true, false);
  const int64_t offset = GENERATE(as<int64_t>(), 1, 7, 20);
  RetentionLog world(World::kMemoryFileSystem, {.segment_bytes = 64 << 10});
  world.Append(20, 10'000);
  REQUIRE(world.topic.DeleteRecords(0, offset).ok());
  if (power_cut) {
    world.place.file_system()->CutPower();
    world.disk.Intercept(
        [](const FaultFileSystem::Call&) { return absl::UnavailableError("the machine is gone"); });
    world.log = Log();
    world.disk.Heal();
    world.Open();
  } else {
    world.Reopen();
    CHECK(world.log.recovery_report().clean);
  }
  CHECK(world.start() == offset);
  CHECK(world.Offsets() == Range(offset, 20));
  CHECK(world.log.recovery_report().cut.empty());
  world.Append(1);
  CHECK(world.Offsets() == Range(offset, 21));
}

TEST_CASE("a timestamp and a count are looked up above the log start", "[scenario]") {
  RetentionLog world(AnyWorld(), {});
  for (int i = 0; i < 10; ++i) world.Append(1, 10, absl::FromUnixMillis(1000 + i));
  REQUIRE(world.topic.DeleteRecords(0, 4).ok());
  const auto at = [&](const OffsetSpec& spec) {
    const auto offsets = world.topic.ListOffsets(spec);
    REQUIRE(offsets.ok());
    return offsets->at(0).offset;
  };
  CHECK(at(OffsetSpec::Earliest()) == 4);
  CHECK(at(OffsetSpec::ForTimestamp(absl::FromUnixMillis(1000))) == 4);
  CHECK(at(OffsetSpec::ForTimestamp(absl::FromUnixMillis(1007))) == 7);
  CHECK(at(OffsetSpec::Last(100)) == 4);
}

TEST_CASE("a full disk at the checkpoint deletes nothing and a later round does", "[scenario]") {
  RetentionLog world(World::kMemoryFileSystem, {.retention = absl::Hours(1)});
  world.Append(3);
  world.Pass(absl::Minutes(30));
  world.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "OpenFile" && call.path.find("checkpoint.tmp") != std::string::npos
               ? FaultFileSystem::ErrorOf(FaultFileSystem::Fault::kDiskFull, call)
               : absl::OkStatus();
  });
  const absl::Status full = world.topic.DeleteRecords(0, 2);
  CHECK(ReasonOf(full) == ErrorReason::kDiskFull);
  CHECK(world.start() == 0);
  world.Pass(absl::Hours(2));
  CHECK(world.Offsets() == Range(0, 3));
  world.disk.Heal();
  world.Pass(absl::Minutes(5));
  CHECK(world.start() == 3);
  CHECK(world.Offsets().empty());
}

TEST_CASE("a poisoned log deletes nothing", "[scenario]") {
  RetentionLog world(World::kMemoryFileSystem, {.retention = absl::Hours(1)});
  world.Append(3);
  world.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "SyncData" ? absl::InternalError("no disk") : absl::OkStatus();
  });
  CHECK_FALSE(world.topic.Append({.value = "lost"}).ok());
  CHECK(ReasonOf(world.topic.DeleteRecords(0, 2)) == ErrorReason::kPoisoned);
  world.clock.Advance(absl::Hours(2));
  CHECK(ReasonOf(world.log.RunMaintenance()) == ErrorReason::kPoisoned);
  CHECK(world.start() == 0);
  world.disk.Heal();
  REQUIRE(world.log.Reopen().ok());
  CHECK(world.start() == 0);
  world.Pass(absl::Hours(2));
  CHECK(world.start() == world.end());
}

}  // namespace
}  // namespace eventlog::test

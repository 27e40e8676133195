// Positions, and waiting for records.
#include <sys/resource.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "eventlog/testing/manual_clock.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

void Fill(const Topic& topic, int count, int32_t partition = 0) {
  for (int i = 0; i < count; ++i) {
    REQUIRE(topic
                .Append({.value = std::to_string(i),
                         .timestamp = absl::FromUnixSeconds(1000 + i),
                         .partition = partition})
                .ok());
  }
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

absl::Duration TimeOf(const std::function<void()>& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return absl::FromChrono(std::chrono::steady_clock::now() - start);
}

TEST_CASE("a poll that waits wakes up for an append", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 3});
  auto consumer = log.NewConsumer({.topics = {"t"}});
  std::thread producer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    static_cast<void>(topic->Append({.value = "now", .partition = 2}).status());
  });
  ConsumerRecords records;
  absl::Status polled;
  const absl::Duration took = TimeOf([&] { polled = consumer->Poll(absl::Seconds(30), &records); });
  producer.join();
  CHECK(polled.ok());
  REQUIRE(records.size() == 1);
  CHECK(records[0].value() == "now");
  CHECK(took < absl::Seconds(5));
}

TEST_CASE("a poll that waits burns no processor time", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 3});
  auto consumer = log.NewConsumer({.topics = {"t"}});
  ConsumerRecords records;
  absl::Status polled;
  const double before = CpuSeconds();
  const absl::Duration took =
      TimeOf([&] { polled = consumer->Poll(absl::Milliseconds(300), &records); });
  const double burned = CpuSeconds() - before;
  CHECK(polled.ok());
  CHECK(records.empty());
  CHECK(records.caught_up());
  CHECK(took >= absl::Milliseconds(290));
  CHECK(burned < 0.1);
}

TEST_CASE("a poll spins for as long as it was told and sleeps from then on", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 3});
  auto consumer = log.NewConsumer({.topics = {"t"}, .tuning = {.spin = absl::Milliseconds(200)}});
  ConsumerRecords records;
  const auto burned_by = [&](absl::Duration timeout) {
    const double before = CpuSeconds();
    CHECK(TimeOf([&] { CHECK(consumer->Poll(timeout, &records).ok()); }) >= timeout);
    return CpuSeconds() - before;
  };
  CHECK(burned_by(absl::Milliseconds(100)) < 0.15);
  const double burned = burned_by(absl::Milliseconds(700));
  CHECK(burned > 0.02);  // of the 0.2 s, on a machine that has others to serve
  CHECK(burned < 0.4);
  CHECK(records.caught_up());
}

TEST_CASE("a poll that spins sees what comes meanwhile and what comes later", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  auto consumer =
      log.NewConsumer({.topics = {"t"},
                       .tuning = {.spin = GENERATE(absl::Milliseconds(20), absl::Seconds(20),
                                                   absl::InfiniteDuration())}});
  std::thread producer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    static_cast<void>(topic->Append({.value = "now"}).status());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    consumer->Wakeup();
  });
  ConsumerRecords records;
  CHECK(TimeOf([&] { CHECK(consumer->Poll(absl::Seconds(30), &records).ok()); }) <
        absl::Seconds(5));
  REQUIRE(records.size() == 1);
  CHECK(ReasonOf(consumer->Poll(absl::Seconds(30), &records)) == ErrorReason::kWokenUp);
  producer.join();
}

TEST_CASE("closing the log or deleting the topic wakes a poll", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  const absl::Duration spin = GENERATE(absl::ZeroDuration(), absl::InfiniteDuration());
  auto consumer = log.NewConsumer({.topics = {"t"}, .tuning = {.spin = spin}});
  const bool close = GENERATE(true, false);
  std::thread closer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    static_cast<void>(close ? log.Close() : log.DeleteTopic("t"));
  });
  ConsumerRecords records;
  absl::Status polled;
  const absl::Duration took =
      TimeOf([&] { polled = consumer->Poll(absl::InfiniteDuration(), &records); });
  closer.join();
  CHECK(ReasonOf(polled) == (close ? ErrorReason::kClosed : ErrorReason::kUnknownTopic));
  CHECK(took < absl::Seconds(5));
}

TEST_CASE("on a clock that is moved by hand a poll takes its time at once", "[scenario]") {
  Place place(AnyWorld());
  ManualClock clock;
  LogOptions options = place.options();
  options.clock = &clock;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t");
  auto consumer = log.NewConsumer({.topics = {"t"}});
  ConsumerRecords records;
  const absl::Duration before = clock.Monotonic();
  absl::Status polled;
  const absl::Duration took = TimeOf([&] { polled = consumer->Poll(absl::Hours(2), &records); });
  CHECK(polled.ok());
  CHECK(records.empty());
  CHECK(clock.Monotonic() - before == absl::Hours(2));
  CHECK(took < absl::Seconds(20));
  REQUIRE(topic->Append({.value = "v"}).ok());
  REQUIRE(consumer->Poll(absl::Hours(2), &records).ok());
  CHECK(clock.Monotonic() - before == absl::Hours(2));  // there is something: no waiting
  CHECK(records[0].timestamp() == clock.Now());
}

TEST_CASE("positions are found as they are asked for", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 2});
  Fill(*topic, 10);
  auto consumer = log.NewConsumer({.topics = {"t"}});
  const TopicPartition zero{"t", 0};
  const auto position_after = [&](OffsetSpec spec) {
    const absl::Status sought = consumer->Seek(zero, spec);
    INFO(sought);
    CHECK(sought.ok());
    return *consumer->Position(zero);
  };
  CHECK(*consumer->Position(zero) == 0);
  CHECK(position_after(OffsetSpec::Latest()) == 10);
  CHECK(position_after(OffsetSpec::Earliest()) == 0);
  CHECK(position_after(OffsetSpec::At(7)) == 7);
  CHECK(position_after(OffsetSpec::At(10)) == 10);
  CHECK(position_after(OffsetSpec::Last(3)) == 7);
  CHECK(position_after(OffsetSpec::Last(99)) == 0);
  CHECK(position_after(OffsetSpec::Last(-5)) == 10);
  CHECK(position_after(OffsetSpec::ForTimestamp(absl::FromUnixMillis(1'003'001))) == 4);
  CHECK(position_after(OffsetSpec::ForTimestamp(absl::FromUnixSeconds(2000))) == 10);
  ConsumerRecords records;
  REQUIRE(consumer->Seek(zero, OffsetSpec::At(8)).ok());
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  REQUIRE(records.size() == 2);
  CHECK(records[0].offset() == 8);
  CHECK(ReasonOf(consumer->Seek({"t", 5}, OffsetSpec::Earliest())) ==
        ErrorReason::kUnknownPartition);
  CHECK(ReasonOf(consumer->Position({"u", 0}).status()) == ErrorReason::kUnknownPartition);
}

TEST_CASE("a place outside the log is refused with the nearest inside", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  Fill(*topic, 10);
  auto consumer = log.NewConsumer({.topics = {"t"}});
  REQUIRE(consumer->Seek(OffsetSpec::At(4)).ok());
  const absl::Status beyond = consumer->Seek(OffsetSpec::At(11));
  CHECK(absl::IsOutOfRange(beyond));
  CHECK(ReasonOf(beyond) == ErrorReason::kBeyondHighWatermark);
  CHECK(ActualOffset(beyond) == 10);
  const absl::Status below = consumer->Seek(OffsetSpec::At(-1));
  CHECK(ReasonOf(below) == ErrorReason::kBelowLogStart);
  CHECK(ActualOffset(below) == 0);
  const absl::Status listed = consumer->Seek(std::vector<TopicPartitionOffset>{{"t", 0, 11}});
  CHECK(ReasonOf(listed) == ErrorReason::kBeyondHighWatermark);
  CHECK(*consumer->Position({"t", 0}) == 4);
  CHECK(ReasonOf(log.NewConsumer({.topics = {"t"}, .from = OffsetSpec::At(11)}).status()) ==
        ErrorReason::kBeyondHighWatermark);
}

TEST_CASE("a seek moves every partition or none", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 2});
  Fill(*topic, 10, 0);
  Fill(*topic, 3, 1);
  auto consumer = log.NewConsumer({.topics = {"t"}});
  CHECK_FALSE(consumer->Seek(OffsetSpec::At(5)).ok());
  CHECK(*consumer->Position({"t", 0}) == 0);
  CHECK_FALSE(consumer->Seek(std::vector<TopicPartitionOffset>{{"t", 0, 5}, {"t", 1, 5}}).ok());
  CHECK(*consumer->Position({"t", 0}) == 0);
  CHECK(consumer->Seek(std::vector<TopicPartitionOffset>{{"t", 0, 5}, {"t", 1, 2}}).ok());
  CHECK(*consumer->Position({"t", 0}) == 5);
  CHECK(*consumer->Position({"t", 1}) == 2);
}

TEST_CASE("what is assigned is replaced as a whole or not at all", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 3});
  for (int32_t partition = 0; partition < 3; ++partition) Fill(*topic, 10, partition);
  auto consumer = log.NewConsumer({});
  REQUIRE(consumer.ok());
  CHECK(consumer->Assignment().empty());
  REQUIRE(consumer->Assign({{"t", 1}, {"t", 0}}).ok());
  CHECK(consumer->Assignment() == std::vector<TopicPartition>{{"t", 0}, {"t", 1}});
  REQUIRE(consumer->Seek({"t", 1}, OffsetSpec::At(6)).ok());
  CHECK(ReasonOf(consumer->Assign({{"t", 1}, {"t", 7}})) == ErrorReason::kUnknownPartition);
  CHECK(ReasonOf(consumer->Assign({{"t", 1}, {"u", 0}})) == ErrorReason::kUnknownTopic);
  CHECK(ReasonOf(consumer->Assign({{"t", 2}, {"t", 2}})) == ErrorReason::kInvalidOption);
  CHECK(consumer->Assignment() == std::vector<TopicPartition>{{"t", 0}, {"t", 1}});
  CHECK(*consumer->Position({"t", 1}) == 6);
  REQUIRE(consumer->Assign({{"t", 2}, {"t", 1}}).ok());
  CHECK(*consumer->Position({"t", 1}) == 6);
  CHECK(*consumer->Position({"t", 2}) == 0);
  auto subscribed = log.NewConsumer({.topics = {"t"}});
  CHECK(absl::IsFailedPrecondition(subscribed->Assign({{"t", 0}})));
}

TEST_CASE("where nothing is committed a consumer begins by its reset policy", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  Fill(*topic, 5);
  ConsumerRecords records;
  auto latest = log.NewConsumer(
      {.group = "l", .topics = {"t"}, .auto_offset_reset = AutoOffsetReset::kLatest});
  auto from_latest = log.NewConsumer({.topics = {"t"}, .from = OffsetSpec::Latest()});
  REQUIRE(topic->Append({.value = "after"}).ok());
  REQUIRE(latest->Poll(absl::ZeroDuration(), &records).ok());
  REQUIRE(records.size() == 1);
  CHECK(records[0].offset() == 5);
  REQUIRE(from_latest->Poll(absl::ZeroDuration(), &records).ok());
  CHECK(records.size() == 1);
  auto none =
      log.NewConsumer({.group = "n", .topics = {"t"}, .auto_offset_reset = AutoOffsetReset::kNone});
  REQUIRE(none.ok());
  const absl::Status nowhere = none->Poll(absl::ZeroDuration(), &records);
  CHECK(absl::IsOutOfRange(nowhere));
  CHECK(records.empty());
  REQUIRE(none->Seek(OffsetSpec::At(2)).ok());
  REQUIRE(none->Poll(absl::ZeroDuration(), &records).ok());
  CHECK(records.size() == 4);
  REQUIRE(none->Commit(records[1]).ok());
  CHECK(none->Committed()->front().offset == 4);
  REQUIRE(none->Seek(OffsetSpec::Committed()).ok());
  CHECK(*none->Position({"t", 0}) == 4);
}

TEST_CASE("a reader whose log was cut is told where", "[scenario]") {
  Place place(GENERATE(World::kMemoryFileSystem, World::kDirectory));
  int32_t old_epoch = 0;
  {
    Log log = OpenLog(place.options());
    auto topic = log.OpenTopic("t");
    Fill(*topic, 4);
    auto consumer = log.NewConsumer({.topics = {"t"}});
    ConsumerRecords records;
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    old_epoch = records[3].leader_epoch();
  }
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  Fill(*topic, 6);  // offsets 4 to 9 under the next epoch
  auto consumer = log.NewConsumer({.group = "g", .topics = {"t"}});
  const auto seek = [&](int64_t offset, int32_t epoch) {
    return consumer->Seek(std::vector<TopicPartitionOffset>{{"t", 0, offset, epoch, ""}});
  };
  CHECK(seek(4, old_epoch).ok());
  CHECK(seek(7, old_epoch + 1).ok());
  CHECK(seek(7, -1).ok());
  const absl::Status cut = seek(8, old_epoch);  // it had read 4 to 7 under the old epoch
  CHECK(ReasonOf(cut) == ErrorReason::kLogTruncated);
  CHECK(ActualOffset(cut) == 4);
  REQUIRE(consumer->Commit(std::vector<TopicPartitionOffset>{{"t", 0, 8, old_epoch, ""}}).ok());
  REQUIRE(consumer->Close().ok());
  auto next = log.NewConsumer({.group = "g", .topics = {"t"}});
  REQUIRE(next.ok());
  ConsumerRecords records;
  const absl::Status polled = next->Poll(absl::ZeroDuration(), &records);
  CHECK(ReasonOf(polled) == ErrorReason::kLogTruncated);
  CHECK(ActualOffset(polled) == 4);
}

TEST_CASE("consumers read beside producers and miss nothing", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 2,
                                   .durability = Durability::kProcess,
                                   .segment_bytes = 64 << 10,
                                   .batch_bytes = 2 << 10});
  constexpr int kRecords = 3000;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int32_t partition = 0; partition < 2; ++partition) {
    threads.emplace_back([&, partition] {
      for (int i = 0; i < kRecords; ++i) {
        const std::string value = std::to_string(i) + std::string(100, '.');
        if (!topic->Append({.value = value, .partition = partition}).ok()) ++failures;
      }
    });
  }
  for (int reader = 0; reader < 3; ++reader) {
    threads.emplace_back([&] {
      auto consumer = log.NewConsumer({.topics = {"t"}});
      int64_t next[2] = {0, 0};
      ConsumerRecords records;
      while (consumer.ok() && next[0] + next[1] < 2 * kRecords) {
        if (!consumer->Poll(absl::Seconds(20), &records).ok() || records.empty()) break;
        for (const auto& record : records) {
          int64_t& expected = next[record.partition()];
          const bool right = record.offset() == expected &&
                             record.value().starts_with(std::to_string(expected) + ".");
          if (!right) ++failures;
          ++expected;
        }
      }
      if (next[0] + next[1] != 2 * kRecords) ++failures;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
}

TEST_CASE("appends to a topic that is being deleted end", "[scenario]") {
  Place place(AnyWorld());
  const Durability durability = GENERATE(Durability::kDisk, Durability::kProcess);
  Log log = OpenLog(place.options());
  for (int round = 0; round < 10; ++round) {
    auto topic = log.OpenTopic("t", {.durability = durability});
    REQUIRE(topic.ok());
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (;;) {
          const auto appended = topic->Append({.value = std::string(100, 'x')});
          if (appended.ok()) continue;
          if (ReasonOf(appended.status()) != ErrorReason::kUnknownTopic) ++wrong;
          return;
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const absl::Status deleted = log.DeleteTopic("t");
    for (std::thread& thread : threads) thread.join();
    CHECK(deleted.ok());
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace eventlog::test

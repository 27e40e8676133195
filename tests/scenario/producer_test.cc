// Producers: what is promised about callbacks, the buffer, linger, flush, close and failures.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

// What callbacks said, from any thread.
class Told {
 public:
  // A callback that notes what it is told; kNone: acknowledged.
  SendCallback Note() {
    return [this](const absl::StatusOr<RecordMetadata>& at) {
      const std::lock_guard<std::mutex> lock(mutex_);
      reasons_.push_back(ReasonOf(at.status()));
      if (at.ok()) placed_.push_back(*at);
    };
  }
  std::vector<ErrorReason> reasons() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return reasons_;
  }
  std::vector<RecordMetadata> placed() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return placed_;
  }
  std::size_t size() const { return reasons().size(); }
  // False: they did not come.
  bool Await(std::size_t count) const {
    for (int i = 0; i < 20000 && size() < count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return size() >= count;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<ErrorReason> reasons_;
  std::vector<RecordMetadata> placed_;
};

std::vector<std::string> ReadAll(Log* log, const TopicPartition& partition) {
  auto consumer = log->NewConsumer({.assignment = {partition}});
  REQUIRE(consumer.ok());
  std::vector<std::string> values;
  ConsumerRecords records;
  do {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    for (const auto& record : records) values.emplace_back(record.value());
  } while (!records.caught_up());
  return values;
}

// A log whose device stands still, or fails, when the test says so.
struct SlowLog {
  explicit SlowLog(bool background = true, Clock* clock = nullptr) {
    LogOptions options;
    options.directory = "log";
    options.file_system = &files;
    options.background_thread = background;
    options.clock = clock;
    log = OpenLog(std::move(options));
    topic = *log.OpenTopic("t", {.partitions = 2});
  }
  ~SlowLog() { GoOn(); }
  // Syncs stand still from now on.
  void Stop() {
    stopped = true;
    files.Intercept([this](const FaultFileSystem::Call& call) {
      while (call.name == "SyncData" && stopped) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return absl::OkStatus();
    });
  }
  void GoOn() { stopped = false; }
  void Heal() { files.Heal(); }

  Told told;
  std::atomic<bool> stopped{false};
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  Log log;
  Topic topic;
};

TEST_CASE("each callback runs once and in order in each partition", "[scenario]") {
  Place place(AnyWorld());
  LogOptions options = place.options();
  options.background_thread = GENERATE(true, false);
  Log log = OpenLog(std::move(options));
  constexpr int kThreads = 4;
  constexpr int kRecords = 200;
  constexpr int32_t kPartitions = 3;
  auto topic = log.OpenTopic("t", {.partitions = kPartitions});
  auto producer = log.NewProducer({.buffer_bytes = 1024});
  // By thread and partition: numbers and offsets, as told.
  std::vector<std::map<int32_t, std::vector<std::pair<int, int64_t>>>> told(kThreads);
  std::mutex mutex;
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRecords; ++i) {
        const std::string value = std::to_string(t) + ":" + std::to_string(i);
        const auto note = [&, t, i](const absl::StatusOr<RecordMetadata>& at) {
          const std::lock_guard<std::mutex> lock(mutex);
          told[static_cast<std::size_t>(t)][at.ok() ? at->partition : -1].emplace_back(
              i, at.ok() ? at->offset : -1);
        };
        const ProducerRecord record = {.value = value, .partition = i % kPartitions};
        refused += producer->Send(*topic, record, note).ok() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(producer->Close().ok());
  CHECK(refused == 0);
  std::vector<std::vector<std::string>> stored;
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    stored.push_back(ReadAll(&log, {"t", partition}));
  }
  for (int t = 0; t < kThreads; ++t) {
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      const auto& here = told[static_cast<std::size_t>(t)][partition];
      const auto& values = stored[static_cast<std::size_t>(partition)];
      CHECK(static_cast<int>(here.size()) ==
            (kRecords + kPartitions - 1 - partition) / kPartitions);
      CHECK(std::is_sorted(here.begin(), here.end()));
      int wrong = 0;
      int64_t last = -1;
      for (const auto& [number, offset] : here) {
        wrong += offset > last ? 0 : 1;
        const auto& value = values.at(static_cast<std::size_t>(offset));
        wrong += value == std::to_string(t) + ":" + std::to_string(number) ? 0 : 1;
        last = offset;
      }
      CHECK(wrong == 0);
    }
    CHECK(told[static_cast<std::size_t>(t)].count(-1) == 0);
  }
}

TEST_CASE("a flush does not linger and returns when the callbacks have run", "[scenario]") {
  Place place(AnyWorld());
  LogOptions options = place.options();
  options.background_thread = GENERATE(true, false);
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t", {.linger = absl::Hours(1)});
  Told told;
  auto producer = log.NewProducer();
  for (int i = 0; i < 100; ++i) {
    REQUIRE(producer->Send(*topic, {.value = "v"}, told.Note()).ok());
  }
  REQUIRE(producer->Flush().ok());
  CHECK(told.reasons() == std::vector<ErrorReason>(100, ErrorReason::kNone));
  CHECK(topic->GetWatermarks(0)->high_watermark == 100);
  CHECK(producer->Flush(absl::ZeroDuration()).ok());  // nothing is under way
}

TEST_CASE("a batch that is full does not linger and others do", "[scenario]") {
  Place place(GENERATE(World::kMemoryFileSystem, World::kDirectory));
  Log log = OpenLog(place.options());
  auto full = log.OpenTopic("full", {.batch_bytes = 1024, .linger = absl::Hours(1)});
  auto slow = log.OpenTopic("slow", {.linger = absl::Hours(1)});
  Told told;
  Told told_slow;
  auto producer = log.NewProducer();
  REQUIRE(producer->Send(*slow, {.value = "v"}, told_slow.Note()).ok());
  for (int i = 0; i < 4; ++i) {
    REQUIRE(producer->Send(*full, {.value = std::string(400, 'x')}, told.Note()).ok());
  }
  CHECK(told.Await(3));
  CHECK(told_slow.size() == 0);
  REQUIRE(producer->Close().ok());
  CHECK(told.size() == 4);
  CHECK(told_slow.size() == 1);
}

TEST_CASE("a record is told when its linger is over", "[scenario]") {
  Place place(AnyWorld());
  ManualClock clock;
  LogOptions options = place.options();
  options.clock = &clock;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t", {.linger = absl::Seconds(5)});
  Told told;
  auto producer = log.NewProducer();
  REQUIRE(producer->Send(*topic, {.value = "1"}, told.Note()).ok());
  clock.Advance(absl::Seconds(3));
  REQUIRE(producer->Send(*topic, {.value = "2"}, told.Note()).ok());
  CHECK(log.UntilMaintenance() == absl::Seconds(2));
  REQUIRE(log.RunMaintenance().ok());
  CHECK(told.size() == 0);
  clock.Advance(absl::Seconds(2));
  REQUIRE(log.RunMaintenance().ok());
  CHECK(told.size() == 2);
  REQUIRE(producer->Send(*topic, {.value = "3"}, told.Note()).ok());
  auto consumer = log.NewConsumer({.topics = {"t"}, .from = OffsetSpec::At(2)});
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::Hours(1), &records).ok());  // lets the clock come to it
  CHECK(records.size() == 1);
  CHECK(clock.Monotonic() <= absl::Seconds(10));
}

TEST_CASE("what an append makes safe is seen before its linger is over", "[scenario]") {
  ManualClock clock;
  SlowLog slow(/*background=*/false, &clock);
  REQUIRE(slow.log.AlterTopic("t", {.linger = absl::Seconds(5)}).ok());
  auto producer = slow.log.NewProducer();
  REQUIRE(producer->Send(slow.topic, {.value = "sent", .partition = 1}, slow.told.Note()).ok());
  CHECK(ReadAll(&slow.log, {"t", 1}).empty());
  REQUIRE(slow.topic.Append({.value = "appended", .partition = 1}).ok());
  CHECK(ReadAll(&slow.log, {"t", 1}) == std::vector<std::string>{"sent", "appended"});
  slow.files.ResetCounts();
  clock.Advance(absl::Seconds(5));
  REQUIRE(slow.log.RunMaintenance().ok());
  CHECK(slow.told.reasons() == std::vector<ErrorReason>{ErrorReason::kNone});
  CHECK(slow.files.Count("SyncData") == 0);  // it was safe
}

TEST_CASE("a record is routed by itself or the partitioner or its key", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.partitions = 5, .batch_bytes = 1024});
  Told told;
  auto plain = log.NewProducer();
  const auto place_of = [&](Producer* producer, const ProducerRecord& record) {
    REQUIRE(producer->Send(*topic, record, told.Note()).ok());
    REQUIRE(producer->Flush().ok());
    return told.placed().back().partition;
  };
  CHECK(place_of(&*plain, {.value = "v", .partition = 4}) == 4);
  for (const char* key : {"a", "b", "order-17"}) {
    CHECK(place_of(&*plain, {.key = key}) == topic->Append({.key = key})->partition);
  }
  const int32_t first = place_of(&*plain, {.value = "v"});
  CHECK(place_of(&*plain, {.value = "v"}) == first);
  const std::string large(1100, 'x');
  CHECK(place_of(&*plain, {.value = large}) == first);
  CHECK(place_of(&*plain, {.value = "v"}) == (first + 1) % 5);

  std::vector<std::string> asked;
  int32_t answer = 3;
  auto own = log.NewProducer(
      {.partitioner = [&](std::string_view name, const ProducerRecord& record, int32_t partitions) {
        asked.push_back(std::string(name) + "/" + std::string(record.key.view()) + "/" +
                        std::to_string(partitions));
        return answer;
      }});
  CHECK(place_of(&*own, {.key = "k"}) == 3);
  CHECK(asked == std::vector<std::string>{"t/k/5"});
  CHECK(place_of(&*own, {.key = "k", .partition = 1}) == 1);
  CHECK(asked.size() == 1);
  const std::size_t told_before = told.size();
  for (const int32_t wrong : {5, -1, -2}) {
    answer = wrong;
    CHECK(ReasonOf(own->Send(*topic, {.key = "k"}, told.Note())) == ErrorReason::kUnknownPartition);
  }
  CHECK(own->Close().ok());
  CHECK(told.size() == told_before);
}

TEST_CASE("a send is refused for what it asks", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  Log other = OpenLog({.memory = true});
  auto topic = log.OpenTopic("t", {.partitions = 2});
  auto foreign = other.OpenTopic("t");
  auto gone = log.OpenTopic("gone");
  REQUIRE(log.DeleteTopic("gone").ok());
  Told told;
  auto producer = log.NewProducer({.buffer_bytes = 4096});
  const auto reason = [&](const Topic& to, const ProducerRecord& record) {
    return ReasonOf(producer->Send(to, record, told.Note()));
  };
  const std::string large(4096, 'x');
  CHECK(reason(*foreign, {.value = "v"}) == ErrorReason::kWrongLog);
  CHECK(reason(Topic(), {.value = "v"}) == ErrorReason::kWrongLog);
  CHECK(reason(*gone, {.value = "v"}) == ErrorReason::kUnknownTopic);
  CHECK(reason(*topic, {.value = "v", .partition = 2}) == ErrorReason::kUnknownPartition);
  CHECK(reason(*topic, {.value = large}) == ErrorReason::kRecordTooLarge);
  CHECK(reason(*topic, {.timestamp = absl::FromUnixSeconds(-1)}) == ErrorReason::kInvalidOption);
  REQUIRE(log.Close().ok());
  CHECK(reason(*topic, {.value = "v"}) == ErrorReason::kClosed);
  CHECK(ReasonOf(producer->Flush()) == ErrorReason::kClosed);
  CHECK(producer->Close().ok());
  CHECK(told.size() == 0);
}

TEST_CASE("a full buffer is waited for as long as max_block says", "[scenario]") {
  SlowLog slow;
  const std::string value(700, 'x');
  auto never = slow.log.NewProducer({.buffer_bytes = 1024, .max_block = absl::ZeroDuration()});
  auto a_while = slow.log.NewProducer({.buffer_bytes = 1024, .max_block = absl::Milliseconds(50)});
  auto for_ever = slow.log.NewProducer({.buffer_bytes = 1024});
  slow.Stop();
  for (Producer* producer : {&*never, &*a_while, &*for_ever}) {
    REQUIRE(producer->Send(slow.topic, {.value = value}, slow.told.Note()).ok());
  }
  CHECK(ReasonOf(never->Send(slow.topic, {.value = value})) == ErrorReason::kBufferFull);
  const auto start = std::chrono::steady_clock::now();
  const absl::Status late = a_while->Send(slow.topic, {.value = value});
  CHECK(absl::IsDeadlineExceeded(late));
  CHECK(ReasonOf(late) == ErrorReason::kTimedOut);
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(45));
  absl::Status patient = absl::UnknownError("not back");
  std::thread waiting(
      [&] { patient = for_ever->Send(slow.topic, {.value = value}, slow.told.Note()); });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(slow.told.size() == 0);
  slow.GoOn();
  waiting.join();
  CHECK(patient.ok());
  REQUIRE(for_ever->Flush().ok());
  CHECK(slow.told.reasons() == std::vector<ErrorReason>(4, ErrorReason::kNone));
}

TEST_CASE("closing the producer or the log wakes who waits for space", "[scenario]") {
  SlowLog slow;
  const bool close_log = GENERATE(true, false);
  auto producer = slow.log.NewProducer({.buffer_bytes = 1024});
  const std::string value(700, 'x');
  slow.Stop();
  REQUIRE(producer->Send(slow.topic, {.value = value}, slow.told.Note()).ok());
  absl::Status woken;
  std::thread waiting(
      [&] { woken = producer->Send(slow.topic, {.value = value}, slow.told.Note()); });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  std::thread closing([&] {
    static_cast<void>(close_log ? slow.log.Close() : producer->Close(absl::ZeroDuration()));
  });
  waiting.join();  // before the device goes on
  slow.GoOn();
  closing.join();
  CHECK(ReasonOf(woken) == ErrorReason::kClosed);
  CHECK(slow.told.reasons() ==
        std::vector<ErrorReason>{close_log ? ErrorReason::kNone : ErrorReason::kTimedOut});
}

TEST_CASE("a send that waits without a background thread sends itself", "[scenario]") {
  Place place(AnyWorld());
  LogOptions options = place.options();
  options.background_thread = false;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t", {.linger = absl::Hours(1)});
  Told told;
  auto producer = log.NewProducer({.buffer_bytes = 1024});
  const std::string value(700, 'x');
  for (int i = 0; i < 10; ++i) {
    REQUIRE(producer->Send(*topic, {.value = value}, told.Note()).ok());
  }
  CHECK(told.size() == 9);
}

TEST_CASE("on a clock that is moved by hand max_block passes at once", "[scenario]") {
  Place place(AnyWorld());
  ManualClock clock;
  LogOptions options = place.options();
  options.clock = &clock;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t");
  auto producer = log.NewProducer({.buffer_bytes = 1024, .max_block = absl::Hours(3)});
  const std::string value(700, 'x');
  std::atomic<bool> in_callback{false};
  std::atomic<bool> go_on{false};
  const auto block = [&](const absl::StatusOr<RecordMetadata>&) {
    in_callback = true;
    while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  REQUIRE(producer->Send(*topic, {.value = value}, block).ok());
  std::thread flushing([&] { static_cast<void>(producer->Flush()); });
  while (!in_callback) std::this_thread::yield();
  // What comes next cannot be told before that callback has returned.
  const absl::Status second = producer->Send(*topic, {.value = value});
  const absl::Duration before = clock.Monotonic();
  const absl::Status third = producer->Send(*topic, {.value = value});
  const absl::Duration took = clock.Monotonic() - before;
  go_on = true;
  flushing.join();
  CHECK(second.ok());
  CHECK(ReasonOf(third) == ErrorReason::kTimedOut);
  CHECK(took == absl::Hours(3));
  CHECK(producer->Flush().ok());
}

TEST_CASE("a large record gets in while small ones keep coming", "[scenario]") {
  Place place(World::kMemoryFileSystem);
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  auto producer = log.NewProducer({.buffer_bytes = 64 << 10});
  std::atomic<bool> stop{false};
  std::vector<std::thread> small;
  for (int t = 0; t < 4; ++t) {
    small.emplace_back([&] {
      while (!stop) static_cast<void>(producer->Send(*topic, {.value = std::string(900, 's')}));
    });
  }
  const std::string large(60 << 10, 'l');
  std::atomic<int> sent{0};
  std::thread sender([&] {
    for (int i = 0; i < 20; ++i) sent += producer->Send(*topic, {.value = large}).ok() ? 1 : 0;
  });
  for (int i = 0; i < 30000 && sent < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const int in_time = sent;
  stop = true;
  sender.join();
  for (std::thread& thread : small) thread.join();
  CHECK(in_time == 20);
}

TEST_CASE("a producer that closes too early says so to every callback", "[scenario]") {
  SlowLog slow;
  auto producer = slow.log.NewProducer();
  slow.Stop();
  for (int32_t i = 0; i < 10; ++i) {
    REQUIRE(producer->Send(slow.topic, {.value = "v", .partition = i % 2}, slow.told.Note()).ok());
  }
  CHECK(ReasonOf(producer->Flush(absl::Milliseconds(20))) == ErrorReason::kTimedOut);
  CHECK(slow.told.size() == 0);
  const absl::Status closed = producer->Close(absl::Milliseconds(20));
  CHECK(absl::IsDeadlineExceeded(closed));
  CHECK(slow.told.reasons() == std::vector<ErrorReason>(10, ErrorReason::kTimedOut));
  CHECK(producer->Close().ok());
  slow.GoOn();
  REQUIRE(slow.topic.Append({.value = "v", .partition = 0}).ok());
  CHECK(slow.told.size() == 10);
  CHECK(ReadAll(&slow.log, {"t", 0}).size() == 6);  // they may be there, and here they are
}

TEST_CASE("a close waits for the callback that runs", "[scenario]") {
  Place place(AnyWorld());
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  auto producer = log.NewProducer();
  std::atomic<bool> started{false};
  std::atomic<bool> ended{false};
  REQUIRE(producer
              ->Send(*topic, {.value = "v"},
                     [&](const absl::StatusOr<RecordMetadata>&) {
                       started = true;
                       std::this_thread::sleep_for(std::chrono::milliseconds(50));
                       ended = true;
                     })
              .ok());
  while (!started) std::this_thread::yield();
  static_cast<void>(producer->Close(absl::ZeroDuration()));
  CHECK(ended);
}

TEST_CASE("a full disk is told and does not last", "[scenario]") {
  SlowLog slow(/*background=*/GENERATE(true, false));
  auto producer = slow.log.NewProducer();
  REQUIRE(producer->Send(slow.topic, {.value = "v"}, slow.told.Note()).ok());
  REQUIRE(producer->Flush().ok());
  slow.files.FailAll("Allocate", FaultFileSystem::Fault::kDiskFull);
  const std::string large(600 << 10, 'x');
  for (int i = 0; i < 2; ++i) {
    REQUIRE(producer->Send(slow.topic, {.value = large, .partition = 0}, slow.told.Note()).ok());
    REQUIRE(producer->Flush().ok());  // its callback was told
  }
  CHECK(slow.told.reasons() == std::vector<ErrorReason>{ErrorReason::kNone, ErrorReason::kDiskFull,
                                                        ErrorReason::kDiskFull});
  REQUIRE(producer->Send(slow.topic, {.value = large, .partition = 0}).ok());
  const absl::Status first = producer->Flush();
  CHECK(ReasonOf(first) == ErrorReason::kDiskFull);
  CHECK(producer->Flush().ok());  // told once
  slow.Heal();
  REQUIRE(producer->Send(slow.topic, {.value = large, .partition = 0}, slow.told.Note()).ok());
  REQUIRE(producer->Close().ok());
  CHECK(slow.told.reasons().back() == ErrorReason::kNone);
  CHECK(ReadAll(&slow.log, {"t", 0}).back() == large);
}

TEST_CASE("a log that fails tells everybody and goes on when it is reopened", "[scenario]") {
  SlowLog slow(/*background=*/GENERATE(true, false));
  const std::string call = GENERATE("SyncData", "WriteAt");
  auto lazy = slow.log.OpenTopic("lazy", {.linger = absl::Hours(1)});
  Told told_lazy;
  auto producer = slow.log.NewProducer();
  REQUIRE(producer->Send(slow.topic, {.value = "safe", .partition = 0}, slow.told.Note()).ok());
  REQUIRE(producer->Flush().ok());
  slow.files.FailAll(call, FaultFileSystem::Fault::kIoError);
  REQUIRE(producer->Send(*lazy, {.value = "lingers"}, told_lazy.Note()).ok());
  REQUIRE(producer->Send(slow.topic, {.value = "unsafe", .partition = 0}, slow.told.Note()).ok());
  if (GENERATE(true, false)) {
    REQUIRE(producer->Flush().ok());
  } else {
    static_cast<void>(slow.topic.Append({.value = "finds out", .partition = 0}).status());
  }
  slow.Heal();
  CHECK(ReasonOf(producer->Send(slow.topic, {.value = "v"})) == ErrorReason::kPoisoned);
  REQUIRE(slow.log.Reopen().ok());
  CHECK(slow.told.reasons() ==
        std::vector<ErrorReason>{ErrorReason::kNone, ErrorReason::kPoisoned});
  CHECK(told_lazy.reasons() == std::vector<ErrorReason>{ErrorReason::kPoisoned});
  REQUIRE(producer->Send(slow.topic, {.value = "after", .partition = 0}, slow.told.Note()).ok());
  REQUIRE(producer->Flush().ok());
  CHECK(slow.told.reasons().back() == ErrorReason::kNone);
  const auto values = ReadAll(&slow.log, {"t", 0});
  CHECK(values.front() == "safe");
  CHECK(values.back() == "after");
  CHECK(values[static_cast<std::size_t>(slow.told.placed().back().offset)] == "after");
}

TEST_CASE("deleting a topic tells those who had sent to it", "[scenario]") {
  Place place(GENERATE(World::kMemoryFileSystem, World::kDirectory));
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t", {.linger = absl::Hours(1)});
  Told told;
  auto producer = log.NewProducer();
  REQUIRE(producer->Send(*topic, {.value = "v"}, told.Note()).ok());
  REQUIRE(log.DeleteTopic("t").ok());
  CHECK(told.Await(1));
  CHECK(told.reasons() == std::vector<ErrorReason>{ErrorReason::kUnknownTopic});
}

TEST_CASE("a log that closes completes what producers had sent", "[scenario]") {
  Place place(AnyWorld());
  LogOptions options = place.options();
  options.background_thread = GENERATE(true, false);
  Told told;
  Producer producer;
  ErrorReason in_callback = ErrorReason::kNone;
  {
    Log log = OpenLog(options);
    auto topic = log.OpenTopic("t", {.linger = absl::Hours(1)});
    producer = *log.NewProducer();
    REQUIRE(producer.Send(*topic, {.value = "1"}, told.Note()).ok());
    REQUIRE(producer
                .Send(*topic, {.value = "2"},
                      [&, topic = *topic](const absl::StatusOr<RecordMetadata>&) {
                        in_callback = ReasonOf(topic.Append({.value = "too late"}).status());
                      })
                .ok());
    REQUIRE(log.Close().ok());
    CHECK(told.reasons() == std::vector<ErrorReason>{ErrorReason::kNone});
    CHECK(in_callback == ErrorReason::kClosed);
  }
  CHECK(producer.Close().ok());
  CHECK(told.size() == 1);
  if (!place.survives_close()) return;
  Log log = OpenLog(options);
  CHECK(ReadAll(&log, {"t", 0}) == std::vector<std::string>{"1", "2"});
}

TEST_CASE("handles may be destroyed in any order", "[scenario]") {
  const World world = AnyWorld();
  const bool background = GENERATE(true, false);
  std::vector<int> order = {0, 1, 2};
  do {
    Place place(world);
    LogOptions options = place.options();
    options.background_thread = background;
    Told told;
    auto log = std::make_unique<Log>(OpenLog(std::move(options)));
    auto topic = std::make_unique<Topic>(*log->OpenTopic("t", {.linger = absl::Hours(1)}));
    auto producer = std::make_unique<Producer>(*log->NewProducer());
    for (int i = 0; i < 3; ++i) {
      REQUIRE(producer->Send(*topic, {.value = "v"}, told.Note()).ok());
    }
    for (const int which : order) {
      if (which == 0) log.reset();
      if (which == 1) topic.reset();
      if (which == 2) producer.reset();
    }
    CHECK(told.reasons() == std::vector<ErrorReason>(3, ErrorReason::kNone));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a callback may call anything but what would wait for itself", "[scenario]") {
  Place place(AnyWorld());
  ManualClock clock;
  LogOptions options = place.options();
  const int kind = GENERATE(0, 1, 2);
  options.background_thread = kind == 0;
  if (kind == 2) options.clock = &clock;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t", {.partitions = 2});
  Told told;
  std::vector<ErrorReason> refused;
  std::vector<absl::Status> allowed;
  auto producer = log.NewProducer({.buffer_bytes = 1024});
  const std::string value(600, 'x');
  REQUIRE(producer
              ->Send(*topic, {.value = value, .partition = 0},
                     [&](const absl::StatusOr<RecordMetadata>&) {
                       refused = {ReasonOf(producer->Flush()), ReasonOf(producer->Close()),
                                  ReasonOf(log.Close()), ReasonOf(log.Reopen()),
                                  ReasonOf(log.RunMaintenance())};
                       allowed.push_back(producer->Send(*topic, {.value = value}, told.Note()));
                       refused.push_back(ReasonOf(producer->Send(*topic, {.value = value})));
                       allowed.push_back(topic->Append({.value = "v", .partition = 1}).status());
                       allowed.push_back(log.OpenTopic("made.in.a.callback").status());
                       auto consumer = log.NewConsumer({.assignment = {{"t", 1}}});
                       ConsumerRecords records;
                       allowed.push_back(consumer->Poll(absl::Seconds(20), &records));
                       // Nothing more comes: on the manual clock it runs what is due meanwhile.
                       allowed.push_back(consumer->Poll(absl::Milliseconds(20), &records));
                     })
              .ok());
  REQUIRE(producer->Flush().ok());
  REQUIRE(producer->Flush().ok());
  std::vector<ErrorReason> expected(5, ErrorReason::kInCallback);
  expected.push_back(ErrorReason::kBufferFull);
  CHECK(refused == expected);
  for (const absl::Status& status : allowed) {
    INFO(status);
    CHECK(status.ok());
  }
  CHECK(allowed.size() == 5);
  CHECK(told.reasons() == std::vector<ErrorReason>{ErrorReason::kNone});
  CHECK(producer->Close().ok());
}

TEST_CASE("a producer may be destroyed by its own callback", "[scenario]") {
  Place place(AnyWorld());
  LogOptions options = place.options();
  options.background_thread = GENERATE(true, false);
  Told told;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t");
  auto lazy = log.OpenTopic("lazy", {.linger = absl::Hours(1)});
  auto producer = std::make_unique<Producer>(*log.NewProducer());
  Producer* const raw = producer.get();
  REQUIRE(raw->Send(*lazy, {.value = "v"}, told.Note()).ok());
  REQUIRE(raw->Send(*topic, {.value = "v"},
                    [&, owned = std::move(producer)](
                        const absl::StatusOr<RecordMetadata>&) mutable { owned.reset(); })
              .ok());
  if (!GENERATE(true, false)) {
    REQUIRE(log.RunMaintenance().ok());
    CHECK(told.Await(1));  // nobody waited for it, and it is told all the same
  }
  REQUIRE(log.Close().ok());
  CHECK(told.reasons() == std::vector<ErrorReason>{ErrorReason::kNone});
}

}  // namespace
}  // namespace eventlog::test

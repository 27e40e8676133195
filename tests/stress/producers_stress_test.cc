// Many threads send through shared producers and their own, which close under them, beside plain
// appends, consumers and checkpoints. What is promised about callbacks and records must hold.
//
// EVENTLOG_STRESS_THREADS, EVENTLOG_STRESS_SECONDS and EVENTLOG_STRESS_SEED change how much of it.
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <charconv>
#include <chrono>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/environment.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

constexpr std::size_t kPlaces = 6;  // partitions of all topics
constexpr std::size_t kShared = 3;  // producers that all threads use
constexpr int kNobody = -1;         // the thread of an echo, which a callback sends

struct PartitionPlace {
  const char* topic;
  int32_t partition;
};
constexpr std::array<PartitionPlace, kPlaces> kPlaceOf = {
    {{"disk", 0}, {"disk", 1}, {"disk", 2}, {"process", 0}, {"process", 1}, {"lazy", 0}}};

// Order within one partition, of one thread's records through one producer.
struct Order {
  std::atomic<int64_t> last_number{-1};
  std::atomic<int64_t> last_offset{-1};
};

// A producer and what its callbacks may rely on.
struct Session {
  Session(Producer made, std::size_t threads) : producer(std::move(made)), orders(threads) {}
  Producer producer;
  std::atomic<bool> closed{false};
  std::vector<std::array<Order, kPlaces>> orders;  // by thread
};

// A record that was accepted, or refused.
struct Sent {
  Session* session = nullptr;
  std::size_t thread = 0;
  std::size_t place = 0;
  int64_t number = 0;  // counts the thread's records
  bool accepted = false;
  std::atomic<int> told{0};
  std::atomic<int64_t> offset{-1};  // -1: not acknowledged
};

struct Violations {
  std::atomic<int> told_after_close{0};
  std::atomic<int> told_out_of_order{0};
  std::atomic<int> offset_out_of_order{0};
  std::atomic<int> unexpected_error{0};
  std::atomic<int> read_out_of_order{0};
};

std::string ValueOf(const Sent& sent, std::size_t padding) {
  return std::to_string(sent.thread) + ":" + std::to_string(sent.number) + ":" +
         std::string(padding, 'x');
}

// Thread and number of a value; {kNobody, 0} for one that no thread sent.
std::pair<int, int64_t> Parse(std::string_view value) {
  int thread = kNobody;
  int64_t number = 0;
  const std::size_t colon = value.find(':');
  if (colon == std::string_view::npos) return {kNobody, 0};
  std::from_chars(value.data(), value.data() + colon, thread);
  std::from_chars(value.data() + colon + 1, value.data() + value.size(), number);
  return {thread, number};
}

class Campaign {
 public:
  Campaign(Log* log, std::size_t threads, uint64_t seed)
      : log_(log), threads_(threads), seed_(seed), sent_(threads) {
    topics_ = {*log->OpenTopic("disk", {.partitions = 3}),
               *log->OpenTopic("process", {.partitions = 2, .durability = Durability::kProcess}),
               *log->OpenTopic("lazy", {.linger = absl::Milliseconds(2)})};
    echoes_ = *log->NewProducer();
    for (auto& shared : shared_) shared = Make(1 << 20, absl::InfiniteDuration());
  }

  void Run(absl::Duration time) {
    std::vector<std::thread> workers;
    for (std::size_t t = 0; t < threads_; ++t) workers.emplace_back([this, t] { Produce(t); });
    for (int i = 0; i < 2; ++i) workers.emplace_back([this] { Consume(); });
    workers.emplace_back([this] { Maintain(); });
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(time));
    stop_ = true;
    for (std::thread& worker : workers) worker.join();
    for (auto& session : sessions_) CloseSession(session.get(), absl::InfiniteDuration());
    violations.unexpected_error += echoes_.Close().ok() ? 0 : 1;
  }

  // Every callback ran once where the record was accepted, and nowhere else.
  int WronglyTold() const {
    int wrong = 0;
    ForEach([&](const Sent& sent) { wrong += sent.told == (sent.accepted ? 1 : 0) ? 0 : 1; });
    return wrong + (echoes_told_ == echoes_accepted_ ? 0 : 1);
  }
  int64_t Count(bool acknowledged) const {
    int64_t count = 0;
    ForEach([&](const Sent& sent) {
      count += sent.accepted && (!acknowledged || sent.offset >= 0) ? 1 : 0;
    });
    return count;
  }
  // What was acknowledged and is not in the log where its callback said.
  int64_t Missing(Log* log) const {
    std::array<std::vector<std::pair<int, int64_t>>, kPlaces> stored;
    for (std::size_t place = 0; place < kPlaces; ++place) stored[place] = ReadPlace(log, place);
    int64_t missing = 0;
    ForEach([&](const Sent& sent) {
      if (sent.offset < 0) return;
      const auto& here = stored[sent.place];
      const auto at = static_cast<std::size_t>(sent.offset);
      const std::pair<int, int64_t> expected = {static_cast<int>(sent.thread), sent.number};
      missing += at < here.size() && here[at] == expected ? 0 : 1;
    });
    return missing;
  }

  Violations violations;

 private:
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& of_thread : sent_) {
      for (const Sent& sent : of_thread) visit(sent);
    }
  }

  std::shared_ptr<Session> Make(int64_t buffer_bytes, absl::Duration max_block) {
    auto session = std::make_shared<Session>(
        *log_->NewProducer({.buffer_bytes = buffer_bytes, .max_block = max_block}), threads_);
    const std::lock_guard<std::mutex> lock(mutex_);
    sessions_.push_back(session);  // what was sent points to it
    return session;
  }

  void CloseSession(Session* session, absl::Duration timeout) {
    const absl::Status closed = session->producer.Close(timeout);
    session->closed = true;
    if (!closed.ok() && ReasonOf(closed) != ErrorReason::kTimedOut) ++violations.unexpected_error;
  }

  void OnTold(Sent* sent, const absl::StatusOr<RecordMetadata>& at) {
    ++sent->told;
    if (sent->session->closed) ++violations.told_after_close;
    Order& order = sent->session->orders[sent->thread][sent->place];
    if (order.last_number.exchange(sent->number) >= sent->number) ++violations.told_out_of_order;
    if (!at.ok()) {
      if (ReasonOf(at.status()) != ErrorReason::kTimedOut) ++violations.unexpected_error;
      return;
    }
    sent->offset = at->offset;
    if (order.last_offset.exchange(at->offset) >= at->offset) ++violations.offset_out_of_order;
    if (sent->number % 16 != 0) return;
    const absl::Status echoed =
        echoes_.Send(topics_[1], {.value = "echo", .partition = 1},
                     [this](const absl::StatusOr<RecordMetadata>&) { ++echoes_told_; });
    if (echoed.ok()) ++echoes_accepted_;
  }

  void SendOne(Session* session, std::size_t thread, std::mt19937_64* random) {
    Sent& sent = sent_[thread].emplace_back();
    sent.session = session;
    sent.thread = thread;
    sent.place = (*random)() % kPlaces;
    sent.number = static_cast<int64_t>(sent_[thread].size());
    const std::size_t most = (*random)() % 200 == 0 ? 200 << 10 : 1500;
    const std::string value = ValueOf(sent, (*random)() % most);
    const PartitionPlace& place = kPlaceOf[sent.place];
    const std::size_t topic = sent.place < 3 ? 0 : sent.place < 5 ? 1 : 2;
    const absl::Status status = session->producer.Send(
        topics_[topic], {.value = value, .partition = place.partition},
        [this, entry = &sent](const absl::StatusOr<RecordMetadata>& at) { OnTold(entry, at); });
    sent.accepted = status.ok();
    const ErrorReason reason = ReasonOf(status);
    const bool expected = status.ok() || reason == ErrorReason::kClosed ||
                          reason == ErrorReason::kTimedOut || reason == ErrorReason::kBufferFull ||
                          reason == ErrorReason::kRecordTooLarge;
    if (!expected) ++violations.unexpected_error;
  }

  void Produce(std::size_t thread) {
    std::mt19937_64 random(seed_ + thread);
    const auto make_own = [&] {
      constexpr absl::Duration kMost[] = {absl::ZeroDuration(), absl::Milliseconds(1),
                                          absl::Milliseconds(50), absl::InfiniteDuration()};
      return Make(int64_t{32 << 10} << (random() % 5), kMost[random() % 4]);
    };
    std::shared_ptr<Session> own = make_own();
    while (!stop_) {
      const uint64_t dice = random() % 1000;
      const std::size_t slot = random() % kShared;
      std::shared_ptr<Session> shared;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        shared = shared_[slot];
      }
      const absl::Duration timeout =
          random() % 2 == 0 ? absl::InfiniteDuration() : absl::Microseconds(random() % 2000);
      if (dice < 5) {
        CloseSession(own.get(), timeout);
        own = make_own();
      } else if (dice < 7) {
        auto next = Make(1 << 20, absl::InfiniteDuration());
        {
          const std::lock_guard<std::mutex> lock(mutex_);
          shared_[slot] = next;
        }
        CloseSession(shared.get(), timeout);  // others may be sending through it
      } else if (dice < 20) {
        static_cast<void>((dice % 2 == 0 ? own : shared)->producer.Flush(timeout));
      } else {
        SendOne((dice % 2 == 0 ? own : shared).get(), thread, &random);
      }
    }
  }

  // In each partition the records of one thread come in the order in which it sent them.
  void Consume() {
    auto consumer = log_->NewConsumer({.topics = {"disk", "process", "lazy"}});
    std::vector<std::array<int64_t, kPlaces>> last(threads_);
    std::array<int64_t, kPlaces> next = {};
    ConsumerRecords records;
    while (!stop_) {
      if (!consumer->Poll(absl::Milliseconds(5), &records).ok()) ++violations.unexpected_error;
      for (const auto& record : records) {
        std::size_t place = 0;
        while (record.topic() != kPlaceOf[place].topic ||
               record.partition() != kPlaceOf[place].partition) {
          ++place;
        }
        if (record.offset() != next[place]++) ++violations.read_out_of_order;
        const auto [thread, number] = Parse(record.value());
        if (thread == kNobody) continue;
        int64_t& before = last[static_cast<std::size_t>(thread)][place];
        if (number <= before) ++violations.read_out_of_order;
        before = number;
      }
    }
  }

  void Maintain() {
    while (!stop_) {
      if (!log_->RunMaintenance().ok()) ++violations.unexpected_error;
      for (const Topic& topic : topics_) {
        if (!topic.Append({.value = "appended", .partition = 0}).ok()) {
          ++violations.unexpected_error;
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  }

  std::vector<std::pair<int, int64_t>> ReadPlace(Log* log, std::size_t place) const {
    std::vector<std::pair<int, int64_t>> values;
    auto consumer =
        log->NewConsumer({.assignment = {{kPlaceOf[place].topic, kPlaceOf[place].partition}}});
    ConsumerRecords records;
    do {
      if (!consumer->Poll(absl::ZeroDuration(), &records).ok()) return {};
      for (const auto& record : records) values.push_back(Parse(record.value()));
    } while (!records.caught_up());
    return values;
  }

  Log* const log_;
  const std::size_t threads_;
  const uint64_t seed_;
  std::vector<Topic> topics_;
  Producer echoes_;
  std::atomic<int64_t> echoes_accepted_{0};
  std::atomic<int64_t> echoes_told_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::deque<Sent>> sent_;  // by thread
  std::mutex mutex_;
  std::array<std::shared_ptr<Session>, kShared> shared_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

// One log, which is checked to the last record before it goes.
void RunRound(World world, absl::Duration time, std::size_t threads, uint64_t seed) {
  Place place(world);
  LogOptions options = place.options();
  options.max_write_bytes = 512 << 10;
  options.max_record_bytes = 256 << 10;
  options.tuning.journal_bytes = 1 << 20;  // checkpoints all the time
  options.tuning.batch_age = absl::Milliseconds(20);
  Log log = *Log::Open(options);
  Campaign campaign(&log, threads, seed);
  campaign.Run(time);
  std::cout << "producers_stress: EVENTLOG_STRESS_SEED=" << seed << ", " << threads << " threads, "
            << NameOf(world) << ": " << campaign.Count(/*acknowledged=*/true) << " of "
            << campaign.Count(/*acknowledged=*/false) << " accepted records acknowledged\n";
  const Violations& violations = campaign.violations;
  CAPTURE(seed);
  CHECK(campaign.Count(/*acknowledged=*/true) > 0);
  CHECK(campaign.WronglyTold() == 0);
  CHECK(violations.told_after_close == 0);
  CHECK(violations.told_out_of_order == 0);
  CHECK(violations.offset_out_of_order == 0);
  CHECK(violations.read_out_of_order == 0);
  CHECK(violations.unexpected_error == 0);
  CHECK(campaign.Missing(&log) == 0);
  REQUIRE(log.Close().ok());
  Log again = *Log::Open(options);
  CHECK(campaign.Missing(&again) == 0);
}

TEST_CASE("callbacks and records of many producers are as promised", "[stress]") {
  const auto threads = static_cast<std::size_t>(FromEnvironment("EVENTLOG_STRESS_THREADS", 16));
  const absl::Duration time = absl::Seconds(FromEnvironment("EVENTLOG_STRESS_SECONDS", 2));
  uint64_t seed = FromEnvironment("EVENTLOG_STRESS_SEED", std::random_device()());
  // In rounds: every record is remembered until its log is checked.
  constexpr absl::Duration kMostOfARound = absl::Seconds(15);
  World world = World::kMemoryFileSystem;
  for (absl::Duration left = time; left > absl::ZeroDuration(); ++seed) {
    const absl::Duration round = std::min({left, time / 2, kMostOfARound});
    RunRound(world, round, threads, seed);
    left -= round;
    world = world == World::kDirectory ? World::kMemoryFileSystem : World::kDirectory;
  }
}

}  // namespace
}  // namespace eventlog::test

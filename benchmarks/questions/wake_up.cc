// From a writer to a reader on another thread: each record carries the moment before its append,
// and the reader looks at the clock when it has it. Writers are paced, so that nothing queues.
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "harness/measure.h"
#include "limits/futex.h"
#include "limits/slot.h"
#include "questions/questions.h"
#include "questions/workload.h"

namespace eventlog::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

int64_t Nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now().time_since_epoch())
      .count();
}

// Calls `send` with the number and the moment, that many times a second.
void Paced(int64_t count, int64_t per_second, const std::function<void(int64_t, int64_t)>& send) {
  const int64_t begin = Nanoseconds();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t due = begin + i * 1'000'000'000 / per_second;
    int64_t now = 0;
    while ((now = Nanoseconds()) < due) std::this_thread::yield();
    send(i, now);
  }
}

// Nanoseconds of each record from its append to the return of the poll that has it.
std::vector<double> EndToEnd(int64_t count, int64_t per_second, absl::Duration spin) {
  OpenedTopic opened({.memory = true}, {});
  Consumer consumer = Value(opened.log.NewConsumer({.topics = {kTopic}, .tuning = {.spin = spin}}));
  std::vector<double> nanoseconds;
  nanoseconds.reserve(static_cast<std::size_t>(count));
  std::thread reader([&] {
    ConsumerRecords records;
    while (std::ssize(nanoseconds) < count) {
      Check(consumer.Poll(absl::Seconds(1), &records));
      const int64_t now = Nanoseconds();
      for (const RecordView& record : records) {
        int64_t sent = 0;
        std::memcpy(&sent, record.key().data(), sizeof sent);
        nanoseconds.push_back(static_cast<double>(now - sent));
      }
    }
  });
  Paced(count, per_second, [&](int64_t, int64_t now) {
    Check(opened.topic.Append({.key = KeyOf(now), .value = kValue}).status());
  });
  reader.join();
  return nanoseconds;
}

std::vector<double> ThroughSlot(int64_t count, int64_t per_second) {
  Slot slot;
  std::vector<double> nanoseconds;
  nanoseconds.reserve(static_cast<std::size_t>(count));
  std::atomic<bool> ready{false};
  std::thread reader([&] {
    int64_t seen = 0;
    ready = true;
    while (seen >= 0) {
      seen = slot.SpinPast(seen);
      if (seen >= 0) nanoseconds.push_back(static_cast<double>(Nanoseconds() - seen));
    }
  });
  while (!ready) std::this_thread::yield();
  Paced(count, per_second, [&](int64_t, int64_t now) { slot.Store(now); });
  slot.Store(-1);
  reader.join();
  return nanoseconds;
}

std::vector<double> ThroughFutex(int64_t count, int64_t per_second) {
  Futex futex;
  std::vector<std::atomic<int64_t>> sent(static_cast<std::size_t>(count));
  std::vector<double> nanoseconds;
  nanoseconds.reserve(sent.size());
  std::thread reader([&] {
    for (uint32_t seen = 0; seen < count;) {
      const uint32_t raised = futex.WaitAbove(seen);
      const int64_t now = Nanoseconds();
      for (; seen < raised; ++seen) {
        nanoseconds.push_back(static_cast<double>(now - sent[seen]));
      }
    }
  });
  Paced(count, per_second, [&](int64_t i, int64_t now) {
    sent[static_cast<std::size_t>(i)] = now;
    futex.Raise();
  });
  reader.join();
  return nanoseconds;
}

}  // namespace

Questions WakeUpQuestions(const Settings& settings) {
  constexpr int64_t kSpinPerSecond = 100'000;
  constexpr int64_t kBlockPerSecond = 10'000;
  const int64_t spins = settings.Amount(200'000, 4);
  const int64_t blocks = settings.Amount(20'000, 4);
  const auto spin = [=](double part) {
    return Figures{Percentile(EndToEnd(spins, kSpinPerSecond, absl::Seconds(1)), part)};
  };
  return {
      {.name = "e2e_spin_p50_ns",
       .unit = "nanoseconds, p50",
       .bar = AtMost(250, 120),
       .measure = [=] { return spin(0.5); },
       .remark = "a memory log; a reader with a spin window; 100,000 records a second"},
      {.name = "slot_spin_p50_ns",
       .unit = "nanoseconds, p50",
       .measure = [=] { return Figures{Percentile(ThroughSlot(spins, kSpinPerSecond), 0.5)}; },
       .remark = "no log: a number that one thread stores and another looks at again and again"},
      {.name = "e2e_spin_p99_ns",
       .unit = "nanoseconds, p99",
       .measure = [=] { return spin(0.99); },
       .remark = "the machine's own pauses are in it"},
      {.name = "e2e_block_p50_vs_futex",
       .unit = "nanoseconds, p50",
       .versus = "a thread that waits on a futex",
       .bar = AtMost(1.3, 1.1),
       .measure =
           [=] {
             return Figures{Median(EndToEnd(blocks, kBlockPerSecond, absl::ZeroDuration())),
                            Median(ThroughFutex(blocks, kBlockPerSecond))};
           },
       .remark = "a memory log; a reader that sleeps in Poll; 10,000 records a second"},
  };
}

}  // namespace eventlog::bench

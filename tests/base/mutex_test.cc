#include "base/mutex.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "absl/time/clock.h"

namespace eventlog::internal {
namespace {

struct Counter {
  Mutex mutex;
  CondVar changed;
  int value ABSL_GUARDED_BY(mutex) = 0;
};

}  // namespace

TEST_CASE("a mutex lets one thread in at a time", "[base]") {
  Counter counter;
  const auto count = [&] {
    for (int i = 0; i < 10000; ++i) {
      MutexLock lock(&counter.mutex);
      ++counter.value;
    }
  };
  std::thread other(count);
  count();
  other.join();
  MutexLock lock(&counter.mutex);
  CHECK(counter.value == 20000);
}

TEST_CASE("a held mutex is not taken by TryLock", "[base]") {
  Mutex mutex;
  const auto try_lock = [&] {
    if (!mutex.TryLock()) return false;
    mutex.Unlock();
    return true;
  };
  bool taken = true;
  {
    MutexLock lock(&mutex);
    std::thread([&] { taken = try_lock(); }).join();
  }
  CHECK_FALSE(taken);
  CHECK(try_lock());
}

TEST_CASE("a waiter is woken and has the mutex again", "[base]") {
  Counter counter;
  std::thread other([&] {
    MutexLock lock(&counter.mutex);
    counter.value = 1;
    counter.changed.NotifyAll();
  });
  {
    MutexLock lock(&counter.mutex);
    while (counter.value == 0) counter.changed.WaitFor(&counter.mutex, absl::InfiniteDuration());
    counter.value = 2;
  }
  other.join();
  MutexLock lock(&counter.mutex);
  CHECK(counter.value == 2);
}

TEST_CASE("a wait ends when its time is over", "[base]") {
  Counter counter;
  MutexLock lock(&counter.mutex);
  counter.changed.WaitFor(&counter.mutex, absl::Milliseconds(1));
  counter.changed.WaitFor(&counter.mutex, -absl::InfiniteDuration());
  CHECK(counter.value == 0);
}

TEST_CASE("all who sleep for a held mutex come in one after the other", "[base]") {
  Counter counter;
  std::vector<std::thread> others;
  {
    MutexLock lock(&counter.mutex);
    for (int i = 0; i < 4; ++i) {
      others.emplace_back([&] {
        MutexLock in(&counter.mutex);
        const int seen = counter.value;
        std::this_thread::yield();
        counter.value = seen + 1;
      });
    }
    absl::SleepFor(absl::Milliseconds(20));
    CHECK(counter.value == 0);
  }
  for (std::thread& other : others) other.join();
  MutexLock lock(&counter.mutex);
  CHECK(counter.value == 4);
}

TEST_CASE("no notification is lost between two who wait for each other", "[base]") {
  constexpr int kTurns = 20000;
  Counter counter;
  const auto take_turns = [&](int mine) {
    for (int i = 0; i < kTurns; ++i) {
      {
        MutexLock lock(&counter.mutex);
        while (counter.value % 2 != mine) counter.changed.Wait(&counter.mutex);
        ++counter.value;
      }
      counter.changed.NotifyOne();
    }
  };
  std::thread other(take_turns, 1);
  take_turns(0);
  other.join();
  MutexLock lock(&counter.mutex);
  CHECK(counter.value == 2 * kTurns);
}

TEST_CASE("each notification of one lets a waiter go on", "[base]") {
  Counter counter;  // of tokens
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([&] {
      MutexLock lock(&counter.mutex);
      while (counter.value == 0) counter.changed.Wait(&counter.mutex);
      --counter.value;
    });
  }
  for (int i = 0; i < 4; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    {
      MutexLock lock(&counter.mutex);
      ++counter.value;
    }
    counter.changed.NotifyOne();
  }
  for (std::thread& waiter : waiters) waiter.join();
  MutexLock lock(&counter.mutex);
  CHECK(counter.value == 0);
}

}  // namespace eventlog::internal

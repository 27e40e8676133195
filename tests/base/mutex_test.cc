#include "base/mutex.h"

#include <catch2/catch.hpp>
#include <thread>

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

}  // namespace eventlog::internal

#include "base/futex.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "eventlog/clock.h"

namespace eventlog::internal {
namespace {

TEST_CASE("nobody sleeps on a word that has changed", "[base]") {
  std::atomic<uint32_t> word{7};
  FutexWait(&word, 6, absl::InfiniteDuration());
  CHECK(word.load() == 7);
}

TEST_CASE("who sleeps on a word wakes after its time", "[base]") {
  std::atomic<uint32_t> word{7};
  const absl::Time before = absl::Now();
  FutexWait(&word, 7, absl::ZeroDuration());
  FutexWait(&word, 7, -absl::InfiniteDuration());
  CHECK(absl::Now() - before < absl::Seconds(5));
  const absl::Duration slept = Clock::System()->Monotonic() + absl::Milliseconds(20);
  while (Clock::System()->Monotonic() < slept) {
    FutexWait(&word, 7, slept - Clock::System()->Monotonic());
  }
  CHECK(word.load() == 7);
}

TEST_CASE("all who sleep on a word are woken", "[base]") {
  std::atomic<uint32_t> word{0};
  std::atomic<int> through{0};
  std::vector<std::thread> sleepers;
  for (int i = 0; i < 4; ++i) {
    sleepers.emplace_back([&] {
      while (word.load() == 0) FutexWait(&word, 0, absl::InfiniteDuration());
      through.fetch_add(1);
    });
  }
  absl::SleepFor(absl::Milliseconds(20));
  CHECK(through.load() == 0);
  word.store(1);
  FutexWakeAll(&word);
  for (std::thread& sleeper : sleepers) sleeper.join();
  FutexWakeOne(&word);  // nobody
  CHECK(through.load() == 4);
}

}  // namespace
}  // namespace eventlog::internal

#include "base/clock_reading.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "eventlog/testing/manual_clock.h"

namespace eventlog::internal {
namespace {

ClockReading Plain(Clock* clock) {
  return {absl::ToUnixMillis(clock->Now()), absl::ToInt64Milliseconds(clock->Monotonic())};
}

bool IsBehind(const ClockReading& reading, const ClockReading& other) {
  return reading.wall_ms < other.wall_ms || reading.monotonic_ms < other.monotonic_ms;
}

// Calls `check` over and over while some twenty milliseconds go by, in each of several threads.
template <typename Check>
int64_t CountFailures(Check check) {
  std::atomic<int64_t> failures{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const absl::Duration start = Clock::System()->Monotonic();
      while (Clock::System()->Monotonic() - start < absl::Milliseconds(20)) {
        for (int n = 0; n < 100; ++n) {
          if (!check()) failures.fetch_add(1);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return failures.load();
}

TEST_CASE("a reading is what the clock said before it and after it", "[base]") {
  Clock* const clock = Clock::System();
  CHECK(CountFailures([clock] {
          const ClockReading before = Plain(clock);
          const ClockReading reading = ReadClock(clock);
          return !IsBehind(reading, before) && !IsBehind(Plain(clock), reading);
        }) == 0);
}

TEST_CASE("a reading is not behind the clock that another thread has read before it", "[base]") {
  Clock* const clock = Clock::System();
  std::atomic<int64_t> newest_ms{0};
  CHECK(CountFailures([&] {
          const int64_t now_ms = Plain(clock).monotonic_ms;
          int64_t newest = newest_ms.load();
          while (newest < now_ms && !newest_ms.compare_exchange_weak(newest, now_ms)) {
          }
          newest = newest_ms.load();
          return ReadClock(clock).monotonic_ms >= newest;
        }) == 0);
}

TEST_CASE("readings follow the clock while nothing else does", "[base]") {
  Clock* const clock = Clock::System();
  const ClockReading start = ReadClock(clock);
  ClockReading last = start;
  while (last.monotonic_ms < start.monotonic_ms + 20) {
    const ClockReading reading = ReadClock(clock);
    REQUIRE(reading.monotonic_ms >= last.monotonic_ms);
    last = reading;
  }
  CHECK_FALSE(IsBehind(last, start));
}

TEST_CASE("a clock moved by hand is read each time", "[base]") {
  ManualClock clock;
  const ClockReading start = ReadClock(&clock);
  for (int i = 1; i <= 100; ++i) {
    clock.Advance(absl::Milliseconds(1));
    const ClockReading reading = ReadClock(&clock);
    REQUIRE(reading.wall_ms == start.wall_ms + i);
    REQUIRE(reading.monotonic_ms == start.monotonic_ms + i);
  }
  clock.SetWall(absl::FromUnixMillis(1234));
  CHECK(ReadClock(&clock).wall_ms == 1234);
}

TEST_CASE("two clocks that are read in turn keep apart", "[base]") {
  ManualClock manual;
  manual.SetWall(absl::FromUnixMillis(1234));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(ReadClock(&manual).wall_ms == 1234);
    REQUIRE(ReadClock(Clock::System()).wall_ms > 1234);
  }
}

TEST_CASE("a reading rounds down", "[base]") {
  ManualClock clock;
  clock.SetWall(absl::FromUnixMillis(1000) + absl::Nanoseconds(999'999));
  CHECK(ReadClock(&clock).wall_ms == 1000);
  clock.SetWall(absl::FromUnixMillis(-1) + absl::Nanoseconds(1));
  CHECK(ReadClock(&clock).wall_ms == -1);
}

}  // namespace
}  // namespace eventlog::internal

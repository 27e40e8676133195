#include "eventlog/testing/manual_clock.h"

#include <catch2/catch.hpp>
#include <thread>

namespace eventlog {

TEST_CASE("a manual clock starts in the year 2000 and stands still", "[testing]") {
  ManualClock clock;
  CHECK(clock.IsManual());
  CHECK(clock.Now() == absl::FromUnixSeconds(946684800));
  CHECK(clock.Monotonic() == absl::ZeroDuration());
}

TEST_CASE("a manual clock moves forward on both sides and never back", "[testing]") {
  ManualClock clock;
  const absl::Time start = clock.Now();
  clock.Advance(absl::Seconds(5));
  CHECK(clock.Now() - start == absl::Seconds(5));
  CHECK(clock.Monotonic() == absl::Seconds(5));
  clock.AdvanceTo(absl::Seconds(7));
  CHECK(clock.Now() - start == absl::Seconds(7));
  CHECK(clock.Monotonic() == absl::Seconds(7));
  clock.AdvanceTo(absl::Seconds(6));
  clock.Advance(-absl::Seconds(1));
  CHECK(clock.Now() - start == absl::Seconds(7));
  CHECK(clock.Monotonic() == absl::Seconds(7));
}

TEST_CASE("a wall clock that jumps leaves monotonic time alone", "[testing]") {
  ManualClock clock;
  clock.Advance(absl::Seconds(1));
  clock.SetWall(absl::UnixEpoch());
  CHECK(clock.Now() == absl::UnixEpoch());
  CHECK(clock.Monotonic() == absl::Seconds(1));
  clock.Advance(absl::Seconds(1));
  CHECK(clock.Now() == absl::FromUnixSeconds(1));
}

TEST_CASE("threads that advance a manual clock add up", "[testing]") {
  ManualClock clock;
  const auto advance = [&] {
    for (int i = 0; i < 1000; ++i) clock.Advance(absl::Milliseconds(1));
  };
  std::thread other(advance);
  advance();
  other.join();
  CHECK(clock.Monotonic() == absl::Seconds(2));
}

}  // namespace eventlog

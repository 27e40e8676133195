#include "base/log_time.h"

#include <catch2/catch.hpp>

#include "eventlog/testing/manual_clock.h"

namespace eventlog::internal {
namespace {

TEST_CASE("the log's time goes on from the wall time of its opening", "[base]") {
  ManualClock clock;
  clock.SetWall(absl::FromUnixMillis(1'000'000));
  clock.Advance(absl::Seconds(5));
  const LogTime time(&clock);
  CHECK(time.NowMs() == 1'005'000);
  clock.Advance(absl::Milliseconds(1234));
  CHECK(time.NowMs() == 1'006'234);
}

TEST_CASE("a wall clock that jumps does not move the log's time", "[base]") {
  ManualClock clock;
  const LogTime time(&clock);
  const int64_t before_ms = time.NowMs();
  const absl::Time wall = clock.Now();
  clock.SetWall(wall + absl::Hours(10 * 365 * 24));
  CHECK(time.NowMs() == before_ms);
  clock.SetWall(wall - absl::Hours(10 * 365 * 24));
  clock.Advance(absl::Seconds(1));
  CHECK(time.NowMs() == before_ms + 1000);
}

}  // namespace
}  // namespace eventlog::internal

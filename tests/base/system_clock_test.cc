#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "eventlog/clock.h"

namespace eventlog {

TEST_CASE("the system's clock runs by itself and tells the time of day", "[base]") {
  Clock* const clock = Clock::System();
  CHECK(clock == Clock::System());
  CHECK_FALSE(clock->IsManual());
  CHECK(absl::AbsDuration(clock->Now() - absl::FromChrono(std::chrono::system_clock::now())) <
        absl::Minutes(1));

  const absl::Duration before = clock->Monotonic();
  clock->AdvanceTo(before + absl::Hours(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const absl::Duration passed = clock->Monotonic() - before;
  CHECK(passed >= absl::Milliseconds(2));
  CHECK(passed < absl::Minutes(10));
}

}  // namespace eventlog

// Clock::System(): the kernel's clocks, to the nanosecond.
#include <time.h>

#include "base/assert.h"
#include "eventlog/clock.h"

namespace eventlog::inline v1 {
namespace {

timespec Read(clockid_t clock) {
  timespec now;
  EVENTLOG_ASSERT(clock_gettime(clock, &now) == 0);
  return now;
}

class SystemClock final : public Clock {
 public:
  absl::Time Now() override { return absl::TimeFromTimespec(Read(CLOCK_REALTIME)); }
  absl::Duration Monotonic() override { return absl::DurationFromTimespec(Read(CLOCK_MONOTONIC)); }
};

}  // namespace

Clock* Clock::System() {
  static Clock* const clock = new SystemClock;
  return clock;
}

}  // namespace eventlog::inline v1

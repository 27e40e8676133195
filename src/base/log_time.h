// The time by which a log ages what it holds: the wall time at which it was opened, and what has
// passed since by the monotonic clock. A wall clock that is set meanwhile does not move it.
#pragma once

#include <cstdint>

#include "base/clock_reading.h"
#include "eventlog/clock.h"

namespace eventlog::inline v1::internal {

// When records are appended.
struct AppendTime {
  int64_t wall_ms = 0;  // the timestamp of those that bring none
  int64_t log_ms = 0;   // by the log's time
};

// Thread-safe.
class LogTime {
 public:
  explicit LogTime(Clock* clock) : clock_(clock), opened_(ReadClock(clock)) {}

  Clock* clock() const { return clock_; }
  AppendTime Now() const {
    const ClockReading now = ReadClock(clock_);
    return {now.wall_ms, opened_.wall_ms + now.monotonic_ms - opened_.monotonic_ms};
  }
  // Unix time; never falls.
  int64_t NowMs() const { return Now().log_ms; }

 private:
  Clock* const clock_;
  const ClockReading opened_;
};

}  // namespace eventlog::inline v1::internal

// The wall clock and the monotonic clock in one reading, to the millisecond: what every append
// asks for.
#pragma once

#include <cstdint>

#include "eventlog/clock.h"

namespace eventlog::inline v1::internal {

struct ClockReading {
  int64_t wall_ms = 0;       // Unix time
  int64_t monotonic_ms = 0;  // since the clock's fixed moment
};

// What clock->Now() and clock->Monotonic() say in milliseconds, both rounded down. The system's
// clock is not asked while the processor's counter proves that neither would say anything else; a
// wall clock that is set is noticed within a millisecond. Thread-safe.
ClockReading ReadClock(Clock* clock);

}  // namespace eventlog::inline v1::internal

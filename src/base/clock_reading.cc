// Invariant: a reading is kept for less than what was left of its milliseconds when it was taken.
// How long that is by the processor's counter is underestimated throughout: too low an estimate
// costs a look at the clock, too high a one would be a timestamp that is wrong.
#include "base/clock_reading.h"

#include <algorithm>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace eventlog::inline v1::internal {
namespace {

#if defined(__x86_64__)
uint64_t Ticks() { return __rdtsc(); }

// "Invariant TSC": at one rate, whatever the processor's frequency and sleep.
bool TicksAreEven() {
  static const bool even = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
  }();
  return even;
}
#else
uint64_t Ticks() { return 0; }
bool TicksAreEven() { return false; }
#endif

// The end of each millisecond is left to the clock: the counters of two processors do not differ
// by as much, nor does a processor read its counter ahead of what comes before by as much.
constexpr absl::Duration kSpare = absl::Microseconds(10);
// Two looks at the clock so far apart say how fast the counter is.
constexpr absl::Duration kShortestSpan = absl::Milliseconds(1);
// Clocks are slewed, by up to a tenth.
constexpr double kCertain = 7.0 / 8;

// What a thread knows of the system's clock.
struct Kept {
  Clock* clock = nullptr;  // null: nothing yet
  ClockReading reading;
  uint64_t read_at = 0;      // the counter before the reading
  uint64_t valid_ticks = 0;  // and for how long from then on the reading is still the right one

  // A look at the clock, and the counter after it.
  absl::Time span_start_wall = absl::UnixEpoch();
  absl::Duration span_start_monotonic;
  uint64_t span_start = 0;
  // Ticks in a nanosecond, at least, by the last two spans. The lower one counts: a counter that
  // jumped spoils one of them.
  double rate = 0;
  double rate_before = 0;
};

thread_local constinit Kept kept;

void Calibrate(uint64_t ticks_before, absl::Time wall, absl::Duration monotonic,
               uint64_t ticks_after) {
  // The longer one: the monotonic clock does not count a machine's sleep, the wall clock is set.
  const absl::Duration span =
      std::max(wall - kept.span_start_wall, monotonic - kept.span_start_monotonic);
  if (span < kShortestSpan) return;
  kept.rate_before = kept.rate;
  kept.rate =
      ticks_before <= kept.span_start
          ? 0
          : static_cast<double>(ticks_before - kept.span_start) / absl::ToDoubleNanoseconds(span);
  kept.span_start_wall = wall;
  kept.span_start_monotonic = monotonic;
  kept.span_start = ticks_after;
}

uint64_t CertainTicks(absl::Duration left) {
  if (left <= kSpare) return 0;
  const double rate = kCertain * std::min(kept.rate, kept.rate_before);
  return static_cast<uint64_t>(absl::ToDoubleNanoseconds(left - kSpare) * rate);
}

ClockReading Look(Clock* clock) {
  const bool keep = clock == Clock::System() && TicksAreEven();
  const uint64_t before = keep ? Ticks() : 0;
  const absl::Time wall = clock->Now();
  const absl::Duration monotonic = clock->Monotonic();
  const ClockReading reading = {absl::ToUnixMillis(wall), absl::ToInt64Milliseconds(monotonic)};
  if (!keep) return reading;
  Calibrate(before, wall, monotonic, Ticks());
  const absl::Duration left = std::min(absl::FromUnixMillis(reading.wall_ms + 1) - wall,
                                       absl::Milliseconds(reading.monotonic_ms + 1) - monotonic);
  kept.clock = clock;
  kept.reading = reading;
  kept.read_at = before;
  kept.valid_ticks = CertainTicks(left);
  return reading;
}

}  // namespace

ClockReading ReadClock(Clock* clock) {
  // A counter that was set back is a very large difference.
  if (clock == kept.clock && Ticks() - kept.read_at < kept.valid_ticks) return kept.reading;
  return Look(clock);
}

}  // namespace eventlog::inline v1::internal

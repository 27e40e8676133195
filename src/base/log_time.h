// The time by which a log ages what it holds: the wall time at which it was opened, and what has
// passed since by the monotonic clock. A wall clock that is set meanwhile does not move it.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "eventlog/clock.h"

namespace eventlog::inline v1::internal {

// Thread-safe.
class LogTime {
 public:
  explicit LogTime(Clock* clock)
      : clock_(clock), opened_(clock->Monotonic()), opened_ms_(absl::ToUnixMillis(clock->Now())) {}

  // Unix time; never falls.
  int64_t NowMs() const {
    return opened_ms_ + absl::ToInt64Milliseconds(clock_->Monotonic() - opened_);
  }

 private:
  Clock* const clock_;
  const absl::Duration opened_;
  const int64_t opened_ms_;
};

}  // namespace eventlog::inline v1::internal

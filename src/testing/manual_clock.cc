#include "eventlog/testing/manual_clock.h"

#include <algorithm>

#include "base/mutex.h"

namespace eventlog::inline v1 {

struct ManualClock::State {
  internal::Mutex mutex;
  absl::Time wall ABSL_GUARDED_BY(mutex) = absl::FromCivil(absl::CivilSecond(2000, 1, 1),
                                                           absl::UTCTimeZone());
  absl::Duration monotonic ABSL_GUARDED_BY(mutex) = absl::ZeroDuration();

  void MoveBy(absl::Duration by) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    by = std::max(by, absl::ZeroDuration());
    wall += by;
    monotonic += by;
  }
};

ManualClock::ManualClock() : state_(std::make_unique<State>()) {}
ManualClock::~ManualClock() = default;

absl::Time ManualClock::Now() {
  internal::MutexLock lock(&state_->mutex);
  return state_->wall;
}

absl::Duration ManualClock::Monotonic() {
  internal::MutexLock lock(&state_->mutex);
  return state_->monotonic;
}

void ManualClock::AdvanceTo(absl::Duration monotonic) {
  internal::MutexLock lock(&state_->mutex);
  state_->MoveBy(monotonic - state_->monotonic);
}

void ManualClock::Advance(absl::Duration by) {
  internal::MutexLock lock(&state_->mutex);
  state_->MoveBy(by);
}

void ManualClock::SetWall(absl::Time now) {
  internal::MutexLock lock(&state_->mutex);
  state_->wall = now;
}

}  // namespace eventlog::inline v1

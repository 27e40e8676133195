#include "base/gate.h"

#include "eventlog/clock.h"

namespace eventlog::inline v1::internal {

absl::Status Gate::Refuse() {
  Leave();
  MutexLock lock(&mutex_);
  return why_;
}

void Gate::NotifyLeft() {
  MutexLock lock(&mutex_);
  left_.NotifyAll();
}

bool Gate::Shut(const absl::Status& why, absl::Duration timeout) {
  MutexLock lock(&mutex_);
  why_ = why;
  if (state_.load() < kShut) state_.fetch_add(kShut);
  open_.store(false);
  const absl::Duration start = Clock::System()->Monotonic();
  while (state_.load() != kShut) {
    const absl::Duration waited = Clock::System()->Monotonic() - start;
    if (waited >= timeout) return false;
    left_.WaitFor(&mutex_, timeout - waited);
  }
  return true;
}

void Gate::Open() {
  MutexLock lock(&mutex_);
  if (state_.load() >= kShut) state_.fetch_sub(kShut);
  open_.store(true);
}

}  // namespace eventlog::inline v1::internal

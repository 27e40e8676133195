#include "base/gate.h"

#include <chrono>

namespace eventlog::inline v1::internal {

absl::Status Gate::Enter() {
  if (state_.fetch_add(1) < kShut) return absl::OkStatus();
  Leave();
  MutexLock lock(&mutex_);
  return why_;
}

void Gate::Leave() {
  if (state_.fetch_sub(1) != kShut + 1) return;
  MutexLock lock(&mutex_);
  left_.NotifyAll();
}

bool Gate::Shut(const absl::Status& why, absl::Duration timeout) {
  MutexLock lock(&mutex_);
  why_ = why;
  if (state_.load() < kShut) state_.fetch_add(kShut);
  const auto start = std::chrono::steady_clock::now();
  while (state_.load() != kShut) {
    const absl::Duration waited = absl::FromChrono(std::chrono::steady_clock::now() - start);
    if (waited >= timeout) return false;
    left_.WaitFor(&mutex_, timeout - waited);
  }
  return true;
}

void Gate::Open() {
  MutexLock lock(&mutex_);
  if (state_.load() >= kShut) state_.fetch_sub(kShut);
}

}  // namespace eventlog::inline v1::internal

#include "base/health.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace eventlog::inline v1::internal {

absl::Status Health::Poison(Failure failure, const absl::Status& cause) {
  {
    MutexLock lock(&mutex_);
    if (failure_ == Failure::kNone) cause_ = cause;
    failure_ = std::max(failure_, failure);
    poisoned_.store(true, std::memory_order_release);
  }
  return PoisonedError();
}

Health::Failure Health::failure() const {
  MutexLock lock(&mutex_);
  return failure_;
}

void Health::Clear() {
  MutexLock lock(&mutex_);
  failure_ = Failure::kNone;
  cause_ = absl::OkStatus();
  poisoned_.store(false, std::memory_order_release);
}

absl::Status Health::PoisonedError() const {
  MutexLock lock(&mutex_);
  return MakeError(ErrorReason::kPoisoned,
                   "the log stopped after a failed write or sync (Log::Reopen recovers it): " +
                       std::string(cause_.message()));
}

}  // namespace eventlog::inline v1::internal

#include "client/log_core.h"

#include "base/error.h"
#include "base/text.h"

namespace eventlog::inline v1::internal {

absl::Status ClosedError(std::string_view what) {
  return MakeError(ErrorReason::kClosed, std::string(what) + " is closed");
}

void LogCore::TellObserver() {
  if (health_.poisoned() && !poisoning_told_.exchange(true)) {
    events_.Push({.kind = LogEvent::Kind::kPoisoned,
                  .message = std::string(ToStd(health_.Check().message()))});
  }
  events_.Deliver();
}

Call::Call(LogCore* core) : core_(core) {
  if (core_ == nullptr) {
    status_ = ClosedError("the handle");
  } else if (core_->fork_guard().Forked()) {
    status_ = MakeError(ErrorReason::kForked, "the log was opened by the parent of this process");
  } else {
    status_ = core_->gate()->Enter();
  }
}

Call::~Call() {
  if (!status_.ok()) return;
  core_->gate()->Leave();
  core_->TellObserver();
}

}  // namespace eventlog::inline v1::internal

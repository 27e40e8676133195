#include "client/log_core.h"

#include "base/error.h"

namespace eventlog::inline v1::internal {

absl::Status ClosedError(std::string_view what) {
  return MakeError(ErrorReason::kClosed, std::string(what) + " is closed");
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
  core_->events()->Deliver();
}

}  // namespace eventlog::inline v1::internal

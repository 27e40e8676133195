#include "client/log_core.h"

#include "base/error.h"
#include "base/text.h"

namespace eventlog::inline v1::internal {

absl::Status ClosedError(std::string_view what) {
  return MakeError(ErrorReason::kClosed, std::string(what) + " is closed");
}

void LogCore::PushPoisoned() {
  if (poisoning_told_.exchange(true)) return;
  events_.Push({.kind = LogEvent::Kind::kPoisoned,
                .message = std::string(ToStd(health_.Check().message()))});
}

absl::Status Call::Refusal() const {
  if (core_ == nullptr) return ClosedError("the handle");
  return MakeError(ErrorReason::kForked, "the log was opened by the parent of this process");
}

}  // namespace eventlog::inline v1::internal

#include "cli/result.h"

#include "eventlog/errors.h"

namespace eventlog::inline v1::cli {

std::string Describe(const absl::Status& status) {
  const ErrorReason reason = ReasonOf(status);
  const std::string name = reason == ErrorReason::kNone
                               ? std::string(absl::StatusCodeToString(status.code()))
                               : std::string(ErrorReasonName(reason));
  std::string text = name + ": " + std::string(status.message());
  if (reason == ErrorReason::kLocked) {
    text +=
        "; end that process, or use what works beside it: topic list, topic describe, group list, "
        "group describe, stats, verify, dump, and consume without --group and --follow";
  }
  return text;
}

int ExitCodeOf(const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status)) return kExitGood;
  if (!absl::IsInvalidArgument(status)) return kExitFailed;
  switch (ReasonOf(status)) {
    case ErrorReason::kNone:
    case ErrorReason::kInvalidOption:
    case ErrorReason::kInvalidTopicName:
      return kExitUsage;
    default:
      return kExitFailed;
  }
}

absl::Status WithContext(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  absl::Status result(status.code(), std::string(context) + ": " + std::string(status.message()));
  status.ForEachPayload(
      [&](auto url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  return result;
}

}  // namespace eventlog::inline v1::cli

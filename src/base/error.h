// Builds every Status of the library: a code for control flow, a reason for telling cases apart, a
// message for people. The public readers are in eventlog/errors.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "eventlog/errors.h"
#include "eventlog/status_macros.h"

namespace eventlog::inline v1::internal {

// The code that goes with a reason, as errors.h groups them.
absl::StatusCode CodeOf(ErrorReason reason);

// A Status of CodeOf(reason).
absl::Status MakeError(ErrorReason reason, std::string_view message);
// A Status without a reason, for the few that have none.
absl::Status MakeError(absl::StatusCode code, std::string_view message);

// The same Status with more said about it; OK and Statuses without payload are fine.
absl::Status WithActualOffset(absl::Status status, int64_t offset);
absl::Status WithFailedIndex(absl::Status status, std::size_t index);
// The same in memory of its own, for another thread: a Status is counted inside Abseil, and where
// Abseil is built without ThreadSanitizer that does not see that the counts keep order.
absl::Status OwnCopy(const absl::Status& status);
// "`context`: message", code and payloads kept.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// What a failed system call means: ENOSPC, EDQUOT, EFBIG kDiskFull; ENOENT NotFound; EEXIST
// AlreadyExists; EACCES, EPERM, EROFS PermissionDenied; EMFILE, ENFILE, ENOMEM ResourceExhausted;
// anything else, EIO first, Internal. Never UNKNOWN.
absl::Status ErrnoError(int error_number, std::string_view call, std::string_view path);

inline bool IsDiskFull(const absl::Status& status) {
  return ReasonOf(status) == ErrorReason::kDiskFull;
}

}  // namespace eventlog::inline v1::internal

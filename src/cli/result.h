// How a command ends: its exit code, and what it says on standard error.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace eventlog::inline v1::cli {

inline constexpr int kExitGood = 0;
inline constexpr int kExitFailed = 1;  // damage, or the command did not do what was asked
inline constexpr int kExitUsage = 2;   // the command line cannot be meant

// "CORRUPT_DATA: message": the reason's name, or for a Status without one its code's. Says what to
// do about a locked log.
std::string Describe(const absl::Status& status);
// The exit code for an error: kExitUsage for what the command line got wrong, kExitGood for the
// end of output that nobody reads any more (Cancelled), else kExitFailed.
int ExitCodeOf(const absl::Status& status);
// The same Status, its message after "`context`: ".
absl::Status WithContext(const absl::Status& status, std::string_view context);

}  // namespace eventlog::inline v1::cli

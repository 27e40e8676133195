// LogOptions, checked and with every default filled in.
#pragma once

#include "absl/status/status.h"
#include "eventlog/options.h"

namespace eventlog::inline v1::internal {

// InvalidArgument (kInvalidOption): lists everything that is wrong. Changes nothing then.
absl::Status ResolveOptions(LogOptions* options);

}  // namespace eventlog::inline v1::internal

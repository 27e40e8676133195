// What `dump` prints of a segment file.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/output.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::cli {

// Prints the file's header and every batch of it, good or not, and with `records` every record.
// Returns the exit code: kExitFailed when something is damaged.
absl::StatusOr<int> DumpSegment(File* file, const std::string& path, bool records, Output* output);

}  // namespace eventlog::inline v1::cli

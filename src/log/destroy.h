// Deleting a log that nobody has open.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::internal {

// Removes the files that a log made and, when nothing else is in it, the directory. NotFound
// (kDirectoryNotFound), FailedPrecondition (kLocked; not a log), PermissionDenied.
absl::Status DestroyLog(FileSystem* file_system, const std::string& directory);

}  // namespace eventlog::inline v1::internal

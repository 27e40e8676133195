// Small whole files that are replaced atomically: the one way to rename in this library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::internal {

// Writes `bytes` to `path` + ".tmp", syncs it, renames it over `path` and syncs the directory. On
// an error the old file is still there, whole; after an error of the last step either may be. One
// caller at a time for one path.
absl::Status ReplaceFile(FileSystem* file_system, const std::string& path, std::string_view bytes);

// Renames `from`, synced before, over `to` in the same directory and syncs that. After an error
// either file may be there, never neither.
absl::Status DurableRename(FileSystem* file_system, const std::string& from, const std::string& to);

// The whole file. NotFound; DataLoss (kCorruptData) when it is larger than max_bytes.
absl::StatusOr<std::string> ReadWholeFile(FileSystem* file_system, const std::string& path,
                                          int64_t max_bytes);

// Creates `path` and what is missing above it, and syncs the parent of each directory it made (and
// of one it found, if it may: a process killed half-way through this function may have made it).
// OK when something is there already, of whatever kind.
absl::Status CreateDirectories(FileSystem* file_system, const std::string& path);

// Removes a file that may be missing.
absl::Status RemoveIfExists(FileSystem* file_system, const std::string& path);

// "a/b" of "a/b/c" and of "a/b/c/"; "." of "c"; "/" of "/c" and of "/".
std::string ParentDirectory(const std::string& path);

}  // namespace eventlog::inline v1::internal

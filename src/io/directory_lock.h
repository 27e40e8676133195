// One opener per directory: the lock behind FileSystem::LockDirectory of the POSIX file system.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::internal {

// As FileSystem::LockDirectory says.
absl::StatusOr<std::unique_ptr<File>> LockPosixDirectory(const std::string& path);

// Who has the directory locked, for a message: "process 4711" or "another process"; nullopt:
// nobody. Takes nothing and changes nothing, and the answer may be old when it is there. NotFound:
// there is no such directory; PermissionDenied.
absl::StatusOr<std::optional<std::string>> FindPosixLockHolder(const std::string& path);

// "NFS" and its like by the f_type of statfs(2); empty for a file system that one machine has for
// itself.
std::string_view NetworkFileSystemName(int64_t statfs_type);

}  // namespace eventlog::inline v1::internal

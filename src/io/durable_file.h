// Small whole files that are replaced atomically: the one way to rename in this library. Invariant
// of ReplacedFile: a file is overwritten only while every name that a crash could give it back is
// one that counts for nothing.
#pragma once

#include <cstdint>
#include <memory>
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

// A file that is replaced again and again, and must be on a disk that is full to the last page:
// after each replacement there is a spare, `path` + ".tmp", with the space for one of the same
// size. It is the file that was replaced last: its space is never given back to be taken by others.
class ReplacedFile {
 public:
  ReplacedFile(FileSystem* file_system, std::string path);

  // As ReplaceFile does it, first into the spare. ResourceExhausted (kDiskFull): the old file is
  // there and the spare too. One caller at a time.
  absl::Status Replace(std::string_view bytes);

 private:
  absl::StatusOr<std::unique_ptr<File>> OpenSpare();
  absl::Status WriteSpare(std::string_view bytes);
  void KeepSpare(bool linked, int64_t bytes);

  FileSystem* const file_system_;
  const std::string path_;
  const std::string spare_;     // its name
  const std::string replaced_;  // the last one's, between its old name and the spare's
  bool has_spare_ = false;      // made here: what another process left may be anything
};

// Removes what a ReplacedFile of that path has beside it, be it half-way.
absl::Status RemoveSpares(FileSystem* file_system, const std::string& path);

// Renames `from`, synced before, over `to` in the same directory and syncs that. After an error
// either file may be there, never neither; it is never kDiskFull when it may be the new one.
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

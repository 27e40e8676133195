// The file system as the log sees it; replaceable, so that a test can fill, break or forget it.
// eventlog/testing/memory_file_system.h has one in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace eventlog::inline v1 {

// One open file. Offsets and sizes are bytes. ReadAt, WriteAt and SyncData may run at once from
// several threads, on different ranges; the log never reads a range while it writes it. Every
// method may block on the device. Destroying it closes, and syncs nothing.
//
// Errors of every method: Internal (input or output error), ResourceExhausted (kDiskFull; other
// limits of the system), PermissionDenied (a change of a file that was opened with kReadOnly).
// Interrupted and short system calls are completed inside.
class File {
 public:
  virtual ~File() = default;

  // Reads up to `to.size()` bytes at `offset` and returns how many: fewer only where the file ends,
  // 0 at its end and beyond.
  [[nodiscard]] virtual absl::StatusOr<std::size_t> ReadAt(int64_t offset, absl::Span<char> to) = 0;

  // Writes `pieces` one after another at `offset`, all of them; the file grows as needed, and a gap
  // reads as zero. Not durable before SyncData. After an error any part may have been written.
  [[nodiscard]] virtual absl::Status WriteAt(int64_t offset,
                                             absl::Span<const std::string_view> pieces) = 0;

  // Reserves disk space for [offset, offset + bytes) and grows the file to hold it: a later write
  // there does not fail for lack of space. New bytes read as zero. Never changes a byte that the
  // file has; where the system cannot reserve, only what lies beyond the file's end is reserved, by
  // writing zeros. After an error the file's size may have changed, its contents have not.
  [[nodiscard]] virtual absl::Status Allocate(int64_t offset, int64_t bytes) = 0;

  // Sets the size: cuts what lies beyond, or grows with zeros. Not durable before SyncData.
  [[nodiscard]] virtual absl::Status Truncate(int64_t bytes) = 0;

  // fdatasync(2): returns when contents and size are on the device. Covers what was written before
  // the call through any File of the same file. After an error nothing is known of what was
  // unsynced, and a second call that succeeds proves nothing.
  [[nodiscard]] virtual absl::Status SyncData() = 0;

  // Bytes from the start to the end, allocated space included.
  [[nodiscard]] virtual absl::StatusOr<int64_t> Size() = 0;

  // Makes later reads of synced bytes come from the device instead of a cache, as far as the system
  // can: a check of what is really there. Changes nothing else.
  [[nodiscard]] virtual absl::Status DropCache() = 0;

  // Maps the first `bytes` of the file, shared and writable, until the File is destroyed; a forked
  // child does not have the mapping. At most once for one File.
  // FailedPrecondition: a second time, or a file that is shorter. Unimplemented: this file system
  // cannot, or a store could find no space there; the log does without.
  [[nodiscard]] virtual absl::StatusOr<absl::Span<char>> MapShared(int64_t bytes) = 0;
};

// Files by path. Thread-safe; every method may block on the device. Must outlive every Log that was
// given it, and every File it opened.
//
// Errors of every method: NotFound, AlreadyExists, PermissionDenied, ResourceExhausted (kDiskFull;
// too many open files), Internal (input or output error); FailedPrecondition: what the path leads
// to is of the wrong kind (a directory where a file is wanted or the reverse, a symbolic link where
// OpenFile wants a file) or a directory is not empty.
class FileSystem {
 public:
  // What OpenFile wants to find.
  enum class Open {
    kExisting,   // reading and writing; NotFound when missing
    kReadOnly,   // reading; NotFound when missing
    kCreateNew,  // reading and writing; AlreadyExists when there. Not durable before SyncDirectory
  };
  virtual ~FileSystem() = default;

  // Opens a regular file, as `how` says. A symbolic link in the last place is not followed.
  [[nodiscard]] virtual absl::StatusOr<std::unique_ptr<File>> OpenFile(const std::string& path,
                                                                       Open how) = 0;

  // One level: the parent exists. AlreadyExists when there is anything of that name. Not durable
  // before SyncDirectory of the parent.
  [[nodiscard]] virtual absl::Status CreateDirectory(const std::string& path) = 0;

  // Names, without path, in no order.
  [[nodiscard]] virtual absl::StatusOr<std::vector<std::string>> List(
      const std::string& directory) = 0;

  // Replaces `to` when it exists, atomically. Open Files stay open, under either name. Durable only
  // after SyncDirectory, of both parents when they differ.
  [[nodiscard]] virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;

  // A second name for the same file (a snapshot's). AlreadyExists. Not durable before
  // SyncDirectory.
  [[nodiscard]] virtual absl::Status Link(const std::string& from, const std::string& to) = 0;

  // Removes a file or an empty directory. A file that is open stays readable until it is closed.
  // Durable only after SyncDirectory.
  [[nodiscard]] virtual absl::Status Remove(const std::string& path) = 0;

  // Makes the names in `path` durable: what was created, renamed, linked or removed there.
  [[nodiscard]] virtual absl::Status SyncDirectory(const std::string& path) = 0;

  // Takes the directory for one opener, against every process and this one, until the returned File
  // is destroyed; a forked child does not inherit it. The File is only held: its methods answer
  // FailedPrecondition. Does not wait for a holder. FailedPrecondition: kLocked (names the holder's
  // pid), kNotOnThisFileSystem (NFS and its like), not a directory; PermissionDenied: not writable,
  // writable by everyone, or owned by someone else.
  [[nodiscard]] virtual absl::StatusOr<std::unique_ptr<File>> LockDirectory(
      const std::string& path) = 0;

  // The operating system's. Files are made with mode 0600, directories with 0700; no descriptor
  // passes exec(2). The lock is kept in a file "lock" in the directory, which stays there. Never
  // null, never destroyed.
  static FileSystem* Posix();
};

}  // namespace eventlog::inline v1

// The open descriptors of one log, bounded: files are opened when first used and closed when others
// need their place. To close a dirty one takes a sync, so there may be more of these, up to a bound
// of their own. Invariants:
// - A descriptor with unsynced bytes is synced before it is closed.
// - A sync that failed is never forgotten: later Syncs of that path fail with it too.
// - A file that somebody holds is neither closed nor called clean: its holder may be between
//   MarkDirty and the write.
// - No fdatasync runs under the mutex; at most one runs per path, and a Sync of that path waits for
//   it instead of answering early.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::internal {

// Thread-safe. What every call costs does not rise with the number of open files.
class FileCache {
 public:
  // `max_dirty_files`: more than max_open_files are open while so many or fewer are, all dirty.
  FileCache(FileSystem* file_system, std::size_t max_open_files, std::size_t max_dirty_files);
  FileCache(FileSystem* file_system, std::size_t max_open_files)
      : FileCache(file_system, max_open_files, max_open_files) {}

  // The file, opened for reading and writing if it is not open yet. Hold it for one operation, not
  // for long: a held file cannot be closed and counts beyond the bound. When a dirty descriptor has
  // to make room and its sync fails, that is answered by the Syncs of its own path.
  absl::StatusOr<std::shared_ptr<File>> Open(const std::string& path);
  // Creates it (AlreadyExists) and holds it open.
  absl::StatusOr<std::shared_ptr<File>> Create(const std::string& path);

  // Says that `path` has bytes that no sync covers yet. Call before the write, holding the file.
  void MarkDirty(const std::string& path);
  // Syncs `path` if it is dirty; OK at once when it is clean. Covers every write that ended before
  // the call. When somebody holds the file meanwhile it stays dirty, for the next Sync.
  absl::Status Sync(const std::string& path);
  // True as well while it is being synced, and after a sync that failed.
  bool IsDirty(const std::string& path) const;
  // Closes it without a sync (once nobody holds it): it is to be removed, or its fate is decided
  // elsewhere (recovery). Forgets its failures too.
  void Forget(const std::string& path);
  // Forget for all of them.
  void ForgetAll();

  FileSystem* file_system() const { return file_system_; }
  std::size_t open_files() const;

 private:
  struct Entry;
  using Named = std::pair<const std::string, Entry>;
  using Recent = std::list<Named*>;  // last used first
  struct Entry {
    std::shared_ptr<File> file;  // null: closed; the entry is here for its failure or its dirt
    bool dirty = false;
    bool syncing = false;                     // a thread is in SyncData, without the mutex
    absl::Status failure = absl::OkStatus();  // of an earlier sync; sticky
    Recent* recent = nullptr;                 // the list that it is in; null: it is closed
    Recent::iterator used = {};
  };
  std::shared_ptr<File> Find(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Insert(const std::string& path, std::shared_ptr<File> file)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Closes files until there is a place for one more, or all are held. Gives the mutex up while it
  // syncs.
  void MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Syncs the victim and closes it. False: there is none.
  bool CloseVictim() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Where the process has no descriptor left, those of dirty files are given up as well.
  absl::StatusOr<std::shared_ptr<File>> OpenNew(const std::string& path, FileSystem::Open how)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool IsClean(const Entry& entry) { return !entry.dirty || !entry.failure.ok(); }
  // Puts an open file first in the list where it belongs.
  void Use(Named* named) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes it out of its list.
  void Leave(Entry* entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::size_t open_count() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return clean_.size() + dirty_.size();
  }
  // What to close next: the file that was not used for longest, a clean one if there is one. Null:
  // all are held.
  const Named* Victim() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Gives the mutex up while it syncs.
  absl::Status SyncEntry(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseUnlessUsed(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem* const file_system_;
  const std::size_t max_open_files_;
  const std::size_t max_dirty_files_;
  mutable Mutex mutex_;
  CondVar sync_ended_;
  std::unordered_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  Recent clean_ ABSL_GUARDED_BY(mutex_);  // the open ones, each in one of the two
  Recent dirty_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal

// The files of the journal: created whole, reused, never shrunk. Each is filled with zeros and
// synced before use, so that a group's sync changes contents only, no file size and no extents.
// Beside them lies a reserve as large as they are together: what is only in the journal needs that
// much again when it is recovered into segments.
//
// Invariants:
// - the current file is the only one written;
// - a file is in the journal's list, durably and with its size, before it is used;
// - a file is free exactly when its last group lies below the start of a durable checkpoint (R4);
// - a file with unsynced bytes is synced before it is left for another (R3).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "base/uuid.h"
#include "eventlog/file_system.h"
#include "format/journal_list.h"

namespace eventlog::inline v1::internal {

// Where a group starts.
struct JournalPlace {
  uint64_t file = 0;
  int64_t position = 0;
};

inline constexpr int64_t kFirstJournalFileBytes = 256 << 10;
inline constexpr int64_t kJournalBlockBytes = 4096;
inline constexpr int64_t kMaxJournalListBytes = 16 << 20;

// One user at a time (the journal's leader), except where a method says otherwise.
class JournalFiles {
 public:
  JournalFiles(FileSystem* file_system, std::string log_directory, int64_t max_bytes);

  // Takes the files of its list, all free, makes the first when there is none, and removes files
  // that are not in it. The next group goes to position 0 of the lowest. A list that is missing or
  // damaged is written anew, of the files that are there.
  absl::Status Open(const Uuid& log_id);
  // Closes every descriptor.
  void Close();
  // Gives up the space that is held back for what the journal holds, so that it can go into
  // segments on a disk that is full. False: there is none. Open takes it again, if it can.
  bool ReleaseReserve();

  // Finds room for a group of `bytes`, in the current file or at the start of a free or new one.
  // `*left` says whether another file was left for it: then that one has been synced.
  // A file that cannot be made changes nothing: ResourceExhausted for lack of space or descriptors,
  // or the device's error. A failed sync is `*sync_failed`.
  absl::Status Reserve(int64_t bytes, bool* left, bool* sync_failed);
  // Writes a group at the reserved place. Padded with zeros to a whole block when `pad`.
  absl::Status Write(std::string_view group, uint64_t sequence, bool pad);
  absl::Status Sync();
  bool unsynced() const { return unsynced_; }
  JournalPlace place() const;
  // Of the group that was written last.
  JournalPlace last_place() const { return last_place_; }
  // The largest group that goes into the files that are there.
  int64_t room() const;

  // Any thread: frees the files whose last group lies below `sequence`, the first that a durable
  // checkpoint does not cover; `place` is where that one was going to be.
  void FreeBelow(uint64_t sequence, const JournalPlace& place);
  // Any thread: makes a spare file when the current one is half full and none is free.
  absl::Status PrepareSpare();
  bool WantsSpare() const { return wants_spare_.load(std::memory_order_relaxed); }
  // Any thread: makes a file if such a group would need a new one.
  absl::Status PrepareRoom(int64_t group_bytes);
  // Any thread: bytes that no checkpoint covers yet.
  int64_t live_bytes() const { return live_bytes_.load(std::memory_order_relaxed); }

 private:
  struct JournalFile {
    uint64_t number = 0;
    int64_t bytes = 0;
    std::unique_ptr<File> file;
    uint64_t last_sequence = 0;  // 0: free
  };

  absl::StatusOr<JournalFile> Make(uint64_t number, int64_t bytes);
  absl::StatusOr<JournalFile> MakeUnlisted(uint64_t number, int64_t bytes);
  absl::StatusOr<JournalFile*> AddFile(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(make_mutex_);
  int64_t RoomLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status SyncFiles();
  absl::StatusOr<JournalList> ReadList() const;
  absl::Status WriteList(std::vector<JournalListEntry> files);
  std::vector<JournalListEntry> Entries() const;
  void KeepReserve();
  int64_t NextFileBytes(int64_t at_least) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  JournalFile* FindFree(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool WantsSpareLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // After every change of what is used: brings what every append asks up to date.
  void Account() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem* const file_system_;
  const std::string log_directory_;
  const int64_t max_bytes_;
  Uuid log_id_;
  bool unsynced_ = false;     // leader's
  JournalPlace last_place_;   // leader's
  bool fresh_block_ = false;  // leader's: the next group starts a block of its own (after a sync)

  mutable Mutex mutex_;
  Mutex make_mutex_;  // one maker of files at a time; taken before mutex_
  std::vector<std::unique_ptr<JournalFile>> files_ ABSL_GUARDED_BY(mutex_);
  JournalFile* current_ ABSL_GUARDED_BY(mutex_) = nullptr;
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t position_ ABSL_GUARDED_BY(mutex_) = 0;  // end of the last group in current_
  int64_t covered_ ABSL_GUARDED_BY(mutex_) = 0;   // below it a checkpoint covers current_
  std::atomic<int64_t> live_bytes_{0};            // written under mutex_
  std::atomic<bool> wants_spare_{false};          // written under mutex_
};

}  // namespace eventlog::inline v1::internal

// Group commit: one write and one sync for everyone who waits, whatever their partitions.
//
// Whoever has to wait registers and, when nobody leads, leads: it collects the frames of every
// registered member into one group, writes it, syncs it when anybody needs that, and wakes those
// who are satisfied, and one of the others to lead next. The next group fills while this one syncs.
//
// Invariants:
// - one leader at a time; sequence numbers are consecutive;
// - a group's synced_upto names only syncs that have returned (R1);
// - after a failed write or sync nothing is written any more (R19).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/health.h"
#include "base/mutex.h"
#include "base/uuid.h"
#include "base/wake_word.h"
#include "eventlog/file_system.h"
#include "format/journal_group.h"
#include "journal/journal_files.h"

namespace eventlog::inline v1::internal {

// Somebody with records for the journal. Called by the leader only, without journal locks held, and
// perhaps after its own Commit has returned: that is why members are shared.
class GroupMember {
 public:
  virtual ~GroupMember() = default;
  // Adds what has to be journaled to `group`, perhaps nothing. Left out when the group is full:
  // what follows is called all the same.
  virtual void Collect(GroupBuilder* group) = 0;
  // What was collected is in the page cache: it survives the death of the process.
  virtual void OnWritten(uint64_t sequence) = 0;
  // It is on the device.
  virtual void OnSynced() = 0;
  // It was refused before a byte was written, for lack of space.
  virtual void OnRefused(const absl::Status& why) = 0;
};

using GroupMembers = std::vector<std::shared_ptr<GroupMember>>;

// Thread-safe.
class Journal {
 public:
  static constexpr int64_t kMaxCarriedBytes = 1 << 20;

  // Where recovery would start if the checkpoint that is about to be written were the last.
  struct Mark {
    uint64_t sequence = 1;
    JournalPlace place = {};
    uint64_t synced_upto = 0;
    bool carried = false;  // the group there has what was to be carried over
  };
  // Adds what a checkpoint is to find in the group at its mark, up to `room` bytes of the group. In
  // the leader's hands, as GroupMember::Collect, once at most, and not after SyncAndMark.
  using Carry = std::function<void(GroupBuilder* group, int64_t room)>;

  Journal(FileSystem* file_system, std::string log_directory, int64_t max_bytes, Health* health);

  // Starts an empty journal of a generation that a durable checkpoint names (R16). No other call is
  // under way.
  absl::Status Start(const Uuid& log_id, uint64_t generation);
  void Close() { files_.Close(); }
  // As JournalFiles has it. Start takes it again.
  bool ReleaseReserve() { return files_.ReleaseReserve(); }

  // Registers `members` until `done` holds, and returns OK then. Leads groups meanwhile when nobody
  // else does. `sync`: the groups that these members wait for are to be synced. `done` reads
  // atomics only: it runs under the journal's lock. Errors: FailedPrecondition (kPoisoned).
  // Blocks for writes and syncs.
  absl::Status Commit(absl::Span<const std::shared_ptr<GroupMember>> members, bool sync,
                      absl::FunctionRef<bool()> done);

  // Syncs what was written and says where the next group goes, or where the one is that has what
  // `carry` added (R11, first step). Without space nothing is carried over.
  absl::StatusOr<Mark> SyncAndMark(Carry carry = nullptr);

  // A durable checkpoint starts at `mark` (R4).
  void FreeBelow(const Mark& mark) { files_.FreeBelow(mark.sequence, mark.place); }
  // The last sequence that is known to be on the device.
  uint64_t synced_upto() const { return synced_upto_.load(std::memory_order_acquire); }

  // A checkpoint would free enough to be worth its while; one must be made before more is accepted.
  bool WantsCheckpoint() const { return files_.live_bytes() > max_bytes_ / 2; }
  // What a checkpoint carries over at most: little, beside what it frees and in the time it takes.
  int64_t max_carried_bytes() const { return std::min(max_bytes_ / 4, kMaxCarriedBytes); }
  bool IsFull() const { return files_.live_bytes() > max_bytes_; }
  bool WantsSpare() const { return files_.WantsSpare(); }
  // Makes the next file ahead of need, or one for a group of so many bytes; without space or
  // descriptors the journal does without.
  void PrepareSpare() { Prepared(files_.PrepareSpare()); }
  void PrepareRoom(int64_t group_bytes) { Prepared(files_.PrepareRoom(group_bytes)); }

 private:
  // A call that waits, on its stack. Off the list it is its caller's alone: whoever settles it has
  // left kSettled as the last thing, and the caller may return without the lock.
  struct Request {
    absl::Span<const std::shared_ptr<GroupMember>> members;
    bool sync;
    absl::FunctionRef<bool()> done;
    std::list<Request*>::iterator place = {};
    bool called = false;   // on its way to look again
    bool settled = false;  // off the list, as its condition held
    WakeWord word = {};    // kLookAgain or kSettled
  };
  static constexpr uint32_t kLookAgain = 2;
  static constexpr uint32_t kSettled = 3;

  class Marker;

  // Leads as long as nobody else does and the request needs it. True: it is to wait for its word.
  bool Look(Request* request, absl::Status* status, Wakeups* wakeups)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // One group, for all that wait.
  void Lead(Request* own) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes those off the list whose condition holds.
  void Settle(Wakeups* wakeups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // One of those that wait leads when nobody does; when the log is poisoned, all are to look.
  void CallNext(Wakeups* wakeups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunGroup(const GroupMembers& members, bool sync);
  absl::Status WriteGroup(const GroupMembers& members, bool sync);
  void Prepared(const absl::Status& prepared);
  void PoisonWith(const absl::Status& cause);

  const int64_t max_bytes_;
  Health* const health_;
  JournalFiles files_;
  Uuid log_id_;                 // constant after Start
  uint64_t generation_ = 0;     // constant after Start
  GroupBuilder group_;          // leader's
  uint64_t next_sequence_ = 1;  // leader's
  std::atomic<uint64_t> synced_upto_{0};

  Mutex mutex_;
  bool leading_ ABSL_GUARDED_BY(mutex_) = false;
  std::list<Request*> requests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal

// One partition's log: records come in through Stage, are acknowledged once the topic's durability
// holds, lie in the tail's batches until these are sealed, and in segments from then on.
//
//   log start ... | segments ... sealed_end | tail ... high watermark | ... log end
//
// Invariants (rules of docs/format.md, "Recovery"):
// - readers see only what lies below the high watermark, which is the acknowledged end;
// - a journal frame starts where the last one ended (R6), and none is taken while a bulk write of
//   this partition is in flight;
// - a `disk` batch reaches its segment only when its journal groups are durable (R8), bulk writes
//   excepted; what an unsynced atomic write covers reaches it only after a sync;
// - `process` records of an atomic write that waits for its sync are shown after it (R9), and none
//   of an atomic write are in the arena;
// - while a batch is open in the arena its segment has room for all that the tail holds.
//
// Lock order: segment_mutex_, then mutex_. The journal's leader takes mutex_ only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/event_queue.h"
#include "base/health.h"
#include "base/log_time.h"
#include "base/mutex.h"
#include "eventlog/clock.h"
#include "eventlog/record.h"
#include "format/checkpoint.h"
#include "format/record.h"
#include "io/file_cache.h"
#include "journal/arena.h"
#include "journal/journal.h"
#include "partition/partition_config.h"
#include "partition/segment_set.h"
#include "partition/tail.h"
#include "partition/wait_set.h"
#include "partition/watermarks.h"

namespace eventlog::inline v1::internal {

// What a partition works with; all of it outlives it.
struct PartitionEnvironment {
  FileCache* files = nullptr;
  BatchCache* batches = nullptr;
  Journal* journal = nullptr;
  Arena* arena = nullptr;
  Health* health = nullptr;
  Clock* clock = nullptr;
  EventQueue* events = nullptr;
  const LogTime* time = nullptr;
  std::atomic<bool>* rolled = nullptr;  // set when a partition has finished a segment
};

struct PartitionName {
  int32_t topic_id = 0;
  std::string topic = {};  // for messages and events
  PartitionIdentity identity = {};
  std::string directory = {};
};

// What recovery made of a partition's files: everything it has is in segments.
struct RecoveredPartition {
  std::vector<std::shared_ptr<Segment>> segments;
  int64_t log_start_offset = 0;
  int64_t end_offset = 0;
  int64_t newest_append_ms = 0;  // by the log's time, and not to come
};

// What retention looks at, as of one moment.
struct RetentionView {
  std::vector<std::shared_ptr<Segment>> segments = {};
  int64_t log_start = 0;
  int64_t high_watermark = 0;
  int64_t newest_append_ms = 0;  // no record below the high watermark was appended later
};

// Records that were staged and wait for their acknowledgement.
struct AppendTicket {
  int64_t first_offset = 0;
  int64_t end_offset = 0;
  bool counted = false;  // its offsets may be dropped: not when they were shown as they were staged
  uint64_t drops = 0;    // how often the unjournaled end had been dropped when these were staged
};

// Where a reader stopped: makes going on cheap, and is nothing but a hint.
struct FetchCursor {
  TailCursor tail = {};
  int64_t segment_offset = -1;    // the batch that holds or follows it ...
  int64_t segment_position = -1;  // ... is believed to start here
};

class Partition final : public GroupMember,
                        public ArenaUser,
                        public std::enable_shared_from_this<Partition> {
 public:
  // A partition starts bulk-writing instead of journaling when this much is unjournaled.
  static constexpr std::size_t kBulkBytes = 256 << 10;
  // The same where a bulk write needs no sync: as much as the arena does not take either.
  static constexpr std::size_t kUnsyncedBulkBytes = 64 << 10;

  Partition(const PartitionEnvironment& environment, PartitionName name);

  // Starts, or starts again, from what recovery found. Nobody else uses the partition meanwhile.
  void Adopt(RecoveredPartition recovered, int32_t leader_epoch);
  const PartitionName& name() const { return name_; }
  void SetConfig(const PartitionConfig& config);
  PartitionConfig config() const;
  // The same from `process` to `disk`: first all that is there is durable. ResourceExhausted never;
  // FailedPrecondition (kPoisoned).
  absl::Status SwitchToDisk(const PartitionConfig& config);
  int32_t leader_epoch() const { return leader_epoch_.load(std::memory_order_acquire); }

  // --- append (partition_append.cc)
  // Appends to the open batch if what is in it is safe and shown at once and there is room: what
  // most appends to memory and of `process` durability come to. Returns the first offset; -1: not
  // so, and nothing was appended. The caller has validated the records. Needs no Gate, if it was
  // open just now: see CloseOpenBatch.
  int64_t AppendAtOnce(absl::Span<const ProducerRecord> records, const AppendTime& now)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Encodes records behind the log end. Where records may be safe and shown at once they are, and
  // AppendAtOnce goes on from here; elsewhere they are neither yet. The caller has validated them.
  // NotFound (kUnknownTopic: the partition is deleted); FailedPrecondition (kPoisoned).
  absl::StatusOr<AppendTicket> Stage(absl::Span<const ProducerRecord> records,
                                     const AppendTime& now) ABSL_LOCKS_EXCLUDED(mutex_);
  // When this returns no AppendAtOnce is under way, nor will one do anything until Stage has opened
  // a batch again.
  void CloseOpenBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsAcknowledged(const AppendTicket& ticket) const {
    return high_watermark() >= ticket.end_offset && !IsDropped(ticket);
  }
  // Refused after they were staged, for lack of space: they were never journaled nor shown.
  bool IsDropped(const AppendTicket& ticket) const {
    return drops_.load(std::memory_order_acquire) != ticket.drops &&
           ticket.end_offset > drop_keep_end_.load(std::memory_order_acquire);
  }
  // Acknowledged or dropped, or to be looked at again by its owner because a bulk write is on.
  bool IsResolved(const AppendTicket& ticket) const {
    return IsAcknowledged(ticket) || IsDropped(ticket) ||
           bulk_in_flight_.load(std::memory_order_acquire);
  }
  absl::Status DropReason() const;
  // Every ticket ends here, once. Offsets of dropped records are given out again only when all
  // tickets of that time have ended.
  void Finish(const AppendTicket& ticket) {
    if (ticket.counted) FinishCounted(1);
  }
  void FinishCounted(int64_t tickets) {
    tickets_out_.fetch_sub(tickets, std::memory_order_release);
  }
  bool NeedsSync() const {
    return acknowledgement_.load(std::memory_order_acquire) == Acknowledgement::kDisk;
  }

  // --- bulk writes (partition_bulk.cc)
  // Writes the whole tail to the segment and syncs it (`disk`), when so much is unjournaled that
  // journaling it would write it twice; waits for somebody else's such write. `*done`: it did
  // either. ResourceExhausted (kDiskFull): the unjournaled records were dropped.
  absl::Status BulkWriteIfWorthwhile(bool* done);
  // So many records that they are worth a bulk write of their own.
  bool IsBulk(absl::Span<const ProducerRecord> records) const {
    return MaxEncodedBytes(records) >= (NeedsSync() ? kBulkBytes : kUnsyncedBulkBytes);
  }
  // Appends records that are bulk to the segment as they are encoded, and acknowledges them.
  // Returns the first offset; -1: others are in the way, or it is a memory log, and nothing was
  // appended. The caller has validated them. ResourceExhausted (kDiskFull): the same. NotFound
  // (kUnknownTopic); FailedPrecondition (kPoisoned).
  absl::StatusOr<int64_t> AppendBulk(absl::Span<const ProducerRecord> records,
                                     const AppendTime& now);

  // --- the journal's leader (partition_journal.cc)
  void Collect(GroupBuilder* group) override;
  void OnWritten(uint64_t sequence) override;
  void OnSynced() override;
  void OnRefused(const absl::Status& why) override;
  // Adds what the journal has and no segment has been given, once more: a checkpoint may then begin
  // with that group, without this partition having been sealed. False: it has to be, or the group
  // would take more than `room` bytes.
  bool CollectAgain(GroupBuilder* group, int64_t room);
  // What that would take; none: it has to be sealed.
  std::optional<int64_t> CarriedBytes() const;
  // An atomic write's share, in the leader's hands: first every partition is held (no bulk write
  // starts; R7 is prepared), then every share is staged and collected, which cannot fail. What was
  // collected while held is shown after the group's sync, or after its write when !until_synced.
  // `*held`: this call took the hold, and ReleaseHold gives it back.
  absl::Status HoldForAtomicWrite(bool until_synced, bool* held);
  void ReleaseHold();
  AppendTicket CollectAtomicShare(absl::Span<const ProducerRecord> records, const AppendTime& now,
                                  GroupBuilder* group);

  // --- the arena (partition_arena.cc)
  absl::Status SpillChunks() override;

  // --- sealing (partition_seal.cc)
  // Writes closed batches that may go to the segment; leaves it to the other one when somebody is
  // writing already and `wait` is false. ResourceExhausted (kDiskFull): they stay in memory and in
  // the journal. FailedPrecondition (kPoisoned).
  absl::Status WriteClosedBatches(bool wait);
  bool has_closed_batches() const { return has_closed_.load(std::memory_order_acquire); }
  // Closes the open batch, waits until all is acknowledged, and writes it. Errors as
  // WriteClosedBatches.
  absl::Status SealAll();
  // SealAll when the oldest unsealed record is older than `age`, and rolls a segment whose time has
  // come. Whether something is left that was too young.
  absl::StatusOr<bool> SealOlderThan(absl::Duration age);
  // Syncs the segments and says what is proven to be on disk now (R11). `log_start`: what the
  // checkpoint is to say, when that is more than there is; everything below it is sealed.
  absl::StatusOr<PartitionCheckpoint> SyncForCheckpoint(int64_t log_start);
  // Cuts preallocated space off, before the last checkpoint of a log that closes.
  absl::Status TrimForClose();
  // After a failed journal write (R19): writes what was acknowledged from memory, drops the rest,
  // and goes on with a new leader epoch. Nobody else uses the partition meanwhile.
  // ResourceExhausted (kDiskFull): try again with more space. FailedPrecondition (kPoisoned): a
  // segment failed too.
  absl::StatusOr<PartitionCheckpoint> ReopenFromMemory(int32_t leader_epoch);
  // Hides what lies below, once a durable checkpoint says so (R12). A memory log has none.
  void SetLogStart(int64_t offset);
  // Removes segments that lie wholly below the log start, and tells of it. Those that it did not
  // come to are left for the next time, or to the next recovery.
  absl::Status RemoveBelowLogStart();
  RetentionView retention_view() const;
  // Takes no more appends, refuses those that wait (kUnknownTopic), then removes the files,
  // durably. FailedPrecondition (kPoisoned): the directory could not be synced; the device's error
  // when a file could not be removed, which the next recovery does.
  absl::Status Delete();

  // --- read (partition_read.cc)
  // Visible batches from the one that holds `offset` on; nothing at the high watermark. OutOfRange
  // (kBelowLogStart, kBeyondHighWatermark, ActualOffset); DataLoss. Blocks for disk reads, never
  // for appends.
  absl::Status Read(int64_t offset, int64_t max_bytes, FetchCursor* cursor,
                    std::vector<StoredBatch>* batches);
  // The first visible record at or after the timestamp; the high watermark when there is none.
  absl::StatusOr<int64_t> OffsetForTimestamp(int64_t timestamp_ms);
  int64_t high_watermark() const { return high_watermark_.load(std::memory_order_acquire); }
  int64_t log_start_offset() const { return log_start_.load(std::memory_order_acquire); }
  OrderedWatermarks watermarks() const;
  // Of its segments; in a memory log of all that there is.
  int64_t bytes() const ABSL_LOCKS_EXCLUDED(mutex_);
  WaitSet* waiters() { return &waiters_; }

 private:
  // What an atomic write that is in the running group asks of its partitions.
  enum class Hold { kNone, kUntilWritten, kUntilSynced };

  // Records on their way into the segment without the tail.
  struct Span {
    absl::Span<const ProducerRecord> records;
    std::size_t bytes = 0;  // MaxEncodedBytes
    int64_t first_offset = 0;
    PartitionConfig config = {};
    int64_t wall_ms = 0;
    int64_t append_ms = 0;

    int64_t end_offset() const { return first_offset + static_cast<int64_t>(records.size()); }
  };
  enum class SpanStart { kStarted, kBehindTail, kRefused };

  // What waits for no more than a sync may be carried over: not what is safe elsewhere, in the
  // arena or in a bulk write.
  bool IsCarried() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return config_.acknowledgement == Acknowledgement::kDisk &&
           !bulk_in_flight_.load(std::memory_order_relaxed);
  }
  void Restart(int64_t log_start, int64_t end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  PartitionCheckpoint Describe(int64_t log_start) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_, mutex_);
  void Show(int64_t end_offset, Wakeups* wakeups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Nothing else moves it while the log is open. A reader that saw the old value has taken the lock
  // since, when it registered, and gets the signal.
  void PublishHighWatermark(Wakeups* wakeups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    high_watermark_.store(watermarks_.high_watermark(), std::memory_order_release);
    waiters_.NotifyLocked(wakeups);
  }
  void DropUnjournaled(int64_t keep_end, const absl::Status& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckStageable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(AppendTicket* ticket);
  AppendTicket NextTicket(std::size_t count) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteAppend(const AppendTime& now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  AppendTicket StageOnHeap(absl::Span<const ProducerRecord> records, std::size_t bytes,
                           const AppendTime& now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether so many bytes of `process` records may be shown at once: not behind those that wait for
  // their acknowledgement, nor while an atomic write decides from where on it takes records into
  // its group (R7).
  bool MayShowAtOnce(std::size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return MayUseArena(bytes) && hold_ == Hold::kNone &&
           watermarks_.high_watermark() == watermarks_.log_end() &&
           !bulk_in_flight_.load(std::memory_order_relaxed);
  }
  AppendTicket StageInMemory(absl::Span<const ProducerRecord> records, const AppendTime& now,
                             Wakeups* wakeups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Opens a batch for so many bytes and more that shows its records at once. False: a chunk has to
  // be got for it.
  bool OpenAtOnce(const ProducerRecord& first, std::size_t bytes, const AppendTime& now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // To the open batch, which has room; PublishHighWatermark comes next.
  void AddAtOnce(absl::Span<const ProducerRecord> records, const AppendTime& now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Begins the spare chunk, for records from the log end on.
  std::unique_ptr<ArenaChunk> BeginChunk(int64_t base_timestamp_ms)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayUseArena(std::size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return config_.acknowledgement == Acknowledgement::kProcess && !environment_.arena->is_off() &&
           bytes <= Arena::kSmallChunkBytes && static_cast<int64_t>(bytes) <= config_.batch_bytes;
  }
  // Gets a chunk, and room for it in the segment, for an append that comes back to look. False:
  // there is none to be had, and the journal is to take the records.
  absl::StatusOr<bool> GetChunk();
  enum class ChunkSearch { kLookAgain, kNoneFree, kNoSpace };
  absl::StatusOr<ChunkSearch> PrepareChunk();
  absl::Status WriteBeforeChunk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  absl::Status ReserveForChunk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  bool IsBulkWorthwhile() const;
  void BeginBulk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndBulk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteBulk(int64_t end_offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  absl::Status FinishBulk(int64_t end_offset, std::size_t tail_batches, const absl::Status& written,
                          bool refused) ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  absl::StatusOr<SpanStart> StartSpan(const AppendTime& now, Span* span)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  absl::Status WriteSpan(const Span& span, bool* refused)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  // `*refused`: for lack of space, before a byte was written.
  absl::Status ReserveAndWrite(const std::vector<std::shared_ptr<OpenBatch>>& batches,
                               const PartitionConfig& config, bool* refused)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  absl::Status SealAndWrite(const std::vector<std::shared_ptr<OpenBatch>>& batches,
                            const PartitionConfig& config)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  absl::Status WriteClosedLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_);
  std::vector<std::shared_ptr<OpenBatch>> TakeClosed()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(segment_mutex_, mutex_);
  absl::Status SyncBeforeSealing();
  absl::Status DeletedError() const;
  void TellRolled();
  absl::Status PoisonSegment(const absl::Status& cause);
  absl::Status BelowLogStart(int64_t offset) const;
  // What a read that failed answers: what was deleted meanwhile is no damage.
  absl::Status WhyNotRead(int64_t offset, absl::Status failed) const;

  const PartitionEnvironment environment_;
  const PartitionName name_;

  Mutex segment_mutex_;  // the sole writer of segments
  SegmentSet segments_;  // its writer's half under segment_mutex_

  mutable Mutex mutex_ ABSL_ACQUIRED_AFTER(segment_mutex_);
  PartitionConfig config_ ABSL_GUARDED_BY(mutex_);
  Tail tail_;  // its writer's half under mutex_
  std::unique_ptr<ArenaChunk> spare_chunk_ ABSL_GUARDED_BY(mutex_);  // its room is reserved
  OrderedWatermarks watermarks_ ABSL_GUARDED_BY(mutex_);
  int64_t journaled_end_ ABSL_GUARDED_BY(mutex_) = 0;  // frames or bulk writes reach up to here
  int64_t collected_end_ ABSL_GUARDED_BY(mutex_) = 0;  // the same, as of the running group
  int64_t group_start_ ABSL_GUARDED_BY(mutex_) = -1;  // journaled_end_ before it; -1: nothing in it
  Hold hold_ ABSL_GUARDED_BY(mutex_) = Hold::kNone;
  uint64_t atomic_sequence_ ABSL_GUARDED_BY(mutex_) = 0;  // the newest group with an atomic share
  bool bypassed_ ABSL_GUARDED_BY(mutex_) = false;  // unsynced segments hold what no group does (R7)
  absl::Status drop_reason_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;  // tickets of before the last drop are still out
  bool deleted_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t newest_append_ms_ ABSL_GUARDED_BY(mutex_) = 0;  // never falls while the log is open
  absl::Duration oldest_staged_ ABSL_GUARDED_BY(mutex_);  // monotonic; of the tail's oldest record
  CondVar bulk_done_;

  std::atomic<int64_t> high_watermark_{0};
  std::atomic<int64_t> log_start_{0};
  std::atomic<int32_t> leader_epoch_{0};
  std::atomic<uint64_t> drops_{0};
  std::atomic<int64_t> drop_keep_end_{0};
  std::atomic<int64_t> tickets_out_{0};
  std::atomic<bool> bulk_in_flight_{false};
  std::atomic<bool> has_closed_{false};
  std::atomic<Acknowledgement> acknowledgement_{Acknowledgement::kDisk};
  WaitSet waiters_{&mutex_};
};

}  // namespace eventlog::inline v1::internal

// The records of a partition that are not in a segment yet: a row of batches, the last one open.
//
// The writer's half is used under the partition's lock. Readers hold only this class's own lock,
// and only to find a batch; one that goes on where it stopped takes no lock at all.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "base/mutex.h"
#include "format/journal_group.h"
#include "partition/open_batch.h"
#include "segment/batch_reader.h"

namespace eventlog::inline v1::internal {

// Where a reader of the tail stopped. A cursor that is left lying keeps no chunk of the arena.
struct TailCursor {
  std::weak_ptr<TailBuffer> buffer;
  int64_t base_offset = 0;
  int64_t base_timestamp_ms = 0;
  int32_t leader_epoch = 0;
  int64_t offset = 0;        // the record at `position` has it
  std::size_t position = 0;  // in `buffer`
};

// Of batches on the heap.
struct BatchRoom {
  std::size_t batch_bytes = 0;   // a batch takes no more, but for a larger record
  std::size_t coming_bytes = 0;  // of the records that follow at once, as far as that is known
};

class Tail {
 public:
  // --- the writer's half
  bool empty() const { return batches_.empty(); }
  // Appends a record as `offset`, to the open batch or, when that is full, of another epoch or
  // shows its records at once, to a new one on the heap. `append_ms`: now, by the log's time.
  void Append(const ProducerRecord& record, int64_t timestamp_ms, int64_t offset,
              int32_t leader_epoch, const BatchRoom& room, int64_t append_ms);
  // Begins a batch whose records are safe and shown at once; all before it are shown.
  void OpenAtOnce(std::shared_ptr<TailBuffer> buffer, int64_t offset, int64_t timestamp_ms,
                  int32_t leader_epoch, int64_t append_ms);
  bool ShowsAtOnce() const { return at_once_ != nullptr; }
  // Whether the open batch is such a one and has room for that much more.
  bool HasRoomAtOnce(std::size_t bytes) const {
    return at_once_ != nullptr && at_once_->HasRoom(bytes);
  }
  // Appends a record to it; ShowAtOnce shows what was appended.
  void AppendAtOnce(const ProducerRecord& record, int64_t timestamp_ms) {
    const std::size_t before = at_once_->bytes();
    at_once_->Append(record, timestamp_ms);
    unjournaled_bytes_ += at_once_->bytes() - before;
  }
  void ShowAtOnce() { at_once_->buffer()->ShowUpTo(at_once_->bytes()); }
  // The next record starts a new batch.
  void CloseOpenBatch() {
    closed_ = true;
    at_once_ = nullptr;
  }
  std::size_t unjournaled_bytes() const { return unjournaled_bytes_; }
  // Adds everything that is not journaled yet.
  void Collect(int32_t topic_id, int32_t partition, GroupBuilder* group);
  // Adds everything that is, once more.
  void CollectAgain(int32_t topic_id, int32_t partition, GroupBuilder* group) const;
  // What CollectAgain adds, at most.
  int64_t journaled_bytes() const;
  // Marked without a journal: it went to a segment.
  void MarkJournaledBelow(int64_t end_offset);
  void ShowUpTo(int64_t end_offset);
  // Forgets the records from `end_offset` on.
  void TruncateTo(int64_t end_offset);
  // What all batches take in a segment, their headers included.
  int64_t bytes() const;
  // Whether batches are closed and need not wait for more: one on the heap is among them, or those
  // in the arena are worth a write.
  bool WantsWriting() const;
  const OpenBatch& oldest() const { return *batches_.front(); }
  void PopOldest();
  // The closed batches that end at or below `end_offset`, oldest first.
  std::vector<std::shared_ptr<OpenBatch>> ClosedBelow(int64_t end_offset) const;
  bool OldestIsAmong(const std::vector<std::shared_ptr<OpenBatch>>& batches) const;
  void Clear();

  // --- the readers' half
  // Gets the visible records from `offset` up to `end_offset` of the one batch that holds `offset`:
  // a copy where they are in the arena, whose chunks no reader keeps. False when no batch does, or
  // nothing of it is visible. `*cursor` makes the next call cheap. (The batch may show more already
  // than the high watermark that the caller has seen.)
  bool Read(int64_t offset, int64_t end_offset, TailCursor* cursor, StoredBatch* batch);
  // The first visible record at or after the timestamp and below `end_offset`: its offset, or -1.
  int64_t FindTimestamp(int64_t timestamp_ms, int64_t end_offset);

 private:
  std::shared_ptr<TailBuffer> FindBatch(int64_t offset, TailCursor* cursor);
  void Open(std::shared_ptr<TailBuffer> buffer, int64_t offset, int64_t timestamp_ms,
            int32_t leader_epoch, int64_t append_ms);

  // Written under the partition's lock and readers_mutex_; so either is enough to read it.
  std::vector<std::shared_ptr<OpenBatch>> batches_;  // few; an idle partition has none
  bool closed_ = false;                              // the last batch takes no more records
  OpenBatch* at_once_ = nullptr;  // the last batch, when it is open and shows its records at once
  std::size_t unjournaled_bytes_ = 0;
  Mutex readers_mutex_;
};

}  // namespace eventlog::inline v1::internal

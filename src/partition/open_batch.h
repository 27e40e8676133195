// Records on their way into a batch, encoded in their final form. One writer (under the partition's
// lock); readers of the tail see its buffer only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "eventlog/record.h"
#include "format/journal_group.h"
#include "format/record_batch.h"
#include "partition/tail_buffer.h"

namespace eventlog::inline v1::internal {

class OpenBatch {
 public:
  // `append_ms`: when its first record was appended, by the log's time.
  OpenBatch(int64_t base_offset, int64_t base_timestamp_ms, int32_t leader_epoch, int64_t append_ms,
            std::shared_ptr<TailBuffer> buffer);

  int64_t base_offset() const { return base_offset_; }
  int64_t end_offset() const { return base_offset_ + count_; }
  int64_t journaled_end() const { return base_offset_ + journaled_count_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t unjournaled_bytes() const { return bytes_ - journaled_bytes_; }
  int64_t base_timestamp_ms() const { return base_timestamp_ms_; }
  int64_t max_timestamp_ms() const { return max_timestamp_ms_; }
  int32_t leader_epoch() const { return leader_epoch_; }
  int64_t append_ms() const { return append_ms_; }
  std::string_view records() const { return {buffer_->bytes(), bytes_}; }
  const std::shared_ptr<TailBuffer>& buffer() const { return buffer_; }

  bool in_arena() const { return buffer_->in_arena(); }

  bool HasRoom(std::size_t bytes) const { return bytes_ + bytes <= buffer_->capacity(); }
  // A larger copy that has room for `bytes` more, for ReplaceBuffer.
  std::shared_ptr<TailBuffer> LargerBuffer(std::size_t bytes) const;
  void ReplaceBuffer(std::shared_ptr<TailBuffer> buffer) { buffer_ = std::move(buffer); }
  // The buffer HasRoom (MaxEncodedRecordBytes).
  void Append(const ProducerRecord& record, int64_t timestamp_ms);

  // What is not journaled yet, as a frame; and that it is now.
  JournalFrame UnjournaledFrame(int32_t topic_id, int32_t partition) const;
  void MarkJournaled();
  // What is journaled, to be so again; without records if nothing is.
  JournalFrame JournaledFrame(int32_t topic_id, int32_t partition) const;

  // Shows readers the records below `end_offset`: all of them, or all that are journaled.
  void ShowUpTo(int64_t end_offset);
  // Forgets the records from `end_offset` on; none of them was shown.
  void TruncateTo(int64_t end_offset);

  // What goes to the segment.
  BatchHeader Header() const;

 private:
  JournalFrame FrameFrom(int32_t topic_id, int32_t partition, int64_t first_offset) const;

  const int64_t base_offset_;
  const int64_t base_timestamp_ms_;
  const int32_t leader_epoch_;
  const int64_t append_ms_;
  int64_t max_timestamp_ms_;
  std::size_t bytes_ = 0;
  std::size_t journaled_bytes_ = 0;
  int32_t count_ = 0;
  int32_t journaled_count_ = 0;
  std::shared_ptr<TailBuffer> buffer_;
};

}  // namespace eventlog::inline v1::internal

#include "partition/open_batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {

OpenBatch::OpenBatch(int64_t base_offset, int64_t base_timestamp_ms, int32_t leader_epoch,
                     int64_t append_ms, std::shared_ptr<TailBuffer> buffer)
    : base_offset_(base_offset),
      base_timestamp_ms_(base_timestamp_ms),
      leader_epoch_(leader_epoch),
      append_ms_(append_ms),
      max_timestamp_ms_(base_timestamp_ms),
      buffer_(std::move(buffer)) {}

std::shared_ptr<TailBuffer> OpenBatch::LargerBuffer(std::size_t bytes) const {
  auto larger = std::make_shared<TailBuffer>(std::max(bytes_ + bytes, 2 * buffer_->capacity()));
  std::memcpy(larger->bytes(), buffer_->bytes(), bytes_);
  larger->ShowUpTo(buffer_->visible());
  return larger;
}

void OpenBatch::Append(const ProducerRecord& record, int64_t timestamp_ms) {
  char* const at = buffer_->bytes() + bytes_;
  char* const end =
      EncodeRecord(at, record, TimestampDelta(timestamp_ms, base_timestamp_ms_), count_);
  buffer_->Added(static_cast<std::size_t>(end - at));
  bytes_ += static_cast<std::size_t>(end - at);
  EVENTLOG_ASSERT(bytes_ <= buffer_->capacity());
  ++count_;
  max_timestamp_ms_ = std::max(max_timestamp_ms_, timestamp_ms);
}

JournalFrame OpenBatch::FrameFrom(int32_t topic_id, int32_t partition, int64_t first_offset) const {
  JournalFrame frame;
  frame.topic_id = topic_id;
  frame.partition = partition;
  frame.batch_base_offset = base_offset_;
  frame.base_timestamp_ms = base_timestamp_ms_;
  frame.first_offset = first_offset;
  frame.leader_epoch = leader_epoch_;
  return frame;
}

JournalFrame OpenBatch::UnjournaledFrame(int32_t topic_id, int32_t partition) const {
  JournalFrame frame = FrameFrom(topic_id, partition, journaled_end());
  frame.record_count = count_ - journaled_count_;
  frame.records = records().substr(journaled_bytes_);
  return frame;
}

JournalFrame OpenBatch::JournaledFrame(int32_t topic_id, int32_t partition) const {
  JournalFrame frame = FrameFrom(topic_id, partition, base_offset_);
  frame.record_count = journaled_count_;
  frame.records = records().substr(0, journaled_bytes_);
  return frame;
}

void OpenBatch::MarkJournaled() {
  journaled_bytes_ = bytes_;
  journaled_count_ = count_;
}

void OpenBatch::ShowUpTo(int64_t offset) {
  std::size_t visible = bytes_;
  if (offset < end_offset()) {
    EVENTLOG_ASSERT(offset == journaled_end());
    visible = journaled_bytes_;
  }
  buffer_->ShowUpTo(visible);
}

void OpenBatch::TruncateTo(int64_t offset) {
  if (offset >= end_offset()) return;
  EVENTLOG_ASSERT(offset >= base_offset_);
  std::string_view left = records();
  max_timestamp_ms_ = base_timestamp_ms_;
  count_ = 0;
  while (base_offset_ + count_ < offset) {
    EncodedRecord record;
    EVENTLOG_ASSERT(DecodeRecord(&left, &record).ok());
    max_timestamp_ms_ =
        std::max(max_timestamp_ms_, TimestampAt(base_timestamp_ms_, record.timestamp_delta_ms));
    ++count_;
  }
  bytes_ = static_cast<std::size_t>(left.data() - buffer_->bytes());
  EVENTLOG_ASSERT(bytes_ >= buffer_->visible());
  journaled_bytes_ = std::min(journaled_bytes_, bytes_);
  journaled_count_ = std::min(journaled_count_, count_);
}

BatchHeader OpenBatch::Header() const {
  BatchHeader header;
  header.base_offset = base_offset_;
  header.base_timestamp_ms = base_timestamp_ms_;
  header.max_timestamp_ms = max_timestamp_ms_;
  header.leader_epoch = leader_epoch_;
  header.record_count = count_;
  header.last_offset_delta = count_ - 1;
  return header;
}

}  // namespace eventlog::inline v1::internal

#include "partition/tail.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr std::size_t kFirstBufferBytes = 4 << 10;
// What is closed in the arena goes to the segment together: a write has its price, whatever it
// writes.
constexpr std::size_t kWorthAWriteBytes = 192 << 10;

}  // namespace

void Tail::Open(std::shared_ptr<TailBuffer> buffer, int64_t offset, int64_t timestamp_ms,
                int32_t leader_epoch, int64_t append_ms) {
  auto batch =
      std::make_shared<OpenBatch>(offset, timestamp_ms, leader_epoch, append_ms, std::move(buffer));
  MutexLock lock(&readers_mutex_);
  batches_.push_back(std::move(batch));
  closed_ = false;
  at_once_ = nullptr;
}

void Tail::OpenAtOnce(std::shared_ptr<TailBuffer> buffer, int64_t offset, int64_t timestamp_ms,
                      int32_t leader_epoch, int64_t append_ms) {
  Open(std::move(buffer), offset, timestamp_ms, leader_epoch, append_ms);
  at_once_ = batches_.back().get();
}

void Tail::Append(const ProducerRecord& record, int64_t timestamp_ms, int64_t offset,
                  int32_t leader_epoch, const BatchRoom& room, int64_t append_ms) {
  const std::size_t bytes = MaxEncodedRecordBytes(record);
  const bool fits = !batches_.empty() && !closed_ && !ShowsAtOnce() &&
                    batches_.back()->bytes() + bytes <= room.batch_bytes &&
                    batches_.back()->leader_epoch() == leader_epoch;
  const auto wanted = [&](std::size_t used_bytes) {
    return std::max(bytes, std::min(room.coming_bytes, room.batch_bytes - used_bytes));
  };
  if (!fits) {
    Open(std::make_shared<TailBuffer>(std::max(wanted(0), kFirstBufferBytes)), offset, timestamp_ms,
         leader_epoch, append_ms);
  }
  OpenBatch& open = *batches_.back();
  EVENTLOG_ASSERT(open.end_offset() == offset);
  if (!open.HasRoom(bytes)) {
    auto buffer = open.LargerBuffer(wanted(open.bytes()));
    MutexLock lock(&readers_mutex_);
    open.ReplaceBuffer(std::move(buffer));
  }
  const std::size_t before = open.bytes();
  open.Append(record, timestamp_ms);
  unjournaled_bytes_ += open.bytes() - before;
}

int64_t Tail::bytes() const {
  int64_t bytes = 0;
  for (const auto& batch : batches_) {
    bytes += static_cast<int64_t>(kBatchHeaderBytes + batch->bytes());
  }
  return bytes;
}

bool Tail::WantsWriting() const {
  std::size_t bytes = 0;
  for (const auto& batch : batches_) {
    if (batch == batches_.back() && !closed_) break;
    if (!batch->in_arena()) return true;
    bytes += batch->bytes();
  }
  return bytes >= kWorthAWriteBytes;
}

void Tail::Collect(int32_t topic_id, int32_t partition, GroupBuilder* group) {
  if (unjournaled_bytes_ == 0) return;
  for (const auto& batch : batches_) {
    if (batch->unjournaled_bytes() == 0) continue;
    group->Add(batch->UnjournaledFrame(topic_id, partition));
    batch->MarkJournaled();
  }
  unjournaled_bytes_ = 0;
}

void Tail::CollectAgain(int32_t topic_id, int32_t partition, GroupBuilder* group) const {
  for (const auto& batch : batches_) {
    const JournalFrame frame = batch->JournaledFrame(topic_id, partition);
    if (frame.record_count > 0) group->Add(frame);
  }
}

int64_t Tail::journaled_bytes() const {
  std::size_t bytes = 0;
  for (const auto& batch : batches_) {
    bytes += kFrameHeaderBytes + batch->bytes() - batch->unjournaled_bytes();
  }
  return static_cast<int64_t>(bytes);
}

void Tail::MarkJournaledBelow(int64_t end_offset) {
  for (const auto& batch : batches_) {
    if (batch->end_offset() > end_offset) break;
    unjournaled_bytes_ -= batch->unjournaled_bytes();
    batch->MarkJournaled();
  }
}

void Tail::ShowUpTo(int64_t end_offset) {
  for (const auto& batch : batches_) {
    if (batch->base_offset() >= end_offset) break;
    batch->ShowUpTo(std::min(end_offset, batch->end_offset()));
  }
}

void Tail::TruncateTo(int64_t end_offset) {
  MutexLock lock(&readers_mutex_);
  while (!batches_.empty() && batches_.back()->base_offset() >= end_offset) batches_.pop_back();
  if (!batches_.empty()) batches_.back()->TruncateTo(end_offset);
  CloseOpenBatch();
  unjournaled_bytes_ = 0;
  for (const auto& batch : batches_) unjournaled_bytes_ += batch->unjournaled_bytes();
}

std::vector<std::shared_ptr<OpenBatch>> Tail::ClosedBelow(int64_t end_offset) const {
  std::vector<std::shared_ptr<OpenBatch>> closed;
  for (const auto& batch : batches_) {
    if (batch->end_offset() > end_offset || (batch == batches_.back() && !closed_)) break;
    closed.push_back(batch);
  }
  return closed;
}

bool Tail::OldestIsAmong(const std::vector<std::shared_ptr<OpenBatch>>& batches) const {
  return !batches_.empty() &&
         std::find(batches.begin(), batches.end(), batches_.front()) != batches.end();
}

void Tail::PopOldest() {
  unjournaled_bytes_ -= batches_.front()->unjournaled_bytes();
  MutexLock lock(&readers_mutex_);
  batches_.erase(batches_.begin());
}

void Tail::Clear() {
  MutexLock lock(&readers_mutex_);
  batches_.clear();
  unjournaled_bytes_ = 0;
  closed_ = false;
  at_once_ = nullptr;
}

std::shared_ptr<TailBuffer> Tail::FindBatch(int64_t offset, TailCursor* cursor) {
  MutexLock lock(&readers_mutex_);
  const auto after = std::upper_bound(
      batches_.begin(), batches_.end(), offset,
      [](int64_t wanted, const auto& batch) { return wanted < batch->base_offset(); });
  if (after == batches_.begin()) return nullptr;
  const OpenBatch& batch = **std::prev(after);
  const bool same = cursor->leader_epoch == batch.leader_epoch() && cursor->position > 0 &&
                    cursor->base_offset == batch.base_offset() && cursor->offset == offset;
  if (!same) {  // a buffer that was replaced by a larger copy keeps its positions
    cursor->offset = batch.base_offset();
    cursor->position = 0;
  }
  cursor->buffer = batch.buffer();
  cursor->base_offset = batch.base_offset();
  cursor->base_timestamp_ms = batch.base_timestamp_ms();
  cursor->leader_epoch = batch.leader_epoch();
  return batch.buffer();
}

bool Tail::Read(int64_t offset, int64_t end_offset, TailCursor* cursor, StoredBatch* batch) {
  std::shared_ptr<TailBuffer> buffer = cursor->buffer.lock();
  const bool goes_on =
      buffer != nullptr && cursor->offset == offset && cursor->position < buffer->visible();
  if (!goes_on) buffer = FindBatch(offset, cursor);
  if (buffer == nullptr) return false;
  const std::size_t visible = buffer->visible();
  std::string_view left(buffer->bytes() + cursor->position, visible - cursor->position);
  while (cursor->offset < offset && !left.empty()) {
    EVENTLOG_ASSERT(SkipRecord(&left).ok());
    ++cursor->offset;
  }
  cursor->position = visible - left.size();
  std::string_view uncounted = left;
  while (!uncounted.empty() && cursor->offset < end_offset) {
    EVENTLOG_ASSERT(SkipRecord(&uncounted).ok());
    ++cursor->offset;
  }
  if (uncounted.size() == left.size()) return false;

  cursor->position = visible - uncounted.size();
  batch->header = {};
  batch->header.base_offset = cursor->base_offset;
  batch->header.base_timestamp_ms = cursor->base_timestamp_ms;
  batch->header.leader_epoch = cursor->leader_epoch;
  batch->header.record_count = static_cast<int32_t>(cursor->offset - offset);
  batch->header.last_offset_delta = static_cast<int32_t>(cursor->offset - 1 - cursor->base_offset);
  batch->position = -1;
  batch->stored = {};
  batch->records = left.substr(0, left.size() - uncounted.size());
  if (buffer->in_arena()) {
    auto copy = std::make_shared<const std::string>(batch->records);
    batch->records = *copy;
    batch->pin = std::move(copy);
  } else {
    batch->pin = std::move(buffer);
  }
  return true;
}

int64_t Tail::FindTimestamp(int64_t timestamp_ms, int64_t end_offset) {
  std::vector<std::shared_ptr<OpenBatch>> batches;
  {
    MutexLock lock(&readers_mutex_);
    batches = batches_;
  }
  for (const auto& batch : batches) {
    TailCursor cursor;
    StoredBatch visible;
    if (!Read(batch->base_offset(), end_offset, &cursor, &visible)) continue;
    std::string_view left = visible.records;
    while (!left.empty()) {
      EncodedRecord record;
      EVENTLOG_ASSERT(DecodeRecord(&left, &record).ok());
      if (TimestampAt(visible.header.base_timestamp_ms, record.timestamp_delta_ms) >=
          timestamp_ms) {
        return visible.header.base_offset + record.offset_delta;
      }
    }
  }
  return -1;
}

}  // namespace eventlog::inline v1::internal

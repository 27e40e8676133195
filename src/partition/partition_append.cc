// Staging records and waiting for them without the journal: the producer's side of a partition.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "format/record.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

absl::Status Partition::CheckStageable() {
  if (deleted_) return DeletedError();
  if (draining_) {
    if (tickets_out_.load(std::memory_order_acquire) != 0) return drop_reason_;
    draining_ = false;
  }
  return absl::OkStatus();
}

int64_t Partition::AppendAtOnce(absl::Span<const ProducerRecord> records, const AppendTime& now) {
  const std::size_t bytes = MaxEncodedBytes(records);
  Wakeups wakeups;
  MutexLock lock(&mutex_);
  if (!tail_.HasRoomAtOnce(bytes) || hold_ != Hold::kNone || environment_.health->poisoned()) {
    return -1;
  }
  const int64_t first_offset = watermarks_.log_end();
  AddAtOnce(records, now);
  PublishHighWatermark(&wakeups);
  return first_offset;
}

void Partition::AddAtOnce(absl::Span<const ProducerRecord> records, const AppendTime& now) {
  for (const ProducerRecord& record : records) {
    tail_.AppendAtOnce(record, TimestampMs(record, now.wall_ms));
  }
  tail_.ShowAtOnce();
  NoteAppend(now);
  watermarks_.AdvanceTo(watermarks_.log_end() + static_cast<int64_t>(records.size()));
}

absl::StatusOr<AppendTicket> Partition::Stage(absl::Span<const ProducerRecord> records,
                                              const AppendTime& now) {
  const std::size_t bytes = MaxEncodedBytes(records);
  for (bool at_once = true;;) {
    EVENTLOG_RETURN_IF_ERROR(environment_.health->Check());
    {
      Wakeups wakeups;
      MutexLock lock(&mutex_);
      EVENTLOG_RETURN_IF_ERROR(CheckStageable());
      if (config_.acknowledgement == Acknowledgement::kMemory) {
        return StageInMemory(records, now, &wakeups);
      }
      at_once = at_once && MayShowAtOnce(bytes);
      if (!at_once) {
        AppendTicket ticket = StageOnHeap(records, bytes, now);
        Count(&ticket);
        return ticket;
      }
      if (tail_.HasRoomAtOnce(bytes) || OpenAtOnce(records.front(), bytes, now)) {
        const AppendTicket ticket = NextTicket(records.size());
        AddAtOnce(records, now);
        PublishHighWatermark(&wakeups);
        return ticket;
      }
    }
    EVENTLOG_ASSIGN_OR_RETURN(at_once, GetChunk());
  }
}

// Over as many batches as it takes, and shown together.
AppendTicket Partition::StageInMemory(absl::Span<const ProducerRecord> records,
                                      const AppendTime& now, Wakeups* wakeups) {
  const AppendTicket ticket = NextTicket(records.size());
  for (const ProducerRecord& record : records) {
    const std::size_t bytes = MaxEncodedRecordBytes(record);
    if (!tail_.HasRoomAtOnce(bytes)) OpenAtOnce(record, bytes, now);
    AddAtOnce({&record, 1}, now);
  }
  PublishHighWatermark(wakeups);
  return ticket;
}

bool Partition::OpenAtOnce(const ProducerRecord& first, std::size_t bytes, const AppendTime& now) {
  const bool in_memory = config_.acknowledgement == Acknowledgement::kMemory;
  if (!in_memory && spare_chunk_ == nullptr) return false;
  NoteAppend(now);
  const int64_t timestamp_ms = TimestampMs(first, now.wall_ms);
  const std::size_t capacity =
      std::min(static_cast<std::size_t>(config_.batch_bytes), std::size_t{Arena::kLargeChunkBytes});
  auto buffer = in_memory ? std::make_shared<TailBuffer>(std::max(bytes, capacity))
                          : std::make_shared<TailBuffer>(BeginChunk(timestamp_ms), capacity);
  tail_.OpenAtOnce(std::move(buffer), watermarks_.log_end(), timestamp_ms,
                   leader_epoch_.load(std::memory_order_relaxed), newest_append_ms_);
  has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
  return true;
}

// Of records that are about to be encoded.
AppendTicket Partition::NextTicket(std::size_t count) const {
  AppendTicket ticket;
  ticket.first_offset = watermarks_.log_end();
  ticket.end_offset = ticket.first_offset + static_cast<int64_t>(count);
  ticket.drops = drops_.load(std::memory_order_relaxed);
  return ticket;
}

void Partition::NoteAppend(const AppendTime& now) {
  if (tail_.empty()) oldest_staged_ = environment_.clock->Monotonic();
  newest_append_ms_ = std::max(newest_append_ms_, now.log_ms);  // others came in between
}

void Partition::Count(AppendTicket* ticket) {
  ticket->counted = true;
  tickets_out_.fetch_add(1, std::memory_order_relaxed);
}

AppendTicket Partition::StageOnHeap(absl::Span<const ProducerRecord> records, std::size_t bytes,
                                    const AppendTime& now) {
  NoteAppend(now);
  const AppendTicket ticket = NextTicket(records.size());
  watermarks_.SetLogEnd(ticket.end_offset);
  BatchRoom room = {static_cast<std::size_t>(config_.batch_bytes), bytes};
  const int32_t epoch = leader_epoch_.load(std::memory_order_relaxed);
  int64_t offset = ticket.first_offset;
  for (const ProducerRecord& record : records) {
    tail_.Append(record, TimestampMs(record, now.wall_ms), offset, epoch, room, newest_append_ms_);
    room.coming_bytes -= MaxEncodedRecordBytes(record);
    ++offset;
  }
  has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
  return ticket;
}

absl::Status Partition::DropReason() const {
  MutexLock lock(&mutex_);
  return OwnCopy(drop_reason_);
}

}  // namespace eventlog::inline v1::internal

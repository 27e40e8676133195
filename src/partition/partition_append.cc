// Staging records and waiting for them without the journal: the producer's side of a partition.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "format/record.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {
namespace {

std::size_t MaxEncodedBytes(absl::Span<const ProducerRecord> records) {
  std::size_t bytes = 0;
  for (const ProducerRecord& record : records) bytes += MaxEncodedRecordBytes(record);
  return bytes;
}

}  // namespace

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
  MutexLock lock(&mutex_);
  if (!tail_.HasRoomAtOnce(bytes) || hold_ != Hold::kNone || environment_.health->poisoned()) {
    return -1;
  }
  const int64_t first_offset = watermarks_.log_end();
  AddAtOnce(records, now);
  PublishHighWatermark();
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
      MutexLock lock(&mutex_);
      EVENTLOG_RETURN_IF_ERROR(CheckStageable());
      if (config_.acknowledgement == Acknowledgement::kMemory) return StageInMemory(records, now);
      at_once = at_once && MayShowAtOnce(bytes);
      if (!at_once) {
        AppendTicket ticket = StageOnHeap(records, now);
        Count(&ticket);
        return ticket;
      }
      if (tail_.HasRoomAtOnce(bytes) || OpenAtOnce(records.front(), bytes, now)) {
        const AppendTicket ticket = NextTicket(records.size());
        AddAtOnce(records, now);
        PublishHighWatermark();
        return ticket;
      }
    }
    EVENTLOG_ASSIGN_OR_RETURN(at_once, GetChunk());
  }
}

// Over as many batches as it takes, and shown together.
AppendTicket Partition::StageInMemory(absl::Span<const ProducerRecord> records,
                                      const AppendTime& now) {
  const AppendTicket ticket = NextTicket(records.size());
  for (const ProducerRecord& record : records) {
    const std::size_t bytes = MaxEncodedRecordBytes(record);
    if (!tail_.HasRoomAtOnce(bytes)) OpenAtOnce(record, bytes, now);
    AddAtOnce({&record, 1}, now);
  }
  PublishHighWatermark();
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

AppendTicket Partition::StageOnHeap(absl::Span<const ProducerRecord> records,
                                    const AppendTime& now) {
  NoteAppend(now);
  const AppendTicket ticket = NextTicket(records.size());
  watermarks_.SetLogEnd(ticket.end_offset);
  const auto batch_bytes = static_cast<std::size_t>(config_.batch_bytes);
  const int32_t epoch = leader_epoch_.load(std::memory_order_relaxed);
  int64_t offset = ticket.first_offset;
  for (const ProducerRecord& record : records) {
    tail_.Append(record, TimestampMs(record, now.wall_ms), offset, epoch, batch_bytes,
                 newest_append_ms_);
    ++offset;
  }
  has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
  return ticket;
}

absl::Status Partition::DropReason() const {
  MutexLock lock(&mutex_);
  return OwnCopy(drop_reason_);
}

bool Partition::NeedsSync() const {
  return acknowledgement_.load(std::memory_order_acquire) == Acknowledgement::kDisk;
}

bool Partition::IsBulkWorthwhile() const {
  MutexLock lock(&mutex_);
  return bulk_in_flight_.load(std::memory_order_relaxed) ||
         (tail_.unjournaled_bytes() >= kBulkBytes && hold_ == Hold::kNone);
}

absl::Status Partition::BulkWriteIfWorthwhile(bool* done) {
  *done = false;
  if (!IsBulkWorthwhile()) return absl::OkStatus();
  EVENTLOG_RETURN_IF_ERROR(SyncBeforeSealing());  // R8
  int64_t end_offset = 0;
  {
    MutexLock lock(&mutex_);
    while (bulk_in_flight_.load(std::memory_order_relaxed)) {
      *done = true;
      bulk_done_.Wait(&mutex_);
    }
    if (*done || tail_.unjournaled_bytes() < kBulkBytes || hold_ != Hold::kNone) {
      return absl::OkStatus();
    }
    if (atomic_sequence_ > environment_.journal->synced_upto()) {
      *done = true;  // another atomic write came in between: from the start
      return absl::OkStatus();
    }
    EVENTLOG_RETURN_IF_ERROR(environment_.health->Check());
    bulk_in_flight_.store(true);
    tail_.CloseOpenBatch();
    has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
    end_offset = watermarks_.log_end();
  }
  *done = true;
  MutexLock segment_lock(&segment_mutex_);
  return WriteBulk(end_offset);
}

// A frame of a `disk` partition says that all before it is durable (R6): so from the moment in
// which this is one, and until that is true, none is taken.
absl::Status Partition::SwitchToDisk(const PartitionConfig& config) {
  int64_t end_offset = -1;
  while (end_offset < 0) {
    EVENTLOG_RETURN_IF_ERROR(environment_.journal->SyncAndMark().status());
    MutexLock lock(&mutex_);
    while (bulk_in_flight_.load(std::memory_order_relaxed)) bulk_done_.Wait(&mutex_);
    if (hold_ != Hold::kNone || atomic_sequence_ > environment_.journal->synced_upto()) continue;
    config_ = config;
    acknowledgement_.store(config.acknowledgement, std::memory_order_release);
    bulk_in_flight_.store(true);
    tail_.CloseOpenBatch();
    end_offset = watermarks_.log_end();
  }
  MutexLock segment_lock(&segment_mutex_);
  return WriteBulk(end_offset);
}

absl::Status Partition::WriteBulk(int64_t end_offset) {
  // A sync that failed meanwhile is not tried again (R19).
  absl::Status written = environment_.health->Check();
  if (!written.ok()) {
    MutexLock lock(&mutex_);
    bulk_in_flight_.store(false);
    bulk_done_.NotifyAll();
    return written;
  }
  std::vector<std::shared_ptr<OpenBatch>> batches;
  PartitionConfig config;
  {
    MutexLock lock(&mutex_);
    config = config_;
    batches = tail_.ClosedBelow(end_offset);  // none when the topic was deleted meanwhile
  }
  bool refused = false;
  written = ReserveAndWrite(batches, config, &refused);
  if (refused) {  // the callers are told, the log goes on
    if (absl::Status synced = NeedsSync() ? segments_.Sync() : absl::OkStatus(); !synced.ok()) {
      return PoisonSegment(synced);  // what was written before is to be durable even so
    }
    MutexLock lock(&mutex_);
    DropUnjournaled(std::max(journaled_end_, watermarks_.high_watermark()), written);
    bulk_in_flight_.store(false);
    bulk_done_.NotifyAll();
    return absl::OkStatus();
  }
  // R10: every file, and the directory.
  if (written.ok() && NeedsSync()) written = segments_.Sync();
  if (!written.ok()) return PoisonSegment(written);

  MutexLock lock(&mutex_);
  if (!deleted_) {
    tail_.MarkJournaledBelow(end_offset);
    journaled_end_ = std::max(journaled_end_, end_offset);
    bypassed_ = !NeedsSync();
    Show(end_offset);
    for (std::size_t i = 0; i < batches.size(); ++i) tail_.PopOldest();
    has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
    oldest_staged_ = environment_.clock->Monotonic();
  }
  bulk_in_flight_.store(false);
  bulk_done_.NotifyAll();
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal

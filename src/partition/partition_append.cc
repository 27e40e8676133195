// Staging records and waiting for them without the journal: the producer's side of a partition.
#include <algorithm>

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

absl::StatusOr<AppendTicket> Partition::Stage(absl::Span<const ProducerRecord> records,
                                              const AppendTime& now,
                                              std::vector<RecordMetadata>* metadata) {
  std::size_t bytes = 0;
  for (const ProducerRecord& record : records) bytes += MaxEncodedRecordBytes(record);
  for (bool by_arena = true;;) {
    EVENTLOG_RETURN_IF_ERROR(environment_.health->Check());
    {
      MutexLock lock(&mutex_);
      EVENTLOG_RETURN_IF_ERROR(CheckStageable());
      by_arena = by_arena && MayUseArena(bytes);
      const bool fits = by_arena && OpenBatchHasRoom(bytes);
      if (fits || (by_arena && spare_chunk_ != nullptr)) {
        return StageInArena(records, now, fits, metadata);
      }
      if (!by_arena) return StageForJournal(records, now, metadata);
    }
    EVENTLOG_ASSIGN_OR_RETURN(by_arena, GetChunk());
  }
}

// The offsets of records that are about to be encoded.
AppendTicket Partition::BeginStaging(std::size_t count, const AppendTime& now) {
  AppendTicket ticket;
  ticket.first_offset = watermarks_.log_end();
  ticket.end_offset = ticket.first_offset + static_cast<int64_t>(count);
  ticket.drops = drops_.load(std::memory_order_relaxed);
  if (tail_.empty()) oldest_staged_ = environment_.clock->Monotonic();
  newest_append_ms_ = std::max(newest_append_ms_, now.log_ms);  // others came in between
  watermarks_.SetLogEnd(ticket.end_offset);
  return ticket;
}

void Partition::Count(AppendTicket* ticket) {
  ticket->counted = true;
  tickets_out_.fetch_add(1, std::memory_order_relaxed);
}

AppendTicket Partition::StageOnHeap(absl::Span<const ProducerRecord> records, const AppendTime& now,
                                    std::vector<RecordMetadata>* metadata) {
  const AppendTicket ticket = BeginStaging(records.size(), now);
  const auto batch_bytes = static_cast<std::size_t>(config_.batch_bytes);
  const int32_t epoch = leader_epoch_.load(std::memory_order_relaxed);
  int64_t offset = ticket.first_offset;
  for (const ProducerRecord& record : records) {
    const int64_t timestamp_ms = TimestampMs(record, now.wall_ms);
    tail_.Append(record, timestamp_ms, offset, epoch, batch_bytes, newest_append_ms_);
    if (metadata != nullptr) {
      metadata->push_back({name_.identity.partition, offset, absl::FromUnixMillis(timestamp_ms)});
    }
    ++offset;
  }
  has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
  return ticket;
}

AppendTicket Partition::StageForJournal(absl::Span<const ProducerRecord> records,
                                        const AppendTime& now,
                                        std::vector<RecordMetadata>* metadata) {
  AppendTicket ticket = StageOnHeap(records, now, metadata);
  if (config_.acknowledgement == Acknowledgement::kMemory) {  // there is no journal
    tail_.MarkJournaledBelow(ticket.end_offset);
    journaled_end_ = ticket.end_offset;
    Show(ticket.end_offset);
  } else {
    Count(&ticket);
  }
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

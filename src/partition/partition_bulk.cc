// Much at once, written to the segment and not to the journal first (R8, R10).
#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "format/record.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {
namespace {

// Of a span's batches with one call, or one batch that is larger: the kernel takes pages for it in
// large pieces.
constexpr std::size_t kSpanWriteBytes = 960 << 10;
// Others keep coming in between: then a span is staged as they are.
constexpr int kSpanTries = 3;

// More than all batches of these records take.
int64_t MaxSpanBytes(std::size_t records_bytes, std::size_t records,
                     const PartitionConfig& config) {
  // Of two neighbours each is more than a batch's worth.
  const std::size_t batches =
      std::min(records, 2 * records_bytes / static_cast<std::size_t>(config.batch_bytes) + 1);
  return static_cast<int64_t>(records_bytes + batches * kBatchHeaderBytes);
}

// What batches of a span are encoded into until they are written. One block, because malloc learns
// to keep a large one for the next span, where many small ones went back to the system each time.
class SpanBlock {
 public:
  explicit SpanBlock(std::size_t capacity) { Reset(capacity); }

  bool HasRoom(std::size_t bytes) const { return bytes <= capacity_ - used_; }
  std::shared_ptr<TailBuffer> Room(std::size_t bytes) const {
    return std::make_shared<TailBuffer>(bytes_.get() + used_, bytes);
  }
  void Take(std::size_t bytes) { used_ += bytes; }
  // Empty again, and has room for so much.
  void Reset(std::size_t bytes) {
    used_ = 0;
    if (bytes <= capacity_) return;
    bytes_ = std::make_unique_for_overwrite<char[]>(bytes);
    capacity_ = bytes;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
};

}  // namespace

// The next record starts a new batch, and none is journaled until EndBulk.
void Partition::BeginBulk() {
  bulk_in_flight_.store(true);
  tail_.CloseOpenBatch();
  spare_chunk_.reset();  // the segment's room for it is used now
  has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
}

void Partition::EndBulk() {
  bulk_in_flight_.store(false);
  bulk_done_.NotifyAll();
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
    BeginBulk();
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
    BeginBulk();
    end_offset = watermarks_.log_end();
  }
  MutexLock segment_lock(&segment_mutex_);
  return WriteBulk(end_offset);
}

absl::Status Partition::WriteBulk(int64_t end_offset) {
  std::vector<std::shared_ptr<OpenBatch>> batches;
  PartitionConfig config;
  {
    MutexLock lock(&mutex_);
    // A sync that failed meanwhile is not tried again (R19).
    if (absl::Status healthy = environment_.health->Check(); !healthy.ok()) {
      EndBulk();
      return healthy;
    }
    config = config_;
    batches = tail_.ClosedBelow(end_offset);  // none when the topic was deleted meanwhile
  }
  bool refused = false;
  const absl::Status written = ReserveAndWrite(batches, config, &refused);
  return FinishBulk(end_offset, batches.size(), written, refused);
}

// What was written is acknowledged, durable first where it is to be (R10). When it was refused the
// callers are told, and the log goes on.
absl::Status Partition::FinishBulk(int64_t end_offset, std::size_t tail_batches,
                                   const absl::Status& written, bool refused) {
  if (!written.ok() && !refused) return PoisonSegment(written);
  // Every file, and the directory. What was written before a refusal is to be durable even so.
  const absl::Status synced = NeedsSync() ? segments_.Sync() : absl::OkStatus();
  if (!synced.ok()) return PoisonSegment(synced);

  Wakeups wakeups;
  MutexLock lock(&mutex_);
  if (refused) {
    DropUnjournaled(std::max(journaled_end_, watermarks_.high_watermark()), written);
  } else if (!deleted_) {
    tail_.MarkJournaledBelow(end_offset);
    journaled_end_ = std::max(journaled_end_, end_offset);
    bypassed_ = !NeedsSync();
    Show(end_offset, &wakeups);
    for (std::size_t i = 0; i < tail_batches; ++i) tail_.PopOldest();
    has_closed_.store(tail_.WantsWriting(), std::memory_order_release);
    oldest_staged_ = environment_.clock->Monotonic();
  }
  EndBulk();
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Partition::AppendBulk(absl::Span<const ProducerRecord> records,
                                              const AppendTime& now) {
  EVENTLOG_RETURN_IF_ERROR(SyncBeforeSealing());  // R8
  MutexLock segment_lock(&segment_mutex_);
  for (int i = 0; i < kSpanTries; ++i) {
    Span span = {records, MaxEncodedBytes(records)};
    EVENTLOG_ASSIGN_OR_RETURN(const SpanStart start, StartSpan(now, &span));
    if (start == SpanStart::kRefused) return -1;
    if (start == SpanStart::kBehindTail) {
      EVENTLOG_RETURN_IF_ERROR(WriteBulk(span.first_offset));
      continue;
    }
    bool refused = false;
    const absl::Status written = WriteSpan(span, &refused);
    EVENTLOG_RETURN_IF_ERROR(FinishBulk(span.end_offset(), 0, written, refused));
    EVENTLOG_RETURN_IF_ERROR(written);
    return span.first_offset;
  }
  return -1;
}

// Takes offsets for the span if there is nothing before it that is to be written first.
absl::StatusOr<Partition::SpanStart> Partition::StartSpan(const AppendTime& now, Span* span) {
  MutexLock lock(&mutex_);
  EVENTLOG_RETURN_IF_ERROR(environment_.health->Check());
  EVENTLOG_RETURN_IF_ERROR(CheckStageable());
  if (config_.acknowledgement == Acknowledgement::kMemory || hold_ != Hold::kNone ||
      bulk_in_flight_.load(std::memory_order_relaxed) ||
      atomic_sequence_ > environment_.journal->synced_upto()) {
    return SpanStart::kRefused;
  }
  BeginBulk();
  span->first_offset = watermarks_.log_end();
  if (!tail_.empty()) return SpanStart::kBehindTail;
  NoteAppend(now);
  watermarks_.SetLogEnd(span->end_offset());
  span->config = config_;
  span->wall_ms = now.wall_ms;
  span->append_ms = newest_append_ms_;
  return SpanStart::kStarted;
}

// Encodes, seals and writes a few batches at a time.
absl::Status Partition::WriteSpan(const Span& span, bool* refused) {
  bool rolled = false;
  absl::Status status =
      segments_.Reserve(MaxSpanBytes(span.bytes, span.records.size(), span.config),
                        span.first_offset, span.append_ms, span.config, &rolled);
  *refused = IsDiskFull(status);
  if (rolled) TellRolled();
  const auto batch_bytes = static_cast<std::size_t>(span.config.batch_bytes);
  SpanBlock block(std::min(span.bytes, std::max(kSpanWriteBytes, batch_bytes)));
  std::vector<std::shared_ptr<OpenBatch>> batches;
  std::size_t coming_bytes = span.bytes;
  int64_t offset = span.first_offset;
  for (std::size_t i = 0; status.ok() && i < span.records.size(); ++i, ++offset) {
    const ProducerRecord& record = span.records[i];
    const std::size_t bytes = MaxEncodedRecordBytes(record);
    const int64_t timestamp_ms = TimestampMs(record, span.wall_ms);
    if (batches.empty() || batches.back()->bytes() + bytes > batch_bytes) {
      if (!batches.empty()) block.Take(batches.back()->bytes());
      const std::size_t wanted = std::max(bytes, std::min(coming_bytes, batch_bytes));
      if (!block.HasRoom(wanted)) {
        if (!batches.empty()) status = SealAndWrite(batches, span.config);
        batches.clear();
        block.Reset(wanted);
      }
      batches.push_back(std::make_shared<OpenBatch>(offset, timestamp_ms, leader_epoch(),
                                                    span.append_ms, block.Room(wanted)));
    }
    batches.back()->Append(record, timestamp_ms);
    coming_bytes -= bytes;
  }
  return status.ok() ? SealAndWrite(batches, span.config) : status;
}

}  // namespace eventlog::inline v1::internal

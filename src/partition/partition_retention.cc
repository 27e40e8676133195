// Letting go of the oldest records: the log start first, durably (R12), then the files below it.
#include "fmt/format.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

RetentionView Partition::retention_view() const {
  RetentionView view;
  // The segments first: what is begun afterwards holds no record that is older.
  view.segments = segments_.segments();
  MutexLock lock(&mutex_);
  view.log_start = watermarks_.log_start();
  view.high_watermark = watermarks_.high_watermark();
  view.newest_append_ms = newest_append_ms_;
  return view;
}

void Partition::SetLogStart(int64_t offset) {
  MutexLock lock(&mutex_);
  if (deleted_ || offset <= watermarks_.log_start()) return;
  watermarks_.SetLogStart(offset);
  log_start_.store(offset, std::memory_order_release);
}

absl::Status Partition::RemoveBelowLogStart() {
  int64_t bytes = 0;
  int count = 0;
  absl::Status status;
  for (;;) {
    int64_t removed_bytes = 0;
    MutexLock segment_lock(&segment_mutex_);  // for one file at a time: appends go on in between
    status = segments_.RemoveOldestBelow(log_start_offset(), &removed_bytes);
    if (removed_bytes == 0) break;
    bytes += removed_bytes;
    ++count;
  }
  if (count > 0) {
    environment_.events->Push({.kind = LogEvent::Kind::kRetained,
                               .topic = name_.topic,
                               .partition = name_.identity.partition,
                               .bytes = bytes,
                               .message = fmt::format("{} segments below offset {} are deleted",
                                                      count, log_start_offset())});
  }
  return status;
}

}  // namespace eventlog::inline v1::internal

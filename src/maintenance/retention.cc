#include "maintenance/retention.h"

#include <algorithm>

#include "eventlog/status_macros.h"

namespace eventlog::inline v1::internal {
namespace {

int64_t RetainedBySize(int64_t retention_bytes, const RetainedPartition& partition) {
  int64_t kept_bytes = 0;
  for (const auto& segment : partition.segments) kept_bytes += segment.bytes;
  int64_t from = partition.log_start;
  for (std::size_t i = 0; i + 1 < partition.segments.size(); ++i) {
    kept_bytes -= partition.segments[i].bytes;
    if (kept_bytes < retention_bytes) break;
    from = partition.segments[i + 1].base_offset;
  }
  return from;
}

// Goes through the segments once, from the oldest to the first that stays.
class RetentionByTime {
 public:
  RetentionByTime(int64_t retention_ms, int64_t now_ms, const RetainedPartition& partition,
                  SegmentBegunMs begun_ms)
      : retention_ms_(retention_ms),
        now_ms_(now_ms),
        partition_(partition),
        begun_ms_(begun_ms),
        newest_append_ms_(std::min(partition.newest_append_ms, now_ms)) {}

  absl::StatusOr<int64_t> From() {
    const auto& segments = partition_.segments;
    int64_t from = partition_.log_start;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      EVENTLOG_ASSIGN_OR_RETURN(const int64_t begun_ms, begun_ms_(i));
      if (IsBelieved(begun_ms)) no_older_ms_ = std::max(no_older_ms_, begun_ms);
      EVENTLOG_ASSIGN_OR_RETURN(const int64_t end_ms, EndMs(i));
      if (!IsExpired(std::max(end_ms, no_older_ms_))) return from;
      from = i + 1 < segments.size() ? segments[i + 1].base_offset : partition_.high_watermark;
    }
    if (segments.empty() && IsExpired(newest_append_ms_)) return partition_.high_watermark;
    return from;
  }

 private:
  bool IsExpired(int64_t appended_ms) const { return now_ms_ - appended_ms >= retention_ms_; }

  bool IsBelieved(int64_t begun_ms) const { return begun_ms > 0 && begun_ms <= now_ms_; }

  // No record of segment i was appended later.
  absl::StatusOr<int64_t> EndMs(std::size_t i) {
    for (later_ = std::max(later_, i + 1); later_ < partition_.segments.size(); ++later_) {
      EVENTLOG_ASSIGN_OR_RETURN(const int64_t begun_ms, begun_ms_(later_));
      if (IsBelieved(begun_ms)) return begun_ms;
    }
    return newest_append_ms_;
  }

  const int64_t retention_ms_;
  const int64_t now_ms_;
  const RetainedPartition& partition_;
  const SegmentBegunMs begun_ms_;
  const int64_t newest_append_ms_;
  int64_t no_older_ms_ = INT64_MIN;  // a segment so far was begun then
  std::size_t later_ = 0;            // none between the segment in hand and this one says anything
};

}  // namespace

absl::StatusOr<int64_t> RetainedFrom(const RetentionLimits& limits, int64_t now_ms,
                                     const RetainedPartition& partition, SegmentBegunMs begun_ms) {
  int64_t from = partition.log_start;
  if (limits.retention_bytes >= 0) from = RetainedBySize(limits.retention_bytes, partition);
  if (limits.retention_ms >= 0) {
    EVENTLOG_ASSIGN_OR_RETURN(
        const int64_t by_time,
        RetentionByTime(limits.retention_ms, now_ms, partition, begun_ms).From());
    from = std::max(from, by_time);
  }
  return std::max(partition.log_start, std::min(from, partition.high_watermark));
}

}  // namespace eventlog::inline v1::internal

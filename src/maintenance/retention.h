// Which records of a partition have outlived its topic's retention. Whole segments go, the oldest
// first, by two rules that do not know of each other:
//
// - By size: the oldest goes while those behind it hold retention_bytes. The last never goes.
// - By time: a segment goes when its newest record was appended at least retention_ms ago, by the
//   log's time (base/log_time.h); timestamps of records are not asked. It was appended no later
//   than
//     - the first record of the next segment, as that one's header says, or
//     - for the last segment, the partition's newest append.
//   Where a header says nothing, or a time to come (a clock was wrong), the next later one that
//   says something counts, and in the end the newest append, which is never taken for later than
//   now. And no segment's records are taken for older than its first one, or an older segment's:
//   when clocks disagree, records stay.
//   When the last one's records have all expired too, everything below the high watermark goes.
//
// Nothing at or above the high watermark goes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace eventlog::inline v1::internal {

struct RetentionLimits {
  int64_t retention_ms = -1;     // -1: unlimited
  int64_t retention_bytes = -1;  // -1: unlimited
  bool any() const { return retention_ms >= 0 || retention_bytes >= 0; }
};

// A partition at one moment.
struct RetainedPartition {
  struct Segment {
    int64_t base_offset = 0;
    int64_t bytes = 0;
  };
  absl::Span<const Segment> segments = {};  // oldest first; what is not in one yet lies behind them
  int64_t log_start = 0;
  int64_t high_watermark = 0;
  int64_t newest_append_ms = 0;  // no record below the high watermark was appended later
};

// When the first record of segment i was appended, by its header; 0 or less: that says nothing.
// Asked only where it matters.
using SegmentBegunMs = absl::FunctionRef<absl::StatusOr<int64_t>(std::size_t i)>;

// The log start that the limits ask for: the present one or a higher one, up to the high watermark.
// Errors are those of `begun_ms`.
absl::StatusOr<int64_t> RetainedFrom(const RetentionLimits& limits, int64_t now_ms,
                                     const RetainedPartition& partition, SegmentBegunMs begun_ms);

}  // namespace eventlog::inline v1::internal

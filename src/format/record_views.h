// Views of a batch's records, in place.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "eventlog/record.h"

namespace eventlog::inline v1::internal {

// What the views of one batch have in common.
struct ViewedBatch {
  const BatchSource* source = nullptr;
  int64_t base_offset = 0;
  int64_t base_timestamp_ms = 0;
};

struct OffsetRange {
  int64_t begin = 0;
  int64_t end = 0;
};

// Fills [to, *to_end) with views of the records of *left that lie in the range, and moves *left
// behind what it has looked at; *to_end: where it stopped. Nothing is left behind the range's end.
// DataLoss (kCorruptData): what DecodeRecord refuses.
absl::Status ViewRecords(const ViewedBatch& batch, const OffsetRange& range, std::string_view* left,
                         RecordView* to, RecordView** to_end);

}  // namespace eventlog::inline v1::internal

// What a record must be to be appended, whatever the call that brings it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventlog/record.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {

struct RecordLimits {
  int32_t partitions = 1;        // of its topic
  int64_t max_record_bytes = 0;  // LogOptions::max_record_bytes
};

// The difference of two timestamps that pass fits into what a batch stores for it.
inline bool IsStorable(absl::Time timestamp) {
  return timestamp >= absl::UnixEpoch() && timestamp != absl::InfiniteFuture();
}

// For a record that CheckRecord refuses.
absl::Status WhyRefused(const ProducerRecord& record, const RecordLimits& limits);

// InvalidArgument (kRecordTooLarge; kInvalidOption: its timestamp); NotFound (kUnknownPartition).
// OK means that encoding the record, whatever its deltas, stays within max_record_bytes.
inline absl::Status CheckRecord(const ProducerRecord& record, const RecordLimits& limits) {
  const bool fits =
      MaxEncodedRecordBytes(record) <= static_cast<std::size_t>(limits.max_record_bytes);
  const bool has_place = record.partition == kAnyPartition ||
                         (record.partition >= 0 && record.partition < limits.partitions);
  const bool has_time = !record.timestamp.has_value() || IsStorable(*record.timestamp);
  if (fits && has_place && has_time) [[likely]]
    return absl::OkStatus();
  return WhyRefused(record, limits);
}

}  // namespace eventlog::inline v1::internal

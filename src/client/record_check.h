// What a record must be to be appended, whatever the call that brings it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "eventlog/record.h"

namespace eventlog::inline v1::internal {

struct RecordLimits {
  int32_t partitions = 1;        // of its topic
  int64_t max_record_bytes = 0;  // LogOptions::max_record_bytes
};

// InvalidArgument (kRecordTooLarge; kInvalidOption: its timestamp); NotFound (kUnknownPartition).
// OK means that encoding the record, whatever its deltas, stays within max_record_bytes.
absl::Status CheckRecord(const ProducerRecord& record, const RecordLimits& limits);

}  // namespace eventlog::inline v1::internal

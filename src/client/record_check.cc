#include "client/record_check.h"

#include <cstddef>

#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {

absl::Status WhyRefused(const ProducerRecord& record, const RecordLimits& limits) {
  const std::size_t bytes = MaxEncodedRecordBytes(record);
  if (bytes > static_cast<std::size_t>(limits.max_record_bytes)) {
    return MakeError(
        ErrorReason::kRecordTooLarge,
        fmt::format("record of {} bytes: max_record_bytes is {}", bytes, limits.max_record_bytes));
  }
  if (record.timestamp.has_value() && !IsStorable(*record.timestamp)) {
    return MakeError(ErrorReason::kInvalidOption, "record timestamp before 1970 or infinite");
  }
  return MakeError(
      ErrorReason::kUnknownPartition,
      fmt::format("partition {} of a topic that has {}", record.partition, limits.partitions));
}

}  // namespace eventlog::inline v1::internal

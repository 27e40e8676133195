#include "client/record_check.h"

#include <cstddef>

#include "absl/time/time.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {

absl::Status CheckRecord(const ProducerRecord& record, const RecordLimits& limits) {
  const std::size_t bytes = MaxEncodedRecordBytes(record);
  if (bytes > static_cast<std::size_t>(limits.max_record_bytes)) {
    return MakeError(
        ErrorReason::kRecordTooLarge,
        fmt::format("record of {} bytes: max_record_bytes is {}", bytes, limits.max_record_bytes));
  }
  if (record.partition != kAnyPartition &&
      (record.partition < 0 || record.partition >= limits.partitions)) {
    return MakeError(
        ErrorReason::kUnknownPartition,
        fmt::format("partition {} of a topic that has {}", record.partition, limits.partitions));
  }
  // The difference of two timestamps that pass fits into what a batch stores for it.
  if (record.timestamp &&
      (*record.timestamp < absl::UnixEpoch() || *record.timestamp == absl::InfiniteFuture())) {
    return MakeError(ErrorReason::kInvalidOption, "record timestamp before 1970 or infinite");
  }
  return absl::OkStatus();
}

}  // namespace eventlog::inline v1::internal

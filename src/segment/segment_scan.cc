#include "segment/segment_scan.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kScanBytes = 1 << 20;  // read at once

// Whether nothing was ever written where a batch header would be.
absl::StatusOr<bool> IsUnwritten(File* file, int64_t position) {
  char bytes[kBatchHeaderBytes];
  EVENTLOG_ASSIGN_OR_RETURN(const std::size_t read_bytes,
                            file->ReadAt(position, absl::MakeSpan(bytes)));
  return std::all_of(bytes, bytes + read_bytes, [](char byte) { return byte == 0; });
}

// Whether the batch belongs where the scan has come to.
absl::Status CheckOrder(const BatchHeader& header, int64_t next_offset, int32_t max_epoch,
                        bool allow_gaps) {
  if (header.base_offset < next_offset || (header.base_offset > next_offset && !allow_gaps)) {
    return MakeError(ErrorReason::kCorruptData, fmt::format("base offset {} where {} belongs",
                                                            header.base_offset, next_offset));
  }
  if (header.leader_epoch > max_epoch) {
    return MakeError(ErrorReason::kCorruptData,
                     fmt::format("leader epoch {} is above {}, the newest there was",
                                 header.leader_epoch, max_epoch));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SegmentHeader> ReadSegmentHeader(File* file) {
  char bytes[kMaxHeaderBytes];
  EVENTLOG_ASSIGN_OR_RETURN(const std::size_t read_bytes, file->ReadAt(0, absl::MakeSpan(bytes)));
  return DecodeSegmentHeader(std::string_view(bytes, read_bytes));
}

absl::StatusOr<ScanResult> ScanSegment(
    File* file, const std::string& path, uint64_t identity_seed, int64_t position,
    int64_t next_offset, int32_t max_epoch, bool allow_gaps,
    const std::function<absl::Status(const StoredBatch&)>& visit) {
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  ScanResult result;
  result.end_position = position;
  result.next_offset = next_offset;
  std::vector<StoredBatch> batches;
  while (result.end_position < size) {
    batches.clear();
    const absl::Status status =
        ReadBatches(file, path, identity_seed, {result.end_position, size, kScanBytes}, &batches);
    if (IsDamage(status)) {
      EVENTLOG_ASSIGN_OR_RETURN(const bool unwritten, IsUnwritten(file, result.end_position));
      if (unwritten) return result;
      result.stopped = status;
      result.newer_format = absl::IsUnimplemented(status);
      return result;
    }
    EVENTLOG_RETURN_IF_ERROR(status);
    for (const StoredBatch& batch : batches) {
      const absl::Status order =
          CheckOrder(batch.header, result.next_offset, max_epoch, allow_gaps);
      if (!order.ok()) {
        result.stopped =
            Annotate(order, fmt::format("{}: batch at position {}", path, batch.position));
        result.newer_epoch = batch.header.leader_epoch > max_epoch;
        return result;
      }
      if (visit) EVENTLOG_RETURN_IF_ERROR(visit(batch));
      result.end_position = batch.position + batch.header.batch_bytes();
      result.next_offset = batch.header.next_offset();
    }
  }
  return result;
}

}  // namespace eventlog::inline v1::internal

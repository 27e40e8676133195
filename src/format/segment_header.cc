#include "format/segment_header.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "format/record_batch.h"

namespace eventlog::inline v1::internal {

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  EVENTLOG_ASSERT(header.identity.partition >= 0 && header.base_offset >= 0 &&
                  header.base_offset <= kMaxOffset);
  std::string bytes(kSegmentHeaderBytes, '\0');
  char* to = bytes.data();
  std::copy(header.identity.topic.bytes.begin(), header.identity.topic.bytes.end(), to + 8);
  StoreLe(to + 24, header.identity.partition);
  StoreLe(to + 32, header.base_offset);
  StoreLe(to + 40, header.created_ms);
  FinishHeader(to, kSegmentFormat, 0);
  return bytes;
}

absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  EVENTLOG_RETURN_IF_ERROR(CheckHeader(bytes, kSegmentFormat, 0));
  const char* from = bytes.data();
  SegmentHeader header;
  std::copy_n(from + 8, header.identity.topic.bytes.size(), header.identity.topic.bytes.begin());
  header.identity.partition = LoadLe<int32_t>(from + 24);
  const auto reserved = LoadLe<uint32_t>(from + 28);
  header.base_offset = LoadLe<int64_t>(from + 32);
  header.created_ms = LoadLe<int64_t>(from + 40);
  if (header.identity.partition < 0 || reserved != 0 || header.base_offset < 0 ||
      header.base_offset > kMaxOffset) {
    return MakeError(ErrorReason::kCorruptData, "segment header: impossible values");
  }
  return header;
}

}  // namespace eventlog::inline v1::internal

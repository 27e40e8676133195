// The input: see TakeIndex. An index that lies, under a good hash, costs time and no truth.
#include <vector>

#include "fuzz/index.h"

namespace eventlog::test {

FUZZ_TARGET(offset_index) {
  const std::string index = TakeIndex(input, internal::kOffsetIndexFormat);
  if (index.empty()) return Outcome::kRefused;
  const auto segment = SegmentWith(index, "");
  for (int64_t offset = 0; offset < kIndexedRecords; offset += 7) {
    std::vector<internal::StoredBatch> read;
    EVENTLOG_ASSERT(segment->Read(offset, -1, 1, &read).ok() && read.size() == 1);
    EVENTLOG_ASSERT(read[0].header.base_offset <= offset && offset <= read[0].header.last_offset());
  }
  return Outcome::kDecoded;
}

}  // namespace eventlog::test

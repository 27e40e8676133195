// The input: see TakeIndex. What an index leads to is at or after the time that was asked for.
#include "fuzz/index.h"

namespace eventlog::test {

FUZZ_TARGET(time_index) {
  const std::string index = TakeIndex(input, internal::kTimeIndexFormat);
  if (index.empty()) return Outcome::kRefused;
  const auto segment = SegmentWith("", index);
  EVENTLOG_ASSERT(segment->MaxTimestamp().ok());
  for (int64_t timestamp_ms = 0; timestamp_ms < kIndexedRecords; timestamp_ms += 7) {
    const auto found = segment->FindTimestamp(timestamp_ms, 0);
    EVENTLOG_ASSERT(found.ok());
    if (!found->has_value()) continue;
    EVENTLOG_ASSERT(**found >= timestamp_ms && **found < kIndexedRecords);  // they are the same
  }
  return Outcome::kDecoded;
}

}  // namespace eventlog::test

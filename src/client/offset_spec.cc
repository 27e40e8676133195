#include "client/offset_spec.h"

#include <algorithm>
#include <limits>

namespace eventlog::inline v1 {

OffsetSpec OffsetSpec::Earliest() { return {Kind::kEarliest, 0}; }
OffsetSpec OffsetSpec::Latest() { return {Kind::kLatest, 0}; }
OffsetSpec OffsetSpec::At(int64_t offset) { return {Kind::kAt, offset}; }

OffsetSpec OffsetSpec::ForTimestamp(absl::Time time) {
  // Stored timestamps are whole milliseconds: the first at or after `time` is at or after the next
  // whole one.
  int64_t milliseconds = absl::ToUnixMillis(time);
  if (milliseconds < std::numeric_limits<int64_t>::max() &&
      absl::FromUnixMillis(milliseconds) < time) {
    ++milliseconds;
  }
  return {Kind::kForTimestamp, milliseconds};
}

OffsetSpec OffsetSpec::Last(int64_t records) {
  return {Kind::kLast, std::max<int64_t>(records, 0)};
}

OffsetSpec OffsetSpec::Committed() { return {Kind::kCommitted, 0}; }

}  // namespace eventlog::inline v1

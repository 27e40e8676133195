// A segment that is whole, beside whose data an index may say anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "format/index_file.h"
#include "fuzz/target.h"
#include "segment/segment.h"

namespace eventlog::test {

// Takes a byte and an index file off the input. The byte's lowest bit asks for good hashes, the
// next one for a header that fits the segment below. A good index encodes to the same bytes.
// Returns it as it then is; empty when it is refused.
std::string TakeIndex(std::string_view input, const internal::HeaderFormat& format);

// A sealed segment of kIndexedRecords records, whose timestamps are their offsets, with these
// indexes; an empty one is a good one.
inline constexpr int64_t kIndexedRecords = 40;
std::shared_ptr<internal::Segment> SegmentWith(const std::string& offset_index,
                                               const std::string& time_index);

}  // namespace eventlog::test

// The first bytes of every segment file; batches follow, one after another, then zeros up to the
// preallocated size while the segment is active.
//
//    0 magic u32 "ELSG" | 4 version u16 | 6 header_bytes u16 | 8 topic uuid 16 bytes
//   24 partition i32 | 28 reserved u32 (0) | 32 base_offset i64 | 40 created_ms i64 | 48 hash u64
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "format/identity.h"
#include "format/preamble.h"

namespace eventlog::inline v1::internal {

inline constexpr HeaderFormat kSegmentFormat = {"segment", Magic("ELSG"), 1, 56};
inline constexpr int64_t kSegmentHeaderBytes = 56;

struct SegmentHeader {
  PartitionIdentity identity;
  int64_t base_offset = 0;
  int64_t created_ms = 0;
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

std::string EncodeSegmentHeader(const SegmentHeader& header);
// DataLoss (kCorruptData), Unimplemented (kNewerFormat). The hash has seed 0: a file says whose it
// is before anybody claims to know.
absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

}  // namespace eventlog::inline v1::internal

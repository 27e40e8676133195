// The two index files beside a sealed segment: sparse, rebuildable, never trusted (a hit is
// verified against the batch it names).
//
//    0 magic u32 "ELOI" or "ELTI" | 4 version u16 | 6 header_bytes u16 | 8 base_offset i64
//   16 segment_bytes i64 (the data file's size: another one makes the index stale)
//   24 entry_count u32 | 28 reserved u32 (0) | 32 body_hash u64 | 40 header_hash u64
//
// then entry_count entries of two i64: (offset, position) in the offset index, sorted by offset;
// (max_timestamp_ms so far, offset of that batch) in the time index, both columns rising.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "format/preamble.h"

namespace eventlog::inline v1::internal {

inline constexpr HeaderFormat kOffsetIndexFormat = {"offset index", Magic("ELOI"), 1, 48};
inline constexpr HeaderFormat kTimeIndexFormat = {"time index", Magic("ELTI"), 1, 48};
inline constexpr std::size_t kIndexHeaderBytes = 48;
inline constexpr std::size_t kIndexEntryBytes = 16;

struct IndexEntry {
  int64_t key = 0;    // offset, or timestamp in milliseconds
  int64_t value = 0;  // position, or offset
  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

struct IndexFile {
  int64_t base_offset = 0;
  int64_t segment_bytes = 0;
  std::vector<IndexEntry> entries;
  friend bool operator==(const IndexFile&, const IndexFile&) = default;
};

std::string EncodeIndexFile(const IndexFile& index, const HeaderFormat& format, uint64_t seed);
// DataLoss (kCorruptData): hash, count, or entries that do not rise; Unimplemented (kNewerFormat).
absl::StatusOr<IndexFile> DecodeIndexFile(std::string_view bytes, const HeaderFormat& format,
                                          uint64_t seed);

}  // namespace eventlog::inline v1::internal

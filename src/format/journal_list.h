// Which files the journal has, and how large each is: one that is gone, or cut, is missed even when
// nothing that is left of the journal says what was in it.
//
//    0 magic u32 "ELJF" | 4 version u16 | 6 header_bytes u16 | 8 log_uuid u8[16]
//   24 file_count u32 | 28 reserved u32 (0) | 32 body_hash u64 | 40 header_hash u64
//
// then file_count entries of number u64 and bytes i64, sorted by number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "format/preamble.h"

namespace eventlog::inline v1::internal {

inline constexpr HeaderFormat kJournalListFormat = {"journal list", Magic("ELJF"), 1, 48};
inline constexpr std::size_t kJournalListHeaderBytes = 48;
inline constexpr std::size_t kJournalListEntryBytes = 16;

struct JournalListEntry {
  uint64_t number = 0;  // in its name
  int64_t bytes = 0;
  friend bool operator==(const JournalListEntry&, const JournalListEntry&) = default;
};

struct JournalList {
  Uuid log_id;
  std::vector<JournalListEntry> files;  // sorted by number
  friend bool operator==(const JournalList&, const JournalList&) = default;
};

std::string EncodeJournalList(const JournalList& list);
// DataLoss (kCorruptData): hash, count, or numbers that do not rise; Unimplemented (kNewerFormat).
absl::StatusOr<JournalList> DecodeJournalList(std::string_view bytes);

}  // namespace eventlog::inline v1::internal

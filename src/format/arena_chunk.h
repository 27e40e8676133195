// A file of the arena: a table of slots, then as many units of space.
//
//   | slot 0 | slot 1 | ... | slot 63 | unit 0 (16 KiB) | unit 1 | ... | unit 63 |
//
// A chunk is one unit or several in a row and is described by the slot of its first one:
//
//    0 magic u32 "ELAC" | 4 version u16 | 6 header_bytes u16 | 8 generation u64
//   16 topic_id i32 | 20 partition i32 | 24 base_offset i64 | 32 base_timestamp_ms i64
//   40 leader_epoch i32 | 44 chunk_bytes u32 | 48 header_hash u64
//   56 published u64: low 24 bits, bytes of records; high 40 bits, the low ones of their chain
//
// The chunk holds Kafka's records, deltas against the base. Their chain begins with the header's
// hash, and each record's bytes are hashed under the chain before it: so one store publishes a
// record, and what it publishes counts only for this chunk as it was begun (R18).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/checksum.h"
#include "base/uuid.h"
#include "format/journal_group.h"
#include "format/preamble.h"

namespace eventlog::inline v1::internal {

inline constexpr HeaderFormat kArenaChunkFormat = {"arena chunk", Magic("ELAC"), 1, 56};
inline constexpr std::size_t kArenaSlotBytes = 64;
inline constexpr std::size_t kArenaSlots = 64;
inline constexpr std::size_t kArenaUnitBytes = 16 << 10;
inline constexpr std::size_t kArenaTableBytes = kArenaSlots * kArenaSlotBytes;
inline constexpr std::size_t kArenaFileBytes = kArenaTableBytes + kArenaSlots * kArenaUnitBytes;
inline constexpr std::size_t kPublishedAt = 56;  // in a slot, in which nothing else ever changes

struct ArenaChunkHeader {
  uint64_t generation = 0;
  int32_t topic_id = 0;
  int32_t partition = 0;
  int64_t base_offset = 0;
  int64_t base_timestamp_ms = 0;
  int32_t leader_epoch = 0;
  uint32_t chunk_bytes = 0;  // a multiple of kArenaUnitBytes
};

// Writes the header to a slot whose `published` is zero, and returns where the chain begins.
uint64_t StoreArenaChunkHeader(char* slot, const ArenaChunkHeader& header, const Uuid& log_id);
// The chain behind a record.
inline uint64_t ChainRecord(uint64_t chain, std::string_view record) {
  return Hash64(record, chain);
}
// `published` for so many bytes of records, fewer than 16 MiB.
inline uint64_t PublishedWord(std::size_t bytes, uint64_t chain) { return chain << 24 | bytes; }

// What slot `index` of an arena file has published in this generation, as a frame; nullopt:
// nothing. `file` has kArenaFileBytes. DataLoss (kCorruptData): the slot or its records are not
// what was written, or the generation is one to come; Unimplemented (kNewerFormat). `*header`, when
// it is not null, is what can be told of the chunk even so; nullopt: nothing.
absl::StatusOr<std::optional<JournalFrame>> DecodeArenaChunk(
    std::string_view file, std::size_t index, uint64_t generation, const Uuid& log_id,
    std::optional<ArenaChunkHeader>* header);

}  // namespace eventlog::inline v1::internal

// The log's one checkpoint: where recovery starts (rules R11, R16). Replaced atomically and whole.
//
//    0 magic u32 "ELCP" | 4 version u16 | 6 header_bytes u16 | 8 log uuid 16 bytes
//   24 generation u64 | 32 sequence u64 (S0: the first group not covered) | 40 journal_file u64
//   48 journal_position u64 | 56 synced_upto u64 | 64 leader_epoch i32 | 68 partition_count u32
//   72 offsets_upto i64 | 80 offset_count u64 | 88 body_hash u64 | 96 header_hash u64
//
// then partition_count entries of 48 bytes:
//    0 topic_id i32 | 4 partition i32 | 8 log_start_offset i64 | 16 segment_base_offset i64
//   24 position i64 | 32 end_offset i64 | 40 newest_append_ms i64
//
// then offset_count committed offsets, key | value, u32 length and bytes each (offset_commit.h).
//
// Version 1 has neither committed offsets nor newest_append_ms: offsets_upto, offset_count and the
// entry's last field are not there, the rest moves up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/uuid.h"
#include "format/offset_commit.h"
#include "format/preamble.h"

namespace eventlog::inline v1::internal {

inline constexpr HeaderFormat kCheckpointFormat = {"checkpoint", Magic("ELCP"), 2, 104};
inline constexpr std::size_t kCheckpointHeaderBytes = 104;
inline constexpr std::size_t kCheckpointEntryBytes = 48;

// Up to where one partition is proven to be on disk.
struct PartitionCheckpoint {
  int32_t topic_id = 0;
  int32_t partition = 0;
  int64_t log_start_offset = 0;
  // The file that must exist; -1: none, every record was deleted or there never was one.
  int64_t segment_base_offset = -1;
  int64_t position = 0;    // in that file: everything before it is synced
  int64_t end_offset = 0;  // the offset that belongs at `position`, or where the log goes on
  // When the newest record below end_offset was appended, by the log's clock; 0: unknown. May be
  // any number.
  int64_t newest_append_ms = 0;
  friend bool operator==(const PartitionCheckpoint&, const PartitionCheckpoint&) = default;
};

// How many of a partition's segment files, given their rising base offsets, lie wholly below its
// log start: a crash cut their removal short, and they count for nothing (R12).
std::size_t CountBelowLogStart(const PartitionCheckpoint& entry,
                               absl::Span<const int64_t> base_offsets);

struct CommittedOffset {
  OffsetCommitKey key;
  OffsetCommitValue value;
  friend bool operator==(const CommittedOffset&, const CommittedOffset&) = default;
};

struct Checkpoint {
  Uuid log_id;
  uint64_t generation = 0;
  uint64_t sequence = 1;
  uint64_t journal_file = 0;
  uint64_t journal_position = 0;
  uint64_t synced_upto = 0;
  int32_t leader_epoch = 0;
  std::vector<PartitionCheckpoint> partitions;  // sorted by topic_id, partition
  // What the records of __consumer_offsets below offsets_upto leave; sorted by key.
  int64_t offsets_upto = 0;
  std::vector<CommittedOffset> offsets;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

std::string EncodeCheckpoint(const Checkpoint& checkpoint);
absl::StatusOr<Checkpoint> DecodeCheckpoint(std::string_view bytes);

}  // namespace eventlog::inline v1::internal

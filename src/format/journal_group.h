// A group: what one journal write holds, applied by recovery whole or not at all (rule R1).
//
//    0 magic u32 "ELJG" | 4 version u16 | 6 header_bytes u16 | 8 generation u64 | 16 sequence u64
//   24 synced_upto u64 (the last sequence whose sync had returned) | 32 body_bytes u32
//   36 frame_count u32 | 40 body_hash u64 | 48 header_hash u64
//
// then body_bytes of frames, each:
//
//    0 topic_id i32 | 4 partition i32 | 8 batch_base_offset i64 | 16 base_timestamp_ms i64
//   24 first_offset i64 | 32 producer_id i64 | 40 record_count i32 | 44 base_sequence i32
//   48 leader_epoch i32 | 52 producer_epoch i16 | 54 attributes u16 | 56 records_bytes u32
//   60 reserved u32 (0) | 64 records: Kafka's records section, deltas against the batch's base
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "format/preamble.h"
#include "format/record_batch.h"

namespace eventlog::inline v1::internal {

inline constexpr HeaderFormat kJournalGroupFormat = {"journal group", Magic("ELJG"), 1, 56};
inline constexpr std::size_t kGroupHeaderBytes = 56;
inline constexpr std::size_t kFrameHeaderBytes = 64;
// No group is larger, header included.
inline constexpr int64_t kMaxGroupBytes = 256 << 20;

// A part of one partition's open batch, on its way to a group or back from it.
struct JournalFrame {
  int32_t topic_id = 0;
  int32_t partition = 0;
  int64_t batch_base_offset = 0;
  int64_t base_timestamp_ms = 0;
  int64_t first_offset = 0;
  WriterIdentity writer = {};
  int32_t record_count = 0;
  int32_t base_sequence = -1;
  int32_t leader_epoch = 0;
  uint16_t attributes = 0;
  std::string_view records;

  int64_t end_offset() const { return first_offset + record_count; }
};

// Whether its fields and every record in it can be. DataLoss (kCorruptData).
absl::Status CheckFrame(const JournalFrame& frame);

struct JournalGroup {
  uint64_t generation = 0;
  uint64_t sequence = 0;
  uint64_t synced_upto = 0;
  std::vector<JournalFrame> frames;  // views into what was decoded
};

// Builds one group in one buffer, its header's room included. Reusable.
class GroupBuilder {
 public:
  GroupBuilder() { Clear(); }
  void Clear();
  bool empty() const { return frame_count_ == 0; }
  std::size_t bytes() const { return buffer_.size(); }
  // Copies the frame and its records in. The frame is one that DecodeGroup takes: it has records,
  // their offsets are consecutive from first_offset on, and attributes name no codec.
  void Add(const JournalFrame& frame);
  // Fills the header in and returns the whole group; valid until Clear or Add. synced_upto is below
  // sequence.
  std::string_view Finish(uint64_t generation, uint64_t sequence, uint64_t synced_upto,
                          const Uuid& log_id);

 private:
  std::string buffer_;
  uint32_t frame_count_ = 0;
};

// Bytes of the whole group that starts in `bytes`, padding not counted, when its header is one of
// this log and generation. kGroupHeaderBytes are enough for those we write, up to kMaxHeaderBytes
// to tell a newer one from damage. DataLoss (kCorruptData) or Unimplemented (kNewerFormat).
absl::StatusOr<std::size_t> GroupBytes(std::string_view bytes, uint64_t generation,
                                       const Uuid& log_id);
// The whole group at the start of `bytes`, header, body hash and every frame's shape checked.
absl::StatusOr<JournalGroup> DecodeGroup(std::string_view bytes, uint64_t generation,
                                         const Uuid& log_id);

}  // namespace eventlog::inline v1::internal

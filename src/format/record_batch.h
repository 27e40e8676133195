// A sealed batch: our header, then Kafka's records section, whole or as one compressed blob.
// docs/format.md draws it; format_doc_test holds the page against these constants.
//
//    0 magic u32 "ELRB" | 4 version u16 | 6 header_bytes u16 | 8 base_offset i64
//   16 base_timestamp_ms i64  | 24 max_timestamp_ms i64 | 32 delete_horizon_ms i64 (-1: none)
//   40 producer_id i64 (-1)   | 48 base_sequence i32 (-1) | 52 producer_epoch i16 (-1)
//   54 attributes u16 (Kafka's) | 56 leader_epoch i32 | 60 record_count i32
//   64 last_offset_delta i32  | 68 body_bytes u32 | 72 uncompressed_bytes u32
//   76 kafka_crc u32 (0: not carried) | 80 body_hash u64 | 88 header_hash u64
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/options.h"
#include "format/preamble.h"

namespace eventlog::inline v1::internal {

inline constexpr HeaderFormat kRecordBatchFormat = {"record batch", Magic("ELRB"), 1, 96};
inline constexpr std::size_t kBatchHeaderBytes = 96;
// No batch is larger, header included; checked before anything is allocated by a stored length.
inline constexpr int64_t kMaxBatchBytes = 128 << 20;
// No offset that is stored is larger, so that adding any 32-bit delta, and one, cannot overflow.
inline constexpr int64_t kMaxOffset = INT64_MAX - (int64_t{1} << 31);
// Kafka's attribute bits: compression codec 0-2, timestamp type 3, transactional 4, control 5.
inline constexpr uint16_t kCompressionMask = 0x7;
inline constexpr uint16_t kLz4Codec = 3;

// Who wrote a batch. A batch has one writer.
struct WriterIdentity {
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  friend bool operator==(const WriterIdentity&, const WriterIdentity&) = default;
};

struct BatchHeader {
  int64_t base_offset = 0;
  int64_t base_timestamp_ms = 0;
  int64_t max_timestamp_ms = 0;
  int64_t delete_horizon_ms = -1;
  WriterIdentity writer = {};
  int32_t base_sequence = -1;
  uint16_t attributes = 0;
  int32_t leader_epoch = 0;
  int32_t record_count = 0;
  int32_t last_offset_delta = 0;
  uint32_t body_bytes = 0;
  uint32_t uncompressed_bytes = 0;
  uint32_t kafka_crc = 0;
  uint64_t body_hash = 0;

  int64_t last_offset() const { return base_offset + last_offset_delta; }
  int64_t next_offset() const { return last_offset() + 1; }
  int64_t batch_bytes() const { return static_cast<int64_t>(kBatchHeaderBytes) + body_bytes; }
  friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

// A batch as it goes to disk: header_bytes, then body().
struct SealedBatch {
  BatchHeader header;
  std::array<char, kBatchHeaderBytes> header_bytes = {};
  std::string_view records = {};  // of who sealed it
  std::string compressed = {};    // set when that is what is stored

  std::string_view head() const { return {header_bytes.data(), header_bytes.size()}; }
  std::string_view body() const { return compressed.empty() ? records : compressed; }
};

// Seals `records` (the records section, uncompressed), which it does not copy, under `header`:
// fills in body_bytes, uncompressed_bytes, body_hash and the codec. A body that compression does
// not shrink is stored as it is. What DecodeBatchHeader refuses must not be asked for: the caller
// has refused it.
SealedBatch SealBatch(const BatchHeader& header, std::string_view records,
                      CompressionType compression, uint64_t identity_seed);

// The header at the start of `bytes`: kBatchHeaderBytes are enough for those we write, up to
// kMaxHeaderBytes (as many as the file has) to tell a newer one from damage. DataLoss
// (kCorruptData): hash, lengths, counts or offsets that cannot be; Unimplemented (kNewerFormat).
absl::StatusOr<BatchHeader> DecodeBatchHeader(std::string_view bytes, uint64_t identity_seed);

// Checks `body` (header.body_bytes long) against the header's hash. DataLoss (kCorruptData).
absl::Status VerifyBatchBody(const BatchHeader& header, std::string_view body,
                             uint64_t identity_seed);

// The records section of a verified body: `body` itself, or its contents decompressed into *buffer,
// which then backs the result. DataLoss (kCorruptData) when the blob does not decompress to exactly
// uncompressed_bytes; Unimplemented for a codec we do not have.
absl::StatusOr<std::string_view> RecordsSection(const BatchHeader& header, std::string_view body,
                                                std::string* buffer);

}  // namespace eventlog::inline v1::internal

#include "format/record_batch.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/compression.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kMaxBodyBytes = kMaxBatchBytes - static_cast<int64_t>(kBatchHeaderBytes);

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("record batch: {}", why));
}

// What cannot be in a header, whatever its hash says; null when all of it can.
const char* Problem(const BatchHeader& header) {
  if (header.base_offset < 0 || header.base_offset > kMaxOffset) return "base offset";
  if (header.last_offset_delta < 0) return "last offset delta";
  if (header.record_count < 0 || header.record_count > int64_t{header.last_offset_delta} + 1) {
    return "record count";
  }
  if (header.body_bytes > kMaxBodyBytes) return "body length";
  if (header.uncompressed_bytes > kMaxBodyBytes) return "uncompressed length";
  const bool compressed = (header.attributes & kCompressionMask) != 0;
  if (!compressed && header.uncompressed_bytes != header.body_bytes) return "uncompressed length";
  const uint64_t least_bytes = static_cast<uint64_t>(header.record_count) * kMinRecordBytes;
  if (header.uncompressed_bytes < least_bytes) return "more records than bytes";
  if (header.record_count == 0 && header.uncompressed_bytes != 0) return "bytes without records";
  if (header.writer.producer_id < -1 || header.writer.producer_epoch < -1) return "producer";
  if (header.writer.producer_id >= 0 && header.writer.producer_epoch < 0) return "producer epoch";
  if (header.base_sequence < -1) return "base sequence";
  if (header.leader_epoch < -1) return "leader epoch";
  if (header.delete_horizon_ms < -1) return "delete horizon";
  return nullptr;
}

void StoreHeader(char* to, const BatchHeader& header, uint64_t identity_seed) {
  StoreLe(to + 8, header.base_offset);
  StoreLe(to + 16, header.base_timestamp_ms);
  StoreLe(to + 24, header.max_timestamp_ms);
  StoreLe(to + 32, header.delete_horizon_ms);
  StoreLe(to + 40, header.writer.producer_id);
  StoreLe(to + 48, header.base_sequence);
  StoreLe(to + 52, header.writer.producer_epoch);
  StoreLe(to + 54, header.attributes);
  StoreLe(to + 56, header.leader_epoch);
  StoreLe(to + 60, header.record_count);
  StoreLe(to + 64, header.last_offset_delta);
  StoreLe(to + 68, header.body_bytes);
  StoreLe(to + 72, header.uncompressed_bytes);
  StoreLe(to + 76, header.kafka_crc);
  StoreLe(to + 80, header.body_hash);
  FinishHeader(to, kRecordBatchFormat, identity_seed);
}

BatchHeader LoadHeader(const char* from) {
  BatchHeader header;
  header.base_offset = LoadLe<int64_t>(from + 8);
  header.base_timestamp_ms = LoadLe<int64_t>(from + 16);
  header.max_timestamp_ms = LoadLe<int64_t>(from + 24);
  header.delete_horizon_ms = LoadLe<int64_t>(from + 32);
  header.writer.producer_id = LoadLe<int64_t>(from + 40);
  header.base_sequence = LoadLe<int32_t>(from + 48);
  header.writer.producer_epoch = LoadLe<int16_t>(from + 52);
  header.attributes = LoadLe<uint16_t>(from + 54);
  header.leader_epoch = LoadLe<int32_t>(from + 56);
  header.record_count = LoadLe<int32_t>(from + 60);
  header.last_offset_delta = LoadLe<int32_t>(from + 64);
  header.body_bytes = LoadLe<uint32_t>(from + 68);
  header.uncompressed_bytes = LoadLe<uint32_t>(from + 72);
  header.kafka_crc = LoadLe<uint32_t>(from + 76);
  header.body_hash = LoadLe<uint64_t>(from + 80);
  return header;
}

}  // namespace

SealedBatch SealBatch(const BatchHeader& header, std::string_view records,
                      CompressionType compression, uint64_t identity_seed) {
  EVENTLOG_ASSERT(records.size() <= static_cast<std::size_t>(kMaxBodyBytes));
  SealedBatch batch;
  batch.header = header;
  batch.records = records;
  if (compression == CompressionType::kLz4 && !records.empty()) {
    batch.compressed = CompressLz4(records);
    if (batch.compressed.size() >= records.size()) batch.compressed.clear();
  }
  const int codec = batch.compressed.empty() ? 0 : kLz4Codec;
  batch.header.attributes = static_cast<uint16_t>((header.attributes & ~kCompressionMask) | codec);
  batch.header.body_bytes = static_cast<uint32_t>(batch.body().size());
  batch.header.uncompressed_bytes = static_cast<uint32_t>(records.size());
  batch.header.body_hash = Hash64(batch.body(), identity_seed);
  EVENTLOG_ASSERT(Problem(batch.header) == nullptr);
  StoreHeader(batch.header_bytes.data(), batch.header, identity_seed);
  return batch;
}

absl::StatusOr<BatchHeader> DecodeBatchHeader(std::string_view bytes, uint64_t identity_seed) {
  EVENTLOG_RETURN_IF_ERROR(CheckHeader(bytes, kRecordBatchFormat, identity_seed));
  const BatchHeader header = LoadHeader(bytes.data());
  if (const char* problem = Problem(header); problem != nullptr) {
    return Corrupt(fmt::format("impossible {}", problem));
  }
  return header;
}

absl::Status VerifyBatchBody(const BatchHeader& header, std::string_view body,
                             uint64_t identity_seed) {
  if (body.size() != header.body_bytes) return Corrupt("body cut short");
  if (Hash64(body, identity_seed) != header.body_hash) return Corrupt("body hash does not match");
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> RecordsSection(const BatchHeader& header, std::string_view body,
                                                std::string* buffer) {
  const int codec = header.attributes & kCompressionMask;
  if (codec == 0) return body;
  if (codec != kLz4Codec) {
    return MakeError(absl::StatusCode::kUnimplemented,
                     fmt::format("record batch: compression codec {} is not supported", codec));
  }
  if (header.uncompressed_bytes > kMaxBodyBytes) return Corrupt("impossible uncompressed length");
  EVENTLOG_RETURN_IF_ERROR(DecompressLz4(body, header.uncompressed_bytes, buffer));
  return std::string_view(*buffer);
}

}  // namespace eventlog::inline v1::internal

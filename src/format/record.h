// One record's bytes: exactly Kafka's RecordBatch v2 record (KIP-98):
//
//   | length varint | attributes i8 | timestamp delta varint | offset delta varint |
//   | key length varint (-1: null) | key | value length varint (-1: null) | value |
//   | headers varint | { key length varint | key | value length varint (-1: null) | value } ... |
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "eventlog/record.h"

namespace eventlog::inline v1::internal {

// No record takes less: each of its seven numbers has a byte.
inline constexpr std::size_t kMinRecordBytes = 7;

// Timestamps are added and subtracted modulo 2^64, as Kafka's Java does: every pair round-trips,
// and no stored delta can overflow.
inline int64_t TimestampDelta(int64_t timestamp_ms, int64_t base_timestamp_ms) {
  return static_cast<int64_t>(static_cast<uint64_t>(timestamp_ms) -
                              static_cast<uint64_t>(base_timestamp_ms));
}
inline int64_t TimestampAt(int64_t base_timestamp_ms, int64_t timestamp_delta_ms) {
  return static_cast<int64_t>(static_cast<uint64_t>(base_timestamp_ms) +
                              static_cast<uint64_t>(timestamp_delta_ms));
}

// A record's own timestamp, or the time of its append.
inline int64_t TimestampMs(const ProducerRecord& record, int64_t append_ms) {
  return record.timestamp.has_value() ? absl::ToUnixMillis(*record.timestamp) : append_ms;
}

// Bytes the record takes, its length field included, with these deltas.
std::size_t EncodedRecordBytes(const ProducerRecord& record, int64_t timestamp_delta_ms,
                               int32_t offset_delta);
// What headers take, their count included; there are some.
std::size_t EncodedHeadersBytes(const HeadersView& headers);
// At least what the record takes, whatever the deltas: what to have room for.
inline std::size_t MaxEncodedRecordBytes(const ProducerRecord& record) {
  // Length, attributes, both deltas, the lengths of key and value.
  constexpr std::size_t kMaxNumbersBytes = 5 + 1 + 10 + 5 + 5 + 5;
  return kMaxNumbersBytes + record.key.view().size() + record.value.view().size() +
         (record.headers.empty() ? 1 : EncodedHeadersBytes(record.headers));
}
// Encodes at `to`, which has room for EncodedRecordBytes, and returns the end. The caller has
// refused records that do not fit into a batch (kMaxBatchBytes); offset_delta is not negative.
char* EncodeRecord(char* to, const ProducerRecord& record, int64_t timestamp_delta_ms,
                   int32_t offset_delta);

// A record in place: views into the encoded bytes.
struct EncodedRecord {
  int64_t timestamp_delta_ms = 0;
  int32_t offset_delta = 0;
  const char* key = nullptr;    // null: no key
  const char* value = nullptr;  // null: tombstone
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  int32_t header_count = 0;
  const char* headers = nullptr;  // header_count encoded headers, checked
  const char* headers_end = nullptr;
  const char* headers_with_count = nullptr;  // where the count is encoded; null: there are none
};

// Decodes the record at the start of *bytes and moves *bytes behind it. DataLoss (kCorruptData)
// when lengths, counts or varints do not fit into `bytes`, or the offset delta is negative; every
// header is checked, so that walking them afterwards needs no checks.
absl::Status DecodeRecord(std::string_view* bytes, EncodedRecord* record);

// Moves over the record at the start of *bytes by its length alone.
absl::Status SkipRecord(std::string_view* bytes);

// One header of `headers` (checked before by DecodeRecord); returns the next one's place.
const char* DecodeHeader(const char* at, Header* header);

// All headers of a record that DecodeRecord has checked, from its headers_with_count (null: none).
HeadersView DecodeHeaders(const char* headers_with_count);

}  // namespace eventlog::inline v1::internal

// One record's bytes: exactly Kafka's RecordBatch v2 record (KIP-98):
//
//   | length varint | attributes i8 | timestamp delta varint | offset delta varint |
//   | key length varint (-1: null) | key | value length varint (-1: null) | value |
//   | headers varint | { key length varint | key | value length varint (-1: null) | value } ... |
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/bytes.h"
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
// What its producer is told of a record that was appended.
inline RecordMetadata MetadataOf(const ProducerRecord& record, int32_t partition, int64_t offset,
                                 int64_t append_ms) {
  return {partition, offset, absl::FromUnixMillis(TimestampMs(record, append_ms))};
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
inline std::size_t MaxEncodedBytes(absl::Span<const ProducerRecord> records) {
  std::size_t bytes = 0;
  for (const ProducerRecord& record : records) bytes += MaxEncodedRecordBytes(record);
  return bytes;
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

// The record at *next, and *next moved behind it, when it ends at or before `end` and is like
// nearly all: without headers, each number in three bytes at most. False, and *next is as it was:
// let DecodeAnyRecord see what it is. Inline and with pointers, because every record polled comes
// here.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool DecodePlainRecord(const char** next, const char* end,
                                                           EncodedRecord* record);
// Any record, as DecodeRecord says.
absl::Status DecodeAnyRecord(std::string_view* bytes, EncodedRecord* record);

// Decodes the record at the start of *bytes and moves *bytes behind it. DataLoss (kCorruptData)
// when lengths, counts or varints do not fit into `bytes`, or the offset delta is negative, and
// *bytes is as it was; every header is checked, so that walking them afterwards needs no checks.
inline absl::Status DecodeRecord(std::string_view* bytes, EncodedRecord* record) {
  const char* at = bytes->data();
  if (!DecodePlainRecord(&at, at + bytes->size(), record)) return DecodeAnyRecord(bytes, record);
  bytes->remove_prefix(static_cast<std::size_t>(at - bytes->data()));
  return absl::OkStatus();
}

// Moves over the record at the start of *bytes by its length alone.
absl::Status SkipRecord(std::string_view* bytes);

// One header of `headers` (checked before by DecodeRecord); returns the next one's place.
const char* DecodeHeader(const char* at, Header* header);

// All headers of a record that DecodeRecord has checked, from its headers_with_count (null: none).
HeadersView DecodeHeaders(const char* headers_with_count);

ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool DecodePlainRecord(const char** next, const char* end,
                                                           EncodedRecord* record) {
  constexpr uint32_t kNull = 1;  // what −1 is encoded as
  constexpr std::ptrdiff_t kShort = kMaxShortVarintBytes;
  const char* at = *next;
  // Four numbers and the attributes, which are not used, can be loaded whatever they are.
  if (end - at < 4 * kShort + 1) return false;
  uint32_t body = 0;
  if (!LoadShortVarint(&at, end, &body)) return false;
  if ((body >> 1) > static_cast<std::size_t>(end - at)) return false;
  const char* const body_end = at + (body >> 1);
  ++at;
  uint32_t timestamp_delta = 0;
  uint32_t offset_delta = 0;
  uint32_t key = 0;
  if (!LoadShortVarint(&at, end, &timestamp_delta)) return false;
  if (!LoadShortVarint(&at, end, &offset_delta)) return false;
  if (!LoadShortVarint(&at, end, &key)) return false;
  if (((body | offset_delta) & 1) != 0) return false;  // an odd number is negative
  record->timestamp_delta_ms = UnZigZag(timestamp_delta);
  record->offset_delta = static_cast<int32_t>(offset_delta >> 1);
  record->key = at;
  record->key_size = key >> 1;
  if ((key & 1) != 0) [[unlikely]] {
    if (key != kNull) return false;
    record->key = nullptr;
  }
  // At least the value's length and the number of headers come behind it.
  if (body_end - at < std::ptrdiff_t{record->key_size} + 2) return false;
  at += record->key_size;
  uint32_t value = 0;
  if (!LoadShortVarint(&at, end, &value)) return false;
  record->value = at;
  record->value_size = value >> 1;
  if ((value & 1) != 0) [[unlikely]] {
    if (value != kNull) return false;
    record->value = nullptr;
  }
  // Behind it comes the number of headers: none.
  if (body_end - at != std::ptrdiff_t{record->value_size} + 1 || body_end[-1] != 0) return false;
  record->header_count = 0;
  record->headers = body_end;
  record->headers_end = body_end;
  record->headers_with_count = nullptr;
  *next = body_end;
  return true;
}

}  // namespace eventlog::inline v1::internal

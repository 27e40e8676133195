#include "format/record.h"

#include <cstring>

#include "base/assert.h"
#include "base/error.h"
#include "format/records_access.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int32_t kMinBodyBytes = static_cast<int32_t>(kMinRecordBytes) - 1;
constexpr std::size_t kMinHeaderBytes = 2;  // two lengths

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, std::string("record: ").append(why));
}

// Whatever the view is over. HeadersView's own iterators do the same for users.
template <typename Visit>
void ForEachHeader(const HeadersView& headers, Visit visit) {
  const char* at = RecordsAccess::Encoded(headers);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    Header header;
    if (at == nullptr) {
      header = RecordsAccess::List(headers)[i];
    } else {
      at = DecodeHeader(at, &header);
    }
    visit(header);
  }
}

std::size_t BytesBytes(BytesView bytes) {
  if (bytes.is_null()) return 1;
  const std::size_t size = bytes.view().size();
  return VarintBytes(static_cast<int64_t>(size)) + size;
}

// What follows the length field.
inline std::size_t BodyBytes(const ProducerRecord& record, int64_t timestamp_delta_ms,
                             int32_t offset_delta) {
  return 1 + VarintBytes(timestamp_delta_ms) + VarintBytes(offset_delta) + BytesBytes(record.key) +
         BytesBytes(record.value) +
         (record.headers.empty() ? 1 : EncodedHeadersBytes(record.headers));
}

inline char* StoreBytes(char* to, BytesView bytes) {
  if (bytes.is_null()) return StoreVarint(to, -1);
  const std::string_view view = bytes.view();
  to = StoreVarintSize(to, view.size());
  std::memcpy(to, view.data(), view.size());
  return to + view.size();
}

// What follows the length field, and the end of it.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline char* EncodeBody(char* to, const ProducerRecord& record,
                                                     int64_t timestamp_delta_ms,
                                                     int32_t offset_delta) {
  *to++ = 0;  // attributes
  to = StoreVarint(to, timestamp_delta_ms);
  to = StoreVarint(to, offset_delta);
  to = StoreBytes(to, record.key);
  to = StoreBytes(to, record.value);
  to = StoreVarintSize(to, record.headers.size());
  if (record.headers.empty()) return to;
  ForEachHeader(record.headers, [&to](const Header& header) {
    to = StoreBytes(StoreBytes(to, header.key), header.value);
  });
  return to;
}

// Whether the length field takes two bytes whatever the deltas, as it does for most records.
inline bool HasTwoByteLength(const ProducerRecord& record) {
  return record.key.view().size() + record.value.view().size() >= 64 &&
         MaxEncodedRecordBytes(record) < std::size_t{1} << 13;
}

// Length (-1: null) and bytes. False when the length cannot be.
bool ReadBytes(ByteReader* reader, const char** data, uint32_t* size) {
  const int32_t length = reader->ReadVarint32();
  *data = nullptr;
  *size = 0;
  if (length < -1) return false;
  if (length == -1) return true;
  *size = static_cast<uint32_t>(length);
  *data = reader->ReadBytes(*size).data();
  return reader->ok();
}

bool ReadHeaders(ByteReader* reader, EncodedRecord* record) {
  const char* with_count = reader->position();
  record->header_count = reader->ReadVarint32();
  if (!reader->ok() || record->header_count < 0 ||
      static_cast<std::size_t>(record->header_count) > reader->remaining() / kMinHeaderBytes) {
    return false;
  }
  record->headers_with_count = record->header_count == 0 ? nullptr : with_count;
  record->headers = reader->position();
  for (int32_t i = 0; i < record->header_count; ++i) {
    const char* data = nullptr;
    uint32_t size = 0;
    if (!ReadBytes(reader, &data, &size) || data == nullptr) return false;  // keys are never null
    if (!ReadBytes(reader, &data, &size)) return false;
  }
  record->headers_end = reader->position();
  return true;
}

// A varint that was checked before.
int64_t LoadVarint(const char** at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*(*at)++);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return UnZigZag(value);
  }
}

}  // namespace

std::size_t EncodedRecordBytes(const ProducerRecord& record, int64_t timestamp_delta_ms,
                               int32_t offset_delta) {
  const std::size_t body = BodyBytes(record, timestamp_delta_ms, offset_delta);
  return VarintBytes(static_cast<int64_t>(body)) + body;
}

std::size_t EncodedHeadersBytes(const HeadersView& headers) {
  std::size_t bytes = VarintBytes(static_cast<int64_t>(headers.size()));
  ForEachHeader(headers, [&bytes](const Header& header) {
    bytes += BytesBytes(header.key) + BytesBytes(header.value);
  });
  return bytes;
}

char* EncodeRecord(char* to, const ProducerRecord& record, int64_t timestamp_delta_ms,
                   int32_t offset_delta) {
  EVENTLOG_ASSERT(offset_delta >= 0);
  if (HasTwoByteLength(record)) {
    char* const body = to + 2;
    char* const end = EncodeBody(body, record, timestamp_delta_ms, offset_delta);
    StoreVarintSize(to, static_cast<std::size_t>(end - body));
    return end;
  }
  const std::size_t body = BodyBytes(record, timestamp_delta_ms, offset_delta);
  EVENTLOG_ASSERT(body <= INT32_MAX);
  return EncodeBody(StoreVarintSize(to, body), record, timestamp_delta_ms, offset_delta);
}

absl::Status DecodeAnyRecord(std::string_view* bytes, EncodedRecord* record) {
  ByteReader outer(*bytes);
  const int32_t body_bytes = outer.ReadVarint32();
  if (!outer.ok() || body_bytes < kMinBodyBytes) return Corrupt("impossible length");
  const std::string_view body = outer.ReadBytes(static_cast<std::size_t>(body_bytes));
  if (!outer.ok()) return Corrupt("longer than what holds it");

  ByteReader reader(body);
  reader.Read<uint8_t>();  // attributes, unused
  record->timestamp_delta_ms = reader.ReadVarint();
  record->offset_delta = reader.ReadVarint32();
  if (!reader.ok() || record->offset_delta < 0) return Corrupt("impossible deltas");
  if (!ReadBytes(&reader, &record->key, &record->key_size) ||
      !ReadBytes(&reader, &record->value, &record->value_size)) {
    return Corrupt("key or value does not fit");
  }
  if (!ReadHeaders(&reader, record)) return Corrupt("headers do not fit");
  if (reader.remaining() != 0) return Corrupt("length and contents disagree");
  *bytes = bytes->substr(bytes->size() - outer.remaining());
  return absl::OkStatus();
}

absl::Status SkipRecord(std::string_view* bytes) {
  ByteReader reader(*bytes);
  const int32_t body_bytes = reader.ReadVarint32();
  if (!reader.ok() || body_bytes < kMinBodyBytes) return Corrupt("impossible length");
  reader.ReadBytes(static_cast<std::size_t>(body_bytes));
  if (!reader.ok()) return Corrupt("longer than what holds it");
  *bytes = bytes->substr(bytes->size() - reader.remaining());
  return absl::OkStatus();
}

const char* DecodeHeader(const char* at, Header* header) {
  const auto key_size = static_cast<std::size_t>(LoadVarint(&at));
  header->key = {at, key_size};
  at += key_size;
  const int64_t value_size = LoadVarint(&at);
  if (value_size < 0) {
    header->value = nullptr;
    return at;
  }
  const std::string_view value(at, static_cast<std::size_t>(value_size));
  header->value = value;
  return at + value.size();
}

HeadersView DecodeHeaders(const char* headers_with_count) {
  if (headers_with_count == nullptr) return {};
  const int64_t count = LoadVarint(&headers_with_count);
  return RecordsAccess::EncodedHeaders(headers_with_count, static_cast<std::size_t>(count));
}

}  // namespace eventlog::inline v1::internal

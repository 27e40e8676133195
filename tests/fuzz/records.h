// What must hold of a record that was decoded, wherever it came from.
#pragma once

#include <string>
#include <string_view>

#include "eventlog/record.h"
#include "format/record.h"
#include "fuzz/bytes.h"
#include "fuzz/target.h"

namespace eventlog::test {

inline ProducerRecord AsProduced(const internal::EncodedRecord& record) {
  ProducerRecord produced;
  if (record.key != nullptr) produced.key = std::string_view(record.key, record.key_size);
  if (record.value != nullptr) produced.value = std::string_view(record.value, record.value_size);
  produced.headers = internal::DecodeHeaders(record.headers_with_count);
  return produced;
}

// It lies within the bytes it was decoded from and encodes to them again. Its attributes, of which
// there are none, are not kept.
inline void CheckDecodedRecord(const internal::EncodedRecord& record, std::string_view encoded) {
  EVENTLOG_ASSERT(record.offset_delta >= 0);
  for (const auto& [data, size] :
       {std::pair(record.key, record.key_size), std::pair(record.value, record.value_size)}) {
    EVENTLOG_ASSERT(data != nullptr ? Within(encoded, data, data + size) : size == 0);
  }
  const ProducerRecord produced = AsProduced(record);
  EVENTLOG_ASSERT(static_cast<int32_t>(produced.headers.size()) == record.header_count);
  for (const Header& header : produced.headers) {
    const std::string_view value = header.value.view();
    EVENTLOG_ASSERT(Within(encoded, header.key.data(), header.key.data() + header.key.size()));
    EVENTLOG_ASSERT(value.empty() || Within(encoded, value.data(), value.data() + value.size()));
  }
  std::string again(
      internal::EncodedRecordBytes(produced, record.timestamp_delta_ms, record.offset_delta), '\0');
  EVENTLOG_ASSERT(again.size() == encoded.size());
  EVENTLOG_ASSERT(again.size() <= internal::MaxEncodedRecordBytes(produced));
  internal::EncodeRecord(again.data(), produced, record.timestamp_delta_ms, record.offset_delta);
  std::size_t attributes = 0;
  while (static_cast<unsigned char>(encoded[attributes++]) >= 0x80) {
  }
  again[attributes] = encoded[attributes];
  EVENTLOG_ASSERT(again == encoded);
}

// Decodes `section` record by record. Returns how many there are, or -1 when one is damaged.
inline int CheckRecords(std::string_view section) {
  int count = 0;
  for (; !section.empty(); ++count) {
    const std::string_view before = section;
    std::string_view skipped = section;
    internal::EncodedRecord record;
    const absl::Status status = internal::DecodeRecord(&section, &record);
    if (!status.ok()) {
      EVENTLOG_ASSERT(IsRefusal(status) && section == before);
      return -1;
    }
    EVENTLOG_ASSERT(internal::SkipRecord(&skipped).ok() && skipped == section);
    CheckDecodedRecord(record, before.substr(0, before.size() - section.size()));
  }
  return count;
}

}  // namespace eventlog::test

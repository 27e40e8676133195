// ConsumerRecords as a fetcher fills them, out of records written by hand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "client/record_pins.h"
#include "eventlog/record.h"
#include "format/record.h"
#include "format/records_access.h"

namespace eventlog::test {

// Encodes the record, adds a view of it to `to` and returns a watch on the bytes behind it. Call
// ConsumerRecordsAccess::Finish when all are in.
inline std::weak_ptr<const void> AddRecord(ConsumerRecords* to, const internal::BatchSource* source,
                                           int64_t offset, const ProducerRecord& record) {
  auto bytes = std::make_shared<std::string>(internal::EncodedRecordBytes(record, 0, 0), '\0');
  internal::EncodeRecord(bytes->data(), record, 0, 0);
  std::string_view rest = *bytes;
  internal::EncodedRecord encoded;
  EVENTLOG_ASSERT(internal::DecodeRecord(&rest, &encoded).ok());
  const int64_t timestamp_ms = absl::ToUnixMillis(record.timestamp.value_or(absl::UnixEpoch()));
  internal::ConsumerRecordsAccess::records(to)->push_back(
      internal::RecordsAccess::MakeView(source, encoded, offset, timestamp_ms));
  internal::ConsumerRecordsAccess::pins(to)->Pin(bytes);
  return bytes;
}

inline const internal::BatchSource* AddSource(ConsumerRecords* to, std::string topic,
                                              int32_t partition, int32_t leader_epoch = 0) {
  return internal::ConsumerRecordsAccess::pins(to)->AddSource(
      {std::make_shared<const std::string>(std::move(topic)), partition, leader_epoch});
}

}  // namespace eventlog::test

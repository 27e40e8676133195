// A record as one JSON object, out and in: what `consume` prints with %J and `produce --json`
// reads.
//
//   {"topic":"orders","partition":0,"offset":7,"timestamp":"2026-11-21T16:08:00.000Z",
//    "timestamp_ms":1795277280000,"key":"order-1","value":null,"headers":[["trace","a1"]]}
//
// Bytes are a string; those that are no UTF-8 are {"base64":"..."}; null is null.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cli/record_format.h"
#include "eventlog/record.h"

namespace eventlog::inline v1::cli {

// One line, without its end.
std::string ToJson(const RecordFields& record);

// A record to append out of such an object. "value" is needed; "key", "headers" (pairs, or an
// object of strings), "partition" and "timestamp" (RFC 3339 or milliseconds) or "timestamp_ms" may
// be there; "topic" and "offset" are read over. InvalidArgument says what is wrong, the name of a
// member that there is not for instance.
struct JsonRecord {
  Record record = {};
  int32_t partition = kAnyPartition;

  // A view of this.
  ProducerRecord ToProducerRecord() const;
};
absl::StatusOr<JsonRecord> FromJson(std::string_view line);

}  // namespace eventlog::inline v1::cli

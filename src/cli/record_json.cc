#include "cli/record_json.h"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/text.h"
#include "cli/place.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kBase64[] = "base64";

// Whether `text` is UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i < bytes) return false;
    uint32_t point = lead & (0x7fU >> bytes);
    for (std::size_t k = 1; k < bytes; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80) return false;
      point = point << 6 | (next & 0x3fU);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < kLeast[bytes] || point > 0x10ffff || surrogate) return false;
    i += bytes;
  }
  return true;
}

Json BytesToJson(const BytesView& bytes) {
  if (bytes.is_null()) return nullptr;
  if (IsUtf8(bytes.view())) return bytes.view();
  return {{kBase64, absl::Base64Escape(internal::ToAbsl(bytes.view()))}};
}

// nullopt: null.
absl::StatusOr<std::optional<std::string>> BytesFromJson(const char* what, const Json& json) {
  if (json.is_null()) return std::optional<std::string>();
  if (json.is_string()) return std::optional(json.get<std::string>());
  if (json.is_object() && json.size() == 1 && json.contains(kBase64) && json[kBase64].is_string()) {
    std::string bytes;
    if (absl::Base64Unescape(json[kBase64].get_ref<const std::string&>(), &bytes)) {
      return std::optional(std::move(bytes));
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is neither a string nor null nor {{\"base64\":\"...\"}}", what));
}

absl::Status AddHeader(const Json& key, const Json& value, Headers* headers) {
  EVENTLOG_ASSIGN_OR_RETURN(const auto key_bytes, BytesFromJson("headers", key));
  EVENTLOG_ASSIGN_OR_RETURN(const auto value_bytes, BytesFromJson("headers", value));
  if (!key_bytes.has_value()) return absl::InvalidArgumentError("a header's key is null");
  headers->Add(*key_bytes, value_bytes.has_value() ? BytesView(*value_bytes) : BytesView());
  return absl::OkStatus();
}

absl::Status ReadHeaders(const Json& json, Headers* headers) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      EVENTLOG_RETURN_IF_ERROR(AddHeader(key, value, headers));
    }
    return absl::OkStatus();
  }
  if (!json.is_array()) {
    return absl::InvalidArgumentError("\"headers\" is neither an object nor an array of pairs");
  }
  for (const Json& pair : json) {
    if (!pair.is_array() || pair.size() != 2) {
      return absl::InvalidArgumentError("\"headers\" has an element that is not [key, value]");
    }
    EVENTLOG_RETURN_IF_ERROR(AddHeader(pair[0], pair[1], headers));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> IntegerFromJson(const char* what, const Json& json, int64_t max) {
  if (json.is_number_unsigned() && json.get<uint64_t>() <= static_cast<uint64_t>(max)) {
    return json.get<int64_t>();
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is not a whole number of 0 to {}", what, max));
}

absl::Status ReadTimestamp(const Json& json, Record* record) {
  int64_t time_ms = 0;
  if (json.is_string()) {
    EVENTLOG_ASSIGN_OR_RETURN(time_ms,
                              ParseTimeMs("\"timestamp\"", json.get_ref<const std::string&>()));
  } else {
    EVENTLOG_ASSIGN_OR_RETURN(
        time_ms, IntegerFromJson("timestamp", json, std::numeric_limits<int64_t>::max()));
  }
  record->timestamp = absl::FromUnixMillis(time_ms);
  return absl::OkStatus();
}

absl::Status ReadMember(const std::string& name, const Json& json, JsonRecord* to) {
  if (name == "key") {
    EVENTLOG_ASSIGN_OR_RETURN(to->record.key, BytesFromJson("key", json));
  } else if (name == "value") {
    EVENTLOG_ASSIGN_OR_RETURN(to->record.value, BytesFromJson("value", json));
  } else if (name == "headers") {
    return ReadHeaders(json, &to->record.headers);
  } else if (name == "partition") {
    EVENTLOG_ASSIGN_OR_RETURN(
        const int64_t partition,
        IntegerFromJson("partition", json, std::numeric_limits<int32_t>::max()));
    to->partition = static_cast<int32_t>(partition);
  } else if (name == "timestamp" || name == "timestamp_ms") {
    return ReadTimestamp(json, &to->record);
  } else if (name != "topic" && name != "offset") {
    return absl::InvalidArgumentError(fmt::format(
        "there is no \"{}\" in a record (key, value, headers, partition, timestamp)", name));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ToJson(const RecordFields& record) {
  Json json;
  json["topic"] = record.topic;
  json["partition"] = record.partition;
  json["offset"] = record.offset;
  json["timestamp"] = TimeText(record.timestamp_ms);
  json["timestamp_ms"] = record.timestamp_ms;
  json["key"] = BytesToJson(record.key);
  json["value"] = BytesToJson(record.value);
  json["headers"] = Json::array();
  for (const Header& header : record.headers) {
    json["headers"].push_back(
        Json::array({BytesToJson(BytesView(header.key)), BytesToJson(header.value)}));
  }
  return json.dump();
}

ProducerRecord JsonRecord::ToProducerRecord() const {
  ProducerRecord view = record;
  view.partition = partition;
  return view;
}

absl::StatusOr<JsonRecord> FromJson(std::string_view line) {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::InvalidArgumentError("it is not a JSON object");
  JsonRecord record;
  for (const auto& [name, value] : json.items()) {
    EVENTLOG_RETURN_IF_ERROR(ReadMember(name, value, &record));
  }
  if (!json.contains("value")) {
    return absl::InvalidArgumentError("it has no \"value\" (null makes a tombstone)");
  }
  return record;
}

}  // namespace eventlog::inline v1::cli

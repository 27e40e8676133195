#include "cli/record_filter.h"

namespace eventlog::inline v1::cli {

RecordFilter::RecordFilter(std::optional<std::string> key, const std::vector<std::string>& headers)
    : key_(std::move(key)) {
  for (const std::string& header : headers) {
    const std::size_t equals = header.find('=');
    std::optional<std::string> value;
    if (equals != std::string::npos) value = header.substr(equals + 1);
    headers_.emplace_back(header.substr(0, equals), std::move(value));
  }
}

bool RecordFilter::Matches(const RecordFields& record) const {
  if (key_.has_value() && (record.key.is_null() || record.key.view() != *key_)) return false;
  for (const auto& [name, value] : headers_) {
    const auto found = record.headers.Last(name);
    if (!found.has_value() || (value.has_value() && *found != *value)) return false;
  }
  return true;
}

}  // namespace eventlog::inline v1::cli

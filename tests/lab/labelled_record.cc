#include "lab/labelled_record.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/assert.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

constexpr std::size_t kNumberDigits = 13;
constexpr std::size_t kTimestampDigits = 15;  // milliseconds
constexpr std::size_t kLabelBytes = kNumberDigits + 1 + kTimestampDigits;
constexpr char kBetween = '@';

struct Label {
  int64_t number = 0;
  absl::Time timestamp;
};

bool Parse(std::string_view digits, int64_t* number) {
  const char* const end = digits.data() + digits.size();
  return std::from_chars(digits.data(), end, *number).ptr == end;
}

std::optional<Label> LabelOf(std::string_view value) {
  if (value.size() < kLabelBytes || value[kNumberDigits] != kBetween) return std::nullopt;
  Label label;
  int64_t timestamp_ms = 0;
  if (!Parse(value.substr(0, kNumberDigits), &label.number) ||
      !Parse(value.substr(kNumberDigits + 1, kTimestampDigits), &timestamp_ms)) {
    return std::nullopt;
  }
  label.timestamp = absl::FromUnixMillis(timestamp_ms);
  return label;
}

bool IsSame(const Header& a, const Header& b) {
  return a.key == b.key && a.value.is_null() == b.value.is_null() &&
         a.value.view() == b.value.view();
}

}  // namespace

std::string LabelledValue(int64_t number, absl::Time timestamp, std::size_t bytes) {
  std::string value =
      fmt::format("{:0{}}{}{:0{}}", number, kNumberDigits, kBetween,
                  std::max<int64_t>(absl::ToUnixMillis(timestamp), 0), kTimestampDigits);
  EVENTLOG_ASSERT(value.size() == kLabelBytes);
  value.resize(std::max(bytes, value.size()), static_cast<char>('a' + number % 26));
  return value;
}

LabelledRecord::LabelledRecord(std::string_view value, int32_t partition)
    : value_(value), partition_(partition) {
  const auto label = LabelOf(value);
  EVENTLOG_ASSERT(label.has_value());
  timestamp_ = label->timestamp;
  if (label->number % 3 != 0) key_ = fmt::format("key {:03}", label->number % 1000);
  const std::string_view digits = value.substr(0, kNumberDigits);
  for (int64_t i = label->number % 4; i > 1; --i) {  // none, none, one, two
    headers_.push_back({digits.substr(static_cast<std::size_t>(i)), digits});
  }
  if (label->number % 5 == 0) headers_.push_back({"null", {}});
}

ProducerRecord LabelledRecord::view() const {
  ProducerRecord record = WithoutTimestamp();
  record.timestamp = timestamp_;
  return record;
}

ProducerRecord LabelledRecord::WithoutTimestamp() const {
  ProducerRecord record = {.value = value_, .headers = headers_, .partition = partition_};
  if (!key_.empty()) record.key = key_;
  return record;
}

std::string LabelledRecord::Contradiction(const RecordView& record) {
  if (!LabelOf(record.value()).has_value()) return "";
  const LabelledRecord expected(record.value(), record.partition());
  if (record.has_key() == expected.key_.empty() || record.key() != expected.key_) {
    return fmt::format("the key '{}' instead of '{}'", record.key(), expected.key_);
  }
  if (record.timestamp() != expected.timestamp_) {
    return fmt::format("the timestamp {} instead of {}", absl::FormatTime(record.timestamp()),
                       absl::FormatTime(expected.timestamp_));
  }
  std::vector<Header> headers;
  for (const Header& header : record.headers()) headers.push_back(header);
  const bool same = std::equal(headers.begin(), headers.end(), expected.headers_.begin(),
                               expected.headers_.end(), IsSame);
  return same ? "" : "other headers";
}

}  // namespace eventlog::test

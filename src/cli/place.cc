#include "cli/place.h"

#include <charconv>
#include <optional>

#include "absl/time/time.h"
#include "base/text.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

// Digits only.
std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return whole && number >= 0 && text[0] != '-' ? std::optional<int64_t>(number) : std::nullopt;
}

std::optional<int64_t> ParseRfc3339(std::string_view text) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, internal::ToAbsl(text), &time, nullptr)) {
    return std::nullopt;
  }
  if (time < absl::UnixEpoch() || time == absl::InfiniteFuture()) return std::nullopt;
  return absl::ToUnixMillis(time);
}

}  // namespace

OffsetSpec Place::ToSpec() const {
  switch (kind) {
    case Kind::kBeginning:
      return OffsetSpec::Earliest();
    case Kind::kEnd:
      return OffsetSpec::Latest();
    case Kind::kOffset:
      return OffsetSpec::At(value);
    case Kind::kNewest:
      return OffsetSpec::Last(value);
    case Kind::kTime:
      return OffsetSpec::ForTimestamp(absl::FromUnixMillis(value));
  }
  return OffsetSpec::Earliest();
}

absl::StatusOr<Place> ParsePlace(std::string_view option, std::string_view text) {
  if (text == "beginning") return Place{Place::Kind::kBeginning};
  if (text == "end") return Place{Place::Kind::kEnd};
  if (const auto offset = ParseNumber(text)) return Place{Place::Kind::kOffset, *offset};
  const std::string_view rest = text.substr(text.empty() ? 0 : 1);
  if (text.starts_with('-')) {
    if (const auto count = ParseNumber(rest)) return Place{Place::Kind::kNewest, *count};
  } else if (text.starts_with('@')) {
    if (const auto time_ms = ParseNumber(rest)) return Place{Place::Kind::kTime, *time_ms};
  } else if (const auto time_ms = ParseRfc3339(text)) {
    return Place{Place::Kind::kTime, *time_ms};
  }
  return absl::InvalidArgumentError(fmt::format("{} {}: it is {}", option, text, kPlaceHelp));
}

absl::StatusOr<int64_t> ParseTimeMs(std::string_view option, std::string_view text) {
  const std::string_view digits = text.starts_with('@') ? text.substr(1) : text;
  if (const auto time_ms = ParseNumber(digits)) return *time_ms;
  if (const auto time_ms = ParseRfc3339(text)) return *time_ms;
  return absl::InvalidArgumentError(fmt::format(
      "{} {}: it is a time like 2026-11-21T16:08:00Z, or milliseconds since 1970", option, text));
}

std::string TimeText(int64_t time_ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(time_ms),
                          absl::UTCTimeZone());
}

}  // namespace eventlog::inline v1::cli

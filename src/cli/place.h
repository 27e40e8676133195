// A place in a partition, and a time, as the command line says them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventlog/options.h"

namespace eventlog::inline v1::cli {

// For help texts.
inline constexpr char kPlaceHelp[] =
    "beginning, end, an offset, -N (the newest N), a time like 2026-11-21T16:08:00Z, or @ and "
    "milliseconds since 1970";

struct Place {
  enum class Kind { kBeginning, kEnd, kOffset, kNewest, kTime };
  Kind kind = Kind::kBeginning;
  int64_t value = 0;  // an offset, a count, or milliseconds since 1970

  OffsetSpec ToSpec() const;
  friend bool operator==(const Place&, const Place&) = default;
};

// What kPlaceHelp says. InvalidArgument names `option` and what it may be.
absl::StatusOr<Place> ParsePlace(std::string_view option, std::string_view text);

// Milliseconds since 1970 of "1700000000000", "@1700000000000" or RFC 3339. InvalidArgument names
// `option`.
absl::StatusOr<int64_t> ParseTimeMs(std::string_view option, std::string_view text);

// RFC 3339 in UTC, to the millisecond.
std::string TimeText(int64_t time_ms);

}  // namespace eventlog::inline v1::cli

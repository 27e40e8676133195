// Which records `consume` prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/record_format.h"

namespace eventlog::inline v1::cli {

// Those with this key, when one is given, and with all of these headers.
class RecordFilter {
 public:
  // `headers`: "name=value", the last header of this name has this value; or "name", there is one.
  RecordFilter(std::optional<std::string> key, const std::vector<std::string>& headers);

  bool Matches(const RecordFields& record) const;

 private:
  std::optional<std::string> key_;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers_;
};

}  // namespace eventlog::inline v1::cli

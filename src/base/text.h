// Abseil's and the standard library's string views do not convert into each other in every build of
// Abseil; these two do it in all of them.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace eventlog::inline v1::internal {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace eventlog::inline v1::internal

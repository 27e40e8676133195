// How far two words are apart, for "did you mean".
#pragma once

#include <cstddef>
#include <string_view>

namespace eventlog::inline v1::internal {

// Levenshtein's distance: insertions, deletions and replacements of one byte.
std::size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace eventlog::inline v1::internal

// The library's hash: XXH3-64. It detects accidents, not attackers.
#pragma once

#include <cstdint>
#include <string_view>

namespace eventlog::inline v1::internal {

uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);

}  // namespace eventlog::inline v1::internal

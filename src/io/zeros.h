// Zeros, where a file is to be filled.
#pragma once

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "eventlog/file_system.h"

namespace eventlog::inline v1::internal {

inline constexpr std::array<char, 4 << 10> kZeros = {};

// Writes zeros from `begin` up to `end`.
absl::Status WriteZeros(File* file, int64_t begin, int64_t end);

}  // namespace eventlog::inline v1::internal

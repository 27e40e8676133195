// 128 random bits that name a log or a topic, so that bytes of another one are recognised.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "eventlog/random.h"

namespace eventlog::inline v1::internal {

struct Uuid {
  std::array<char, 16> bytes = {};

  static Uuid Generate(Random* random);
  std::string_view view() const { return {bytes.data(), bytes.size()}; }
  std::string ToString() const;  // 8-4-4-4-12 hexadecimal digits
  friend bool operator==(const Uuid&, const Uuid&) = default;
};

}  // namespace eventlog::inline v1::internal

// What an OffsetSpec says, for those who look it up.
#pragma once

#include <cstdint>

#include "eventlog/options.h"

namespace eventlog::inline v1::internal {

struct OffsetSpecAccess {
  using Kind = OffsetSpec::Kind;
  static Kind kind(const OffsetSpec& spec) { return spec.kind_; }
  // kAt: the offset. kForTimestamp: milliseconds since 1970, rounded up. kLast: how many, at least
  // 0.
  static int64_t value(const OffsetSpec& spec) { return spec.value_; }
};

}  // namespace eventlog::inline v1::internal

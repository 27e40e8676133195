#include "base/text.h"

#include <catch2/catch.hpp>
#include <string>

namespace eventlog::internal {

TEST_CASE("a view crosses to Abseil and back with its zeros", "[base]") {
  const std::string_view text("a\0b", 3);
  const absl::string_view there = ToAbsl(text);
  CHECK(there.data() == text.data());
  CHECK(there.size() == 3);
  CHECK(ToStd(there) == text);
}

}  // namespace eventlog::internal

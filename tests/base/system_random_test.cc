#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "eventlog/random.h"

namespace eventlog {

TEST_CASE("the system's randomness fills all of what it is given and nothing beyond", "[base]") {
  // More than getrandom(2) gives in one call, whatever interrupts it.
  std::vector<char> bytes((std::size_t{33} << 20) + 1, 0);
  bytes.back() = 'e';
  Random::System()->Fill(absl::MakeSpan(bytes.data(), bytes.size() - 1));
  CHECK(bytes.back() == 'e');
  for (std::size_t begin = 0; begin + 4096 < bytes.size(); begin += 4096) {
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(begin);
    if (std::all_of(at, at + 64, [](char c) { return c == 0; })) FAIL("zeros at " << begin);
  }
  Random::System()->Fill({});
}

}  // namespace eventlog

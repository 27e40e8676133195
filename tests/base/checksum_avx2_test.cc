#include "base/checksum_avx2.h"

#include <xxhash.h>

#include <catch2/catch.hpp>
#include <string>

#include "base/checksum.h"

namespace eventlog::internal {

TEST_CASE("every way to the hash is the same hash", "[base]") {
  const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes.push_back(static_cast<char>(i * 7919 % 251));
  for (std::size_t size = 0; size < bytes.size(); size += size < 300 ? 1 : 97) {
    for (const uint64_t seed : {uint64_t{0}, uint64_t{0x1234567890abcdef}}) {
      INFO(size << " bytes, seed " << seed);
      const uint64_t expected = XXH3_64bits_withSeed(bytes.data(), size, seed);
      CHECK(Hash64(std::string_view(bytes).substr(0, size), seed) == expected);
      if (has_avx2) CHECK(HashByAvx2(bytes.data(), size, seed) == expected);
    }
  }
}

}  // namespace eventlog::internal

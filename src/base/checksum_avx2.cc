// Compiled with -mavx2. No inline function of anybody's may be compiled here but XXH3's own, which
// are static: the linker could give it to callers whose processor has none of this.
#include "base/checksum_avx2.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace eventlog::inline v1::internal {

uint64_t HashByAvx2(const char* bytes, std::size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, size, seed);
}

}  // namespace eventlog::inline v1::internal

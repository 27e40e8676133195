#include "base/checksum.h"

// Short inputs, of which there are many, are hashed without a call.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/base/attributes.h"
#include "base/checksum_avx2.h"

namespace eventlog::inline v1::internal {
namespace {

// XXH3 takes no vectors for less.
constexpr std::size_t kMinVectorBytes = 241;

uint64_t HashPlainly(const char* bytes, std::size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, size, seed);
}

auto* FastestHash() {
#ifdef EVENTLOG_HASH_BY_AVX2  // checksum_avx2.cc is compiled
  if (__builtin_cpu_supports("avx2")) return &HashByAvx2;
#endif
  return &HashPlainly;
}

// Apart, so that short inputs need no room on the stack.
ABSL_ATTRIBUTE_NOINLINE uint64_t HashLong(std::string_view bytes, uint64_t seed) {
  static const auto fastest = FastestHash();
  return fastest(bytes.data(), bytes.size(), seed);
}

}  // namespace

uint64_t Hash64(std::string_view bytes, uint64_t seed) {
  if (bytes.size() < kMinVectorBytes) return HashPlainly(bytes.data(), bytes.size(), seed);
  return HashLong(bytes, seed);
}

}  // namespace eventlog::inline v1::internal

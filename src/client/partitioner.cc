#include "client/partitioner.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "base/assert.h"
#include "base/bytes.h"

namespace eventlog::inline v1::internal {

int32_t Murmur2(std::string_view bytes) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  uint32_t hash = kSeed ^ static_cast<uint32_t>(bytes.size());
  while (bytes.size() >= 4) {
    uint32_t word = LoadLe<uint32_t>(bytes.data());
    word *= kMultiplier;
    word ^= word >> 24;
    word *= kMultiplier;
    hash *= kMultiplier;
    hash ^= word;
    bytes.remove_prefix(4);
  }
  if (!bytes.empty()) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      hash ^= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return static_cast<int32_t>(hash);
}

int32_t PartitionForKey(std::string_view key, int32_t partitions) {
  EVENTLOG_ASSERT(partitions > 0);
  if (partitions == 1) return 0;
  return (Murmur2(key) & 0x7fffffff) % partitions;
}

StickyPartitioner::StickyPartitioner(uint32_t first_turn)
    : turn_and_bytes_(uint64_t{first_turn} << 32) {}

int32_t StickyPartitioner::Next(int32_t partitions, int64_t batch_bytes, int64_t record_bytes) {
  EVENTLOG_ASSERT(partitions > 0 && batch_bytes > 0 && record_bytes >= 0);
  constexpr uint64_t kMaxBytes = std::numeric_limits<uint32_t>::max();
  const uint64_t switch_bytes = std::min(static_cast<uint64_t>(batch_bytes), kMaxBytes);
  uint64_t now = turn_and_bytes_.load(std::memory_order_relaxed);
  uint64_t then;
  do {
    // Both terms are below 2^63, so the sum does not overflow.
    const uint64_t bytes = (now & kMaxBytes) + static_cast<uint64_t>(record_bytes);
    const uint64_t turn = now >> 32;
    then = bytes >= switch_bytes ? (turn + 1) << 32 : (turn << 32) | bytes;
  } while (!turn_and_bytes_.compare_exchange_weak(now, then, std::memory_order_relaxed));
  return static_cast<int32_t>((now >> 32) % static_cast<uint64_t>(partitions));
}

}  // namespace eventlog::inline v1::internal

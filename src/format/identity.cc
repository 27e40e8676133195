#include "format/identity.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/checksum.h"

namespace eventlog::inline v1::internal {

uint64_t PartitionIdentity::Seed() const {
  std::array<char, 20> bytes;
  std::copy(topic.bytes.begin(), topic.bytes.end(), bytes.begin());
  StoreLe(bytes.data() + 16, partition);
  return Hash64({bytes.data(), bytes.size()});
}

uint64_t GenerationSeed(uint64_t generation, const Uuid& log_id) {
  std::array<char, 24> bytes;
  std::copy(log_id.bytes.begin(), log_id.bytes.end(), bytes.begin());
  StoreLe(bytes.data() + 16, generation);
  return Hash64({bytes.data(), bytes.size()});
}

}  // namespace eventlog::inline v1::internal

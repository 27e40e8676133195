// Which partition, or which generation of a log, bytes belong to. Its seed goes into their hashes,
// so that a write that landed elsewhere, and what an earlier generation has left, is caught.
#pragma once

#include <cstdint>

#include "base/uuid.h"

namespace eventlog::inline v1::internal {

struct PartitionIdentity {
  Uuid topic;  // of the topic's creation, not its name
  int32_t partition = 0;

  uint64_t Seed() const;
  friend bool operator==(const PartitionIdentity&, const PartitionIdentity&) = default;
};

// Of what recovery merges with the segments: journal groups and arena chunks.
uint64_t GenerationSeed(uint64_t generation, const Uuid& log_id);

}  // namespace eventlog::inline v1::internal

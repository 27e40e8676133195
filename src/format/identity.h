// Which partition bytes belong to. Its seed goes into every hash of the partition's files, so that
// a write that landed in another file, topic or partition is caught.
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

}  // namespace eventlog::inline v1::internal

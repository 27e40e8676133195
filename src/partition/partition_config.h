// What a partition has to know of its topic's configuration.
#pragma once

#include <cstdint>

#include "eventlog/options.h"

namespace eventlog::inline v1::internal {

// When an append is acknowledged. kMemory is a memory log's: at once, and never journaled.
enum class Acknowledgement { kDisk, kProcess, kMemory };

struct PartitionConfig {
  Acknowledgement acknowledgement = Acknowledgement::kDisk;
  CompressionType compression_type = CompressionType::kNone;
  int64_t segment_bytes = 64 << 20;
  int64_t segment_ms = int64_t{7} * 24 * 60 * 60 * 1000;
  int64_t batch_bytes = 64 << 10;
  int64_t retention_ms = -1;     // -1: unlimited
  int64_t retention_bytes = -1;  // -1: unlimited
};

}  // namespace eventlog::inline v1::internal

// Which partition a record goes to that names none. Keyed records go where Kafka's own clients send
// them, so that a topic can move between the two without its keys changing partitions.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace eventlog::inline v1::internal {

// Kafka's variant of MurmurHash2 (org.apache.kafka.common.utils.Utils.murmur2).
int32_t Murmur2(std::string_view bytes);

// Kafka's DefaultPartitioner for a record with a key. `partitions` is at least 1.
int32_t PartitionForKey(std::string_view key, int32_t partitions);

// For records without key: one partition until about a batch of bytes went there, then the next, so
// that batches get full although nothing spreads them by hash. Thread-safe.
class StickyPartitioner {
 public:
  // Starts at partition `first_turn` modulo the partitions.
  explicit StickyPartitioner(uint32_t first_turn = 0);

  // The partition for a record of `record_bytes`. `partitions` and `batch_bytes` are at least 1 and
  // may change from call to call.
  int32_t Next(int32_t partitions, int64_t batch_bytes, int64_t record_bytes);

 private:
  std::atomic<uint64_t> turn_and_bytes_;  // the turn above, the bytes of this turn in the low half
};

}  // namespace eventlog::inline v1::internal

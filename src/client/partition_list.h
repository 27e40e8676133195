// The partitions of a topic, by number: a list that grows while others read it without a lock.
//
// Entries lie in chunks of 1, 2, 4, ... that never move; the size is stored last. So whatever is
// below a size that was seen is there, and stays where it is as long as the list.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "partition/partition.h"

namespace eventlog::inline v1::internal {

// Thread-safe but for Append, which one thread at a time calls.
class PartitionList {
 public:
  // Walks what was there when it was made.
  class Iterator {
   public:
    Iterator(const PartitionList* list, std::size_t at) : list_(list), at_(at) {}
    const std::shared_ptr<Partition>& operator*() const { return (*list_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const PartitionList* list_;
    std::size_t at_;
  };

  std::size_t size() const { return size_.load(); }
  // `number` is below a size that was seen.
  const std::shared_ptr<Partition>& operator[](std::size_t number) const {
    return chunks_[ChunkOf(number)][PlaceOf(number)];
  }
  const std::shared_ptr<Partition>& front() const { return (*this)[0]; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

  void Append(std::shared_ptr<Partition> partition) {
    const std::size_t number = size_.load(std::memory_order_relaxed);
    const std::size_t chunk = ChunkOf(number);
    EVENTLOG_ASSERT(chunk < kChunks);
    if (chunks_[chunk] == nullptr) {
      chunks_[chunk] = std::make_unique<std::shared_ptr<Partition>[]>(std::size_t{1} << chunk);
    }
    chunks_[chunk][PlaceOf(number)] = std::move(partition);
    size_.store(number + 1);  // sequentially consistent, as WaitSet asks of what it tells of
  }

 private:
  static constexpr std::size_t kChunks = 14;  // for 16,383 entries

  static std::size_t ChunkOf(std::size_t number) {
    return static_cast<std::size_t>(std::bit_width(number + 1)) - 1;
  }
  static std::size_t PlaceOf(std::size_t number) {
    return number + 1 - (std::size_t{1} << ChunkOf(number));
  }

  std::array<std::unique_ptr<std::shared_ptr<Partition>[]>, kChunks> chunks_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace eventlog::inline v1::internal

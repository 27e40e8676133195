// A list that grows while others read it without a lock.
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

namespace eventlog::inline v1::internal {

// Thread-safe but for Append and Grow, which one thread at a time calls; what an entry allows is
// its own affair.
template <typename T>
class GrowingList {
 public:
  // Walks what was there when it was made.
  class Iterator {
   public:
    Iterator(const GrowingList* list, std::size_t at) : list_(list), at_(at) {}
    const T& operator*() const { return (*list_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const GrowingList* list_;
    std::size_t at_;
  };

  std::size_t size() const { return size_.load(); }
  // `number` is below a size that was seen.
  const T& operator[](std::size_t number) const {
    return chunks_[ChunkOf(number)][PlaceOf(number)];
  }
  T& operator[](std::size_t number) { return chunks_[ChunkOf(number)][PlaceOf(number)]; }
  const T& front() const { return (*this)[0]; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

  void Append(T entry) {
    *Next() = std::move(entry);
    ShowNext();
  }
  // By an entry as T's default constructor makes it.
  void Grow() {
    Next();
    ShowNext();
  }

 private:
  static constexpr std::size_t kChunks = 14;  // for 16,383 entries

  static std::size_t ChunkOf(std::size_t number) {
    return static_cast<std::size_t>(std::bit_width(number + 1)) - 1;
  }
  static std::size_t PlaceOf(std::size_t number) {
    return number + 1 - (std::size_t{1} << ChunkOf(number));
  }

  T* Next() {
    const std::size_t number = size_.load(std::memory_order_relaxed);
    const std::size_t chunk = ChunkOf(number);
    EVENTLOG_ASSERT(chunk < kChunks);
    if (chunks_[chunk] == nullptr) chunks_[chunk] = std::make_unique<T[]>(std::size_t{1} << chunk);
    return &chunks_[chunk][PlaceOf(number)];
  }
  // Sequentially consistent: who asks to be told of growth and then looks at the size misses none.
  void ShowNext() { size_.store(size_.load(std::memory_order_relaxed) + 1); }

  std::array<std::unique_ptr<T[]>, kChunks> chunks_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace eventlog::inline v1::internal

// The memory of one open batch: on the heap, a chunk of the arena, or its writer's own. One writer
// (under the partition's lock); readers look at it up to the visible length, which is stored with
// release after the bytes below it are in place and never falls. What is below it never changes.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "journal/arena.h"

namespace eventlog::inline v1::internal {

// On lines of its own: the count of references that readers take and give back lies beside it.
class alignas(64) TailBuffer {
 public:
  explicit TailBuffer(std::size_t capacity)
      : heap_(new char[capacity]), bytes_(heap_.get()), capacity_(capacity) {}
  // A chunk that was begun, of which `capacity` is used at most.
  TailBuffer(std::unique_ptr<ArenaChunk> chunk, std::size_t capacity)
      : chunk_(std::move(chunk)),
        bytes_(chunk_->bytes()),
        capacity_(std::min(capacity, chunk_->capacity())) {}

  // Memory that outlives it.
  TailBuffer(char* bytes, std::size_t capacity) : bytes_(bytes), capacity_(capacity) {}

  char* bytes() const { return bytes_; }
  std::size_t capacity() const { return capacity_; }
  bool in_arena() const { return chunk_ != nullptr; }

  // A record of so many bytes is encoded behind the last one.
  void Added(std::size_t record_bytes) {
    if (chunk_ != nullptr) chunk_->Add(record_bytes);
  }
  std::size_t visible() const { return visible_.load(std::memory_order_acquire); }
  // In a chunk, where it is always all there is, that is also what makes it survive the process,
  // before anybody sees it.
  void ShowUpTo(std::size_t end) {
    if (end <= visible_.load(std::memory_order_relaxed)) return;
    if (chunk_ != nullptr) chunk_->Publish();
    visible_.store(end, std::memory_order_release);
  }

 private:
  // One of the two at most is set.
  const std::unique_ptr<char[]> heap_;
  const std::unique_ptr<ArenaChunk> chunk_;
  char* const bytes_;
  const std::size_t capacity_;
  // On another line than what is constant: a reader need not wait for what the writer has just
  // stored here to know where the records are.
  alignas(64) std::atomic<std::size_t> visible_{0};
};

}  // namespace eventlog::inline v1::internal

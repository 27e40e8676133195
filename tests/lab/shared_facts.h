// What a process that may be killed at any moment told of itself, for the process that forked it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "lab/oracle.h"
#include "lab/shared_memory.h"

namespace eventlog::test {

// Invariant: a fact is there completely before it counts.
class SharedFacts {
 public:
  // One thread at a time. Who has told too much sleeps until it is killed.
  void Tell(const Fact& fact);
  // What went wrong, told once.
  void Fail(const std::string& what);

  // Facts told since the last Take; safe beside Tell.
  int64_t count() const { return memory_->count.load(std::memory_order_acquire); }
  // The facts in the order they were told in, and forgets them. For when nobody tells any more.
  std::vector<Fact> Take();
  std::string failure() const { return memory_->failure.data(); }

 private:
  static constexpr std::size_t kBytes = std::size_t{32} << 20;
  struct Memory {
    std::atomic<int64_t> count = 0;
    std::size_t bytes = 0;  // of those that count
    std::array<char, 2048> failure;
    std::array<char, kBytes> facts;
  };
  SharedMemory<Memory> memory_;
};

}  // namespace eventlog::test

// One number that a thread looks at again and again until another stores it: the floor of what any
// reader that spins can see.
#pragma once

#include <atomic>
#include <cstdint>

namespace eventlog::bench {

class Slot {
 public:
  void Store(int64_t value) { value_.store(value, std::memory_order_release); }
  // Returns the value once it is another one than `seen`.
  int64_t SpinPast(int64_t seen) const {
    int64_t value = seen;
    while (value == seen) value = value_.load(std::memory_order_acquire);
    return value;
  }

 private:
  alignas(64) std::atomic<int64_t> value_{0};
};

}  // namespace eventlog::bench

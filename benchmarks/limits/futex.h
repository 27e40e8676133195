// One number on which a thread sleeps until another raises it: the floor of any wake-up.
#pragma once

#include <atomic>
#include <cstdint>

namespace eventlog::bench {

class Futex {
 public:
  void Raise();
  // Returns the number once it is above `seen`, asleep until then.
  uint32_t WaitAbove(uint32_t seen);

 private:
  std::atomic<uint32_t> number_ = 0;
};

}  // namespace eventlog::bench

// A word that others leave for one thread, which sleeps until there is one; and waking it later.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "base/futex.h"

namespace eventlog::inline v1::internal {

// Thread-safe; one thread at a time takes.
class WakeWord {
 public:
  WakeWord() = default;
  WakeWord(const WakeWord&) = delete;
  WakeWord& operator=(const WakeWord&) = delete;

  // Leaves a word that is neither of those below, in place of one that was not taken. Whoever takes
  // it may end this object at once: nothing of it is touched after that.
  void Leave(uint32_t word) {
    if (Futex* const asleep = LeaveQuietly(word)) FutexWakeOne(asleep);
  }
  // The same without waking: what is to be woken, by Wakeups; null: nobody sleeps.
  Futex* LeaveQuietly(uint32_t word) { return word_.exchange(word) == kAsleep ? &word_ : nullptr; }
  // Takes what was left. Waits for it, at most `timeout` of real time; kNothing after that.
  uint32_t Take(absl::Duration timeout = absl::InfiniteDuration());

  static constexpr uint32_t kNothing = 0;

 private:
  static constexpr uint32_t kAsleep = 1;

  Futex word_{kNothing};
};

// Those who sleep and were left a word quietly: woken when this ends, the last one first. Declared
// before a lock that they will ask for, it ends after that.
class Wakeups {
 public:
  Wakeups() = default;
  Wakeups(const Wakeups&) = delete;
  Wakeups& operator=(const Wakeups&) = delete;
  ~Wakeups() {
    if (count_ > 0) WakeAll();
  }
  // Null: nobody.
  void Add(Futex* asleep) {
    if (asleep == nullptr) return;
    if (count_ < first_.size()) {
      first_[count_] = asleep;
    } else {
      others_.push_back(asleep);
    }
    ++count_;
  }

 private:
  void WakeAll();

  std::size_t count_ = 0;
  std::array<Futex*, 4> first_;  // not set before they count: every append makes one of these
  std::vector<Futex*> others_;
};

}  // namespace eventlog::inline v1::internal

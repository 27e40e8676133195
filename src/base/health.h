// Whether a log still takes appends. One state for the whole log: after a failed write or sync
// nothing is known of what the device holds, so everything stops until Log::Reopen (R19, R20).
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "base/mutex.h"

namespace eventlog::inline v1::internal {

// Thread-safe.
class Health {
 public:
  // How far Reopen has to go back: kJournal leaves memory and segments trustworthy, kSegment does
  // not and outranks it.
  enum class Failure { kNone, kJournal, kSegment };

  // OK, or FailedPrecondition (kPoisoned) with the first cause.
  absl::Status Check() const {
    if (!poisoned_.load(std::memory_order_acquire)) return absl::OkStatus();
    return PoisonedError();
  }
  bool poisoned() const { return poisoned_.load(std::memory_order_acquire); }

  // Stops the log; the first cause is kept, the gravest failure too. Returns Check()'s error.
  absl::Status Poison(Failure failure, const absl::Status& cause);
  Failure failure() const;
  // After a Reopen that succeeded.
  void Clear();

  // A partition has dropped records that were staged, for lack of space or with its topic: those
  // who wait for them have something to learn.
  void CountDrop() { drops_.fetch_add(1, std::memory_order_release); }
  uint64_t drops() const { return drops_.load(std::memory_order_acquire); }

 private:
  absl::Status PoisonedError() const;

  std::atomic<bool> poisoned_{false};
  std::atomic<uint64_t> drops_{0};
  mutable Mutex mutex_;
  Failure failure_ ABSL_GUARDED_BY(mutex_) = Failure::kNone;
  absl::Status cause_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal

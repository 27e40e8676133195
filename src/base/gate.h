// Counts the calls inside, so that Close and Reopen can wait until they have left and keep others
// out. Entering and leaving an open gate is one atomic operation each.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace eventlog::inline v1::internal {

// Thread-safe.
class Gate {
 public:
  // OK: Leave must follow. Otherwise what Shut was given.
  absl::Status Enter() {
    if (state_.fetch_add(1) < kShut) return absl::OkStatus();
    return Refuse();
  }
  void Leave() {
    if (state_.fetch_sub(1) == kShut + 1) NotifyLeft();
  }

  // Keeps new calls out with `why` and waits until those inside have left. False after `timeout`
  // of real time; the gate stays shut.
  bool Shut(const absl::Status& why, absl::Duration timeout);
  void Open();
  bool is_open() const { return open_.load(); }

 private:
  static constexpr int64_t kShut = int64_t{1} << 62;

  absl::Status Refuse();
  void NotifyLeft();

  // Each on a line of its own: who only asks whether the gate is open, again and again, takes
  // nothing from those who go through.
  static constexpr std::size_t kLineBytes = 64;
  alignas(kLineBytes) std::atomic<int64_t> state_{0};  // calls inside, plus kShut
  alignas(kLineBytes) std::atomic<bool> open_{true};
  Mutex mutex_;
  CondVar left_;
  absl::Status why_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace eventlog::inline v1::internal

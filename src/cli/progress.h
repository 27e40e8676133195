// One line on the terminal about work that takes its time.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "base/mutex.h"

namespace eventlog::inline v1::cli {

// While it lives, a line on standard error says how far the work has come: from the start when
// there is much to do, else after a second. It is gone when the work is done. Nothing is written
// where standard error is no terminal. Add may be called by any thread.
class Progress {
 public:
  struct Work {
    std::string what = {};     // "verifying shop"
    int64_t total_bytes = -1;  // -1: how far it is cannot be known, only how long it takes
    int64_t size_bytes = 0;    // what it is about, told when total_bytes is not known
  };
  Progress(Work work, bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Add(int64_t bytes) { done_bytes_.fetch_add(bytes, std::memory_order_relaxed); }

  // The line, without what moves the cursor.
  static std::string Line(const Work& work, int64_t done_bytes, absl::Duration elapsed);

 private:
  void Draw();

  const Work work_;
  std::atomic<int64_t> done_bytes_{0};
  internal::Mutex mutex_;
  internal::CondVar ended_changed_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // empty: nothing is drawn
};

// The bytes of a log's segment files.
int64_t SegmentBytes(const std::string& log_directory);

}  // namespace eventlog::inline v1::cli

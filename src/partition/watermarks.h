// The four offsets of a partition, which are never out of order:
//
//   log start <= last stable <= high watermark <= log end
#pragma once

#include <cstdint>

#include "base/assert.h"

namespace eventlog::inline v1::internal {

class OrderedWatermarks {
 public:
  OrderedWatermarks() = default;
  OrderedWatermarks(int64_t log_start, int64_t last_stable, int64_t high_watermark, int64_t log_end)
      : log_start_(log_start),
        last_stable_(last_stable),
        high_watermark_(high_watermark),
        log_end_(log_end) {
    Check();
  }

  int64_t log_start() const { return log_start_; }
  int64_t last_stable() const { return last_stable_; }
  int64_t high_watermark() const { return high_watermark_; }
  int64_t log_end() const { return log_end_; }

  void SetLogStart(int64_t offset) {
    EVENTLOG_ASSERT(offset >= log_start_);
    log_start_ = offset;
    Check();
  }
  void SetLogEnd(int64_t offset) {
    log_end_ = offset;
    Check();
  }
  // Records up to `offset` were appended and are acknowledged at once, as are all before them.
  void AdvanceTo(int64_t offset) {
    EVENTLOG_ASSERT(high_watermark_ == log_end_ && offset >= log_end_);
    last_stable_ = offset;
    high_watermark_ = offset;
    log_end_ = offset;
  }
  // Without transactions everything below the high watermark is stable.
  void SetHighWatermark(int64_t offset) {
    EVENTLOG_ASSERT(offset >= high_watermark_);
    high_watermark_ = offset;
    last_stable_ = offset;
    Check();
  }

 private:
  void Check() const {
    EVENTLOG_ASSERT(0 <= log_start_ && log_start_ <= last_stable_ &&
                    last_stable_ <= high_watermark_ && high_watermark_ <= log_end_);
  }

  int64_t log_start_ = 0;
  int64_t last_stable_ = 0;
  int64_t high_watermark_ = 0;
  int64_t log_end_ = 0;
};

}  // namespace eventlog::inline v1::internal

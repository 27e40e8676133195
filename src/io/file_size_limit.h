// The size that RLIMIT_FSIZE allows a file. A call that goes beyond it raises SIGXFSZ, which kills
// a process that does not expect it: the limit is asked before, and the call not made.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <limits>

namespace eventlog::inline v1::internal {

// Bytes; the largest int64_t when there is no limit.
inline int64_t FileSizeLimit() {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= static_cast<rlim_t>(kNone)) {
    return kNone;
  }
  return static_cast<int64_t>(limit.rlim_cur);
}

}  // namespace eventlog::inline v1::internal

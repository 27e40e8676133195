#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace eventlog::inline v1::internal {

void AssertionFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "eventlog: %s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace eventlog::inline v1::internal

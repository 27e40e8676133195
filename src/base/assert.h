// Assertions for bad code, never for bad bytes: those are a Status.
#pragma once

namespace eventlog::inline v1::internal {
[[noreturn]] void AssertionFailed(const char* expression, const char* file, int line);
}  // namespace eventlog::inline v1::internal

// Always on, in release builds too. Aborts with the expression and its place.
#define EVENTLOG_ASSERT(condition) \
  (static_cast<bool>(condition)    \
       ? static_cast<void>(0)      \
       : ::eventlog::internal::AssertionFailed(#condition, __FILE__, __LINE__))

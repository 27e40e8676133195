// Marks a thread that is inside a function of the user's: an observer, a callback, a partitioner.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace eventlog::inline v1::internal {

// While one lives, its thread is inside a callback. They nest.
class CallbackScope {
 public:
  CallbackScope();
  ~CallbackScope();
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;

  // The calling thread is inside a callback, of any log.
  static bool Active();
};

// FailedPrecondition (kInCallback) inside a callback, for what would wait for the callback itself.
absl::Status CheckNotInCallback(std::string_view call);

}  // namespace eventlog::inline v1::internal

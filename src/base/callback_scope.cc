#include "base/callback_scope.h"

#include <string>

#include "base/error.h"

namespace eventlog::inline v1::internal {
namespace {

thread_local int depth = 0;

}  // namespace

CallbackScope::CallbackScope() { ++depth; }

CallbackScope::~CallbackScope() { --depth; }

bool CallbackScope::Active() { return depth > 0; }

absl::Status CheckNotInCallback(std::string_view call) {
  if (!CallbackScope::Active()) return absl::OkStatus();
  return MakeError(ErrorReason::kInCallback,
                   std::string(call) + " is not for observers, callbacks and partitioners");
}

}  // namespace eventlog::inline v1::internal

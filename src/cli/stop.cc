#include "cli/stop.h"

#include <signal.h>

#include <atomic>

namespace eventlog::inline v1::cli {
namespace {

// Without a lock, which a handler must not take.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void RequestStop(int) { stop_requested = true; }

}  // namespace

void StopOnSignals() {
  struct sigaction action = {};
  action.sa_handler = RequestStop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool StopRequested() { return stop_requested; }

}  // namespace eventlog::inline v1::cli

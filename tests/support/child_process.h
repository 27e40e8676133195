// Runs a piece of a test in a forked child, for what a process can only show to another one.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

namespace eventlog::test {

inline constexpr int kDiedOfSignal = -1;

// What `body` returned in the child (0 to 255), or kDiedOfSignal. The child runs no destructors and
// must make no Catch2 assertion: its answer is its exit code.
template <typename Body>
int RunInChild(Body body) {
  const pid_t child = fork();
  EVENTLOG_ASSERT(child >= 0);
  if (child == 0) _exit(body());
  int status = 0;
  EVENTLOG_ASSERT(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kDiedOfSignal;
}

}  // namespace eventlog::test

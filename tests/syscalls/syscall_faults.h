// Scenarios on a real directory in which one system call fails, each in turn in each way that it
// can: EINTR and short counts change nothing; any other error is a documented one, after which
// nothing is acknowledged that is not safe, and a reopened log has all that was. A write or sync
// that the device has failed is told, but of what can be made anew.
#pragma once

#include <cstdint>
#include <string>

#include "lab/scenarios.h"

namespace eventlog::test {

struct SyscallFigures {
  int64_t calls = 0;     // that the scenarios make without a fault
  int64_t points = 0;    // a call and an error of it
  int64_t absorbed = 0;  // the application saw no error
  int64_t stopped = 0;   // the log stopped until it was reopened
  int64_t closed = 0;    // it was not opened, or not closed well, and opened by the next Open
};

struct SyscallFaultOptions {
  uint64_t seed = 1;
  int64_t every = 1;  // of so many points one is run, which follows from the seed
};

// What went wrong first, with everything that is needed to see it again, or an empty string. Runs
// in a forked child, so that a death by signal is found too: call it from a single thread. Logs lie
// in $TMPDIR, which may be memory: no power is cut.
std::string FailEverySystemCall(const Scenario& scenario, const SyscallFaultOptions& options,
                                SyscallFigures* figures);

}  // namespace eventlog::test

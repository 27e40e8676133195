// Runs a piece of a test in a forked child that may die of a signal, and brings its words back.
#pragma once

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "base/assert.h"

namespace eventlog::test {

// What `body`, a function that returns text, returned in the child; or how else it ended: by a
// signal, or by an exit, as a sanitizer's.
// Fork from a single thread: the child may start threads. It runs no destructors of the parent's
// and must make no Catch2 assertion.
template <typename Body>
std::string ReportOfChild(Body body) {
  int ends[2];
  EVENTLOG_ASSERT(pipe(ends) == 0);
  const pid_t child = fork();
  EVENTLOG_ASSERT(child >= 0);
  if (child == 0) {
    close(ends[0]);
    const std::string report = body();
    for (std::size_t done = 0; done < report.size();) {
      const ssize_t wrote = write(ends[1], report.data() + done, report.size() - done);
      if (wrote < 0) _exit(1);
      done += static_cast<std::size_t>(wrote);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string report;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    report.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  EVENTLOG_ASSERT(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) {
    return report + " died of signal " + std::to_string(WTERMSIG(status)) + " (" +
           strsignal(WTERMSIG(status)) + ")";
  }
  if (WEXITSTATUS(status) != 0) {
    return report + " exited with " + std::to_string(WEXITSTATUS(status));
  }
  return report;
}

}  // namespace eventlog::test

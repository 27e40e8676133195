#include "harness/child.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/measure.h"

namespace eventlog::bench {
namespace {

// The child's status once it has ended.
int Forked(const std::function<void()>& work) {
  malloc_trim(0);  // what the parent has freed would be the child's to use unseen
  const pid_t child = fork();
  Check(child >= 0, "cannot fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    _exit(0);
  }
  int status = 0;
  Check(waitpid(child, &status, 0) == child, "cannot wait");
  return status;
}

int64_t EntriesOf(const char* directory) {
  const std::filesystem::directory_iterator entries(directory);
  return std::distance(begin(entries), end(entries));
}

}  // namespace

double InChild(const std::function<double()>& work) {
  int ends[2];
  Check(pipe(ends) == 0, "no pipe");
  const int status = Forked([&] {
    const double answer = work();
    Check(write(ends[1], &answer, sizeof answer) == sizeof answer, "cannot tell");
  });
  Check(status == 0, "a child has failed");
  double answer = 0;
  Check(read(ends[0], &answer, sizeof answer) == sizeof answer, "a child says nothing");
  close(ends[0]);
  close(ends[1]);
  return answer;
}

void InChildThatDies(const std::function<void()>& work) {
  const int status = Forked([&] {
    work();
    kill(getpid(), SIGKILL);
  });
  Check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "a child has not died as it should");
}

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t all = 0;
  int64_t resident = 0;
  statm >> all >> resident;
  Check(static_cast<bool>(statm), "no /proc/self/statm");
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t OpenFiles() { return EntriesOf("/proc/self/fd") - 1; }  // but for the listing itself

int64_t Threads() { return EntriesOf("/proc/self/task"); }

}  // namespace eventlog::bench

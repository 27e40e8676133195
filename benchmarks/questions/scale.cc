// Many partitions: what an idle one costs, and what a log that nobody uses does.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/child.h"
#include "harness/measure.h"
#include "questions/questions.h"
#include "questions/workload.h"

namespace eventlog::bench {
namespace {

constexpr int32_t kPartitions = 10'000;

// A log whose partitions have a record each, closed.
class WideLog {
 public:
  explicit WideLog(const std::string& parent) : parent_(parent) {}

  // What `look` says of a process of its own before and after it has opened the log.
  double Opened(const std::function<double()>& look) const {
    const std::string path = Path();
    return InChild([&] {
      const double before = look();
      const Log log = Value(Log::Open({.directory = path}));
      return look() - before;
    });
  }
  double OpenMilliseconds() const {
    const std::string path = Path();
    return InChild([&] {
      Log log;
      return 1e3 * SecondsOf([&] { log = Value(Log::Open({.directory = path})); });
    });
  }

 private:
  const std::string& Path() const {
    if (scratch_ == nullptr) {
      scratch_ = std::make_unique<Scratch>(parent_);
      OpenedTopic opened({.directory = scratch_->path()},
                         {.partitions = kPartitions, .durability = Durability::kProcess});
      for (int32_t i = 0; i < kPartitions; ++i) {
        Check(opened.topic.Append({.value = kValue, .partition = i}).status());
      }
      Check(opened.log.Close());
    }
    return scratch_->path();
  }

  const std::string parent_;
  mutable std::unique_ptr<Scratch> scratch_;
};

// Waits until nothing is due any more: batches are sealed and a checkpoint is made.
void Settle() { absl::SleepFor(absl::Seconds(3)); }

[[noreturn]] void HoldTopicsOpen(const std::string& directory, int ready) {
  LogOptions options = {.directory = directory};
  options.tuning.batch_age = absl::Milliseconds(100);
  options.tuning.checkpoint_interval = absl::Milliseconds(200);
  Log log = Value(Log::Open(options));
  for (int i = 0; i < 100; ++i) {
    const Topic topic = Value(log.OpenTopic(absl::StrCat("topic-", i)));
    AppendSingly(topic, 1);
  }
  Settle();
  Check(write(ready, "", 1) == 1, "cannot tell");
  while (true) pause();
}

// System calls a second of all threads of a process with 100 idle topics, as strace(1) sees them.
double IdleSystemCalls(const std::string& parent) {
  constexpr int kSeconds = 5;
  const Scratch scratch(parent);
  int ends[2];
  Check(pipe(ends) == 0, "no pipe");
  const pid_t child = fork();
  Check(child >= 0, "cannot fork");
  if (child == 0) HoldTopicsOpen(scratch / "log", ends[1]);
  char byte = 0;
  Check(read(ends[0], &byte, 1) == 1, "the child is gone");
  const std::string calls = scratch / "calls";
  const std::string command = absl::StrCat("timeout -s INT ", kSeconds, " strace -f -qq -o ", calls,
                                           " -p ", child, " 2>/dev/null");
  const int status = std::system(command.c_str());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  Check(WIFEXITED(status) && WEXITSTATUS(status) != 127, "strace is needed");
  std::ifstream lines(calls);
  double finished = 0;
  for (std::string line; std::getline(lines, line);) {
    // What sleeps all the time is begun before and never finished.
    const bool sleeps =
        line.find("<detached ...>") != line.npos || line.ends_with("<unfinished ...>");
    finished += sleeps ? 0 : 1;
  }
  return finished / kSeconds;
}

}  // namespace

Questions ScaleQuestions(const Settings& settings) {
  const std::string parent = settings.directory;
  const auto wide = std::make_shared<const WideLog>(parent);
  return {
      {.name = "partitions_10000_open_ms",
       .unit = "milliseconds",
       .bar = AtMost(250, 50),
       .measure = [=] { return Figures{wide->OpenMilliseconds()}; },
       .remark = "one topic of 10,000 partitions with a record each"},
      {.name = "partitions_10000_rss_per_partition_bytes",
       .unit = "bytes",
       .bar = AtMost(4096, 1024),
       .measure =
           [=] {
             const auto resident = [] { return static_cast<double>(ResidentBytes()); };
             return Figures{wide->Opened(resident) / kPartitions};
           }},
      {.name = "partitions_10000_fds",
       .unit = "descriptors",
       .bar = AtMost(256, 64),
       .measure =
           [=] { return Figures{wide->Opened([] { return static_cast<double>(OpenFiles()); })}; }},
      {.name = "idle_syscalls_per_second",
       .unit = "system calls/s",
       .bar = AtMost(0, 0),
       .measure = [=] { return Figures{IdleSystemCalls(parent)}; },
       .remark = "100 topics open, five seconds under strace"},
  };
}

}  // namespace eventlog::bench

#include "syscalls/syscall_faults.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "base/assert.h"
#include "eventlog/file_system.h"
#include "fmt/format.h"
#include "support/child_report.h"
#include "support/temp_dir.h"
#include "syscalls/system_calls.h"

namespace eventlog::test {
namespace {

// What a child that dies has done, for its parent.
struct Shared {
  SyscallFigures figures;
  char point[256] = {};
};

class Run {
 public:
  Run(const Scenario& scenario, const SyscallFaultOptions& options, Shared* shared)
      : scenario_(scenario),
        shared_(shared),
        application_(&clock_, options.seed, [this](const Fact& fact) { oracle_.Learn(fact); }) {}

  // The calls of the scenario, by name.
  std::vector<std::string_view> Calls(absl::Status* status);
  std::string WithFault(int64_t number, CallError error);

 private:
  absl::Status Work();
  std::string JudgeChange(std::string_view call, std::string_view before_last,
                          const absl::Status& status);
  std::string JudgeError(const absl::Status& status);
  std::string JudgeStopped();

  const Scenario& scenario_;
  const TempDir directory_;
  Shared* const shared_;
  ManualClock clock_;
  Oracle oracle_;
  Application application_;
};

absl::Status Run::Work() {
  const absl::Status opened =
      application_.Open(application_.Options(FileSystem::Posix(), directory_ / "log"));
  return opened.ok() ? scenario_.run(&application_) : opened;
}

std::vector<std::string_view> Run::Calls(absl::Status* status) {
  FailCall(0, CallError::kIoError);
  *status = Work();
  return StopFailing();
}

// A log that is open answers a failing device with kPoisoned, a full one with kDiskFull, and reads
// with whatever the device has said.
std::string Run::JudgeError(const absl::Status& status) {
  if (status.ok() || absl::IsResourceExhausted(status) || absl::IsInternal(status) ||
      ReasonOf(status) == ErrorReason::kPoisoned) {
    return "";
  }
  return "it answers " + status.ToString();
}

// The device, not the lack of something, has kept from a file what the library gave it.
bool IsLostChange(std::string_view call, CallError error) {
  constexpr std::string_view kChanges[] = {"fdatasync", "fsync", "pwrite", "pwritev", "ftruncate"};
  return (error == CallError::kIoError || error == CallError::kLateSync) &&
         std::find(std::begin(kChanges), std::end(kChanges), call) != std::end(kChanges);
}

// Whether the failure of a change may stay unknown: of the pid in the lock file, which is a word to
// whoever is kept out; of an index, which is made anew when it is not there; of a file of the arena
// before it is used, without which the journal does its work. Where a partition's
// directory is synced right behind a rename, but for its opening, the name of an index is.
bool MayBeAbsorbed(std::string_view call, std::string_view before_last, const std::string& path) {
  const bool in_partition = path.find("/segments/") != path.npos;
  return path.ends_with("/lock") || path.ends_with("index.tmp") || path.ends_with(".arena") ||
         (in_partition && call == "fsync" && before_last == "rename");
}

// Of a change that the device has failed the application hears, at the latest by its next call, and
// the log goes on with nothing.
std::string Run::JudgeChange(std::string_view call, std::string_view before_last,
                             const absl::Status& status) {
  const std::string path = FailedPath();
  if (status.ok()) {
    const bool heard = ReasonOf(application_.log()->RunMaintenance()) == ErrorReason::kPoisoned;
    const bool absorbed = heard || MayBeAbsorbed(call, before_last, path);
    return absorbed ? "" : "the failure was swallowed, of " + path;
  }
  const absl::Status now = application_.log()->ListTopics().status();
  if (ReasonOf(status) == ErrorReason::kPoisoned || ReasonOf(now) == ErrorReason::kClosed)
    return "";
  return fmt::format("the log goes on after a failure of {}: {}", path, status.ToString());
}

// Nothing is acknowledged before Reopen, though every call would succeed.
std::string Run::JudgeStopped() {
  ++shared_->figures.stopped;
  const auto topics = application_.log()->ListTopics();
  if (!topics.ok()) return topics.status().ToString();
  std::vector<absl::Status> answers = {application_.log()->CreateTopic("late").status(),
                                       application_.log()->RunMaintenance()};
  for (const std::string& topic : *topics) {
    answers.push_back(application_.log()->OpenTopic(topic)->Append({.value = "late"}).status());
  }
  for (const absl::Status& answer : answers) {
    if (ReasonOf(answer) != ErrorReason::kPoisoned) return "a stopped log: " + answer.ToString();
  }
  return "";
}

std::string Run::WithFault(int64_t number, CallError error) {
  FailCall(number, error);
  const absl::Status status = Work();
  const auto calls = StopFailing();
  if (static_cast<int64_t>(calls.size()) < number) return "the call was not made";
  if (status.ok()) ++shared_->figures.absorbed;
  if ((error == CallError::kInterrupted || error == CallError::kShort) && !status.ok()) {
    return "it was not absorbed: " + status.ToString();
  }
  if (std::string wrong = JudgeError(status); !wrong.empty()) return wrong;
  const auto at = static_cast<std::size_t>(number) - 1;
  if (IsLostChange(calls[at], error)) {
    std::string wrong = JudgeChange(calls[at], at > 1 ? calls[at - 2] : "", status);
    if (!wrong.empty()) return wrong;
  }
  // It was not opened, or the scenario has closed it.
  if (ReasonOf(application_.log()->ListTopics().status()) == ErrorReason::kClosed) {
    ++shared_->figures.closed;
    const absl::Status again =
        application_.Open(application_.Options(FileSystem::Posix(), directory_ / "log"));
    if (!again.ok()) return "Open: " + again.ToString();
  } else if (ReasonOf(status) == ErrorReason::kPoisoned) {
    if (std::string wrong = JudgeStopped(); !wrong.empty()) return wrong;
  }
  if (const absl::Status reopened = application_.Reopen(); !reopened.ok()) {
    return "Reopen: " + reopened.ToString();
  }
  std::string wrong = oracle_.Judge(application_.log(), Crash::kNone, clock_.Monotonic());
  if (!wrong.empty()) return wrong;
  const absl::Status restarted = application_.Restart();
  if (!restarted.ok()) return "after a restart: " + restarted.ToString();
  wrong = oracle_.Judge(application_.log(), Crash::kNone, clock_.Monotonic());
  return wrong.empty() ? "" : "after a restart: " + wrong;
}

std::string RunAll(const Scenario& scenario, const SyscallFaultOptions& options, Shared* shared) {
  absl::Status status;
  const auto calls = Run(scenario, options, shared).Calls(&status);
  if (!status.ok()) return fmt::format("{}: {}", scenario.name, status.ToString());
  shared->figures.calls += static_cast<int64_t>(calls.size());
  auto at = static_cast<int64_t>(options.seed);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (const CallError error : kCallErrors) {
      if (!CanAnswer(calls[i], error) || at++ % options.every != 0) continue;
      const std::string point =
          fmt::format("{}, seed {}, call {} of {}, {}: {}", scenario.name, options.seed, i + 1,
                      calls.size(), calls[i], NameOf(error));
      std::strncpy(shared->point, point.c_str(), sizeof shared->point - 1);
      ++shared->figures.points;
      const std::string wrong =
          Run(scenario, options, shared).WithFault(static_cast<int64_t>(i) + 1, error);
      if (!wrong.empty()) return fmt::format("{}: {}", point, wrong);
    }
  }
  return "";
}

}  // namespace

std::string FailEverySystemCall(const Scenario& scenario, const SyscallFaultOptions& options,
                                SyscallFigures* figures) {
  void* const page =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EVENTLOG_ASSERT(page != MAP_FAILED);
  auto* const shared = new (page) Shared;
  std::string wrong = ReportOfChild([&] { return RunAll(scenario, options, shared); });
  if (wrong.starts_with(" died")) wrong = shared->point + (":" + wrong);
  figures->calls += shared->figures.calls;
  figures->points += shared->figures.points;
  figures->absorbed += shared->figures.absorbed;
  figures->stopped += shared->figures.stopped;
  figures->closed += shared->figures.closed;
  munmap(page, sizeof(Shared));
  return wrong;
}

}  // namespace eventlog::test

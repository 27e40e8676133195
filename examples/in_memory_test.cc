// How a service over a log is tested: in memory, with a clock that the test moves, in milliseconds
// and without a temporary file; then the same test on disk, by one changed option.
//
//   in_memory_test DIRECTORY     exits with 1 when a check fails
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"

namespace {

// The service under test: counts the logins of the last hour. It knows nothing of tests but that
// its log's options come from outside.
class Logins {
 public:
  absl::Status Start(eventlog::LogOptions options) {
    EVENTLOG_ASSIGN_OR_RETURN(log_, eventlog::Log::Open(std::move(options)));
    EVENTLOG_ASSIGN_OR_RETURN(logins_, log_.OpenTopic("logins", {.retention = absl::Hours(1)}));
    return absl::OkStatus();
  }
  absl::Status Login(std::string_view user) {
    return logins_.Append({.key = user, .value = "login"}).status();
  }
  absl::StatusOr<int64_t> Count() {
    EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log_.NewConsumer({.topics = {"logins"}}));
    return consumer.Lag();
  }
  // What the log's thread does by itself where there is one; not on a clock that is moved by hand.
  absl::Status Maintain() { return log_.RunMaintenance(); }
  absl::Status Stop() { return log_.Close(); }

 private:
  eventlog::Log log_;
  eventlog::Topic logins_;
};

int failures = 0;

// Unlike assert it is there in a release build too. Any test framework does as well.
void Check(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "FAILED: " << what << "\n";
  ++failures;
}

template <typename T>
void CheckIs(const absl::StatusOr<T>& found, const T& expected, std::string_view what) {
  Check(found.ok() && *found == expected, what);
  if (!found.ok()) std::cerr << found.status() << "\n";
}

void CheckOk(const absl::Status& status, std::string_view what) {
  Check(status.ok(), what);
  if (!status.ok()) std::cerr << status << "\n";
}

// The test. `clock` is the one in `options`: a virtual hour takes no time.
void TestLoginsAreForgotten(const eventlog::LogOptions& options, eventlog::ManualClock* clock) {
  Logins service;
  CheckOk(service.Start(options), "it starts");
  CheckOk(service.Login("ann"), "ann logs in");
  clock->Advance(absl::Minutes(50));
  CheckOk(service.Login("bob"), "bob logs in");
  CheckIs<int64_t>(service.Count(), 2, "both are counted");
  clock->Advance(absl::Hours(2));
  CheckOk(service.Maintain(), "retention runs");
  CheckIs<int64_t>(service.Count(), 0, "after two hours nobody is");
  CheckOk(service.Login("cid"), "cid logs in");
  CheckIs<int64_t>(service.Count(), 1, "cid is counted");
  CheckOk(service.Stop(), "it stops");
}

// Needs a disk, but not a real one: this one survives Close, and can lose its power.
void TestLoginsSurviveAPowerCut() {
  eventlog::ManualClock clock;
  eventlog::MemoryFileSystem disk;
  const eventlog::LogOptions options = {
      .directory = "logins", .clock = &clock, .file_system = &disk};
  Logins before;
  CheckOk(before.Start(options), "it starts on a new disk");
  CheckOk(before.Login("ann"), "ann logs in before the power cut");
  disk.CutPower();
  Logins after;
  CheckOk(after.Start(options), "it starts after a power cut");
  CheckIs<int64_t>(after.Count(), 1, "an acknowledged login survives it");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: in_memory_test DIRECTORY\n";
    return 1;
  }
  eventlog::ManualClock clock;
  TestLoginsAreForgotten({.memory = true, .clock = &clock}, &clock);
  TestLoginsAreForgotten({.directory = argv[1], .clock = &clock}, &clock);
  TestLoginsSurviveAPowerCut();
  std::cout << (failures == 0 ? "all checks hold\n" : "some checks failed\n");
  return failures == 0 ? 0 : 1;
}

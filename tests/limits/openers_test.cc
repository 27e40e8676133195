// Many who want one log: processes, threads, forked children, what dead holders leave.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/child_report.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

LogOptions OptionsOf(const std::string& directory) {
  return {.directory = directory, .background_thread = false};
}

bool IsLocked(const absl::Status& status) { return ReasonOf(status) == ErrorReason::kLocked; }

// Opens the log `times` times against the others, and marks with a file that it has it. What is
// wrong, or an empty string.
std::string OpenAgainAndAgain(const std::string& directory, const std::string& name, int times) {
  const std::string mark = directory + "-held";
  for (int opened = 0; opened < times;) {
    auto log = Log::Open(OptionsOf(directory));
    if (IsLocked(log.status())) {
      usleep(200);
      continue;
    }
    if (!log.ok()) return log.status().ToString();
    const int fd = open(mark.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return "two have it open";
    close(fd);
    auto topic = log->OpenTopic("t");
    if (!topic.ok()) return topic.status().ToString();
    const std::string value = name + " " + std::to_string(opened++);
    if (auto appended = topic->Append({.value = value}); !appended.ok()) {
      return appended.status().ToString();
    }
    unlink(mark.c_str());
    if (absl::Status closed = log->Close(); !closed.ok()) return closed.ToString();
  }
  return "";
}

void CheckValues(const std::string& directory, const std::vector<std::string>& names, int times) {
  std::multiset<std::string> expected;
  for (const std::string& name : names) {
    for (int i = 0; i < times; ++i) expected.insert(name + " " + std::to_string(i));
  }
  Log log = OpenLog(OptionsOf(directory));
  const std::vector<std::string> values = ReadTopic(&log, "t");
  CHECK(std::multiset<std::string>(values.begin(), values.end()) == expected);
}

}  // namespace

TEST_CASE("of many processes that open a log one has it at a time", "[limits]") {
  constexpr int kTimes = 15;
  const TempDir directory;
  const std::string log = directory / "log";
  const std::vector<std::string> names = {"a", "b", "c", "d", "e", "f"};
  // Children of a child: they start together, and all are waited for.
  const std::string report = ReportOfChild([&] {
    int start[2];
    EVENTLOG_ASSERT(pipe(start) == 0);
    std::vector<pid_t> openers;
    for (const std::string& name : names) {
      openers.push_back(fork());
      if (openers.back() != 0) continue;
      close(start[1]);
      char byte;
      static_cast<void>(!read(start[0], &byte, 1));  // until the parent closes its end
      const std::string wrong = OpenAgainAndAgain(log, name, kTimes);
      if (!wrong.empty()) static_cast<void>(!write(STDERR_FILENO, wrong.data(), wrong.size()));
      _exit(wrong.empty() ? 0 : 1);
    }
    close(start[0]);
    close(start[1]);
    std::string failed;
    for (const pid_t opener : openers) {
      int status = 0;
      waitpid(opener, &status, 0);
      if (status != 0) failed += " " + std::to_string(status);
    }
    return failed;
  });
  CHECK(report == "");
  CheckValues(log, names, kTimes);
}

TEST_CASE("of many threads that open a log one has it at a time", "[limits]") {
  constexpr int kTimes = 15;
  const TempDir directory;
  const std::string log = directory / "log";
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  std::array<std::string, 4> wrong;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < names.size(); ++i) {
    threads.emplace_back([&, i] { wrong[i] = OpenAgainAndAgain(log, names[i], kTimes); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : wrong) CHECK(text == "");
  CheckValues(log, names, kTimes);
}

TEST_CASE("a log whose holder was killed is opened at once", "[limits]") {
  const TempDir directory;
  const std::string path = directory / "log";
  for (int round = 0; round < 5; ++round) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t holder = fork();
    REQUIRE(holder >= 0);
    if (holder == 0) {
      auto log = Log::Open(OptionsOf(path));
      const bool appended = log.ok() && log->OpenTopic("t")->Append({.value = "v"}).ok();
      if (write(ready[1], appended ? "1" : "0", 1) == 1) pause();
      _exit(0);
    }
    char answer = '0';
    REQUIRE(read(ready[0], &answer, 1) == 1);
    CHECK(answer == '1');
    const absl::Status refused = Log::Open(OptionsOf(path)).status();
    CHECK(IsLocked(refused));
    CHECK(refused.ToString().find(std::to_string(holder)) != std::string::npos);
    kill(holder, SIGKILL);
    waitpid(holder, nullptr, 0);
    Log log = OpenLog(OptionsOf(path));
    CHECK(ReadTopic(&log, "t").size() == static_cast<std::size_t>(round) + 1);
    close(ready[0]);
    close(ready[1]);
  }
}

TEST_CASE("what is in a lock file that nobody holds keeps nobody out", "[limits]") {
  const TempDir directory;
  const std::string path = directory / "log";
  REQUIRE(OpenLog(OptionsOf(path)).Close().ok());
  for (const std::string& text :
       {std::string(), std::string("1\n"), std::to_string(getpid()) + "\n", std::string("no pid"),
        std::string(100'000, '7')}) {
    std::ofstream(path + "/lock", std::ios::trunc) << text;
    CHECK(OpenLog(OptionsOf(path)).Close().ok());
  }
}

TEST_CASE("a forked child neither has its parent's log nor keeps others from it", "[limits]") {
  const TempDir directory;
  const std::string path = directory / "log";
  Log log = OpenLog(OptionsOf(path));
  const Topic topic = *log.OpenTopic("t");
  REQUIRE(topic.Append({.value = "parent"}).ok());
  int stop[2];
  REQUIRE(pipe(stop) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(stop[1]);
    const bool forked = ReasonOf(topic.Append({.value = "child"}).status()) == ErrorReason::kForked;
    const bool locked = IsLocked(Log::Open(OptionsOf(path)).status());
    char byte;
    static_cast<void>(!read(stop[0], &byte, 1));  // lives on until the parent closes its end
    _exit(forked && locked ? 0 : 1);
  }
  usleep(50'000);
  REQUIRE(log.Close().ok());
  // Its parent's log is closed, and the child is there: another process opens it.
  const std::string report = ReportOfChild([&] { return OpenAgainAndAgain(path, "other", 1); });
  close(stop[0]);
  close(stop[1]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(report == "");
  Log again = OpenLog(OptionsOf(path));
  CHECK(ReadTopic(&again, "t") == std::vector<std::string>{"parent", "other 0"});
}

}  // namespace eventlog::test

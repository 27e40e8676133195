// A log on real files, an application of it and its oracle, for what the system may refuse.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "lab/application.h"

namespace eventlog::test {

// Runs in a child process: no Catch2 assertion. The first thing that is wrong stays in `wrong`.
class LimitedLog {
 public:
  explicit LimitedLog(std::string directory, uint64_t seed = 1);

  // Opens it; makes the topics "disk" and "process", of two partitions, and "deleted".
  absl::Status Open();
  // A bit of everything. What is refused must be so for lack of what is limited.
  void Work(int rounds);
  // Another round, in which nothing may be refused.
  void ExpectAllWell(const std::string& when);
  // The same of a few small records.
  void ExpectRoom(const std::string& when);
  // As the system leaves it when the process is killed; then Open again.
  void Kill();
  // Judges what is there; reopens it first if it stopped.
  void Judge(const std::string& when);
  // Deletes what is in "disk".
  absl::Status DeleteAll();
  // OK or refused.
  void Expect(const std::string& what, const absl::Status& status);
  void Fail(const std::string& what);

  Application* application() { return &application_; }
  Oracle* oracle() { return &oracle_; }
  int refused() const { return refused_; }
  const std::string& wrong() const { return wrong_; }

 private:
  void Round(int round);

  const std::string directory_;
  FaultFileSystem files_{FileSystem::Posix()};
  ManualClock clock_;
  Oracle oracle_;
  Application application_;
  int refused_ = 0;
  int topics_ = 0;
  std::string wrong_;
};

// Takes all space that is left where `path` lies, to the last page.
class Ballast {
 public:
  explicit Ballast(std::string path) : path_(std::move(path)) {}
  // But for so many pages.
  void Fill(int pages_left = 0);
  void Remove();

 private:
  const std::string path_;
};

}  // namespace eventlog::test

// A random history of a log on a disk in memory, with crashes, and the oracle that judges what is
// left: nothing acknowledged lost, nothing invented, order kept, atomic writes all or nothing; and
// of what is deleted: nothing early, nothing back, nothing beside it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"
#include "support/failing_file_system.h"

namespace eventlog::test {

class CrashHistory {
 public:
  struct Figures {
    int power_cuts = 0;
    int kills = 0;
    int nested = 0;  // crashes inside a recovery
    int64_t acknowledged = 0;
    int64_t deleted = 0;   // records, by DeleteRecords
    int64_t expired = 0;   // by time
    int64_t outgrown = 0;  // by size
  };

  explicit CrashHistory(uint64_t seed);
  ~CrashHistory();

  // `crashes` rounds of work, a crash in the middle, recovery, judgement. Returns what is wrong, or
  // an empty string.
  std::string Run(int crashes, int operations);
  const Figures& figures() const { return figures_; }

 private:
  using Place = std::pair<std::string, int32_t>;
  struct Expected {
    bool disk = true;
    bool either = false;                          // the old topic or the new one
    std::vector<std::string> attempted;           // in order
    std::map<int64_t, std::string> acknowledged;  // by offset
    std::map<int64_t, absl::Duration> appended;   // when, by offset
    int64_t log_start = 0;                        // acknowledged: never below
    int64_t log_start_tried = 0;                  // by DeleteRecords
  };
  struct Part {
    Place place;
    std::string value;
    int64_t offset = -1;  // -1: not known
  };
  struct Atomic {
    std::vector<Part> parts;
    bool acknowledged = false;
  };

  absl::Status OpenLog();
  absl::Status Operate();
  absl::Status AppendOne();
  absl::Status AppendMany(std::size_t count, std::size_t value_bytes);
  absl::Status WriteAtomically();
  absl::Status Restart();
  absl::Status RecreateTopic();
  absl::Status DeleteSome();
  absl::Status Maintain(absl::Duration later);
  std::string NewValue(std::size_t bytes);
  Place RandomPlace(int topics);
  int64_t LogStart(const Place& place);
  const Topic& TopicOf(const Place& place) { return topics_.at(place.first); }
  int Below(int limit) { return static_cast<int>(random_() % static_cast<uint64_t>(limit)); }

  void ArmCrash(int calls, bool power);
  void WriteSomeFilesBack(const std::string& directory);
  std::string RecoverAndJudge();
  std::string Judge(bool power_was_cut);
  std::string JudgePlace(const Place& place, Expected* expected, bool power_was_cut,
                         const std::vector<std::pair<int64_t, std::string>>& found);
  std::string JudgeLogStart(const Place& place, int64_t log_start, Expected* expected);
  std::string JudgeAtomics(const std::map<Place, std::map<std::string, int64_t>>& present);
  absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> ReadAll(const Place& place);

  std::mt19937_64 random_;
  ManualClock clock_;
  MemoryFileSystem disk_;
  FailingFileSystem failing_;
  Log log_;
  std::map<std::string, Topic> topics_;
  std::map<Place, Expected> expected_;
  std::vector<Atomic> atomics_;
  std::optional<int64_t> committed_;  // the newest acknowledged commit
  int64_t last_commit_tried_ = 0;
  int64_t next_id_ = 0;
  int calls_left_ = -1;  // until the crash; negative: none is armed
  bool crashed_ = false;
  bool power_ = false;
  Figures figures_;
};

}  // namespace eventlog::test

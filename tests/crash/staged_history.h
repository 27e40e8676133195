// One history of a log, staged step by step: an application on a simulated disk, which a test
// crashes at the moment that it names, with the outcome that it names.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "lab/application.h"
#include "lab/oracle.h"
#include "lab/simulated_disk.h"

namespace eventlog::test {

using Call = FaultFileSystem::Call;

// Outcomes of a crash.
std::unique_ptr<SimulatedDisk> NothingUnsynced(const SimulatedDisk& disk);
std::unique_ptr<SimulatedDisk> Everything(const SimulatedDisk& disk);
std::unique_ptr<SimulatedDisk> AllThatWasWritten(const SimulatedDisk& disk);  // of a kill
// A power cut before which the kernel has written back these files and directories and no other.
std::unique_ptr<SimulatedDisk> CutThatKeeps(const SimulatedDisk& disk,
                                            const std::vector<std::string>& paths);
// The same of everything in a directory and of its own name.
std::unique_ptr<SimulatedDisk> CutThatKeepsAllIn(const SimulatedDisk& disk,
                                                 const std::string& directory);
// A power cut with an outcome that the test looks for; it fails when there is none.
std::unique_ptr<SimulatedDisk> CutWhere(
    const SimulatedDisk& disk, const std::function<bool(const SimulatedDisk& left)>& wanted);

// A topic of small batches and segments.
TopicOptions SmallTopic(Durability durability);

// Files in a directory whose names end so, sorted, as full paths.
std::vector<std::string> FilesOf(const SimulatedDisk& disk, const std::string& directory,
                                 std::string_view ending);
// Where these bytes are there.
std::vector<std::size_t> PlacesOf(std::string_view bytes, std::string_view wanted);

// Its assertions are Catch's, so it belongs to the main thread, as all of such a log does.
class StagedHistory {
 public:
  static constexpr char kJournal[] = "log/journal/00000000.journal";
  static constexpr char kCheckpoint[] = "log/checkpoint";

  // A log that is new and open.
  StagedHistory();
  // Whatever looks on may be gone by now.
  ~StagedHistory() { calls_->Heal(); }

  Application& application() { return application_; }
  Log& log() { return *application_.log(); }
  SimulatedDisk& disk() { return *disk_; }

  // Looks before every call on the disk, until the next crash.
  void BeforeEach(const std::function<void(const Call& call)>& look);
  // Before the first call that is the moment, what `outcome` makes of the disk is left, and no call
  // reaches it any more.
  using Moment = std::function<bool(const Call& call)>;
  using Outcome = std::function<std::unique_ptr<SimulatedDisk>(const SimulatedDisk& disk)>;
  void CrashBefore(const Moment& moment, Crash crash, const Outcome& outcome);
  // The same now, with the outcome `left`.
  void CrashNow(Crash crash, std::unique_ptr<SimulatedDisk> left);
  bool crashed() const { return left_ != nullptr; }
  // After a crash: another process, on what is left, which has not opened the log yet.
  void StartAgain();
  // Which opens it, without an error and with all that must be there.
  void Recover();

  // What is wrong with the log that is open, or an empty string.
  std::string Wrong();
  // The same of what a recovery makes of `left`; nothing changes here by that. `claim` looks at the
  // log, and `during` at the disk before each call of the recovery.
  using Claim = std::function<void(Application* recovered)>;
  using During = std::function<void(const SimulatedDisk& disk)>;
  std::string WrongAfter(Crash crash, std::unique_ptr<SimulatedDisk> left, const Claim& claim = {},
                         const During& during = {}) const;

 private:
  mutable ManualClock clock_;  // reading it is no change
  std::unique_ptr<SimulatedDisk> disk_ = std::make_unique<SimulatedDisk>();
  std::unique_ptr<FaultFileSystem> calls_;
  Oracle oracle_;
  Application application_;
  std::unique_ptr<SimulatedDisk> left_;
  Crash crash_ = Crash::kNone;
};

}  // namespace eventlog::test

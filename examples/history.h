// The two halves of the program: from lines of dpkg's log to events, and from events to the state
// that the machine should be in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dpkg_log.h"
#include "eventlog/eventlog.h"

inline constexpr const char* kTopic = "package-events";
inline constexpr const char* kGroup = "package_history";

// How far ingestion is: the number of lines that are in the log, event or not.
struct Progress {
  int64_t lines = 0;
  eventlog::RecoveryReport recovery = {};  // of the open that this run began with
};

// Appends what is missing of `lines` to the log in `directory`. Calls `told` once before the first
// line and once after each chunk is durable. Killed at any point, the next call goes on where this
// one was: a chunk and the new place of the cursor are one atomic write.
absl::Status Ingest(const std::string& directory, const std::vector<std::string>& lines,
                    const std::function<void(const Progress&)>& told);

// What the log says of one package in one architecture.
struct PackageState {
  std::string state = "not-installed";
  std::string version;
  int64_t line = -1;  // the last that said so
};

// What the events amount to.
struct History {
  std::map<std::string, std::map<std::string, PackageState>> packages;  // by name, architecture
  std::map<std::string, int64_t> actions;                               // how often each occurred
  int64_t events = 0;
  int64_t doubled = 0;  // events of a line that was there before
  int64_t missing = 0;  // lines with an event that is not there
};

// Polls all events from the beginning and holds them against the lines they came from.
absl::StatusOr<History> Fold(const std::string& directory, const std::vector<std::string>& lines);

struct Comparison {
  int64_t matches = 0;
  int64_t before = 0;  // packages that the log does not know: installed before it began
  std::vector<std::string> mismatches = {};
};

// Holds the fold against dpkg's own database.
Comparison Compare(const History& history, const std::vector<InstalledPackage>& installed);

// What happened to the packages of this machine, as events: reads dpkg's log into a topic, is
// killed in the middle of that, goes on where it was, folds the events into the state of every
// package, and asks dpkg whether that is true.
//
//   package_history              in a temporary directory, removed at the end
//   package_history DIRECTORY    keeps the log there; run again it ingests only what is new
//
// Exits with 1 when anything disagrees.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "child.h"
#include "dpkg_log.h"
#include "eventlog/status_macros.h"
#include "history.h"

namespace {

constexpr int64_t kFewestEvents = 50;
constexpr int kRounds = 5;
constexpr absl::Duration kKillWithin = absl::Microseconds(250);  // about what one write takes
constexpr std::size_t kShownMismatches = 10;

// What a child said last.
struct Report {
  int64_t first = 0;  // the cursor it found
  int64_t lines = 0;  // the cursor it left
  int64_t replayed = 0;
  int64_t cut_bytes = 0;
  absl::Duration time = {};
  bool killed = false;
};

// The child's part: ingests and tells the parent how far it is.
absl::Status RunChild(const std::string& directory, const std::string& end) {
  EVENTLOG_ASSIGN_OR_RETURN(auto lines, ReadLines(DpkgLogFiles()));
  std::size_t count = 0;
  if (!absl::SimpleAtoi(end, &count) || count > lines.size()) {
    return absl::InvalidArgumentError("dpkg's log has been rotated meanwhile");
  }
  lines.resize(count);
  return Ingest(directory, lines, [](const Progress& progress) {
    SayToParent(absl::StrCat(progress.lines, " ", progress.recovery.records_replayed, " ",
                             progress.recovery.bytes_cut));
  });
}

// Has a child ingest the first `end` lines. Kills it, if asked, when it is half through: at a
// moment of its next write that is left to chance.
absl::StatusOr<Report> IngestInChild(const std::string& directory, int64_t end, bool kill) {
  EVENTLOG_ASSIGN_OR_RETURN(Child child, Child::Start({"--ingest", directory, absl::StrCat(end)}));
  Report report;
  const absl::Time begin = absl::Now();
  for (bool first = true;; first = false) {
    const auto line = child.ReadLine();
    if (!line.ok()) break;
    const std::vector<std::string> words = absl::StrSplit(*line, ' ');
    if (words.size() != 3 || !absl::SimpleAtoi(words[0], &report.lines) ||
        !absl::SimpleAtoi(words[1], &report.replayed) ||
        !absl::SimpleAtoi(words[2], &report.cut_bytes)) {
      return absl::InternalError(absl::StrCat("the child says ", *line));
    }
    if (first) report.first = report.lines;
    report.time = absl::Now() - begin;
    child.Answer();
    if (kill && report.lines > report.first &&
        report.lines - report.first >= (end - report.first) / 2) {
      const absl::Time then =
          absl::Now() + kKillWithin * (absl::ToUnixMicros(absl::Now()) % 100) / 100;
      while (absl::Now() < then) {  // a sleep would always be too long
      }
      child.Kill();
      break;
    }
  }
  const absl::Status ended = child.Wait();
  report.killed = kill && absl::IsAborted(ended);
  if (!report.killed && !ended.ok()) {
    return absl::InternalError(absl::StrCat("the child that ingests: ", ended.ToString()));
  }
  return report;
}

absl::Status IngestAll(const std::string& directory, int64_t end) {
  EVENTLOG_ASSIGN_OR_RETURN(const Report killed, IngestInChild(directory, end, true));
  if (killed.first == end) {
    std::printf("ingest:   nothing is new\n");
    return absl::OkStatus();
  }
  if (!killed.killed) return absl::InternalError("the child was not killed");
  std::printf("ingest:   killed (SIGKILL) after %" PRId64 " of %" PRId64 " lines were on disk\n",
              killed.lines, end);
  EVENTLOG_ASSIGN_OR_RETURN(const Report resumed, IngestInChild(directory, end, false));
  std::printf("          resumed at line %" PRId64
              ": the chunk that was being written %s\n"
              "          recovery replayed %" PRId64 " records and cut a torn end of %" PRId64
              " bytes\n",
              resumed.first, resumed.first > killed.lines ? "is there, whole" : "is not there",
              resumed.replayed, resumed.cut_bytes);
  std::printf("          then %" PRId64 " lines in %.0f ms, each chunk one durable, atomic write\n",
              resumed.lines - resumed.first, absl::ToDoubleMilliseconds(resumed.time));
  if (resumed.first < killed.lines) return absl::DataLossError("acknowledged lines are gone");
  if (resumed.lines != end) return absl::DataLossError("not everything was ingested");
  return absl::OkStatus();
}

void Print(const History& history, absl::Duration time) {
  std::printf("fold:     %" PRId64 " events in %.1f ms, %.0f events/s, opening the log included\n",
              history.events, absl::ToDoubleMilliseconds(time),
              static_cast<double>(history.events) / absl::ToDoubleSeconds(time));
  std::printf("         ");
  for (const auto& [action, count] : history.actions) {
    std::printf(" %s %" PRId64, action.c_str(), count);
  }
  std::printf("\n          %" PRId64 " lost, %" PRId64 " doubled, %zu packages\n", history.missing,
              history.doubled, history.packages.size());
}

void Print(const Comparison& comparison) {
  std::printf("dpkg:     %" PRId64 " match, %zu mismatch; %" PRId64
              " others were installed before the log began\n",
              comparison.matches, comparison.mismatches.size(), comparison.before);
  for (std::size_t i = 0; i < comparison.mismatches.size() && i < kShownMismatches; ++i) {
    std::printf("          %s\n", comparison.mismatches[i].c_str());
  }
}

// One comparison; Unavailable when dpkg was at work in the meantime, so that it says nothing.
absl::Status FoldAndCompare(const std::string& directory, const std::vector<std::string>& lines) {
  const absl::Time begin = absl::Now();
  EVENTLOG_ASSIGN_OR_RETURN(const History history, Fold(directory, lines));
  const absl::Duration time = absl::Now() - begin;
  EVENTLOG_ASSIGN_OR_RETURN(const auto installed, QueryDpkg());
  EVENTLOG_ASSIGN_OR_RETURN(const auto lines_now, ReadLines(DpkgLogFiles()));
  if (lines_now != lines) return absl::UnavailableError("dpkg is at work");
  const Comparison comparison = Compare(history, installed);
  Print(history, time);
  Print(comparison);
  if (history.missing != 0 || history.doubled != 0) {
    return absl::DataLossError("events are lost or doubled");
  }
  if (!comparison.mismatches.empty()) return absl::DataLossError("dpkg does not agree");
  if (history.events < kFewestEvents) {
    return absl::NotFoundError(absl::StrCat("fewer than ", kFewestEvents, " events"));
  }
  return absl::OkStatus();
}

absl::Status Run(const std::string& directory) {
  absl::Status status = absl::UnavailableError("");
  for (int round = 0; round < kRounds && absl::IsUnavailable(status); ++round) {
    const std::vector<std::string> files = DpkgLogFiles();
    EVENTLOG_ASSIGN_OR_RETURN(const auto lines, ReadLines(files));
    if (lines.empty()) return absl::NotFoundError("there is no /var/log/dpkg.log");
    std::printf("source:   %zu file%s, %zu lines, %s to %s\n", files.size(),
                files.size() == 1 ? "" : "s", lines.size(), lines.front().substr(0, 10).c_str(),
                lines.back().substr(0, 10).c_str());
    EVENTLOG_RETURN_IF_ERROR(IngestAll(directory, static_cast<int64_t>(lines.size())));
    status = FoldAndCompare(directory, lines);
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 3 && arguments[0] == "--ingest") {
    const absl::Status status = RunChild(arguments[1], arguments[2]);
    if (!status.ok()) std::cerr << "package_history --ingest: " << status << "\n";
    return status.ok() ? 0 : 1;
  }
  std::string directory = arguments.empty() ? "" : arguments[0];
  if (arguments.empty()) {
    directory = (std::filesystem::temp_directory_path() / "package_history.XXXXXX").string();
    if (mkdtemp(directory.data()) == nullptr) {
      std::cerr << "package_history: cannot make " << directory << "\n";
      return 1;
    }
  }
  const absl::Status status = Run(directory);
  if (arguments.empty()) std::filesystem::remove_all(directory);
  std::cout << std::flush;
  if (!status.ok()) std::cerr << "package_history: " << status << "\n";
  if (status.ok()) std::printf("agreed:   nothing lost, nothing doubled, and dpkg says the same\n");
  return status.ok() ? 0 : 1;
}

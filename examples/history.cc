#include "history.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventlog/status_macros.h"

namespace {

constexpr int64_t kMaxChunkLines = 64;
// The name under which the cursor is kept. The log has no such topic: an offset may be of anything.
constexpr const char* kSource = "dpkg.log";
constexpr const char* kNotInstalled = "not-installed";

absl::StatusOr<int64_t> Cursor(const eventlog::Log& log) {
  EVENTLOG_ASSIGN_OR_RETURN(const auto committed, log.CommittedOffsets(kGroup));
  for (const auto& place : committed) {
    if (place.topic == kSource) return place.offset;
  }
  return 0;
}

// Adds the event of line number `number`, if it has one.
void AddEvent(const eventlog::Topic& topic, const std::string& line, int64_t number,
              eventlog::WriteBatch* batch) {
  const std::optional<DpkgEvent> event = ParseDpkgLine(line);
  if (!event) return;
  absl::Time time;
  std::string error;
  const bool dated = absl::ParseTime("%Y-%m-%d %H:%M:%S", std::string(event->time),
                                     absl::LocalTimeZone(), &time, &error);
  const std::string text = absl::StrCat(number);
  // By package, so that all events of one are in one partition, in order.
  batch->Append(topic,
                {.key = event->package,
                 .value = line,
                 .headers = {{"line", text}},
                 .timestamp = dated && time >= absl::UnixEpoch() ? std::optional<absl::Time>(time)
                                                                 : std::nullopt});
}

void Apply(const eventlog::RecordView& record, int64_t number, History* history) {
  const std::optional<DpkgEvent> event = ParseDpkgLine(record.value());
  if (!event) return;
  ++history->actions[std::string(event->action)];
  if (event->action != "status") return;  // it says what is begun, a status line what became of it
  PackageState& package =
      history->packages[std::string(event->package)][std::string(event->architecture)];
  package = {std::string(event->state), std::string(event->version), number};
}

std::string Text(const std::string& state, const std::string& version) {
  return state == kNotInstalled ? state : absl::StrCat(state, " ", version);
}

// What dpkg has of the package in this architecture; in any if that is empty.
std::string Actual(const std::vector<InstalledPackage>& rows, const std::string& architecture) {
  for (const InstalledPackage& row : rows) {
    if (architecture.empty() || row.architecture == architecture) {
      return Text(row.state, row.version);
    }
  }
  return kNotInstalled;
}

}  // namespace

absl::Status Ingest(const std::string& directory, const std::vector<std::string>& lines,
                    const std::function<void(const Progress&)>& told) {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = directory}));
  EVENTLOG_ASSIGN_OR_RETURN(auto topic, log.OpenTopic(kTopic, {.partitions = 4}));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t begin, Cursor(log));
  const int64_t end = static_cast<int64_t>(lines.size());
  if (begin > end) return absl::OutOfRangeError("the log has been rotated away below the cursor");
  const int64_t chunk = std::clamp<int64_t>(end / 16, 1, kMaxChunkLines);
  Progress progress = {begin, log.recovery_report()};
  told(progress);
  eventlog::WriteBatch batch;
  while (progress.lines < end) {
    const int64_t next = std::min(progress.lines + chunk, end);
    batch.Clear();
    for (int64_t i = progress.lines; i < next; ++i) {
      AddEvent(topic, lines[static_cast<std::size_t>(i)], i, &batch);
    }
    const eventlog::TopicPartitionOffset cursor = {.topic = kSource, .offset = next};
    batch.CommitOffsets({.group = kGroup}, {&cursor, 1});
    EVENTLOG_RETURN_IF_ERROR(log.Write(batch));
    progress.lines = next;
    told(progress);
  }
  return log.Close();
}

absl::StatusOr<History> Fold(const std::string& directory, const std::vector<std::string>& lines) {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = directory}));
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log.NewConsumer({.topics = {kTopic}}));
  History history;
  std::vector<bool> seen(lines.size());
  eventlog::ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const eventlog::RecordView& record : records) {
      std::size_t line = 0;
      const std::string number(record.headers().Last("line").value_or(""));
      if (!absl::SimpleAtoi(number, &line) || line >= lines.size() ||
          record.value() != lines[line]) {
        return absl::DataLossError(absl::StrCat("line '", number, "' is not what was ingested"));
      }
      if (seen[line]) ++history.doubled;
      seen[line] = true;
      ++history.events;
      Apply(record, static_cast<int64_t>(line), &history);
    }
  } while (!records.caught_up());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!seen[i] && ParseDpkgLine(lines[i])) ++history.missing;
  }
  return history;
}

Comparison Compare(const History& history, const std::vector<InstalledPackage>& installed) {
  std::map<std::string, std::vector<InstalledPackage>> rows;
  Comparison comparison;
  for (const InstalledPackage& row : installed) {
    if (row.state == kNotInstalled) continue;
    rows[row.package].push_back(row);
    if (!history.packages.contains(row.package)) ++comparison.before;
  }
  for (const auto& [name, architectures] : history.packages) {
    const auto& actual = rows[name];
    const bool several = std::any_of(actual.begin(), actual.end(),
                                     [](const auto& row) { return row.co_installable; });
    int64_t last_line = -1;
    for (const auto& [architecture, state] : architectures) {
      last_line = std::max(last_line, state.line);
    }
    for (const auto& [architecture, state] : architectures) {
      // Only one architecture can be there, and a package may move from one to another: its last
      // event counts.
      if (!several && state.line != last_line) continue;
      const std::string expected = Text(state.state, state.version);
      const std::string found = Actual(actual, architecture);
      if (expected == found) {
        ++comparison.matches;
      } else {
        comparison.mismatches.push_back(absl::StrCat(name, ":", architecture, ": the log says ",
                                                     expected, ", dpkg says ", found));
      }
    }
  }
  return comparison;
}

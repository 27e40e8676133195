// What the visitors of a web site do: its access log (Apache's combined format) as events of one
// topic, and two independent readers of them, sessions and top pages.
//
//   activity_tracking DIRECTORY          with a few lines of its own
//   activity_tracking DIRECTORY FILE     again with the next file: it adds to what is there
//
// The key of a record is the client, so all that one client did is in one partition, in order; the
// timestamp is the request's.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

namespace {

using Counts = std::map<std::string, int64_t, std::less<>>;

constexpr absl::Duration kSessionGap = absl::Minutes(30);
constexpr std::size_t kTopPages = 10;
constexpr const char* kLines = R"(
10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 2030 "-" "Mozilla/5.0"
10.0.0.2 - - [17/May/2015:10:05:43 +0000] "GET /blog HTTP/1.1" 200 1717 "-" "curl/7.38"
10.0.0.1 - - [17/May/2015:10:35:03 +0000] "GET /blog HTTP/1.1" 200 1717 "-" "Mozilla/5.0"
10.0.0.1 - - [17/May/2015:11:05:04 +0000] "GET /lost HTTP/1.1" 404 26 "-" "Mozilla/5.0"
)";

struct Request {
  std::string client;
  std::string page;
  bool shown = false;  // a page was asked for, and delivered
  absl::Time time;
};

// CLIENT - USER [TIME] "METHOD PAGE PROTOCOL" STATUS ...
std::optional<Request> Parse(std::string_view line) {
  const std::vector<std::string> quoted = absl::StrSplit(std::string(line), '"');
  if (quoted.size() < 3) return std::nullopt;
  const std::vector<std::string> head = absl::StrSplit(quoted[0], absl::ByAnyChar(" []"));
  const std::vector<std::string> request = absl::StrSplit(quoted[1], ' ');
  if (head.size() != 8 || request.size() != 3) return std::nullopt;
  absl::Time time;
  if (!absl::ParseTime("%d/%b/%Y:%H:%M:%S %z", head[4] + " " + head[5], &time, nullptr) ||
      time < absl::UnixEpoch()) {
    return std::nullopt;
  }
  const bool shown = request[0] == "GET" && quoted[2].starts_with(" 200 ");
  return Request{head[0], request[1], shown, time};
}

// Returns how many lines are no requests. The producer puts many records into one sync; without a
// callback the first failure is Flush's to tell.
absl::StatusOr<int64_t> Ingest(eventlog::Log& log, const eventlog::Topic& requests,
                               std::istream& lines) {
  EVENTLOG_ASSIGN_OR_RETURN(auto producer, log.NewProducer());
  int64_t skipped = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::optional<Request> request = Parse(line);
    if (!request) {
      skipped += line.empty() ? 0 : 1;
      continue;
    }
    EVENTLOG_RETURN_IF_ERROR(producer.Send(
        requests, {.key = request->client, .value = line, .timestamp = request->time}));
  }
  EVENTLOG_RETURN_IF_ERROR(producer.Close());
  return skipped;
}

// A client's session ends with a pause of more than half an hour.
absl::Status ReportSessions(eventlog::Log& log) {
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log.NewConsumer({.topics = {"requests"}}));
  std::map<std::string, absl::Time, std::less<>> last_seen;
  int64_t sessions = 0;
  int64_t requests = 0;
  eventlog::ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const auto& record : records) {
      const auto [client, first] = last_seen.try_emplace(std::string(record.key()));
      if (first || record.timestamp() - client->second > kSessionGap) ++sessions;
      client->second = first ? record.timestamp() : std::max(client->second, record.timestamp());
      ++requests;
    }
  } while (!records.caught_up());
  std::cout << requests << " requests of " << last_seen.size() << " clients in " << sessions
            << " sessions\n";
  return absl::OkStatus();
}

// `filter` keeps what the reader does not care for out of its loop.
absl::Status ReportTopPages(eventlog::Log& log) {
  EVENTLOG_ASSIGN_OR_RETURN(
      auto consumer, log.NewConsumer({.topics = {"requests"}, .filter = [](const auto& record) {
                                        const auto request = Parse(record.value());
                                        return request && request->shown;
                                      }}));
  Counts counts;
  eventlog::ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const auto& record : records) ++counts[std::string(Parse(record.value())->page)];
  } while (!records.caught_up());
  std::vector<std::pair<int64_t, std::string>> pages;  // negative counts: most shown first
  for (const auto& [page, count] : counts) pages.emplace_back(-count, page);
  std::sort(pages.begin(), pages.end());
  pages.resize(std::min(pages.size(), kTopPages));
  for (const auto& [count, page] : pages) std::cout << -count << " " << page << "\n";
  return absl::OkStatus();
}

absl::Status Run(const std::string& directory, std::istream& lines) {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = directory}));
  EVENTLOG_ASSIGN_OR_RETURN(auto requests, log.OpenTopic("requests", {.partitions = 4}));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t skipped, Ingest(log, requests, lines));
  if (skipped > 0) std::cerr << skipped << " lines are no requests\n";
  EVENTLOG_RETURN_IF_ERROR(ReportSessions(log));
  EVENTLOG_RETURN_IF_ERROR(ReportTopPages(log));
  return log.Close();
}

}  // namespace

int main(int argc, char** argv) {
  absl::Status status = absl::InvalidArgumentError("usage: activity_tracking DIRECTORY [FILE]");
  if (argc == 2) {
    std::istringstream lines(kLines);
    status = Run(argv[1], lines);
  } else if (argc == 3) {
    std::ifstream lines(argv[2]);
    status = lines ? Run(argv[1], lines) : absl::NotFoundError("cannot read that file");
  }
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}

// A log inside somebody else's event loop, without a thread of its own: epoll(7) waits for input
// and for the consumer's ReadyFd, and never longer than until the log has something to do.
//
//   echo "some lines" | event_loop DIRECTORY     each line becomes a record, and is read back
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <string>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

namespace {

absl::Status Watch(int epoll, int fd) {
  epoll_event interest = {};
  interest.events = EPOLLIN;
  interest.data.fd = fd;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "epoll_ctl");
}

// Waits until a descriptor is ready, or the log has something to do. −1: none is.
absl::StatusOr<int> WaitForEvent(int epoll, const eventlog::Log& log) {
  // Rounded up, so as not to wake too early; an infinite duration becomes a long one.
  const absl::Duration idle = std::min(log.UntilMaintenance(), absl::Hours(1));
  const auto timeout_ms = absl::ToInt64Milliseconds(absl::Ceil(idle, absl::Milliseconds(1)));
  epoll_event event = {};
  const int count = epoll_wait(epoll, &event, 1, static_cast<int>(timeout_ms));
  if (count < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "epoll_wait");
  return count == 1 ? event.data.fd : -1;
}

// Sends every line that standard input has completed by now. False at its end. Send copies and does
// not wait for the disk: RunMaintenance acknowledges, many records with one sync.
absl::StatusOr<bool> ReadInput(eventlog::Producer& producer, const eventlog::Topic& lines,
                               std::string* partial) {
  std::array<char, 4096> buffer = {};
  const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count < 0) return absl::ErrnoToStatus(errno, "read");
  partial->append(buffer.data(), static_cast<std::size_t>(count));
  if (count == 0 && !partial->empty()) partial->push_back('\n');  // the last line of all
  for (std::size_t end = 0; (end = partial->find('\n')) != std::string::npos;) {
    EVENTLOG_RETURN_IF_ERROR(producer.Send(lines, {.value = partial->substr(0, end)}));
    partial->erase(0, end + 1);
  }
  return count > 0;
}

absl::Status Run(const std::string& directory, int epoll) {
  EVENTLOG_ASSIGN_OR_RETURN(
      auto log, eventlog::Log::Open({.directory = directory, .background_thread = false}));
  EVENTLOG_ASSIGN_OR_RETURN(auto lines, log.OpenTopic("lines"));
  EVENTLOG_ASSIGN_OR_RETURN(auto producer, log.NewProducer());
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log.NewConsumer({.group = "loop", .topics = {"lines"}}));
  EVENTLOG_ASSIGN_OR_RETURN(const int ready, consumer.ReadyFd());
  EVENTLOG_RETURN_IF_ERROR(Watch(epoll, ready));
  EVENTLOG_RETURN_IF_ERROR(Watch(epoll, STDIN_FILENO));

  std::string partial;
  eventlog::ConsumerRecords records;
  for (bool input = true; input;) {
    EVENTLOG_ASSIGN_OR_RETURN(const int fd, WaitForEvent(epoll, log));
    if (fd == STDIN_FILENO) {
      EVENTLOG_ASSIGN_OR_RETURN(input, ReadInput(producer, lines, &partial));
      if (!input) EVENTLOG_RETURN_IF_ERROR(producer.Close());
    }
    if (fd == ready || !input) {
      do {
        EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
        for (const auto& record : records) std::cout << record.value() << "\n";
        EVENTLOG_RETURN_IF_ERROR(consumer.Commit());
      } while (!input && !records.caught_up());  // level-triggered: once for each readiness
    }
    EVENTLOG_RETURN_IF_ERROR(log.RunMaintenance());
  }
  return log.Close();
}

}  // namespace

int main(int argc, char** argv) {
  absl::Status status = absl::InvalidArgumentError("usage: event_loop DIRECTORY");
  if (argc == 2) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    status = epoll < 0 ? absl::ErrnoToStatus(errno, "epoll_create1") : Run(argv[1], epoll);
    close(epoll);
  }
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}

#include "io/event_fd.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "base/error.h"

namespace eventlog::inline v1::internal {

absl::StatusOr<EventFd> EventFd::Create() {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return ErrnoError(errno, "eventfd", "for ReadyFd");
  return EventFd(fd);
}

EventFd::EventFd(EventFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

EventFd::~EventFd() {
  if (fd_ >= 0) close(fd_);
}

void EventFd::Raise() {
  const uint64_t one = 1;
  static_cast<void>(!write(fd_, &one, sizeof one));
}

void EventFd::Lower() {
  uint64_t count = 0;
  static_cast<void>(!read(fd_, &count, sizeof count));
}

}  // namespace eventlog::inline v1::internal

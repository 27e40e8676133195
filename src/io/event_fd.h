// A descriptor that is readable while it is raised: for epoll(7) and event loops.
#pragma once

#include "absl/status/statusor.h"

namespace eventlog::inline v1::internal {

// Owns it. Not thread-safe; a process that is forked has a descriptor of its own to the same state,
// and a program that is executed none.
class EventFd {
 public:
  // Lowered. ResourceExhausted (open files).
  static absl::StatusOr<EventFd> Create();
  EventFd(EventFd&& other) noexcept;
  EventFd& operator=(EventFd&&) = delete;
  ~EventFd();

  int fd() const { return fd_; }
  // Neither blocks nor fails on a descriptor that only this object reads and writes.
  void Raise();
  void Lower();

 private:
  explicit EventFd(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace eventlog::inline v1::internal

#include "io/event_fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "base/error.h"

namespace eventlog::internal {
namespace {

bool IsReadable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

TEST_CASE("an event descriptor is readable from its raising to its lowering", "[io]") {
  auto event = EventFd::Create();
  REQUIRE(event.ok());
  CHECK_FALSE(IsReadable(event->fd()));
  event->Lower();
  CHECK_FALSE(IsReadable(event->fd()));
  event->Raise();
  event->Raise();
  CHECK(IsReadable(event->fd()));
  CHECK(IsReadable(event->fd()));
  event->Lower();
  CHECK_FALSE(IsReadable(event->fd()));
}

TEST_CASE("an event descriptor is closed by its last owner and not inherited by exec", "[io]") {
  int fd = -1;
  {
    auto event = EventFd::Create();
    REQUIRE(event.ok());
    const EventFd moved = *std::move(event);
    fd = moved.fd();
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(fcntl(fd, F_GETFD) == -1);
}

TEST_CASE("an event descriptor that the process has no room for is refused as such", "[io]") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int lowest_free = dup(0);
  REQUIRE(lowest_free >= 0);
  close(lowest_free);
  // UndefinedBehaviorSanitizer looks once at what formats a message, and needs a descriptor for it.
  CHECK_FALSE(ErrnoError(EMFILE, "eventfd", "").ok());
  const rlimit none{static_cast<rlim_t>(lowest_free), before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const absl::Status refused = EventFd::Create().status();
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(absl::IsResourceExhausted(refused));
}

}  // namespace
}  // namespace eventlog::internal

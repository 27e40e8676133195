#include "partition/wait_set.h"

#include <poll.h>

#include <catch2/catch.hpp>
#include <utility>

namespace eventlog::internal {
namespace {

bool IsReadable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

TEST_CASE("an event with a descriptor raises it while it is set", "[partition]") {
  auto created = EventFd::Create();
  REQUIRE(created.ok());
  const int fd = created->fd();
  Event event(*std::move(created));
  CHECK_FALSE(IsReadable(fd));
  event.Set();
  event.Set();
  CHECK(IsReadable(fd));
  event.Clear();
  CHECK_FALSE(IsReadable(fd));
  event.Clear();
  event.Set();
  CHECK(IsReadable(fd));
  event.Wait(absl::InfiniteDuration());
  CHECK_FALSE(IsReadable(fd));
}

TEST_CASE("who is registered with several sets is told by each until it leaves", "[partition]") {
  auto created = EventFd::Create();
  REQUIRE(created.ok());
  const int fd = created->fd();
  Event event(*std::move(created));
  Mutex mutexes[2];
  WaitSet sets[] = {WaitSet(&mutexes[0]), WaitSet(&mutexes[1])};
  {
    const WaitRegistration registration(&event, {&sets[0], &sets[1]});
    for (WaitSet& set : sets) {
      set.Notify();
      CHECK(IsReadable(fd));
      event.Clear();
    }
  }
  for (WaitSet& set : sets) set.Notify();
  CHECK_FALSE(IsReadable(fd));
}

TEST_CASE("a registration that was abandoned leaves its sets alone", "[partition]") {
  auto created = EventFd::Create();
  REQUIRE(created.ok());
  const int fd = created->fd();
  Event event(*std::move(created));
  Mutex mutex;
  WaitSet set(&mutex);
  {
    WaitRegistration registration(&event, {&set});
    registration.Abandon();
  }
  set.Notify();
  CHECK(IsReadable(fd));
  set.Remove(&event);
}

}  // namespace
}  // namespace eventlog::internal

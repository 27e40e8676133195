#include "io/complete.h"

#include <catch2/catch.hpp>

namespace eventlog::internal {

TEST_CASE("an interrupted call is made until it is answered otherwise", "[io]") {
  int calls = 0;
  const auto interrupted_twice = [&](int answer, int error) {
    return [&calls, answer, error] {
      ++calls;
      errno = calls <= 2 ? EINTR : error;
      return calls <= 2 ? -1 : answer;
    };
  };
  CHECK(Complete(interrupted_twice(5, 0)) == 5);
  CHECK(calls == 3);
  calls = 0;
  CHECK(Complete(interrupted_twice(-1, EIO)) == -1);
  CHECK(calls == 3);
  CHECK(errno == EIO);
}

}  // namespace eventlog::internal

#include "base/assert.h"

#include <fcntl.h>
#include <signal.h>

#include <catch2/catch.hpp>

#include "support/child_process.h"

namespace eventlog::test {

TEST_CASE("a false assertion aborts and a true one does not", "[base]") {
  const auto run = [](int value) {
    return RunInChild([value] {
      signal(SIGABRT, SIG_DFL);  // Catch2 would report it as a failure of its own
      close(STDERR_FILENO);
      EVENTLOG_ASSERT(value == 1);
      return 7;
    });
  };
  CHECK(run(1) == 7);
  CHECK(run(2) == kDiedOfSignal);
}

TEST_CASE("an assertion evaluates its condition once", "[base]") {
  int calls = 0;
  EVENTLOG_ASSERT(++calls == 1);
  CHECK(calls == 1);
}

}  // namespace eventlog::test

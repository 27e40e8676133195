#include "base/fork_guard.h"

#include <sys/syscall.h>

#include <catch2/catch.hpp>

#include "support/child_process.h"

namespace eventlog::internal {

TEST_CASE("a guard knows a forked child from its own process", "[base]") {
  const ForkGuard guard;
  CHECK_FALSE(guard.Forked());
  CHECK(test::RunInChild([&] { return guard.Forked() ? 1 : 0; }) == 1);
  CHECK_FALSE(guard.Forked());
}

TEST_CASE("a guard that a child makes is the child's", "[base]") {
  const ForkGuard parents;
  const int answer = test::RunInChild([&] {
    const ForkGuard own;
    if (own.Forked() || !parents.Forked()) return 1;
    return test::RunInChild([&] {
      if (!own.Forked() || !parents.Forked()) return 2;
      const ForkGuard grandchilds;
      return grandchilds.Forked() || !own.Forked() || !parents.Forked() ? 3 : 0;
    });
  });
  CHECK(answer == 0);
}

TEST_CASE("a fork that runs no handlers is noticed", "[base]") {
  const ForkGuard guard;
  const auto child = static_cast<pid_t>(syscall(SYS_fork));
  if (child == 0) syscall(SYS_exit_group, guard.Forked() ? 1 : 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 1);
}

}  // namespace eventlog::internal

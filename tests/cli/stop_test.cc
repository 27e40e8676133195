#include "cli/stop.h"

#include <signal.h>

#include <catch2/catch.hpp>

#include "support/child_process.h"

namespace eventlog::cli {
namespace {

TEST_CASE("SIGINT and SIGTERM are noted and end nothing", "[cli]") {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    CHECK(test::RunInChild([&] {
            StopOnSignals();
            if (StopRequested()) return 1;
            raise(signal_number);
            return StopRequested() ? 0 : 2;
          }) == 0);
  }
}

}  // namespace
}  // namespace eventlog::cli

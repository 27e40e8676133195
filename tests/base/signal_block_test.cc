#include "base/signal_block.h"

#include <catch2/catch.hpp>
#include <thread>

namespace eventlog::test {
namespace {

bool IsBlocked(int signal) {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return sigismember(&blocked, signal) == 1;
}

TEST_CASE("signals are held back while a block lives and as they were before afterwards",
          "[base]") {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hangup, nullptr);
  {
    const internal::SignalBlock block;
    CHECK(IsBlocked(SIGTERM));
    CHECK_FALSE(IsBlocked(SIGSEGV));
    CHECK_FALSE(IsBlocked(SIGABRT));
  }
  CHECK_FALSE(IsBlocked(SIGTERM));
  CHECK(IsBlocked(SIGHUP));
  pthread_sigmask(SIG_UNBLOCK, &hangup, nullptr);
}

TEST_CASE("a thread that is started under a block keeps it", "[base]") {
  bool blocked = false;
  std::thread thread;
  {
    const internal::SignalBlock block;
    thread = std::thread([&blocked] { blocked = IsBlocked(SIGTERM); });
  }
  thread.join();
  CHECK(blocked);
}

}  // namespace
}  // namespace eventlog::test

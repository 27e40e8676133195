#include "base/gate.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "base/error.h"

namespace eventlog::internal {
namespace {

const absl::Status kShutStatus = MakeError(ErrorReason::kClosed, "shut");

TEST_CASE("an open gate lets everybody in", "[base]") {
  Gate gate;
  CHECK(gate.is_open());
  CHECK(gate.Enter().ok());
  CHECK(gate.Enter().ok());
  gate.Leave();
  gate.Leave();
}

TEST_CASE("a shut gate answers what it was shut with until it is opened", "[base]") {
  Gate gate;
  REQUIRE(gate.Shut(kShutStatus, absl::ZeroDuration()));
  CHECK_FALSE(gate.is_open());
  CHECK(gate.Enter() == kShutStatus);
  CHECK(gate.Enter() == kShutStatus);  // a call that was refused is not counted
  CHECK(gate.Shut(kShutStatus, absl::ZeroDuration()));
  gate.Open();
  CHECK(gate.Enter().ok());
  gate.Leave();
}

TEST_CASE("shutting waits for those inside", "[base]") {
  Gate gate;
  REQUIRE(gate.Enter().ok());
  CHECK_FALSE(gate.Shut(kShutStatus, absl::Milliseconds(5)));
  CHECK_FALSE(gate.Enter().ok());  // it stays shut
  std::atomic<bool> shut{false};
  std::thread closer([&] { shut = gate.Shut(kShutStatus, absl::InfiniteDuration()); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const bool too_early = shut;
  gate.Leave();
  closer.join();
  CHECK_FALSE(too_early);
  CHECK(shut);
}

TEST_CASE("nobody is inside a gate that is shut while many come and go", "[base]") {
  Gate gate;
  std::atomic<bool> stop{false};
  std::atomic<int> inside{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        if (!gate.Enter().ok()) continue;
        ++inside;
        --inside;
        gate.Leave();
      }
    });
  }
  int found = 0;
  for (int round = 0; round < 200; ++round) {
    static_cast<void>(gate.Shut(kShutStatus, absl::InfiniteDuration()));
    found += inside;
    gate.Open();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(found == 0);
}

}  // namespace
}  // namespace eventlog::internal

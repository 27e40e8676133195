#include "base/callback_scope.h"

#include <catch2/catch.hpp>
#include <thread>

#include "base/error.h"

namespace eventlog::internal {
namespace {

TEST_CASE("a thread is in a callback until the outermost one has returned", "[base]") {
  CHECK_FALSE(CallbackScope::Active());
  {
    const CallbackScope outer;
    {
      const CallbackScope inner;
      CHECK(CallbackScope::Active());
    }
    CHECK(CallbackScope::Active());
  }
  CHECK_FALSE(CallbackScope::Active());
}

TEST_CASE("one thread in a callback does not make another be in one", "[base]") {
  const CallbackScope here;
  bool there = true;
  std::thread other([&] { there = CallbackScope::Active(); });
  other.join();
  CHECK_FALSE(there);
}

TEST_CASE("what may not be called in a callback is refused there only", "[base]") {
  CHECK(CheckNotInCallback("Log::Close").ok());
  const CallbackScope scope;
  const absl::Status refused = CheckNotInCallback("Log::Close");
  CHECK(ReasonOf(refused) == ErrorReason::kInCallback);
  CHECK(refused.message().find("Log::Close") != absl::string_view::npos);
}

}  // namespace
}  // namespace eventlog::internal

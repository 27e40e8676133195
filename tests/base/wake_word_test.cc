#include "base/wake_word.h"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "eventlog/clock.h"

namespace eventlog::internal {
namespace {

TEST_CASE("a word that was left is taken once", "[base]") {
  WakeWord word;
  CHECK(word.Take(absl::ZeroDuration()) == WakeWord::kNothing);
  word.Leave(7);
  CHECK(word.Take() == 7);
  CHECK(word.Take(absl::ZeroDuration()) == WakeWord::kNothing);
  word.Leave(7);
  word.Leave(8);
  CHECK(word.Take(absl::Seconds(100)) == 8);
}

TEST_CASE("who waits for a word gives up after its time", "[base]") {
  WakeWord word;
  const absl::Duration before = Clock::System()->Monotonic();
  CHECK(word.Take(absl::Milliseconds(20)) == WakeWord::kNothing);
  CHECK(Clock::System()->Monotonic() - before >= absl::Milliseconds(20));
  CHECK(word.Take(-absl::Seconds(1)) == WakeWord::kNothing);
  word.Leave(2);
  CHECK(word.Take(-absl::Seconds(1)) == 2);
}

TEST_CASE("who sleeps is woken by every word and may end it then", "[base]") {
  auto word = std::make_unique<WakeWord>();
  WakeWord answered;
  std::thread other([&] {
    for (uint32_t i = 0; i < 10000; ++i) {
      word->Leave(2 + i);
      answered.Take();
    }
    word->Leave(99999);
  });
  int wrong = 0;
  for (uint32_t i = 0; i < 10000; ++i) {
    if (word->Take() != 2 + i) ++wrong;
    answered.Leave(2);
  }
  CHECK(word->Take() == 99999);
  word.reset();
  other.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace eventlog::internal

#include "base/wake_word.h"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
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

TEST_CASE("all who were left a word quietly are woken at the end", "[base]") {
  constexpr std::size_t kSleepers = 20;
  std::vector<WakeWord> words(kSleepers);
  std::atomic<std::size_t> awake{0};
  std::vector<std::thread> sleepers;
  for (WakeWord& word : words) {
    sleepers.emplace_back([&] {
      if (word.Take() == 5) awake.fetch_add(1);
    });
  }
  absl::SleepFor(absl::Milliseconds(50));  // most sleep by then; for the others a word is enough
  {
    Wakeups wakeups;
    for (WakeWord& word : words) wakeups.Add(word.LeaveQuietly(5));
  }
  for (std::thread& sleeper : sleepers) sleeper.join();
  CHECK(awake.load() == kSleepers);
}

}  // namespace
}  // namespace eventlog::internal

#include "io/memory_contents.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace eventlog::internal {
namespace {

std::string All(const MemoryContents& contents) {
  std::string bytes(static_cast<std::size_t>(contents.size()), '?');
  const std::size_t got = contents.Read(0, absl::MakeSpan(bytes.data(), bytes.size()));
  return bytes.substr(0, got);
}

}  // namespace

TEST_CASE("contents go back to the last sync", "[io]") {
  MemoryContents contents;
  contents.Write(0, "abc");
  contents.Sync();
  contents.Write(1, "XYZ");
  contents.Write(1, "123");
  CHECK(All(contents) == "a123");
  contents.CutPower();
  CHECK(All(contents) == "abc");
  contents.Resize(5);
  CHECK(All(contents) == std::string("abc\0\0", 5));
}

TEST_CASE("contents that were never synced are gone", "[io]") {
  MemoryContents contents;
  contents.Write(100000, "abc");
  contents.CutPower();
  CHECK(contents.size() == 0);
}

TEST_CASE("contents behave like two strings whatever is done to them", "[io]") {
  const auto seed = Catch::rngSeed();  // --rng-seed
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  MemoryContents contents;
  std::string now;
  std::string durable;
  const bool large = GENERATE(false, true);  // so that there are chunks of both sizes
  const std::size_t most = large ? 5'000'000 : 1'000'000;
  for (int step = 0; step < (large ? 600 : 3000); ++step) {
    switch (below(8)) {
      case 0:
        contents.Sync();
        durable = now;
        break;
      case 1:
        contents.CutPower();
        now = durable;
        break;
      case 2: {
        const std::size_t size = below(2) == 0 ? below(most / 3 * 2) : below(now.size() + 1);
        contents.Resize(static_cast<int64_t>(size));
        now.resize(size);
        break;
      }
      default: {
        const std::size_t offset = below(now.size() + 5000);
        const std::string bytes(below(below(10) == 0 ? 150000 : 5000),
                                static_cast<char>('a' + below(26)));
        contents.Write(static_cast<int64_t>(offset), bytes);
        if (!bytes.empty() && now.size() < offset + bytes.size()) now.resize(offset + bytes.size());
        if (!bytes.empty()) now.replace(offset, bytes.size(), bytes);
      }
    }
    if (now.size() > most) {
      contents.Resize(0);
      now.clear();
    }
    if (All(contents) != now) FAIL("step " << step);
  }
}

}  // namespace eventlog::internal

// Replays the corpora of the fuzz targets: seeds, and what fuzzing found.
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>

#include "fuzz/target.h"

namespace eventlog::test {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(EVENTLOG_SOURCE_DIR) / "tests/fuzz/corpus";

std::string Read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// In an allocation of exactly its size, so that the address sanitizer sees a byte too many.
Outcome Replay(FuzzTarget target, const std::string& input) {
  const std::unique_ptr<char[]> exactly(new char[input.size()]);
  std::memcpy(exactly.get(), input.data(), input.size());
  return target({exactly.get(), input.size()});
}

TEST_CASE("every input of the corpora is taken as its target says", "[fuzz]") {
  std::set<std::string> folders;
  for (const auto& entry : fs::directory_iterator(kCorpus)) {
    folders.insert(entry.path().filename().string());
  }
  for (const auto& [name, target] : FuzzTargets()) {
    INFO(name);
    REQUIRE(folders.erase(name) == 1);
    int inputs = 0;
    int decoded = 0;
    int refused = 0;
    for (const auto& entry : fs::directory_iterator(kCorpus / name)) {
      INFO(entry.path().string());  // shown when the target aborts
      ++inputs;
      ++(Replay(target, Read(entry.path())) == Outcome::kDecoded ? decoded : refused);
    }
    CHECK(inputs >= 5);
    CHECK(decoded > 0);  // a target that refuses everything would look at nothing
    CHECK(refused > 0);
  }
  CHECK(folders.empty());  // of targets that are no more
}

}  // namespace
}  // namespace eventlog::test

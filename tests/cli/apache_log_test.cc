// A real web server's log through the tool and back, its client addresses as keys.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/tool.h"

namespace eventlog::test {
namespace {

constexpr int32_t kPartitions = 4;

// MurmurHash2 with Kafka's seed, written from its description and not from the library's code.
uint32_t ReferenceMurmur2(const std::string& key) {
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  const auto size = static_cast<uint32_t>(key.size());
  const auto byte = [&](uint32_t i) { return static_cast<uint32_t>(key[i] & 0xff); };
  uint32_t hash = 0x9747b28cU ^ size;
  uint32_t at = 0;
  for (; size - at >= 4; at += 4) {
    uint32_t word = byte(at) + (byte(at + 1) << 8) + (byte(at + 2) << 16) + (byte(at + 3) << 24);
    word *= kMultiplier;
    word = (word ^ (word >> 24)) * kMultiplier;
    hash = hash * kMultiplier ^ word;
  }
  uint32_t rest = 0;
  for (uint32_t i = size; i > at; --i) rest = rest << 8 | byte(i - 1);
  if (size > at) hash = (hash ^ rest) * kMultiplier;
  hash = (hash ^ (hash >> 13)) * kMultiplier;
  return hash ^ (hash >> 15);
}

std::string KeyOf(const std::string& line) { return line.substr(0, line.find(' ')); }

TEST_CASE("the reference hash is Kafka's", "[cli]") {
  CHECK(ReferenceMurmur2("21") == static_cast<uint32_t>(-973932308));
  CHECK(ReferenceMurmur2("foobar") == static_cast<uint32_t>(-790332482));
  CHECK(ReferenceMurmur2("abc") == 479470107U);
}

TEST_CASE("a web server's log comes back whole and in order for each client", "[cli]") {
  const std::string file = EVENTLOG_SOURCE_DIR "/../shared/data/apache_access.log";
  if (!std::filesystem::exists(file)) {
    WARN("skipped: there is no " << file);
    return;
  }
  std::vector<std::string> lines = LinesOf(ReadFileText(file));
  lines.resize(std::min<std::size_t>(lines.size(), 10000));
  std::string input;
  std::map<std::string, std::vector<std::string>> by_client;
  for (const std::string& line : lines) {
    input += line + "\n";
    by_client[KeyOf(line)].push_back(line);
  }
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "access", "--partitions", std::to_string(kPartitions)})
              .exit_code == 0);
  REQUIRE(RunTool({"produce", log, "access", "--key-delimiter", " "}, input).exit_code == 0);
  const ToolResult consumed = RunTool({"consume", log, "access", "--format", "%p %o %k %s\\n"});
  REQUIRE(consumed.exit_code == 0);

  std::map<std::string, std::vector<std::string>> found;
  std::map<int32_t, int64_t> next_offset;
  std::size_t count = 0;
  for (const std::string& text : LinesOf(consumed.out)) {
    const std::size_t offset_at = text.find(' ') + 1;
    const std::size_t line_at = text.find(' ', offset_at) + 1;
    const int32_t partition = std::stoi(text.substr(0, offset_at));
    const std::string line = text.substr(line_at);
    const uint32_t hash = ReferenceMurmur2(KeyOf(line)) & 0x7fffffffU;
    REQUIRE(partition == static_cast<int32_t>(hash % kPartitions));
    REQUIRE(std::stoll(text.substr(offset_at)) == next_offset[partition]++);
    found[KeyOf(line)].push_back(line);
    ++count;
  }
  CHECK(count == lines.size());
  CHECK(next_offset.size() == kPartitions);
  CHECK((found == by_client));
}

}  // namespace
}  // namespace eventlog::test

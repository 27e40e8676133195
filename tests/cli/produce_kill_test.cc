// Kills `produce --print-offsets` at random moments: what it printed is there, and nothing else
// than what it was given.
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <charconv>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "cli/tool.h"
#include "eventlog/log.h"

namespace eventlog::test {
namespace {

constexpr int kPartitions = 3;

using Place = std::pair<int32_t, int64_t>;  // partition and offset

struct Stored {
  std::string key = {};
  std::string value = {};
  friend bool operator==(const Stored&, const Stored&) = default;
};
using Contents = std::map<Place, Stored>;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  return text == nullptr ? otherwise : strtoull(text, nullptr, 10);
}

Stored LineOf(int round, int64_t number) {
  return {"key" + std::to_string(number % 17),
          "round " + std::to_string(round) + " line " + std::to_string(number) +
              std::string(static_cast<std::size_t>(number % 200), 'x')};
}

// Writes lines for ever, one at a time; a closed pipe ends it.
[[noreturn]] void Feed(int fd, int round) {
  signal(SIGPIPE, SIG_DFL);
  for (int64_t number = 0;; ++number) {
    const Stored line = LineOf(round, number);
    const std::string text = line.key + ":" + line.value + "\n";
    if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(1);
  }
}

void WaitForOutput(const std::string& path) {
  std::error_code ignored;
  for (int i = 0; i < 20000 && std::filesystem::file_size(path, ignored) == 0; ++i) usleep(500);
}

// Runs the tool until it is killed, and returns what it printed. In every other round it is killed
// while it appends, in the others perhaps while it opens and recovers the log.
std::string ProduceUntilKilled(const std::string& log, const std::string& printed, int round,
                               int milliseconds) {
  std::filesystem::remove(printed);
  int ends[2];
  EVENTLOG_ASSERT(pipe2(ends, O_CLOEXEC) == 0);
  const int out = OpenForTool(printed, O_WRONLY | O_CREAT | O_APPEND);
  const pid_t feeder = fork();
  EVENTLOG_ASSERT(feeder >= 0);
  if (feeder == 0) {
    close(ends[0]);
    Feed(ends[1], round);
  }
  const pid_t tool =
      StartTool({"produce", log, "t", "--key-delimiter", ":", "--print-offsets"}, ends[0], out, 2);
  close(ends[0]);
  close(ends[1]);
  if (round % 2 == 0) WaitForOutput(printed);
  usleep(static_cast<useconds_t>(milliseconds) * 1000);
  EVENTLOG_ASSERT(kill(tool, SIGKILL) == 0);
  WaitFor(tool);
  WaitFor(feeder);
  close(out);
  return ReadFileText(printed);
}

// Opens the log, which recovers it, and reads it from the offsets on.
Contents ReadFrom(const std::string& directory, const std::map<int32_t, int64_t>& offsets) {
  auto log = Log::Open({.directory = directory});
  REQUIRE(log.ok());
  ConsumerOptions options;
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    options.assignment.push_back({"t", partition});
  }
  auto consumer = log->NewConsumer(options);
  REQUIRE(consumer.ok());
  for (const auto& [partition, offset] : offsets) {
    REQUIRE(consumer->Seek({"t", partition}, OffsetSpec::At(offset)).ok());
  }
  Contents contents;
  ConsumerRecords records;
  do {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    for (const RecordView& record : records) {
      contents[{record.partition(), record.offset()}] = {std::string(record.key()),
                                                         std::string(record.value())};
    }
  } while (!records.caught_up());
  REQUIRE(log->Close().ok());
  return contents;
}

// Every record that was printed is there as given, and every other one is a line of the input.
void CheckRound(int round, const std::string& printed, const Contents& found) {
  const std::vector<std::string> lines = LinesOf(printed);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Place place;
    const std::size_t space = lines[i].find(' ');
    REQUIRE(space != std::string::npos);
    place.first = std::stoi(lines[i].substr(0, space));
    place.second = std::stoll(lines[i].substr(space + 1));
    const auto stored = found.find(place);
    REQUIRE(stored != found.end());
    REQUIRE(stored->second == LineOf(round, static_cast<int64_t>(i)));
  }
  std::set<int64_t> numbers;
  for (const auto& [place, stored] : found) {
    int64_t number = -1;
    const std::string start = "round " + std::to_string(round) + " line ";
    REQUIRE(stored.value.starts_with(start));
    const char* digits = stored.value.data() + start.size();
    std::from_chars(digits, stored.value.data() + stored.value.size(), number);
    REQUIRE(stored == LineOf(round, number));
    REQUIRE(numbers.insert(number).second);
  }
}

void KillAndCheck(const std::string& durability) {
  const uint64_t seed = FromEnvironment("EVENTLOG_SEED", std::random_device()());
  const auto kills = static_cast<int>(FromEnvironment("EVENTLOG_KILLS", 15));
  INFO("EVENTLOG_SEED=" << seed);
  std::mt19937_64 random(seed);
  const TempDir directory;
  const std::string log = directory / "log";
  REQUIRE(RunTool({"topic", "create", log, "t", "--partitions", std::to_string(kPartitions),
                   "--config", "durability=" + durability, "--config", "segment.bytes=1048576"})
              .exit_code == 0);
  Contents all;
  std::map<int32_t, int64_t> ends;
  std::size_t acknowledged = 0;
  for (int round = 0; round < kills; ++round) {
    INFO("round " << round);
    const std::string printed =
        ProduceUntilKilled(log, directory / "printed", round, static_cast<int>(random() % 60) + 3);
    REQUIRE(RunTool({"verify", log}).exit_code == 0);
    const Contents found = ReadFrom(log, ends);
    CheckRound(round, printed, found);
    acknowledged += LinesOf(printed).size();
    for (const auto& [place, stored] : found) {
      REQUIRE(place.second == ends[place.first]);  // offsets are dense
      ends[place.first] = place.second + 1;
      all[place] = stored;
    }
  }
  CHECK(acknowledged > 0);
  CHECK(ReadFrom(log, {}) == all);
  if (kills > 15) {
    WARN(durability << ": " << kills << " kills, " << acknowledged << " acknowledged, "
                    << all.size() << " found");
  }
}

TEST_CASE("records printed before a kill are there on a disk topic", "[cli]") {
  KillAndCheck("disk");
}

TEST_CASE("records printed before a kill are there on a process topic", "[cli]") {
  KillAndCheck("process");
}

}  // namespace
}  // namespace eventlog::test

// Histories of batches on their way into segments, which random ones come to late or never. The
// letters are those of docs/rules.md.
#include <algorithm>
#include <catch2/catch.hpp>

#include "crash/staged_history.h"

namespace eventlog::test {
namespace {

constexpr char kSegments[] = "log/segments/1-0";
constexpr char kSegment[] = "log/segments/1-0/00000000000000000000.log";
const TopicPartition kPlace = {"topic", 0};

std::size_t BytesOf(StagedHistory* history) {
  const auto described = history->log().DescribeTopic(kPlace.topic);
  REQUIRE(described.ok());
  return static_cast<std::size_t>(described->partitions[0].bytes);
}

// One batch, in its segment, of one record in its own journal group.
void AppendAndSeal(StagedHistory* history) {
  REQUIRE(history->application().Append(kPlace, 1500).ok());
  REQUIRE(history->application().Maintain(absl::Seconds(15)).ok());
}

// History (a).
TEST_CASE("a batch that outlives the one before it is neither believed nor a loss", "[crash]") {
  for (const Durability durability : {Durability::kDisk, Durability::kProcess}) {
    StagedHistory history;
    REQUIRE(history.application().CreateTopic(kPlace.topic, SmallTopic(durability)).ok());
    AppendAndSeal(&history);
    REQUIRE(history.application().Maintain(absl::Minutes(2)).ok());  // a checkpoint
    const std::size_t start = BytesOf(&history);
    AppendAndSeal(&history);
    const std::size_t middle = BytesOf(&history);
    AppendAndSeal(&history);
    const std::size_t end = BytesOf(&history);
    REQUIRE((start < middle && middle < end));

    const std::string sealed = history.disk().Contents(kSegment);
    const std::string journal = NothingUnsynced(history.disk())->Contents(StagedHistory::kJournal);
    const auto left = CutWhere(history.disk(), [&](const SimulatedDisk& disk) {
      const std::string bytes = disk.Contents(kSegment);
      const bool first_lost =
          bytes.substr(start, middle - start) == std::string(middle - start, '\0');
      return first_lost &&
             bytes.substr(middle, end - middle) == sealed.substr(middle, end - middle) &&
             disk.Contents(StagedHistory::kJournal) == journal;
    });
    const int64_t kept = durability == Durability::kDisk ? 3 : 1;
    CHECK(history.WrongAfter(Crash::kPowerCut, left->AfterKill(), [&](Application* recovered) {
      CHECK(recovered->MarksOf(kPlace).high_watermark == kept);
    }) == "");
  }
}

// History (k).
TEST_CASE("a bulk write is acknowledged when the file before it is on the device too", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  REQUIRE(application.CreateTopic(kPlace.topic, SmallTopic(Durability::kDisk)).ok());
  for (int i = 0; i < 3; ++i) REQUIRE(application.Append(kPlace, 20'000).ok());
  REQUIRE(application.Maintain(absl::Seconds(15)).ok());
  REQUIRE(FilesOf(history.disk(), kSegments, ".log").size() == 1);
  REQUIRE(FilesOf(*NothingUnsynced(history.disk()), kSegments, ".log").empty());

  REQUIRE(application.AppendAll(kPlace, 40, 8 << 10).ok());
  REQUIRE(PlacesOf(history.disk().Contents(StagedHistory::kJournal), "ELJG").size() ==
          3);  // and no more
  REQUIRE(FilesOf(history.disk(), kSegments, ".log").size() == 2);
  CHECK(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk()),
                           [](Application* recovered) {
                             CHECK(recovered->MarksOf(kPlace).high_watermark == 43);
                           }) == "");
}

// History (l).
TEST_CASE("a frame that a cut recovery has written in part goes on behind that part", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  TopicOptions options = SmallTopic(Durability::kDisk);
  options.batch_bytes = 32 << 10;
  REQUIRE(application.CreateTopic(kPlace.topic, options).ok());
  constexpr int kRecords = 8;
  REQUIRE(application.AppendAll(kPlace, kRecords, 1500).ok());  // one frame
  options = {};
  options.batch_bytes = 1 << 10;
  REQUIRE(history.log().AlterTopic(kPlace.topic, options).ok());
  REQUIRE(FilesOf(history.disk(), kSegments, ".log").empty());

  history.CrashNow(Crash::kKill, history.disk().AfterKill());
  history.StartAgain();
  int64_t least_replayed = kRecords;
  history.BeforeEach([&](const Call&) {
    if (FilesOf(history.disk(), kSegments, ".log").empty()) return;
    const auto look = [&](Application* recovered) {
      const int64_t replayed = recovered->log()->recovery_report().records_replayed;
      if (replayed > 0) least_replayed = std::min(least_replayed, replayed);
    };
    CHECK(history.WrongAfter(Crash::kPowerCut, CutThatKeepsAllIn(history.disk(), kSegments),
                             look) == "");
    CHECK(history.WrongAfter(Crash::kKill, history.disk().AfterKill(), look) == "");
  });
  history.Recover();
  CHECK(least_replayed < kRecords);
}

}  // namespace
}  // namespace eventlog::test

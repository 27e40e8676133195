// Histories of recoveries that are crashed themselves, which random ones come to late or never. The
// letters are those of docs/rules.md.
#include <catch2/catch.hpp>

#include "crash/staged_history.h"

namespace eventlog::test {
namespace {

const TopicPartition kOne = {"one", 0};
const TopicPartition kTwo = {"two", 0};
constexpr char kSegmentsOfOne[] = "log/segments/1-0";
constexpr char kSegmentsOfTwo[] = "log/segments/2-0";

void MakeTopics(StagedHistory* history, Durability durability) {
  for (const TopicPartition& place : {kOne, kTwo}) {
    REQUIRE(history->application().CreateTopic(place.topic, SmallTopic(durability)).ok());
  }
}

// History (e).
TEST_CASE("segments that are rewritten from an unsynced journal do not outlive it", "[crash]") {
  StagedHistory history;
  MakeTopics(&history, Durability::kProcess);
  REQUIRE(history.application().Write({kOne, kTwo}, 600).ok());
  REQUIRE(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk()),
                             [](Application* recovered) {
                               CHECK(recovered->MarksOf(kTwo).high_watermark == 0);
                             }) == "");
  history.CrashNow(Crash::kKill, history.disk().AfterKill());
  history.StartAgain();
  int halves = 0;
  history.BeforeEach([&](const Call&) {
    for (const char* directory : {kSegmentsOfOne, kSegmentsOfTwo}) {
      if (FilesOf(history.disk(), directory, ".log").empty()) continue;
      auto left = CutThatKeepsAllIn(history.disk(), directory);
      const auto other = directory == kSegmentsOfOne ? kSegmentsOfTwo : kSegmentsOfOne;
      halves += FilesOf(*left, other, ".log").empty() ? 1 : 0;
      CHECK(history.WrongAfter(Crash::kPowerCut, std::move(left)) == "");
    }
  });
  history.Recover();
  CHECK(halves > 0);
}

// History (f).
TEST_CASE("a checkpoint whose name is not durable is made so before it is acted on", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  MakeTopics(&history, Durability::kDisk);
  for (int i = 0; i < 6; ++i) REQUIRE(application.Append(kOne, 25'000).ok());
  REQUIRE(application.Maintain(absl::Minutes(2)).ok());
  const std::string old = history.disk().Contents(StagedHistory::kCheckpoint);
  // The new one names none of the files, the old one the last of them.
  history.CrashBefore(
      [&](const Call&) { return history.disk().Contents(StagedHistory::kCheckpoint) != old; },
      Crash::kKill, AllThatWasWritten);
  CHECK_FALSE(application.DeleteRecords(kOne, 6).ok());
  REQUIRE(history.crashed());
  history.StartAgain();
  REQUIRE(history.disk().Contents(StagedHistory::kCheckpoint) != old);
  REQUIRE(NothingUnsynced(history.disk())->Contents(StagedHistory::kCheckpoint) == old);

  const std::size_t files = FilesOf(history.disk(), kSegmentsOfOne, ".log").size();
  int removals = 0;
  history.BeforeEach([&](const Call&) {
    auto left = CutThatKeeps(history.disk(), {kSegmentsOfOne});
    removals += FilesOf(*left, kSegmentsOfOne, ".log").size() < files ? 1 : 0;
    CHECK(history.WrongAfter(Crash::kPowerCut, std::move(left)) == "");
  });
  history.Recover();
  CHECK(removals > 0);
  CHECK(application.MarksOf(kOne).log_start_offset == 6);
}

// History (i).
TEST_CASE("what the journal has is there after recoveries that are killed twice", "[crash]") {
  StagedHistory history;
  MakeTopics(&history, Durability::kDisk);
  for (int i = 0; i < 3; ++i) REQUIRE(history.application().Append(kOne, 600).ok());
  REQUIRE(history.application().Write({kOne, kTwo}, 600).ok());
  const auto all_there = [](Application* recovered) {
    CHECK(recovered->MarksOf(kOne).high_watermark == 4);
    CHECK(recovered->MarksOf(kTwo).high_watermark == 1);
  };
  history.CrashNow(Crash::kKill, history.disk().AfterKill());
  history.StartAgain();
  constexpr int kEvery = 5;  // of the second kills one, and of each first kill another
  int kills = 0;
  history.BeforeEach([&](const Call&) {
    const auto kill_again = [&](const SimulatedDisk& disk) {
      if (++kills % kEvery != 0) return;
      CHECK(history.WrongAfter(Crash::kKill, disk.AfterKill(), all_there) == "");
    };
    CHECK(history.WrongAfter(Crash::kKill, history.disk().AfterKill(), all_there, kill_again) ==
          "");
  });
  history.Recover();
  CHECK(kills > kEvery);
}

}  // namespace
}  // namespace eventlog::test

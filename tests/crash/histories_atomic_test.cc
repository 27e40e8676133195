// Histories of atomic writes, which random ones come to late or never. The letters are those of
// docs/rules.md.
#include <catch2/catch.hpp>
#include <utility>

#include "crash/staged_history.h"

namespace eventlog::test {
namespace {

using Survival = SimulatedDisk::Survival;

const TopicPartition kProcess = {"process", 0};
const TopicPartition kOther = {"other", 0};

void MakeTopics(StagedHistory* history, Durability of_other) {
  Application& application = history->application();
  REQUIRE(application.CreateTopic(kProcess.topic, SmallTopic(Durability::kProcess)).ok());
  REQUIRE(application.CreateTopic(kOther.topic, SmallTopic(of_other)).ok());
}

// History (b). No sync was asked for when the write was acknowledged. Then one share's batch is
// full and goes to its segment, which the kernel writes back, unlike the journal.
TEST_CASE("a share that is sealed before anything was synced does not outlive the others",
          "[crash]") {
  StagedHistory history;
  MakeTopics(&history, Durability::kProcess);
  REQUIRE(history.application().Write({kProcess, kOther}, 10).ok());
  REQUIRE(NothingUnsynced(history.disk())->Contents(StagedHistory::kJournal).find("ELJG") ==
          std::string::npos);
  for (int i = 0; i < 3; ++i) REQUIRE(history.application().Append(kProcess, 1000).ok());
  REQUIRE(history.application().MarksOf(kOther).high_watermark == 1);

  auto left = CutThatKeepsAllIn(history.disk(), "log/segments/1-0");
  REQUIRE(FilesOf(*left, "log/segments/1-0", ".log").size() == 1);
  REQUIRE(FilesOf(*left, "log/segments/2-0", ".log").empty());
  CHECK(history.WrongAfter(Crash::kPowerCut, std::move(left)) == "");
  CHECK(history.WrongAfter(Crash::kKill, history.disk().AfterKill()) == "");
}

// History (d). The arena is shared memory, so what it shows of an atomic write is there after a cut
// whenever the kernel has written it back.
TEST_CASE("no share of an atomic write is in the arena before its group is synced", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  MakeTopics(&history, Durability::kDisk);
  for (int i = 0; i < 3; ++i) REQUIRE(application.Append(kProcess, 100).ok());
  int looked = 0;
  history.BeforeEach([&](const Call& call) {
    if (call.name != "SyncData" || call.path != StagedHistory::kJournal) return;
    ++looked;
    auto left = CutThatKeepsAllIn(history.disk(), "log/arena");
    CHECK(history.WrongAfter(Crash::kPowerCut, std::move(left), [](Application* recovered) {
      CHECK(recovered->MarksOf(kProcess).high_watermark == 3);
      CHECK(recovered->MarksOf(kOther).high_watermark == 0);
    }) == "");
  });
  REQUIRE(application.Write({kProcess, kOther}, 100).ok());
  CHECK(looked == 1);
  REQUIRE(application.Append(kProcess, 100).ok());  // behind the share, in the arena again
  CHECK(history.WrongAfter(Crash::kKill, history.disk().AfterKill(), [](Application* recovered) {
    CHECK(recovered->MarksOf(kProcess).high_watermark == 5);
  }) == "");
}

TEST_CASE("a write that nobody synced leaves no share in the arena alone", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  MakeTopics(&history, Durability::kProcess);
  REQUIRE(application.Append(kProcess, 100).ok());
  REQUIRE(application.Write({kProcess, kOther}, 100).ok());
  auto left = CutThatKeepsAllIn(history.disk(), "log/arena");
  CHECK(history.WrongAfter(Crash::kPowerCut, std::move(left), [](Application* recovered) {
    CHECK(recovered->MarksOf(kProcess).high_watermark == 1);
    CHECK(recovered->MarksOf(kOther).high_watermark == 0);
  }) == "");
}

TEST_CASE("an atomic write behind the arena comes back with all that is before it", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  MakeTopics(&history, Durability::kDisk);
  for (int i = 0; i < 3; ++i) REQUIRE(application.Append(kProcess, 500).ok());
  REQUIRE(application.Maintain(absl::Seconds(11)).ok());  // into a segment, which nobody syncs
  for (int i = 0; i < 3; ++i) REQUIRE(application.Append(kProcess, 500).ok());
  REQUIRE(application.Write({kProcess, kOther}, 100).ok());
  CHECK(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk()),
                           [](Application* recovered) {
                             CHECK(recovered->MarksOf(kProcess).high_watermark == 7);
                           }) == "");
}

// History (c).
TEST_CASE("an atomic write behind unsynced appends comes back with all that is before it",
          "[crash]") {
  for (const bool bulk : {false, true}) {
    StagedHistory history;
    Application& application = history.application();
    MakeTopics(&history, Durability::kDisk);
    for (int i = 0; i < 3; ++i) REQUIRE(application.Append(kProcess, 500).ok());
    // Past the journal and the arena, into a segment that nobody syncs.
    if (bulk) REQUIRE(application.AppendAll(kProcess, 40, 8 << 10).ok());
    REQUIRE(application.Append(kProcess, 500).ok());
    CHECK(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk()),
                             [](Application* recovered) {
                               CHECK(recovered->MarksOf(kProcess).high_watermark == 0);
                             }) == "");

    REQUIRE(application.Write({kProcess, kOther}, 100).ok());
    CHECK(history.WrongAfter(
              Crash::kPowerCut, NothingUnsynced(history.disk()), [&](Application* recovered) {
                CHECK(recovered->MarksOf(kProcess).high_watermark == (bulk ? 45 : 5));
              }) == "");
  }
}

// History (o).
TEST_CASE("what a failed sync left unacknowledged is gone after a reopening and stays away",
          "[crash]") {
  for (const Survival survival : {Survival::kNothing, Survival::kEverything, Survival::kSome}) {
    StagedHistory history;
    Application& application = history.application();
    MakeTopics(&history, Durability::kDisk);
    REQUIRE(application.Append(kProcess, 500).ok());
    REQUIRE(application.Write({kProcess, kOther}, 600).ok());
    history.disk().FailNextSync(survival, /*seed=*/7);
    REQUIRE(ReasonOf(application.Write({kProcess, kOther}, 700)) == ErrorReason::kPoisoned);
    const std::string device = NothingUnsynced(history.disk())->Contents(StagedHistory::kJournal);
    if (survival == Survival::kEverything) REQUIRE(PlacesOf(device, "ELJG").size() == 2);

    REQUIRE(application.Reopen().ok());
    REQUIRE(history.Wrong() == "");
    CHECK(application.MarksOf(kProcess).high_watermark == 2);
    CHECK(application.MarksOf(kOther).high_watermark == 1);
    const auto still_away = [](Application* recovered) {
      CHECK(recovered->MarksOf(kProcess).high_watermark == 2);
      CHECK(recovered->MarksOf(kOther).high_watermark == 1);
    };
    for (const auto& outcome : {NothingUnsynced, Everything}) {
      CHECK(history.WrongAfter(Crash::kPowerCut, outcome(history.disk()), still_away) == "");
    }
    CHECK(history.WrongAfter(Crash::kKill, history.disk().AfterKill(), still_away) == "");
    REQUIRE(application.Write({kProcess, kOther}, 700).ok());
    CHECK(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk())) == "");
  }
}

}  // namespace
}  // namespace eventlog::test

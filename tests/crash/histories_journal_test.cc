// Histories of the journal, which random ones come to late or never. The letters are those of
// docs/rules.md.
#include <catch2/catch.hpp>

#include "crash/staged_history.h"
#include "lab/labelled_record.h"

namespace eventlog::test {
namespace {

const TopicPartition kDisk = {"disk", 0};
const TopicPartition kProcess = {"process", 0};

void MakeTopics(StagedHistory* history) {
  Application& application = history->application();
  REQUIRE(application.CreateTopic(kDisk.topic, SmallTopic(Durability::kDisk)).ok());
  REQUIRE(application.CreateTopic(kProcess.topic, SmallTopic(Durability::kProcess)).ok());
}

// History (h), the journal's half. The stale groups follow on the new one in place, in sequence and
// in offset; only their generation is another.
TEST_CASE("groups that a power cut left behind do not replay after the next one", "[crash]") {
  StagedHistory history;
  // Its batch is never full, which would sync the groups of atomic writes before it is sealed.
  REQUIRE(
      history.application().CreateTopic(kProcess.topic, {.durability = Durability::kProcess}).ok());
  for (int i = 0; i < 5; ++i) REQUIRE(history.application().Write({kProcess}, 600).ok());
  const std::string written = history.disk().Contents(StagedHistory::kJournal);
  const auto groups = PlacesOf(written, "ELJG");
  REQUIRE(groups.size() == 5);
  const auto stale = [&](const SimulatedDisk& disk) {
    return disk.Contents(StagedHistory::kJournal).substr(groups[1]) == written.substr(groups[1]);
  };
  history.CrashNow(Crash::kPowerCut, CutWhere(history.disk(), [&](const SimulatedDisk& disk) {
                     return stale(disk) &&
                            PlacesOf(disk.Contents(StagedHistory::kJournal), "ELJG") ==
                                std::vector(groups.begin() + 1, groups.end());
                   }));
  history.StartAgain();
  history.Recover();
  REQUIRE(history.application().MarksOf(kProcess).high_watermark == 0);

  history.application().NumberFrom(LabelledRecord::kShapes);  // another record, as long
  REQUIRE(history.application().Write({kProcess}, 600).ok());
  REQUIRE(PlacesOf(history.disk().Contents(StagedHistory::kJournal), "ELJG") == groups);
  REQUIRE(stale(history.disk()));
  const auto claim = [](Application* recovered) {
    CHECK(recovered->MarksOf(kProcess).high_watermark == 1);
  };
  CHECK(history.WrongAfter(Crash::kPowerCut, Everything(history.disk()), claim) == "");
  CHECK(history.WrongAfter(Crash::kKill, history.disk().AfterKill(), claim) == "");
}

// History (h), the arena's half. What lay before the chunks is lost, so they do not count; then as
// many other records take its place, and the chunks follow on them in offset and in epoch.
TEST_CASE("chunks that a power cut left behind do not replay after the next one", "[crash]") {
  StagedHistory history;
  MakeTopics(&history);
  Application& application = history.application();
  for (int i = 0; i < 5; ++i) REQUIRE(application.Append(kProcess, 600).ok());
  REQUIRE(application.Maintain(absl::Seconds(11)).ok());  // into a segment, which nobody syncs
  for (int i = 0; i < 5; ++i) REQUIRE(application.Append(kProcess, 600).ok());
  history.CrashNow(Crash::kPowerCut, CutThatKeepsAllIn(history.disk(), "log/arena"));
  history.StartAgain();
  history.Recover();
  REQUIRE(history.application().MarksOf(kProcess).high_watermark == 0);

  // Together in the first chunk: those of before from the offset 6 on are as they were.
  REQUIRE(history.application().AppendAll(kProcess, 6, 10).ok());
  const std::string arena = history.disk().Contents("log/arena/00000000.arena");
  REQUIRE(PlacesOf(arena, "ELAC").size() == 5);
  CHECK(history.WrongAfter(Crash::kKill, history.disk().AfterKill(), [](Application* recovered) {
    CHECK(recovered->MarksOf(kProcess).high_watermark == 6);
  }) == "");
}

TEST_CASE("records that a damaged chunk has lost are told of", "[crash]") {
  StagedHistory history;
  MakeTopics(&history);
  for (int i = 0; i < 3; ++i) REQUIRE(history.application().Append(kProcess, 100).ok());
  const auto left = history.disk().AfterKill();
  left->Overwrite("log/arena/00000000.arena", 4096 + 50, "damaged");
  ManualClock clock;
  const auto log = Log::Open({.directory = "log", .clock = &clock, .file_system = left.get()});
  REQUIRE(log.ok());
  const RecoveryReport report = log->recovery_report();
  CHECK_FALSE(report.clean);
  REQUIRE(report.cut.size() == 1);
  CHECK(report.cut[0].topic == kProcess.topic);
  CHECK(report.cut[0].offset == 0);
  CHECK_THAT(report.text, Catch::Contains("00000000.arena: slot 0"));
}

// History (j).
TEST_CASE("a journal file that is left with unsynced groups does not take later ones along",
          "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  MakeTopics(&history);
  REQUIRE(application.Append(kDisk, 100).ok());
  bool left_unsynced = false;
  history.BeforeEach([&](const Call& call) {
    left_unsynced |= call.name == "SyncData" && call.path == StagedHistory::kJournal &&
                     NothingUnsynced(history.disk())->Contents(StagedHistory::kJournal) !=
                         history.disk().Contents(StagedHistory::kJournal);
  });
  const auto is_used = [&] {
    const auto files = FilesOf(history.disk(), "log/journal", "00000001.journal");
    return !files.empty() && history.disk().Contents(files[0]).starts_with("ELJG");
  };
  for (int i = 0; i < 20 && !is_used(); ++i) REQUIRE(application.Append(kProcess, 20'000).ok());
  REQUIRE(is_used());
  REQUIRE(left_unsynced);
  REQUIRE(application.Append(kDisk, 100).ok());
  const int64_t end = application.MarksOf(kProcess).high_watermark;
  CHECK(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk()),
                           [&](Application* recovered) {
                             CHECK(recovered->MarksOf(kDisk).high_watermark == 2);
                             CHECK(recovered->MarksOf(kProcess).high_watermark == end);
                           }) == "");
}

// History (p). The sector may be as large as a page.
TEST_CASE("garbage in every block of an unsynced group spares its acknowledged neighbour",
          "[crash]") {
  constexpr std::size_t kBlockBytes = 4096;
  StagedHistory history;
  Application& application = history.application();
  MakeTopics(&history);
  REQUIRE(application.Append(kDisk, 100).ok());
  REQUIRE(application.Append(kProcess, 100).ok());
  int judged = 0;
  history.BeforeEach([&](const Call& call) {
    if (call.name != "SyncData" || call.path != StagedHistory::kJournal) return;
    const std::string synced = NothingUnsynced(history.disk())->Contents(StagedHistory::kJournal);
    const std::string written = history.disk().Contents(StagedHistory::kJournal);
    REQUIRE(synced.size() == written.size());
    auto left = Everything(history.disk());
    for (std::size_t at = 0; at < written.size(); at += kBlockBytes) {
      if (synced.compare(at, kBlockBytes, written, at, kBlockBytes) == 0) continue;
      left->Overwrite(StagedHistory::kJournal, static_cast<int64_t>(at),
                      std::string(kBlockBytes, 'g'));
      ++judged;
    }
    CHECK(history.WrongAfter(Crash::kPowerCut, std::move(left)) == "");
  });
  for (int i = 0; i < 3; ++i) REQUIRE(application.Append(kDisk, 100).ok());
  CHECK(judged == 3);  // one block of each
}

}  // namespace
}  // namespace eventlog::test

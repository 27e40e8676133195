// Histories of groups, deletion and topics, which random ones come to late or never. The letters
// are those of docs/rules.md.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "base/error.h"
#include "crash/staged_history.h"

namespace eventlog::test {
namespace {

const TopicPartition kPlace = {"topic", 0};
const TopicPartition kDisk = {"disk", 0};
constexpr char kSegments[] = "log/segments/1-0";

// History (g).
TEST_CASE("a group that has read what a power cut took is told for ever", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  REQUIRE(application.CreateTopic(kPlace.topic, SmallTopic(Durability::kProcess)).ok());
  REQUIRE(application.CreateTopic(kDisk.topic, SmallTopic(Durability::kDisk)).ok());
  constexpr int kRecords = 40;
  REQUIRE(application.AppendAll(kPlace, kRecords, 8 << 10).ok());  // past the journal
  REQUIRE(application.Consume("readers", kPlace.topic).ok());
  REQUIRE(application.Append(kDisk, 100).ok());  // makes the commit durable
  history.CrashNow(Crash::kPowerCut, NothingUnsynced(history.disk()));
  history.StartAgain();
  REQUIRE(FilesOf(history.disk(), kSegments, "").empty());  // as if nothing had been
  history.Recover();
  REQUIRE(application.MarksOf(kPlace).high_watermark == 0);

  const auto told = [&](Log* log) {
    const auto committed = log->CommittedOffsets("readers");
    REQUIRE(committed.ok());
    REQUIRE(committed->size() == 1);
    CHECK(committed->front().offset == kRecords);
    auto consumer = log->NewConsumer({.group = "readers", .topics = {kPlace.topic}});
    REQUIRE(consumer.ok());
    ConsumerRecords records;
    const absl::Status polled = consumer->Poll(absl::ZeroDuration(), &records);
    CHECK(ReasonOf(polled) == ErrorReason::kLogTruncated);
    CHECK(ActualOffset(polled) == 0);
  };
  told(&history.log());
  REQUIRE(application.AppendAll(kPlace, kRecords + 5, 8 << 10).ok());  // other records, as many
  CHECK(history.Wrong() == "");
  told(&history.log());
  REQUIRE(application.Restart().ok());
  told(&history.log());
}

// History (m).
TEST_CASE("retention does not take the file that the checkpoint on the device names", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  TopicOptions options = SmallTopic(Durability::kDisk);
  options.retention_bytes = 100 << 10;
  REQUIRE(application.CreateTopic(kPlace.topic, options).ok());
  REQUIRE(application.AppendAll(kPlace, 8, 15'000).ok());
  REQUIRE(application.Maintain(absl::Minutes(2)).ok());
  const std::string named = FilesOf(history.disk(), kSegments, ".log").back();
  const std::string checkpoint = history.disk().Contents(StagedHistory::kCheckpoint);
  for (int i = 0; i < 3; ++i) REQUIRE(application.AppendAll(kPlace, 8, 15'000).ok());
  const auto is_there = [&](const SimulatedDisk& disk) {
    const auto files = FilesOf(disk, kSegments, ".log");
    return std::find(files.begin(), files.end(), named) != files.end();
  };
  REQUIRE(is_there(history.disk()));
  REQUIRE(history.disk().Contents(StagedHistory::kCheckpoint) == checkpoint);

  int removals = 0;
  history.BeforeEach([&](const Call&) {
    auto left = CutThatKeeps(history.disk(), {kSegments});
    removals += is_there(*left) ? 0 : 1;
    CHECK(history.WrongAfter(Crash::kPowerCut, std::move(left)) == "");
    CHECK(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk())) == "");
  });
  REQUIRE(application.Maintain(absl::Seconds(2)).ok());  // soon after a segment was finished
  CHECK(removals > 0);
}

// History (n).
TEST_CASE("a topic that is made again has nothing of the one before", "[crash]") {
  StagedHistory history;
  Application& application = history.application();
  const auto make = [&] {
    REQUIRE(application.CreateTopic(kPlace.topic, SmallTopic(Durability::kDisk)).ok());
  };
  make();
  for (int i = 0; i < 4; ++i) REQUIRE(application.Append(kPlace, 3000).ok());
  REQUIRE(FilesOf(history.disk(), kSegments, ".log").size() == 1);

  SECTION("whose frames are still in the journal") {
    REQUIRE(application.DeleteTopic(kPlace.topic).ok());
    make();
    REQUIRE(application.Append(kPlace, 3000).ok());
    REQUIRE(PlacesOf(history.disk().Contents(StagedHistory::kJournal), "ELJG").size() == 5);
    const auto claim = [](Application* recovered) {
      CHECK(recovered->log()->recovery_report().records_replayed == 1);
      CHECK(recovered->MarksOf(kPlace).high_watermark == 1);
    };
    for (const auto& outcome : {NothingUnsynced, Everything}) {
      CHECK(history.WrongAfter(Crash::kPowerCut, outcome(history.disk()), claim) == "");
    }
  }
  SECTION("whose files a power cut brought back") {
    REQUIRE(application.Maintain(absl::Minutes(2)).ok());  // they are durable
    history.CrashBefore(
        [](const Call& call) {
          return call.name == "SyncDirectory" && call.path == "log/segments";
        },
        Crash::kPowerCut, NothingUnsynced);
    CHECK_FALSE(application.DeleteTopic(kPlace.topic).ok());
    REQUIRE(history.crashed());
    history.StartAgain();
    REQUIRE(FilesOf(history.disk(), kSegments, ".log").size() == 1);
    history.BeforeEach([&](const Call&) {
      CHECK(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk())) == "");
    });
    history.Recover();
    CHECK(history.log().ListTopics()->empty());
    CHECK(FilesOf(history.disk(), kSegments, "").empty());
    make();
    REQUIRE(application.Append(kPlace, 3000).ok());
    CHECK(history.WrongAfter(Crash::kPowerCut, NothingUnsynced(history.disk()),
                             [](Application* recovered) {
                               CHECK(recovered->MarksOf(kPlace).high_watermark == 1);
                             }) == "");
  }
}

}  // namespace
}  // namespace eventlog::test

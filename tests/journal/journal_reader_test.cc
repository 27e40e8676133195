#include "journal/journal_reader.h"

#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "base/checksum.h"
#include "journal/journal_fixture.h"

namespace eventlog::test {
namespace {

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST_CASE("an empty journal replays nothing", "[journal]") {
  JournalFixture fixture;
  const auto contents = fixture.Read(fixture.Start());
  REQUIRE(contents.ok());
  CHECK(contents->groups == 0);
  CHECK(contents->damage.empty());
}

TEST_CASE("groups of an earlier generation never replay", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 5; ++i) fixture.Write(i, true);
  REQUIRE(fixture.journal.Start(fixture.log_id, 2).ok());
  CHECK(fixture.Replay(fixture.Start(2)).empty());
  fixture.Write(100, true);
  CHECK(fixture.Groups(1).size() == 4);  // still there, behind the new one
  CHECK(fixture.Replay(fixture.Start(2)) == std::vector<int64_t>{100});
  for (int i = 101; i < 104; ++i) fixture.Write(i, true);
  CHECK(fixture.Replay(fixture.Start(2)) == std::vector<int64_t>{100, 101, 102, 103});
}

TEST_CASE("groups of another log never replay", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true);
  internal::Checkpoint other = fixture.Start();
  other.log_id.bytes.fill('o');
  CHECK(ReasonOf(fixture.Read(other).status()) == ErrorReason::kCorruptData);
  // Not even beside that log's list of files.
  const std::string list =
      internal::EncodeJournalList({other.log_id, {{0, std::ssize(fixture.Bytes(0))}}});
  REQUIRE(internal::ReplaceFile(&fixture.memory, internal::JournalListPath("/log"), list).ok());
  CHECK(fixture.Replay(other).empty());
}

TEST_CASE("groups that a checkpoint covers never replay though their file is used again",
          "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 8; ++i) fixture.Write(i, true, 30 << 10);  // file 0
  fixture.Write(8, true, 30 << 10);                              // file 1
  const auto mark = fixture.journal.SyncAndMark();
  REQUIRE(mark.ok());
  fixture.journal.FreeBelow(*mark);
  internal::Checkpoint checkpoint = fixture.Start();
  checkpoint.sequence = mark->sequence;
  checkpoint.journal_file = mark->place.file;
  checkpoint.journal_position = static_cast<uint64_t>(mark->place.position);
  checkpoint.synced_upto = mark->synced_upto;
  std::vector<int64_t> expected;
  for (int64_t i = 9; fixture.Groups().back().file != 0; ++i) {  // until file 0 is used again
    fixture.Write(i, true, 30 << 10);
    expected.push_back(i);
    REQUIRE(i < 100);
  }
  CHECK(fixture.Replay(checkpoint) == expected);  // from file 1 to file 0, stale ones around
}

TEST_CASE("a torn last group is absent and no damage", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 3; ++i) fixture.Write(i, true);
  fixture.Damage(fixture.Groups()[2]);
  const auto contents = fixture.Read(fixture.Start());
  REQUIRE(contents.ok());
  CHECK(contents->groups == 2);
  CHECK(contents->damage.empty());
}

TEST_CASE("valid groups behind an unproven hole do not replay", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 4; ++i) fixture.Write(i, false);  // nothing says that any was synced
  fixture.Damage(fixture.Groups()[1]);
  CHECK(fixture.Replay(fixture.Start()) == std::vector<int64_t>{0});
  CHECK_THAT(fixture.Read(fixture.Start())->torn, Catch::Contains("group 2"));
}

TEST_CASE("what skips damage does not skip a hole that nothing proves", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true);
  for (int i = 1; i < 4; ++i) fixture.Write(i, false);
  const auto groups = fixture.Groups();
  REQUIRE(groups[3].synced_upto == 1);
  fixture.Damage(groups[0]);
  CHECK(fixture.Replay(fixture.Start(), RecoveryMode::kSkipDamaged) ==
        std::vector<int64_t>{1, 2, 3});
  fixture.Damage(groups[1]);
  CHECK(fixture.Replay(fixture.Start(), RecoveryMode::kSkipDamaged).empty());
}

TEST_CASE("damage of a group that a later one proves is told with its place", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 4; ++i) fixture.Write(i, true);
  const FoundGroup damaged = fixture.Groups()[1];
  fixture.Damage(damaged);
  const auto contents = fixture.Read(fixture.Start());
  CHECK(ReasonOf(contents.status()) == ErrorReason::kCorruptData);
  CHECK(absl::IsDataLoss(contents.status()));
  CHECK_THAT(Message(contents.status()), Catch::Contains("group 2"));
  CHECK_THAT(Message(contents.status()), Catch::Contains("00000000.journal"));
}

TEST_CASE("damage of a group that the checkpoint proves is told", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true);
  internal::Checkpoint checkpoint = fixture.Start();
  checkpoint.synced_upto = 1;
  CHECK(fixture.Replay(checkpoint) == std::vector<int64_t>{0});
  fixture.Damage(fixture.Groups()[0]);
  CHECK(ReasonOf(fixture.Read(checkpoint).status()) == ErrorReason::kCorruptData);
}

TEST_CASE("a proven group whose file is missing is damage", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true, 200 << 10);
  fixture.Write(1, true, 200 << 10);
  REQUIRE(fixture.Groups()[1].file == 1);
  REQUIRE(fixture.memory.Remove(internal::JournalPath("/log", 0)).ok());
  CHECK(ReasonOf(fixture.Read(fixture.Start()).status()) == ErrorReason::kDurableDataMissing);
  const auto skipped = fixture.Read(fixture.Start(), RecoveryMode::kSkipDamaged);
  REQUIRE(skipped.ok());
  CHECK(skipped->groups == 1);
  CHECK_THAT(skipped->damage, Catch::Contains("00000000.journal: the file is missing"));
  CHECK_THAT(skipped->damage, Catch::Contains("group 1"));
}

// Nothing that is left says what was in it.
TEST_CASE("a journal file that is missing or cut is missed", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true);
  const std::string path = internal::JournalPath("/log", 0);
  if (GENERATE(true, false)) {
    REQUIRE(fixture.memory.Remove(path).ok());
  } else {
    auto file = fixture.memory.OpenFile(path, FileSystem::Open::kExisting);
    REQUIRE((*file)->Truncate(GENERATE(0, 10, internal::kJournalBlockBytes)).ok());
  }
  const absl::Status refused = fixture.Read(fixture.Start()).status();
  CHECK(ReasonOf(refused) == ErrorReason::kDurableDataMissing);
  CHECK_THAT(Message(refused), Catch::Contains(path));
  for (const auto mode : {RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged}) {
    const auto contents = fixture.Read(fixture.Start(), mode);
    REQUIRE(contents.ok());
    CHECK_THAT(contents->damage, Catch::Contains(path));
  }
}

TEST_CASE("a journal without its list or with another log's is refused", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true);
  const std::string path = internal::JournalListPath("/log");
  const bool missing = GENERATE(true, false);
  if (missing) {
    REQUIRE(fixture.memory.Remove(path).ok());
  } else {
    const std::string other = internal::EncodeJournalList({{}, {}});
    REQUIRE(internal::ReplaceFile(&fixture.memory, path, other).ok());
  }
  const absl::Status refused = fixture.Read(fixture.Start()).status();
  CHECK(ReasonOf(refused) ==
        (missing ? ErrorReason::kDurableDataMissing : ErrorReason::kCorruptData));
  CHECK_THAT(Message(refused), Catch::Contains(path));
  CHECK(fixture.Replay(fixture.Start(), RecoveryMode::kTruncate) == std::vector<int64_t>{0});
}

TEST_CASE("a list of files that is damaged is told and one of a newer format is refused",
          "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true);
  const std::string path = internal::JournalListPath("/log");
  std::string list = *internal::ReadWholeFile(&fixture.memory, path, 1 << 20);
  const bool is_newer = GENERATE(true, false);
  if (is_newer) {
    internal::HeaderFormat newer = internal::kJournalListFormat;
    ++newer.version;
    internal::FinishHeader(list.data(), newer, 0);
  } else {
    list.back() = static_cast<char>(list.back() ^ 1);
  }
  REQUIRE(internal::ReplaceFile(&fixture.memory, path, list).ok());
  const absl::Status refused = fixture.Read(fixture.Start()).status();
  CHECK(ReasonOf(refused) == (is_newer ? ErrorReason::kNewerFormat : ErrorReason::kCorruptData));
  CHECK_THAT(Message(refused), Catch::Contains(path));
  const auto mended = fixture.Read(fixture.Start(), RecoveryMode::kSkipDamaged);
  CHECK(mended.ok() != is_newer);
  if (mended.ok()) CHECK_THAT(mended->damage, Catch::Contains(path));
}

TEST_CASE("a checkpoint that is older than a group of the journal is refused", "[journal]") {
  JournalFixture fixture;
  REQUIRE(fixture.journal.Start(fixture.log_id, 2).ok());
  fixture.Write(0, true);
  const auto mode =
      GENERATE(RecoveryMode::kRefuse, RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  const absl::Status refused = fixture.Read(fixture.Start(1), mode).status();
  CHECK(ReasonOf(refused) == ErrorReason::kCorruptData);
  CHECK_THAT(Message(refused), Catch::Contains("/log/checkpoint: of generation 1"));
  CHECK(fixture.Replay(fixture.Start(2)) == std::vector<int64_t>{0});
}

// It may have been synced, and acknowledged: nothing that came later says so.
TEST_CASE("a last group that is not whole is told when something is left of its header",
          "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true);
  fixture.Write(1, true);
  CHECK(fixture.Read(fixture.Start())->torn.empty());
  const FoundGroup last = fixture.Groups()[1];
  const std::string zeros(sizeof(uint64_t), '\0');
  const std::size_t field = GENERATE(0u, 8u, 16u, 40u, 60u);  // of the header, or in the body
  fixture.Overwrite(last.file, last.position + field, zeros);
  const auto contents = fixture.Read(fixture.Start());
  REQUIRE(contents.ok());
  CHECK(contents->groups == 1);
  CHECK_THAT(contents->torn, Catch::Contains("group 2"));
  CHECK_THAT(contents->torn, Catch::Contains(internal::JournalPath("/log", 0)));
  CHECK(contents->damage.empty());
}

TEST_CASE("a last group that is not whole is told where it shares a block with the one before",
          "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 3; ++i) fixture.Write(i, false);
  const FoundGroup last = fixture.Groups()[2];
  REQUIRE(last.position / internal::kJournalBlockBytes ==
          fixture.Groups()[1].position / internal::kJournalBlockBytes);
  fixture.Damage(last);
  CHECK_THAT(fixture.Read(fixture.Start())->torn, Catch::Contains("group 3"));
}

TEST_CASE("what older groups left where the next one goes is not told", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 3; ++i) fixture.Write(i, true);
  REQUIRE(fixture.journal.Start(fixture.log_id, 2).ok());
  CHECK(fixture.Read(fixture.Start(2))->torn.empty());
  fixture.Write(3, true);
  CHECK(fixture.Read(fixture.Start(2))->torn.empty());
}

TEST_CASE("the truncating mode ends the journal at the damage and says so", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 4; ++i) fixture.Write(i, true);
  fixture.Damage(fixture.Groups()[1]);
  const auto contents = fixture.Read(fixture.Start(), RecoveryMode::kTruncate);
  REQUIRE(contents.ok());
  CHECK(contents->groups == 1);
  CHECK_THAT(contents->damage, Catch::Contains("group 2"));
}

TEST_CASE("the skipping mode goes on behind every damage", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 7; ++i) fixture.Write(i, true);
  const auto groups = fixture.Groups();
  fixture.Damage(groups[1]);
  fixture.Damage(groups[4]);
  CHECK(fixture.Replay(fixture.Start(), RecoveryMode::kSkipDamaged) ==
        std::vector<int64_t>{0, 2, 3, 5, 6});
  CHECK_FALSE(fixture.Read(fixture.Start(), RecoveryMode::kSkipDamaged)->damage.empty());
}

TEST_CASE("the skipping mode ends at a last group that is damaged", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 3; ++i) fixture.Write(i, true);
  fixture.Damage(fixture.Groups()[2]);
  internal::Checkpoint checkpoint = fixture.Start();
  checkpoint.synced_upto = 3;
  const auto contents = fixture.Read(checkpoint, RecoveryMode::kSkipDamaged);
  REQUIRE(contents.ok());
  CHECK(contents->groups == 2);
  CHECK_THAT(contents->damage, Catch::Contains("group 3"));
}

TEST_CASE("records that look like groups are none", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 2; ++i) fixture.Write(i, true);
  std::string imitation(internal::kGroupHeaderBytes, 'x');
  internal::StoreLe(imitation.data(), internal::kJournalGroupFormat.magic);
  internal::StoreLe(imitation.data() + 8, GENERATE(uint64_t{1}, uint64_t{2}));  // generation
  const std::size_t behind = fixture.Groups()[1].position + (64 << 10);
  fixture.Overwrite(0, behind, imitation);
  fixture.Overwrite(0, behind + 1003, imitation);  // where no group begins
  const auto contents = fixture.Read(fixture.Start());
  REQUIRE(contents.ok());
  CHECK(contents->groups == 2);
  CHECK(contents->torn.empty());
}

TEST_CASE("a group of a newer format is refused as such", "[journal]") {
  JournalFixture fixture;
  const uint64_t file = GENERATE(0u, 1u);
  for (uint64_t i = 0; i <= file; ++i) fixture.Write(static_cast<int64_t>(i), true, 200 << 10);
  REQUIRE(fixture.Groups().back().file == file);
  std::string header = fixture.Bytes(file).substr(0, internal::kGroupHeaderBytes);
  internal::HeaderFormat newer = internal::kJournalGroupFormat;
  ++newer.version;
  std::string seed_bytes(fixture.log_id.view());
  seed_bytes.resize(24);
  internal::StoreLe(seed_bytes.data() + 16, uint64_t{1});
  internal::FinishHeader(header.data(), newer, internal::Hash64(seed_bytes));
  fixture.Overwrite(file, 0, header);
  CHECK(ReasonOf(fixture.Read(fixture.Start()).status()) == ErrorReason::kNewerFormat);
}

TEST_CASE("what replays is durable before it is believed", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 3; ++i) fixture.Write(i, false);
  CHECK(fixture.Replay(fixture.Start()).size() == 3);  // as after a kill
  fixture.memory.CutPower();
  CHECK(fixture.Replay(fixture.Start()).size() == 3);
}

TEST_CASE("a journal file that cannot be synced or read is not believed", "[journal]") {
  const std::string broken = GENERATE(as<std::string>{}, "OpenFile", "SyncData", "DropCache",
                                      "ReadAt", "SyncDirectory", "List");
  JournalFixture fixture;
  fixture.Write(0, true);
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    return call.name == broken ? absl::InternalError("broken") : absl::OkStatus();
  });
  CHECK(absl::IsInternal(fixture.Read(fixture.Start()).status()));
}

TEST_CASE("a position beyond the file is the end of it and no crash", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, true);
  internal::Checkpoint checkpoint = fixture.Start();
  checkpoint.sequence = 2;
  checkpoint.journal_position = GENERATE(UINT64_MAX - 3, uint64_t{1} << 40);
  CHECK(fixture.Replay(checkpoint).empty());
}

}  // namespace
}  // namespace eventlog::test

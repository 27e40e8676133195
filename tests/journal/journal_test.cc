#include "journal/journal.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "journal/journal_fixture.h"

namespace eventlog::test {
namespace {

using internal::Journal;

TEST_CASE("one group and one sync serve all who wait", "[journal]") {
  JournalFixture fixture;
  constexpr int kThreads = 16;
  std::atomic<int> started{0};
  std::atomic<int> syncs{0};
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && syncs.fetch_add(1) == 0) {  // until everybody else is waiting
      while (started < kThreads) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return absl::OkStatus();
  });
  std::vector<std::shared_ptr<TestMember>> members;
  std::vector<absl::Status> results(kThreads, absl::UnknownError("none"));
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) members.push_back(std::make_shared<TestMember>(i));
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      ++started;
      results[i] = fixture.Commit(members[i], true);
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::set<uint64_t> sequences;
  for (std::size_t i = 0; i < kThreads; ++i) {
    CHECK(results[i].ok());
    CHECK(members[i]->synced);
    sequences.insert(members[i]->sequence);
  }
  CHECK(sequences.size() <= 3);  // the first one's, and that of all others; one for a late riser
  CHECK(syncs == static_cast<int>(sequences.size()));
  CHECK(fixture.Replay(fixture.Start()).size() == kThreads);
}

TEST_CASE("many threads committing at once all get their record in once", "[journal]") {
  JournalFixture fixture;
  constexpr int kThreads = 8;
  constexpr int kEach = 60;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const bool sync = (t + i) % 2 == 0;
        const auto member = std::make_shared<TestMember>(t * kEach + i);
        if (!fixture.Commit(member, sync).ok()) ++failures;
        if (sync && !member->synced) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  std::vector<int64_t> offsets = fixture.Replay(fixture.Start());
  std::sort(offsets.begin(), offsets.end());
  std::vector<int64_t> expected;
  for (int i = 0; i < kThreads * kEach; ++i) expected.push_back(i);
  CHECK(offsets == expected);
}

TEST_CASE("groups are numbered from one without gaps and replay in order", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 6; ++i) {
    CHECK(fixture.Write(i, i % 2 == 0) == static_cast<uint64_t>(i) + 1);
  }
  CHECK(fixture.Replay(fixture.Start()) == std::vector<int64_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a group names only syncs that have returned", "[journal]") {
  JournalFixture fixture;
  const bool sync_after[] = {true, true, false, false, true, false};
  for (int i = 0; i < 6; ++i) fixture.Write(i, sync_after[i]);
  std::vector<uint64_t> synced_upto;
  for (const FoundGroup& group : fixture.Groups()) synced_upto.push_back(group.synced_upto);
  CHECK(synced_upto == std::vector<uint64_t>{0, 1, 2, 2, 2, 5});
  CHECK(fixture.journal.synced_upto() == 5);
}

TEST_CASE("only the group after a sync begins a block of its own", "[journal]") {
  JournalFixture fixture;
  const bool sync_after[] = {false, false, true, false, false, false};
  for (int i = 0; i < 6; ++i) fixture.Write(i, sync_after[i]);
  const auto groups = fixture.Groups();
  REQUIRE(groups.size() == 6);
  CHECK(groups[2].position < 4096);
  CHECK(groups[3].position == 4096);
  CHECK(groups[5].position < 2 * 4096);
  CHECK(fixture.Replay(fixture.Start()).size() == 6);
}

TEST_CASE("nothing is written for who has nothing to wait for", "[journal]") {
  JournalFixture fixture;
  const auto member = std::make_shared<TestMember>(0);
  const std::shared_ptr<internal::GroupMember> members[] = {member};
  CHECK(fixture.journal.Commit(members, true, [] { return true; }).ok());
  CHECK(fixture.disk.Count("WriteAt") == 0);
  CHECK(fixture.disk.Count("SyncData") == 0);
}

TEST_CASE("a log that was stopped meanwhile writes no group", "[journal]") {
  JournalFixture fixture;
  const std::shared_ptr<internal::GroupMember> members[] = {std::make_shared<TestMember>(0)};
  int asked = 0;
  const auto done = [&] {
    if (++asked == 2) {  // by the leader, which had found the log well
      static_cast<void>(fixture.health.Poison(internal::Health::Failure::kSegment,
                                              absl::InternalError("broken")));
    }
    return false;
  };
  CHECK(ReasonOf(fixture.journal.Commit(members, true, done)) == ErrorReason::kPoisoned);
  CHECK(fixture.disk.Count("WriteAt") == 0);
}

TEST_CASE("a failed write or sync stops the journal and wakes everybody", "[journal]") {
  const std::string broken = GENERATE(as<std::string>{}, "WriteAt", "SyncData");
  CAPTURE(broken);
  JournalFixture fixture;
  fixture.Write(0, true);
  fixture.disk.ResetCounts();
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != broken) return absl::OkStatus();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return absl::InternalError("broken");
  });
  constexpr std::size_t kThreads = 8;
  std::vector<absl::Status> results(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      results[i] = fixture.Commit(std::make_shared<TestMember>(static_cast<int64_t>(i) + 1), true);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) CHECK(ReasonOf(result) == ErrorReason::kPoisoned);
  CHECK(fixture.health.failure() == internal::Health::Failure::kJournal);
  CHECK(fixture.disk.Count("WriteAt") == 1);
  CHECK(fixture.journal.synced_upto() == 1);

  fixture.disk.Heal();  // the device is well again, but nobody knows what it holds
  CHECK(ReasonOf(fixture.Commit(std::make_shared<TestMember>(9), true)) == ErrorReason::kPoisoned);
  CHECK(ReasonOf(fixture.journal.SyncAndMark().status()) == ErrorReason::kPoisoned);
  CHECK(fixture.disk.Count("WriteAt") == 1);
  CHECK(fixture.disk.Count("SyncData") <= 1);
}

TEST_CASE("what a full disk refuses is not acknowledged and the journal goes on", "[journal]") {
  const std::string full = GENERATE(as<std::string>{}, "OpenFile", "Allocate", "WriteAt");
  CAPTURE(full);
  JournalFixture fixture;
  fixture.Write(0, true);
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != full || call.path != internal::JournalPath("/log", 1)) return absl::OkStatus();
    return internal::MakeError(ErrorReason::kDiskFull, "full");
  });
  const auto large = std::make_shared<TestMember>(1, 400 << 10);
  CHECK(fixture.Commit(large, true).ok());
  CHECK(large->refused);
  CHECK(large->reason == ErrorReason::kDiskFull);
  CHECK_FALSE(large->synced);
  CHECK_FALSE(fixture.health.poisoned());
  CHECK_FALSE(fixture.Exists(1));
  CHECK(fixture.Write(2, true) == 2);

  fixture.disk.Heal();
  CHECK(fixture.Write(3, true, 400 << 10) == 3);
  CHECK(fixture.Replay(fixture.Start()) == std::vector<int64_t>{0, 2, 3});
}

TEST_CASE("a file that a broken device keeps from being made stops the journal", "[journal]") {
  const std::string broken = GENERATE(as<std::string>{}, "OpenFile", "WriteAt", "SyncData");
  CAPTURE(broken);
  JournalFixture fixture;
  fixture.Write(0, true);
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != broken || call.path != internal::JournalPath("/log", 1))
      return absl::OkStatus();
    return absl::InternalError("broken");
  });
  const auto large = std::make_shared<TestMember>(1, 400 << 10);
  CHECK(ReasonOf(fixture.Commit(large, true)) == ErrorReason::kPoisoned);
  CHECK_FALSE(large->synced);
  CHECK(fixture.health.failure() == internal::Health::Failure::kJournal);
}

TEST_CASE("a spare that a broken device keeps from being made stops the journal", "[journal]") {
  const bool full = GENERATE(true, false);
  JournalFixture fixture;
  fixture.Write(0, true, 200 << 10);
  REQUIRE(fixture.journal.WantsSpare());
  fixture.disk.FailNext(
      "WriteAt", full ? FaultFileSystem::Fault::kDiskFull : FaultFileSystem::Fault::kIoError);
  fixture.journal.PrepareSpare();
  CHECK(fixture.health.poisoned() == !full);
}

TEST_CASE("a mark is made though records were refused for space", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, false);
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    if (call.name != "OpenFile" || call.path != internal::JournalPath("/log", 1))
      return absl::OkStatus();
    return internal::MakeError(ErrorReason::kDiskFull, "full");
  });
  std::thread refused([&] {
    const auto large = std::make_shared<TestMember>(1, 400 << 10);
    static_cast<void>(fixture.Commit(large, true));
  });
  const auto mark = fixture.journal.SyncAndMark();
  refused.join();
  REQUIRE(mark.ok());
  CHECK(mark->sequence == 2);
  CHECK(mark->synced_upto == 1);
}

TEST_CASE("a mark stands behind all that was written and makes it durable", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 3; ++i) fixture.Write(i, false);
  const auto mark = fixture.journal.SyncAndMark();
  REQUIRE(mark.ok());
  CHECK(mark->sequence == 4);
  CHECK(mark->synced_upto == 3);
  CHECK(fixture.journal.synced_upto() == 3);
  fixture.Write(3, true);
  fixture.memory.CutPower();
  CHECK(fixture.Replay(fixture.Start()) == std::vector<int64_t>{0, 1, 2, 3});
  internal::Checkpoint from_mark = fixture.Start();
  from_mark.sequence = mark->sequence;
  from_mark.journal_file = mark->place.file;
  from_mark.journal_position = static_cast<uint64_t>(mark->place.position);
  from_mark.synced_upto = mark->synced_upto;
  CHECK(fixture.Replay(from_mark) == std::vector<int64_t>{3});
}

internal::Checkpoint From(const JournalFixture& fixture, const Journal::Mark& mark) {
  internal::Checkpoint checkpoint = fixture.Start();
  checkpoint.sequence = mark.sequence;
  checkpoint.journal_file = mark.place.file;
  checkpoint.journal_position = static_cast<uint64_t>(mark.place.position);
  checkpoint.synced_upto = mark.synced_upto;
  return checkpoint;
}

// Carries over one record with this offset, and as many bytes.
Journal::Carry CarryOf(int64_t offset, std::size_t value_bytes, int64_t* room = nullptr) {
  return [=](internal::GroupBuilder* group, int64_t room_now) {
    if (room != nullptr) *room = room_now;
    TestMember(offset, value_bytes).Collect(group);
  };
}

TEST_CASE("a mark stands at the group that has what was carried over", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 3; ++i) fixture.Write(i, i == 1);
  int64_t room = 0;
  const auto mark = fixture.journal.SyncAndMark(CarryOf(70, 10, &room));
  REQUIRE(mark.ok());
  CHECK(mark->carried);
  CHECK(mark->sequence == 4);
  CHECK(mark->synced_upto == 4);
  CHECK(room > 200 << 10);
  CHECK(room < 256 << 10);
  fixture.Write(3, true);
  fixture.memory.CutPower();
  CHECK(fixture.Replay(From(fixture, *mark)) == std::vector<int64_t>{70, 3});
  fixture.Overwrite(mark->place.file, static_cast<std::size_t>(mark->place.position) + 60, "x");
  CHECK(absl::IsDataLoss(fixture.Read(From(fixture, *mark)).status()));
}

TEST_CASE("what is carried over may begin another file", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 8; ++i) fixture.Write(i, true, 30 << 10);
  const auto mark = fixture.journal.SyncAndMark(CarryOf(70, 60 << 10));
  REQUIRE(mark.ok());
  CHECK(mark->place.file == 1);
  CHECK(mark->place.position == 0);
  fixture.journal.FreeBelow(*mark);
  for (int i = 8; i < 24; ++i) fixture.Write(i, true, 30 << 10);
  const std::vector<int64_t> replayed = fixture.Replay(From(fixture, *mark));
  CHECK(replayed.front() == 70);
  CHECK(replayed.size() == 17);
}

TEST_CASE("a mark whose group is refused carries nothing over", "[journal]") {
  JournalFixture fixture;
  fixture.Write(0, false);
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Allocate" ? internal::MakeError(ErrorReason::kDiskFull, "full")
                                   : absl::OkStatus();
  });
  const auto mark = fixture.journal.SyncAndMark(CarryOf(70, 400 << 10));
  REQUIRE(mark.ok());
  CHECK_FALSE(mark->carried);
  CHECK(mark->sequence == 2);
  CHECK(mark->synced_upto == 1);
  fixture.Write(1, true);
  CHECK(fixture.Replay(From(fixture, *mark)) == std::vector<int64_t>{1});
}

TEST_CASE("a power cut keeps what was acknowledged as synced", "[journal]") {
  JournalFixture fixture;
  for (int i = 0; i < 40; ++i) fixture.Write(i, i % 3 == 0, 20 << 10);  // over several files
  fixture.memory.CutPower();
  const auto offsets = fixture.Replay(fixture.Start());
  CHECK(offsets.size() >= 40);
  CHECK(std::is_sorted(offsets.begin(), offsets.end()));
}

TEST_CASE("who does not fit into a group any more is in the next", "[journal]") {
  JournalFixture fixture(256 << 20);
  std::vector<std::shared_ptr<TestMember>> made;
  std::vector<std::shared_ptr<internal::GroupMember>> members;
  for (const std::size_t bytes : {std::size_t{33} << 20, std::size_t{33} << 20, std::size_t{10}}) {
    made.push_back(std::make_shared<TestMember>(static_cast<int64_t>(made.size()), bytes));
    members.push_back(made.back());
  }
  REQUIRE(fixture.journal
              .Commit(members, true,
                      [&] { return made[0]->synced && made[1]->synced && made[2]->synced; })
              .ok());
  CHECK(made[0]->sequence == 1);
  CHECK(made[1]->sequence == 1);
  CHECK(made[2]->sequence == 2);
}

TEST_CASE("a sync that fails while a file is left stops the journal", "[journal]") {
  const absl::Status broken =
      GENERATE(absl::InternalError("broken"), internal::MakeError(ErrorReason::kDiskFull, "full"));
  JournalFixture fixture;
  fixture.Write(0, /*sync=*/false, 200 << 10);
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    return call.name == "SyncData" && call.path == internal::JournalPath("/log", 0)
               ? broken
               : absl::OkStatus();
  });
  const auto member = std::make_shared<TestMember>(1, 200 << 10);
  CHECK(ReasonOf(fixture.Commit(member, /*sync=*/false)) == ErrorReason::kPoisoned);
  CHECK_FALSE(member->refused);
  CHECK(fixture.health.failure() == internal::Health::Failure::kJournal);
}

}  // namespace
}  // namespace eventlog::test

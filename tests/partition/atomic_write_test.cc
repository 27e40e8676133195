#include "partition/atomic_write.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::Acknowledgement;
using internal::AtomicShare;
using internal::AtomicWrite;
using internal::Partition;

// With the records that its shares view.
struct MadeWrite {
  std::vector<ProducerRecord> records;
  std::shared_ptr<AtomicWrite> write;

  AtomicWrite* operator->() const { return write.get(); }
};

MadeWrite MakeWrite(const std::vector<std::shared_ptr<Partition>>& partitions,
                    const std::vector<std::string>& values, bool sync) {
  MadeWrite made = {RecordsOf(values), nullptr};
  std::vector<AtomicShare> shares;
  for (const auto& partition : partitions) shares.push_back({partition, made.records});
  made.write =
      std::make_shared<AtomicWrite>(std::move(shares), internal::AppendTime{1000, 1000}, sync);
  return made;
}

TEST_CASE("the shares of an atomic write are seen after its sync and not before", "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1, fixture.Config(Acknowledgement::kProcess));
  int64_t seen_at_sync = -1;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData") seen_at_sync = a->high_watermark() + b->high_watermark();
    return absl::OkStatus();
  });
  const auto values = Values(3);
  const auto write = MakeWrite({a, b}, values, /*sync=*/true);
  REQUIRE(write->Run(&fixture.journal).ok());
  CHECK(seen_at_sync == 0);
  CHECK(fixture.Read(a.get()) == values);
  CHECK(fixture.Read(b.get()) == values);
  const internal::AppendTime now = {1234, 0};
  CHECK(write->shares()[1].MetadataOfRecord(2, now).partition == b->name().identity.partition);
  CHECK(write->shares()[1].MetadataOfRecord(2, now).offset == 2);
  CHECK(fixture.Frames(0).size() == 1);
}

TEST_CASE("an atomic write into process partitions takes no sync", "[partition]") {
  PartitionFixture fixture;
  const auto config = fixture.Config(Acknowledgement::kProcess);
  const auto a = fixture.Make(0, config);
  const auto b = fixture.Make(1, config);
  fixture.disk.ResetCounts();
  const auto values = Values(3);
  REQUIRE(MakeWrite({a, b}, values, /*sync=*/false)->Run(&fixture.journal).ok());
  CHECK(fixture.disk.Count("SyncData") == 0);
  CHECK(fixture.Read(a.get()) == values);
  REQUIRE(fixture.Append(a, Values(1, 10, 3)).ok());
  CHECK(fixture.Recovered(0, config) == Values(4));
  CHECK(fixture.Recovered(1, config) == Values(3));
}

TEST_CASE("a bulk write behind an atomic write makes that durable first", "[partition]") {
  PartitionFixture fixture;
  const auto config = fixture.Config(Acknowledgement::kProcess);
  const auto a = fixture.Make(0, config);
  const auto b = fixture.Make(1, config);
  const auto values = Values(3);
  REQUIRE(MakeWrite({a, b}, values, /*sync=*/false)->Run(&fixture.journal).ok());
  std::vector<std::string> calls;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && call.path.find("/journal/") != std::string::npos)
      calls.push_back("sync");
    if (call.name == "WriteAt" && call.path.find("/segments/") != std::string::npos)
      calls.push_back("bulk");
    return absl::OkStatus();
  });
  REQUIRE(fixture.Append(a, Values(4, Partition::kBulkBytes / 2, 3)).ok());
  REQUIRE(calls.size() >= 2);
  CHECK(calls[0] == "sync");
  // Whatever of the segment gets to the device by itself, both shares are there.
  fixture.disk.Heal();
  REQUIRE(a->SyncForCheckpoint(0).ok());
  fixture.memory.CutPower();
  CHECK(fixture.Recovered(0, config).size() == 7);
  CHECK(fixture.Recovered(1, config) == values);
}

TEST_CASE("sealing behind an atomic write makes that durable first", "[partition]") {
  PartitionFixture fixture;
  const auto config = fixture.Config(Acknowledgement::kProcess);
  const auto a = fixture.Make(0, config);
  const auto b = fixture.Make(1, config);
  REQUIRE(MakeWrite({a, b}, Values(3), /*sync=*/false)->Run(&fixture.journal).ok());
  REQUIRE(a->SealAll().ok());
  REQUIRE(a->SyncForCheckpoint(0).ok());
  fixture.memory.CutPower();
  CHECK(fixture.Recovered(0, config) == Values(3));
  CHECK(fixture.Recovered(1, config) == Values(3));
}

TEST_CASE("an atomic write behind bulk writes of a process partition survives whole",
          "[partition]") {
  PartitionFixture fixture;
  const auto process = fixture.Config(Acknowledgement::kProcess);
  const auto a = fixture.Make(0, process);
  const auto b = fixture.Make(1);
  const auto large = Values(4, Partition::kBulkBytes / 2);
  REQUIRE(fixture.Append(a, large).ok());  // in a segment that nobody has synced
  const auto values = Values(2);
  REQUIRE(MakeWrite({a, b}, values, /*sync=*/true)->Run(&fixture.journal).ok());
  fixture.memory.CutPower();
  auto expected = large;
  expected.insert(expected.end(), values.begin(), values.end());
  CHECK(fixture.Recovered(0, process) == expected);
  CHECK(fixture.Recovered(1) == values);
}

TEST_CASE("a power cut before the sync leaves every share or none", "[partition]") {
  PartitionFixture fixture;
  const auto config = fixture.Config(Acknowledgement::kProcess);
  const auto a = fixture.Make(0, config);
  const auto b = fixture.Make(1, config);
  REQUIRE(MakeWrite({a, b}, Values(3), /*sync=*/false)->Run(&fixture.journal).ok());
  fixture.memory.CutPower();
  CHECK(fixture.Recovered(0, config).empty());
  CHECK(fixture.Recovered(1, config).empty());
}

TEST_CASE("a refused atomic write leaves nothing and the next one succeeds", "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1);
  REQUIRE(fixture.Append(a, Values(1)).ok());
  fixture.disk.Intercept(DiskFullOn("OpenFile", "/journal/"));
  const auto large = Values(4, 100 << 10);
  CHECK(internal::IsDiskFull(MakeWrite({a, b}, large, true)->Run(&fixture.journal)));
  CHECK_FALSE(fixture.health.poisoned());
  CHECK(a->watermarks().log_end() == 1);
  CHECK(b->watermarks().log_end() == 0);
  const auto values = Values(2, 10, 1);
  REQUIRE(MakeWrite({a, b}, values, true)->Run(&fixture.journal).ok());
  CHECK(fixture.Read(a.get()) == Values(3));
  CHECK(fixture.Read(b.get()) == values);
  REQUIRE(fixture.Append(b, Values(4, Partition::kBulkBytes / 2)).ok());  // nothing is held
}

TEST_CASE("a deleted partition refuses an atomic write whole", "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1);
  REQUIRE(b->Delete().ok());
  CHECK(ReasonOf(MakeWrite({a, b}, Values(2), true)->Run(&fixture.journal)) ==
        ErrorReason::kUnknownTopic);
  CHECK(a->watermarks().log_end() == 0);
  REQUIRE(fixture.Append(a, Values(4, Partition::kBulkBytes / 2)).ok());
  CHECK(a->high_watermark() == 4);
  CHECK(fixture.Frames(0).empty());  // past the journal: the hold was given back
}

TEST_CASE("a failed sync shows no share", "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1, fixture.Config(Acknowledgement::kProcess));
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "SyncData" ? absl::InternalError("broken") : absl::OkStatus();
  });
  CHECK(ReasonOf(MakeWrite({a, b}, Values(2), true)->Run(&fixture.journal)) ==
        ErrorReason::kPoisoned);
  CHECK(a->high_watermark() == 0);
  CHECK(b->high_watermark() == 0);
  fixture.disk.Heal();
  CHECK(a->ReopenFromMemory(2)->end_offset == 0);
  CHECK(b->ReopenFromMemory(2)->end_offset == 0);
}

TEST_CASE("atomic writes and appends and bulk writes in threads lose nothing", "[partition]") {
  PartitionFixture fixture;
  const auto process = fixture.Config(Acknowledgement::kProcess);
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1, process);
  const auto c = fixture.Make(2, process);
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      const auto values = Values(2);
      for (int i = 0; i < 60; ++i) {
        const bool sync = t == 0;  // as it has to be with `a` in it
        if (!MakeWrite({sync ? a : c, b}, values, sync)->Run(&fixture.journal).ok()) ++failures;
      }
    });
    threads.emplace_back([&, t] {
      for (int i = 0; i < 60; ++i) {
        if (!fixture.Append(t == 0 ? a : b, Values(1)).ok()) ++failures;
      }
    });
    threads.emplace_back([&, t] {
      for (int i = 0; i < 8; ++i) {
        const auto& partition = t == 0 ? a : b;
        if (!fixture.Append(partition, Values(2, Partition::kBulkBytes)).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  absl::Status status;
  const auto in_a = fixture.Read(a.get(), 0, &status);
  CHECK(status.ToString() == "OK");
  const auto in_b = fixture.Read(b.get());
  CHECK(in_a.size() == 60 * 2 + 60 + 16);
  CHECK(in_b.size() == 2 * 60 * 2 + 60 + 16);
  CHECK(fixture.Read(c.get()).size() == 60 * 2);
  CHECK((fixture.Recovered(0) == in_a));
  CHECK((fixture.Recovered(1, process) == in_b));
}

TEST_CASE("an atomic write waits for the bulk write of its partition", "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  std::atomic<bool> held{false};
  std::thread holder;
  bool held_meanwhile = false;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && call.path == fixture.SegmentFile(0, 0)) {
      holder = std::thread([&] {
        bool newly_held = false;
        held = a->HoldForAtomicWrite(/*until_synced=*/true, &newly_held).ok() && newly_held;
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      held_meanwhile = held;
    }
    return absl::OkStatus();
  });
  REQUIRE(fixture.Append(a, Values(4, Partition::kBulkBytes / 2)).ok());
  holder.join();
  CHECK_FALSE(held_meanwhile);
  CHECK(held);
}

TEST_CASE("no bulk write begins while an atomic write holds its partition", "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  bool held = false;
  REQUIRE(a->HoldForAtomicWrite(/*until_synced=*/true, &held).ok());
  const auto values = Values(4, Partition::kBulkBytes / 2);
  const auto staged = fixture.Stage(a, values);
  REQUIRE(staged.ok());
  bool bulk_written = false;
  REQUIRE(a->BulkWriteIfWorthwhile(&bulk_written).ok());
  CHECK_FALSE(bulk_written);
  CHECK(a->bytes() == 0);
  a->ReleaseHold();
  REQUIRE(fixture.Await(*staged).ok());
  CHECK(a->high_watermark() == 4);
}

TEST_CASE("an atomic write takes no offset that somebody waits for in vain", "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1);
  REQUIRE(fixture.Append(a, Values(1, 150 << 10)).ok());
  fixture.disk.Intercept(DiskFullOn("OpenFile", "/journal/"));
  const auto waiting = fixture.Stage(a, Values(1));
  const auto refused = fixture.Stage(a, Values(1, 150 << 10));
  REQUIRE((waiting.ok() && refused.ok()));
  CHECK(internal::IsDiskFull(fixture.Await(*refused)));
  fixture.disk.Heal();
  CHECK(internal::IsDiskFull(MakeWrite({a, b}, Values(1), true)->Run(&fixture.journal)));
  CHECK(b->watermarks().log_end() == 0);
  CHECK(internal::IsDiskFull(fixture.Await(*waiting)));
  REQUIRE(MakeWrite({a, b}, Values(1), true)->Run(&fixture.journal).ok());
  CHECK(a->high_watermark() == 2);
}

TEST_CASE("a segment that cannot be synced before an atomic write stops the log", "[partition]") {
  PartitionFixture fixture;
  const auto process = fixture.Config(Acknowledgement::kProcess);
  const auto a = fixture.Make(0, process);
  REQUIRE(fixture.Append(a, Values(4, Partition::kBulkBytes / 2)).ok());  // past the journal
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "SyncData" && call.path.find("/segments/") != std::string::npos
               ? absl::InternalError("broken")
               : absl::OkStatus();
  });
  CHECK(ReasonOf(MakeWrite({a}, Values(1), true)->Run(&fixture.journal)) == ErrorReason::kPoisoned);
  CHECK(fixture.health.failure() == internal::Health::Failure::kSegment);
}

}  // namespace
}  // namespace eventlog::test

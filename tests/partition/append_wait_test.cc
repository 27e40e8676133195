#include "partition/append_wait.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::Acknowledgement;
using internal::AwaitAppends;
using internal::StagedAppend;

TEST_CASE("appends to several partitions wait for one group", "[partition]") {
  PartitionFixture fixture;
  std::vector<std::shared_ptr<internal::Partition>> partitions;
  std::vector<StagedAppend> staged;
  for (int32_t number = 0; number < 5; ++number) {
    partitions.push_back(fixture.Make(number));
    staged.push_back(fixture.Stage(partitions.back(), Values(2)).value());
  }
  fixture.disk.ResetCounts();
  REQUIRE(AwaitAppends(&fixture.journal, staged).ok());
  CHECK(fixture.disk.Count("WriteAt") == 1);
  CHECK(fixture.disk.Count("SyncData") == 1);
  for (const auto& partition : partitions) CHECK(partition->high_watermark() == 2);
}

TEST_CASE("nothing is written for appends that are acknowledged", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  const auto first = fixture.Stage(partition, Values(1)).value();
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  fixture.disk.ResetCounts();
  REQUIRE(fixture.Await(first).ok());
  CHECK(fixture.disk.Count("WriteAt") == 0);
}

TEST_CASE("an append that is acknowledged as it is staged needs no journal", "[partition]") {
  PartitionFixture fixture;
  const auto partition =
      fixture.Make(0, PartitionFixture::Config(internal::Acknowledgement::kMemory));
  const auto staged = fixture.Stage(partition, Values(1)).value();
  CHECK(internal::AwaitAppend(/*journal=*/nullptr, partition, staged.ticket).ok());
  CHECK(partition->high_watermark() == 1);
}

TEST_CASE("one append alone waits for its group", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  const auto staged = fixture.Stage(partition, Values(1)).value();
  fixture.disk.ResetCounts();
  CHECK(internal::AwaitAppend(&fixture.journal, partition, staged.ticket).ok());
  CHECK(fixture.disk.Count("SyncData") == 1);
  CHECK(partition->high_watermark() == 1);
}

TEST_CASE("an append that is acknowledged as it is staged writes what batches it closed",
          "[partition]") {
  PartitionFixture fixture;
  auto config = PartitionFixture::Config(internal::Acknowledgement::kMemory);
  config.batch_bytes = 100;
  const auto partition = fixture.Make(0, config);
  for (int i = 0; i < 3; ++i) {
    const auto staged = fixture.Stage(partition, Values(1, 80)).value();
    CHECK(internal::AwaitAppend(/*journal=*/nullptr, partition, staged.ticket).ok());
    CHECK_FALSE(partition->has_closed_batches());
  }
}

TEST_CASE("a span in memory takes as many batches as its size asks for", "[partition]") {
  PartitionFixture fixture;
  auto config = PartitionFixture::Config(internal::Acknowledgement::kMemory);
  config.batch_bytes = 1000;
  const auto partition = fixture.Make(0, config);
  const auto values = Values(20, 300);
  REQUIRE(fixture.Append(partition, values).ok());
  REQUIRE(partition->SealAll().ok());
  internal::FetchCursor cursor;
  std::vector<internal::StoredBatch> batches;
  REQUIRE(partition->Read(0, 1 << 20, &cursor, &batches).ok());
  CHECK(batches.size() >= 5);
  for (const auto& batch : batches) CHECK(batch.records.size() <= 1000);
  CHECK(fixture.Read(partition.get()) == values);
}

TEST_CASE("one of several appends that is refused makes them fail", "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1);
  const std::vector<StagedAppend> staged = {
      fixture.Stage(a, Values(1)).value(),
      fixture.Stage(b, Values(2, internal::Partition::kBulkBytes)).value()};
  fixture.disk.Intercept(DiskFullOn("Allocate", "/segments/"));
  CHECK(internal::IsDiskFull(AwaitAppends(&fixture.journal, staged)));
  CHECK(b->high_watermark() == 0);
  fixture.disk.Heal();
  REQUIRE(fixture.Append(a, Values(1, 10, 1)).ok());  // every ticket has ended
  REQUIRE(fixture.Append(b, Values(1)).ok());
  CHECK(fixture.Read(b.get()) == Values(1));
}

TEST_CASE("one of several that is dropped does not keep the others from being resolved",
          "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1);
  const std::vector<StagedAppend> staged = {
      fixture.Stage(a, Values(2, internal::Partition::kBulkBytes)).value(),
      fixture.Stage(b, Values(1)).value()};
  fixture.disk.Intercept(DiskFullOn("Allocate", "/segments/"));
  REQUIRE(internal::AwaitResolved(&fixture.journal, staged).ok());
  CHECK(a->IsDropped(staged[0].ticket));
  CHECK(b->IsAcknowledged(staged[1].ticket));
  fixture.disk.Heal();
  CHECK_FALSE(fixture.Stage(a, Values(1)).ok());  // the ticket has not ended
  a->Finish(staged[0].ticket);
  CHECK(fixture.Append(a, Values(1)).ok());
}

TEST_CASE("appends of a stopped log fail and end their tickets", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  const auto staged = fixture.Stage(partition, Values(1)).value();
  static_cast<void>(
      fixture.health.Poison(internal::Health::Failure::kSegment, absl::InternalError("broken")));
  CHECK(ReasonOf(fixture.Await(staged)) == ErrorReason::kPoisoned);
  CHECK(partition->high_watermark() == 0);
}

TEST_CASE("an append behind a bulk write that is under way is resolved beside one elsewhere",
          "[partition]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1);
  std::vector<StagedAppend> staged;
  std::future<absl::Status> resolved;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "WriteAt" && staged.empty()) {
      staged = {fixture.Stage(a, Values(1)).value(), fixture.Stage(b, Values(1)).value()};
      resolved = std::async(std::launch::async,
                            [&] { return internal::AwaitResolved(&fixture.journal, staged); });
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // it waits for the bulk write
    }
    return absl::OkStatus();
  });
  REQUIRE(a->AppendBulk(RecordsOf(Values(2, internal::Partition::kBulkBytes)), fixture.time.Now())
              .ok());
  const bool in_time = resolved.wait_for(std::chrono::seconds(5)) == std::future_status::ready;
  CHECK(in_time);
  if (!in_time) REQUIRE(fixture.Append(a, Values(1)).ok());  // which takes the other along
  CHECK(resolved.get().ok());
  CHECK(a->IsAcknowledged(staged[0].ticket));
  CHECK(b->IsAcknowledged(staged[1].ticket));
  for (const StagedAppend& append : staged) append.partition->Finish(append.ticket);
}

TEST_CASE("bulk and small appends of many threads are all acknowledged", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  std::vector<std::thread> threads;
  std::vector<absl::Status> results(6);
  for (std::size_t t = 0; t < results.size(); ++t) {
    threads.emplace_back([&, t] {
      const auto values = t < 2 ? Values(2, internal::Partition::kBulkBytes) : Values(3);
      for (int i = 0; i < 20; ++i) results[t].Update(fixture.Append(partition, values));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) CHECK(result.ok());
  CHECK(partition->high_watermark() == 20 * (2 * 2 + 4 * 3));
  const auto seen = fixture.Read(partition.get());
  fixture.memory.CutPower();
  CHECK((fixture.Recovered(0) == seen));
}

}  // namespace
}  // namespace eventlog::test

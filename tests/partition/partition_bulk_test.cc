// Spans that go to the segment as they are encoded. Bulk writes of what is staged: partition_test.
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::Acknowledgement;
using internal::Partition;
using internal::PartitionConfig;

std::vector<std::string> Both(std::vector<std::string> first,
                              const std::vector<std::string>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

absl::StatusOr<int64_t> AppendBulk(PartitionFixture* fixture, Partition* partition,
                                   const std::vector<std::string>& values) {
  return partition->AppendBulk(RecordsOf(values), fixture->time.Now());
}

TEST_CASE("a span that is large goes to the segment and not to the journal", "[partition]") {
  const auto kind = GENERATE(Acknowledgement::kDisk, Acknowledgement::kProcess);
  PartitionFixture fixture;
  const PartitionConfig config = PartitionFixture::Config(kind);
  const auto partition = fixture.Make(0, config);
  const auto values = Values(300, 1000);
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  REQUIRE(partition->SealAll().ok());
  CHECK(AppendBulk(&fixture, partition.get(), values).value() == 2);
  CHECK(partition->high_watermark() == 302);
  CHECK(fixture.Read(partition.get()) == Both(Values(2), values));
  CHECK(fixture.Frames(0).size() == 1);
  REQUIRE(fixture.Append(partition, Values(1)).ok());
  CHECK(fixture.Frames(0).back()->first_offset == 302);
  if (kind == Acknowledgement::kDisk) fixture.memory.CutPower();
  CHECK(fixture.Recovered(0, config) == Both(Both(Values(2), values), Values(1)));
}

TEST_CASE("a span is acknowledged after its sync and not before", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  int64_t seen = 0;
  int syncs = 0;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name.starts_with("Sync")) ++syncs;
    seen = std::max(seen, partition->high_watermark());
    return absl::OkStatus();
  });
  REQUIRE(AppendBulk(&fixture, partition.get(), Values(300, 1000)).ok());
  CHECK(seen == 0);
  CHECK(syncs >= 2);  // of the file and its name
  CHECK(partition->high_watermark() == 300);
}

TEST_CASE("a span is bulk where the journal would write it twice", "[partition]") {
  PartitionFixture fixture;
  const auto disk = fixture.Make(0);
  const auto process = fixture.Make(1, PartitionFixture::Config(Acknowledgement::kProcess));
  const auto fifty = Values(50, 1000);
  const auto many = Values(200, 1000);
  const auto most = Values(300, 1000);
  CHECK_FALSE(disk->IsBulk(RecordsOf(many)));
  CHECK(disk->IsBulk(RecordsOf(most)));
  CHECK_FALSE(process->IsBulk(RecordsOf(fifty)));
  CHECK(process->IsBulk(RecordsOf(many)));
  const auto memory = fixture.Make(2, PartitionFixture::Config(Acknowledgement::kMemory));
  CHECK(AppendBulk(&fixture, memory.get(), most).value() == -1);
  CHECK(memory->watermarks().log_end() == 0);
}

TEST_CASE("a span comes behind what was staged before it", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  const auto staged = fixture.Stage(partition, Values(3));
  REQUIRE(staged.ok());
  CHECK(AppendBulk(&fixture, partition.get(), Values(300, 1000)).value() == 3);
  CHECK(fixture.Await(*staged).ok());
  CHECK(fixture.Read(partition.get()) == Both(Values(3), Values(300, 1000)));
  CHECK(fixture.Frames(0).empty());
}

TEST_CASE("what is staged while a span is written comes behind it", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  absl::StatusOr<internal::StagedAppend> staged = absl::UnknownError("no write");
  internal::GroupBuilder group;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "WriteAt" && !staged.ok()) {
      staged = fixture.Stage(partition, Values(2));
      partition->Collect(&group);
    }
    return absl::OkStatus();
  });
  REQUIRE(AppendBulk(&fixture, partition.get(), Values(300, 1000)).ok());
  REQUIRE(staged.ok());
  CHECK(group.empty());
  CHECK(staged->ticket.first_offset == 300);
  REQUIRE(fixture.Await(*staged).ok());
  CHECK(fixture.Frames(0).front()->first_offset == 300);
  CHECK(fixture.Read(partition.get()) == Both(Values(300, 1000), Values(2)));
}

TEST_CASE("a span for which there is no space is refused with what was staged behind it",
          "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  REQUIRE(partition->SealAll().ok());
  absl::StatusOr<internal::StagedAppend> staged = absl::UnknownError("no call");
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != "Allocate") return absl::OkStatus();
    if (!staged.ok()) staged = fixture.Stage(partition, Values(1));
    return internal::MakeError(ErrorReason::kDiskFull, "full");
  });
  CHECK(internal::IsDiskFull(AppendBulk(&fixture, partition.get(), Values(300, 1000)).status()));
  fixture.disk.Heal();
  CHECK_FALSE(fixture.health.poisoned());
  REQUIRE(staged.ok());
  CHECK(internal::IsDiskFull(fixture.Await(*staged)));
  CHECK(partition->watermarks().log_end() == 2);
  CHECK(AppendBulk(&fixture, partition.get(), Values(300, 1000)).value() == 2);
  CHECK(fixture.Recovered(0) == Both(Values(2), Values(300, 1000)));
}

TEST_CASE("a span whose write or sync fails stops the log", "[partition]") {
  const std::string failing = GENERATE(as<std::string>{}, "WriteAt", "SyncData", "SyncDirectory");
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  REQUIRE(partition->SealAll().ok());
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    return call.name == failing ? absl::InternalError("broken") : absl::OkStatus();
  });
  CHECK(ReasonOf(AppendBulk(&fixture, partition.get(), Values(300, 1000)).status()) ==
        ErrorReason::kPoisoned);
  CHECK(fixture.health.failure() == internal::Health::Failure::kSegment);
  CHECK(partition->high_watermark() == 2);
}

TEST_CASE("no span is written while an atomic write holds its partition", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  bool held = false;
  REQUIRE(partition->HoldForAtomicWrite(true, &held).ok());
  CHECK(AppendBulk(&fixture, partition.get(), Values(300, 1000)).value() == -1);
  partition->ReleaseHold();
  CHECK(AppendBulk(&fixture, partition.get(), Values(300, 1000)).value() == 0);
}

TEST_CASE("a span over many writes and batches of any size is read as it was", "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config = PartitionFixture::Config(Acknowledgement::kProcess);
  config.compression_type = GENERATE(CompressionType::kNone, CompressionType::kLz4);
  config.batch_bytes = GENERATE(1 << 10, 64 << 10, 1 << 20);
  const auto partition = fixture.Make(0, config);
  auto values = Values(3000, 1000);
  values[GENERATE(0u, 1500u, 2999u)] = std::string(1'500'000, 'F');  // larger than a write
  values[700] = std::string(200'000, 'L');                           // larger than a batch
  values[701] = "";
  CHECK(AppendBulk(&fixture, partition.get(), values).value() == 0);
  CHECK(fixture.Read(partition.get()) == values);
  CHECK((partition->bytes() < 1 << 20) == (config.compression_type == CompressionType::kLz4));
  CHECK(fixture.Recovered(0, config) == values);
}

TEST_CASE("a span of a deleted topic is refused", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(partition->Delete().ok());
  CHECK(ReasonOf(AppendBulk(&fixture, partition.get(), Values(300, 1000)).status()) ==
        ErrorReason::kUnknownTopic);
}

}  // namespace
}  // namespace eventlog::test

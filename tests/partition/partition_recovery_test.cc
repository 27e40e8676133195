#include "partition/partition_recovery.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "format/preamble.h"
#include "format/segment_header.h"
#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::Acknowledgement;
using internal::PartitionConfig;
using internal::PartitionRecoveryInput;
using internal::RecoverPartition;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// A segment file of these batches of ten records each.
std::string SegmentBytes(int64_t base_offset, const std::vector<SealedBatch>& batches) {
  std::string bytes = internal::EncodeSegmentHeader({TestIdentity(), base_offset, 1});
  for (const SealedBatch& batch : batches) bytes += batch.bytes;
  return bytes;
}
SealedBatch Ten(int64_t base_offset) { return MakeCountedBatch(TestIdentity(), base_offset, 10); }

// What a checkpoint says that covers this file up to its end.
internal::PartitionCheckpoint Covering(int64_t base_offset, const std::string& bytes,
                                       int64_t end_offset) {
  return {kTopicId, 0, 0, base_offset, static_cast<int64_t>(bytes.size()), end_offset};
}

TEST_CASE("nothing at all is recovered as an empty partition", "[partition]") {
  PartitionFixture fixture;
  const auto result = RecoverPartition(fixture.RecoveryInput(0));
  REQUIRE(result.ok());
  CHECK(result->partition.end_offset == 0);
  CHECK_FALSE(result->cut_to.has_value());
  CHECK(fixture.Snapshot(0).empty());
}

TEST_CASE("journal frames are written to segments and are durable then", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  for (int i = 0; i < 5; ++i) REQUIRE(fixture.Append(partition, Values(3, 10, 3 * i)).ok());
  auto result = RecoverPartition(fixture.RecoveryInput(0));
  REQUIRE(result.ok());
  CHECK(result->records_replayed == 15);
  CHECK(result->checkpoint.end_offset == 15);
  CHECK(result->checkpoint.segment_base_offset == 0);
  CHECK_FALSE(result->cut_to.has_value());
  fixture.memory.CutPower();
  fixture.files.ForgetAll();
  CHECK(fixture.ReadRecovered(0, *std::move(result)) == Values(15));
}

TEST_CASE("frames that overlap segments are taken record by record from any cut", "[partition]") {
  PartitionFixture fixture;
  PartitionConfig config;
  config.batch_bytes = 100;
  const auto partition = fixture.Make(0, config);
  for (const int count : {3, 1, 7, 2}) {
    REQUIRE(
        fixture.Append(partition, Values(count, 10, static_cast<int>(partition->high_watermark())))
            .ok());
  }
  REQUIRE(partition->SealAll().ok());
  const std::string path = fixture.SegmentFile(0, 0);
  const std::string whole = fixture.Bytes(path);
  const auto end = static_cast<std::size_t>(partition->bytes());
  for (std::size_t cut = 0; cut <= end; cut += 7) {
    REQUIRE(fixture.memory.Remove(path).ok());
    fixture.WriteFile(path, 0, std::string_view(whole).substr(0, cut));
    auto result = RecoverPartition(fixture.RecoveryInput(0, config));
    REQUIRE(result.ok());
    REQUIRE(fixture.ReadRecovered(0, *std::move(result), config) == Values(13));
  }
}

TEST_CASE("a second recovery changes nothing", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(9)).ok());
  auto first = RecoverPartition(fixture.RecoveryInput(0));
  REQUIRE(first.ok());
  const auto before = fixture.Snapshot(0);
  PartitionRecoveryInput again = fixture.RecoveryInput(0);
  SECTION("from the old checkpoint") {}
  SECTION("from the new one") {
    again.checkpoint = first->checkpoint;
    again.frames.clear();
  }
  const auto second = RecoverPartition(again);
  REQUIRE(second.ok());
  CHECK(second->records_replayed == 0);
  CHECK(second->checkpoint.end_offset == 9);
  CHECK_FALSE(second->cut_to.has_value());
  CHECK(fixture.Bytes(fixture.SegmentFile(0, 0))
            .substr(0, static_cast<std::size_t>(second->checkpoint.position)) ==
        before.begin()->second.substr(0, static_cast<std::size_t>(first->checkpoint.position)));
}

TEST_CASE("a torn tail is cut and reported", "[partition]") {
  PartitionFixture fixture;
  const std::string good = SegmentBytes(0, {Ten(0)});
  const std::string path = fixture.SegmentFile(0, 0);
  fixture.WriteFile(path, 0, good + Ten(10).bytes.substr(0, 150));
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  const auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(result->partition.end_offset == 10);
  CHECK(result->bytes_cut == 150);
  CHECK(result->cut_to == 10);
  CHECK(fixture.Bytes(path) == good);
  fixture.memory.CutPower();
  CHECK(fixture.Bytes(path) == good);
}

TEST_CASE("preallocated zeros are cut and are no loss", "[partition]") {
  PartitionFixture fixture;
  const std::string good = SegmentBytes(0, {Ten(0)});
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, good + std::string(5000, '\0'));
  const auto result = RecoverPartition(fixture.RecoveryInput(0));
  REQUIRE(result.ok());
  CHECK(result->bytes_cut == 0);
  CHECK_FALSE(result->cut_to.has_value());
}

TEST_CASE("a hole below the proven end is refused and nothing is changed", "[partition]") {
  PartitionFixture fixture;
  const std::string path = fixture.SegmentFile(0, 0);
  const std::string two = SegmentBytes(0, {Ten(0), Ten(10)});
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  std::string expected_file = path;
  SECTION("the checkpointed file is missing") { input.checkpoint = Covering(0, two, 20); }
  SECTION("the checkpointed file is too short") {
    fixture.WriteFile(path, 0, two.substr(0, two.size() - 1));
    input.checkpoint = Covering(0, two, 20);
  }
  SECTION("a frame of a disk partition begins behind a hole") {
    const auto partition = fixture.Make(0);
    REQUIRE(fixture.Append(partition, Values(30)).ok());
    REQUIRE(fixture.Append(partition, Values(3)).ok());
    input = fixture.RecoveryInput(0);
    input.frames.erase(input.frames.begin());
    std::string damaged = two;
    damaged[damaged.size() - 5] ^= 1;
    fixture.WriteFile(path, 0, damaged);
  }
  const auto before = fixture.Snapshot(0);
  const auto result = RecoverPartition(input);
  CHECK(ReasonOf(result.status()) == ErrorReason::kDurableDataMissing);
  CHECK_THAT(Message(result.status()), Catch::Contains(expected_file));
  CHECK_THAT(Message(result.status()), Catch::Contains("offsets"));
  CHECK((fixture.Snapshot(0) == before));
}

TEST_CASE("a gap before a process frame is a cut", "[partition]") {
  PartitionFixture fixture;
  const auto config = fixture.Config(Acknowledgement::kProcess);
  const auto partition = fixture.Make(0, config);
  for (int i = 0; i < 3; ++i) REQUIRE(fixture.Append(partition, Values(2, 10, 2 * i)).ok());
  PartitionRecoveryInput input = fixture.RecoveryInput(0, config);
  input.frames.erase(input.frames.begin() + 1);
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(fixture.ReadRecovered(0, *std::move(result), config) == Values(2));
}

TEST_CASE("a valid batch beyond a hole never comes back", "[partition]") {
  PartitionFixture fixture;
  const std::string path = fixture.SegmentFile(0, 0);
  std::string bytes = SegmentBytes(0, {Ten(0)});
  const auto hole = bytes.size();
  bytes += Ten(10).bytes;
  bytes[hole + 3] ^= 1;
  bytes += Ten(20).bytes;
  fixture.WriteFile(path, 0, bytes);
  fixture.WriteFile(fixture.SegmentFile(0, 30), 0, SegmentBytes(30, {Ten(30)}));
  auto result = RecoverPartition(fixture.RecoveryInput(0));
  REQUIRE(result.ok());
  CHECK(result->partition.end_offset == 10);
  CHECK(result->cut_to == 10);
  CHECK(fixture.Bytes(path).size() == hole);
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 30)));
  // The offsets of the lost batch are written anew: what was behind it stays away.
  const auto partition = fixture.Make(0, {}, std::move(result->partition), 2);
  REQUIRE(fixture.Append(partition, Values(10)).ok());
  REQUIRE(partition->SealAll().ok());
  REQUIRE(partition->SyncForCheckpoint(0).ok());
  fixture.memory.CutPower();
  PartitionRecoveryInput again = fixture.RecoveryInput(0);
  again.leader_epoch = 2;
  CHECK(RecoverPartition(again)->partition.end_offset == 20);
}

TEST_CASE("files that are removed stay away after a power cut", "[partition]") {
  PartitionFixture fixture;
  fixture.WriteFile(fixture.SegmentFile(0, 30), 0, SegmentBytes(30, {Ten(30)}));
  const auto result = RecoverPartition(fixture.RecoveryInput(0));
  REQUIRE(result.ok());
  CHECK(result->partition.end_offset == 0);
  fixture.memory.CutPower();
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 30)));
}

TEST_CASE("a batch of a later epoch than the checkpoint has is refused", "[partition]") {
  PartitionFixture fixture;
  BatchSpec spec = {.base_offset = 10, .records = {{.value = "later"}}, .leader_epoch = 2};
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0,
                    SegmentBytes(0, {Ten(0), MakeBatch(TestIdentity(), spec)}));
  const absl::Status refused = RecoverPartition(fixture.RecoveryInput(0)).status();
  CHECK(ReasonOf(refused) == ErrorReason::kCorruptData);
  CHECK_THAT(std::string(refused.message()), Catch::Contains("checkpoint is older"));
}

TEST_CASE("a batch of a newer format is refused and kept", "[partition]") {
  PartitionFixture fixture;
  std::string newer = Ten(10).bytes;
  internal::HeaderFormat format = internal::kRecordBatchFormat;
  ++format.version;
  internal::FinishHeader(newer.data(), format, TestIdentity().Seed());
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, SegmentBytes(0, {Ten(0)}) + newer);
  const auto before = fixture.Snapshot(0);
  const auto mode =
      GENERATE(RecoveryMode::kRefuse, RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.mode = mode;
  CHECK(ReasonOf(RecoverPartition(input).status()) == ErrorReason::kNewerFormat);
  CHECK((fixture.Snapshot(0) == before));
}

TEST_CASE("recovery goes on over files that the checkpoint does not know", "[partition]") {
  PartitionFixture fixture;
  const std::string first = SegmentBytes(0, {Ten(0), Ten(10)});
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, first);
  fixture.WriteFile(fixture.SegmentFile(0, 20), 0, SegmentBytes(20, {Ten(20)}));
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.checkpoint = Covering(0, SegmentBytes(0, {Ten(0)}), 10);
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(result->partition.end_offset == 30);
  CHECK(result->checkpoint.segment_base_offset == 20);
  CHECK_FALSE(result->cut_to.has_value());
  CHECK(fixture.ReadRecovered(0, *std::move(result)).size() == 30);
}

TEST_CASE("what lies behind the batches of a segment does not hide the next one", "[partition]") {
  PartitionFixture fixture;
  const std::string first = SegmentBytes(0, {Ten(0)});
  const std::string garbage =
      GENERATE(std::string("garbage"), std::string(300, 'x'), Ten(20).bytes.substr(0, 100));
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, first + garbage);
  fixture.WriteFile(fixture.SegmentFile(0, 10), 0, SegmentBytes(10, {Ten(10)}));
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.mode = GENERATE(RecoveryMode::kRefuse, RecoveryMode::kTruncate);
  if (GENERATE(true, false)) input.checkpoint = Covering(0, SegmentBytes(0, {}), 0);
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(result->partition.end_offset == 20);
  CHECK(result->bytes_cut == std::ssize(garbage));
  CHECK(fixture.Bytes(fixture.SegmentFile(0, 0)) == first);
  CHECK(fixture.ReadRecovered(0, *std::move(result)).size() == 20);
}

TEST_CASE("the skipping mode puts fillers where frames are missing", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  for (int i = 0; i < 4; ++i) REQUIRE(fixture.Append(partition, Values(2, 10, 2 * i)).ok());
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.frames.erase(input.frames.begin() + 1);
  CHECK(ReasonOf(RecoverPartition(input).status()) == ErrorReason::kDurableDataMissing);
  input.mode = RecoveryMode::kSkipDamaged;
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(result->partition.end_offset == 8);
  CHECK_FALSE(result->notes.empty());
  CHECK(result->cut_to == 8);
  auto expected = Values(2);
  for (const std::string& value : Values(4, 10, 4)) expected.push_back(value);
  CHECK(fixture.ReadRecovered(0, *std::move(result)) == expected);
  CHECK(RecoverPartition(fixture.RecoveryInput(0))->partition.end_offset == 8);
}

TEST_CASE("the truncating mode ends at the first loss", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  for (int i = 0; i < 4; ++i) REQUIRE(fixture.Append(partition, Values(2, 10, 2 * i)).ok());
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.frames.erase(input.frames.begin() + 1);
  input.mode = RecoveryMode::kTruncate;
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(result->cut_to == 2);
  CHECK(fixture.ReadRecovered(0, *std::move(result)) == Values(2));
}

TEST_CASE("a segment that was cut to nothing behind the log's back is damage for its readers only",
          "[partition]") {
  PartitionFixture fixture;
  const std::string last = SegmentBytes(20, {Ten(20)});
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, SegmentBytes(0, {Ten(0)}));
  fixture.WriteFile(fixture.SegmentFile(0, 10), 0, GENERATE("", "x"));
  fixture.WriteFile(fixture.SegmentFile(0, 20), 0, last);
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.checkpoint = Covering(20, last, 30);
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  const auto partition = fixture.Make(0, {}, std::move(result->partition), 2);
  absl::Status status;
  CHECK(PartitionFixture::Read(partition.get(), 0, &status).size() == 10);
  CHECK(absl::IsDataLoss(status));
  CHECK(PartitionFixture::Read(partition.get(), 20, &status).size() == 10);
  CHECK(status.ok());
}

TEST_CASE("a disk that is full or fails during recovery loses nothing", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(5)).ok());
  fixture.disk.Intercept(DiskFullOn("Allocate", "/segments/"));
  CHECK(internal::IsDiskFull(RecoverPartition(fixture.RecoveryInput(0)).status()));
  fixture.disk.Heal();
  CHECK(fixture.Recovered(0) == Values(5));
}

TEST_CASE("files below the log start count for nothing whichever of them came back",
          "[partition]") {
  // Log start 30: the files 0, 10 and 20 were removed, and a crash kept some of the names.
  const bool named = GENERATE(true, false);
  for (int back = 0; back < 8; ++back) {
    PartitionFixture fixture;
    for (int i = 0; i < 3; ++i) {
      if ((back >> i & 1) == 0) continue;
      fixture.WriteFile(fixture.SegmentFile(0, i * 10), 0, SegmentBytes(i * 10, {Ten(i * 10)}));
      fixture.WriteFile(internal::OffsetIndexPath(fixture.Name(0).directory, i * 10), 0, "index");
    }
    const std::string first = SegmentBytes(30, {Ten(30)});
    fixture.WriteFile(fixture.SegmentFile(0, 30), 0, first);
    PartitionRecoveryInput input = fixture.RecoveryInput(0);
    input.checkpoint = named ? Covering(30, first, 40) : internal::PartitionCheckpoint();
    input.checkpoint.topic_id = kTopicId;
    input.checkpoint.log_start_offset = 30;
    if (!named) input.checkpoint.end_offset = 30;
    auto result = RecoverPartition(input);
    REQUIRE(result.ok());
    CHECK(result->partition.log_start_offset == 30);
    CHECK(result->partition.end_offset == 40);
    CHECK(result->checkpoint.segment_base_offset == 30);
    CHECK(result->bytes_cut == 0);
    CHECK(result->notes.empty());
    CHECK_FALSE(result->cut_to.has_value());
    fixture.memory.CutPower();
    CHECK(fixture.Snapshot(0).size() == 1);
  }
}

TEST_CASE("the explicit modes do not count files below the log start either", "[partition]") {
  PartitionFixture fixture;
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, SegmentBytes(0, {Ten(0)}).substr(0, 80));
  fixture.WriteFile(fixture.SegmentFile(0, 20), 0, SegmentBytes(20, {Ten(20)}));
  const std::string first = SegmentBytes(30, {Ten(30)});
  fixture.WriteFile(fixture.SegmentFile(0, 30), 0, first);
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.checkpoint = Covering(30, first, 40);
  input.checkpoint.log_start_offset = 35;
  input.mode = GENERATE(RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(result->notes.empty());
  CHECK(result->partition.log_start_offset == 35);
  CHECK(result->partition.end_offset == 40);
  CHECK(fixture.Snapshot(0).size() == 1);
}

TEST_CASE("a partition without records goes on at its log start", "[partition]") {
  PartitionFixture fixture;
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.checkpoint.log_start_offset = 30;
  input.checkpoint.end_offset = 30;
  input.mode = GENERATE(RecoveryMode::kRefuse, RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(result->partition.log_start_offset == 30);
  CHECK(result->partition.end_offset == 30);
  CHECK(result->notes.empty());
  CHECK(result->checkpoint.segment_base_offset == -1);
  CHECK(result->checkpoint.end_offset == 30);
  const auto partition = fixture.Make(0, {}, std::move(result->partition), 2);
  REQUIRE(fixture.Append(partition, Values(2)).ok());
  CHECK(partition->high_watermark() == 32);
  CHECK(fixture.Read(partition.get(), 30) == Values(2));
}

TEST_CASE("journal frames below the log start are not replayed", "[partition]") {
  PartitionFixture fixture;
  const auto partition = fixture.Make(0);
  REQUIRE(fixture.Append(partition, Values(3)).ok());
  REQUIRE(fixture.Append(partition, Values(3, 10, 3)).ok());
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.checkpoint.log_start_offset = 4;
  input.checkpoint.end_offset = 4;
  auto result = RecoverPartition(input);
  REQUIRE(result.ok());
  CHECK(result->records_replayed == 2);
  CHECK(result->partition.log_start_offset == 4);
  CHECK(fixture.ReadRecovered(0, *std::move(result)) == Values(2, 10, 4));
}

TEST_CASE("the newest append is as old as the checkpoint says and never to come", "[partition]") {
  PartitionFixture fixture;
  const std::string first = SegmentBytes(0, {Ten(0)});
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, first);
  const auto recovered_ms = [&](int64_t checkpointed_ms, const std::string& bytes) {
    fixture.WriteFile(fixture.SegmentFile(0, 0), 0, bytes);
    PartitionRecoveryInput input = fixture.RecoveryInput(0);
    input.checkpoint = Covering(0, first, 10);
    input.checkpoint.newest_append_ms = checkpointed_ms;
    const auto result = RecoverPartition(input);
    REQUIRE(result.ok());
    CHECK(result->checkpoint.newest_append_ms == result->partition.newest_append_ms);
    return result->partition.newest_append_ms;
  };
  const int64_t now_ms = fixture.NowMs();
  CHECK(recovered_ms(now_ms - 5000, first) == now_ms - 5000);
  CHECK(recovered_ms(now_ms + 5000, first) == now_ms);
  CHECK(recovered_ms(0, first) == now_ms);                              // unknown
  CHECK(recovered_ms(INT64_MIN, first) == now_ms);                      // the same
  CHECK(recovered_ms(now_ms - 5000, first + Ten(10).bytes) == now_ms);  // newer than it knows
}

TEST_CASE("indexes without a segment and unfinished files are removed and others are not",
          "[partition]") {
  PartitionFixture fixture;
  const std::string first = SegmentBytes(0, {Ten(0)});
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, first);
  const std::string directory = fixture.Name(0).directory;
  for (const std::string& path :
       {internal::OffsetIndexPath(directory, 0), internal::OffsetIndexPath(directory, 10),
        internal::TimeIndexPath(directory, 10), internal::TimeIndexPath(directory, 0) + ".tmp",
        directory + "/notes.index", directory + "/1.index"}) {
    fixture.WriteFile(path, 0, "bytes");
  }
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.checkpoint = Covering(0, first, 10);
  REQUIRE(RecoverPartition(input).ok());
  fixture.memory.CutPower();
  std::vector<std::string> names;
  for (const auto& [name, bytes] : fixture.Snapshot(0)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"00000000000000000000.index", "00000000000000000000.log",
                                          "1.index", "notes.index"});
}

TEST_CASE("a segment behind the checkpoint counts with a header of its own only", "[partition]") {
  PartitionFixture fixture;
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, SegmentBytes(0, {Ten(0)}));
  SECTION("another partition's") {
    fixture.WriteFile(fixture.SegmentFile(0, 10), 0,
                      internal::EncodeSegmentHeader({TestIdentity(1), 10, 1}) + Ten(10).bytes);
  }
  SECTION("another segment's") {
    fixture.WriteFile(fixture.SegmentFile(0, 10), 0,
                      internal::EncodeSegmentHeader({TestIdentity(), 11, 1}) + Ten(10).bytes);
  }
  const auto result = RecoverPartition(fixture.RecoveryInput(0));
  REQUIRE(result.ok());
  CHECK(result->partition.end_offset == 10);
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 10)));
}

// An error is not damage: nothing is removed because it could not be read.
TEST_CASE("a recovery that fails at any call is done again with the same result", "[partition]") {
  const auto mode =
      GENERATE(RecoveryMode::kRefuse, RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  const std::string checkpointed = SegmentBytes(10, {Ten(10)});
  std::vector<std::string> values;
  int64_t calls = 0;
  int refused = 0;
  for (int64_t failed_call = 0; failed_call <= calls; ++failed_call) {
    PartitionFixture fixture;
    const auto partition = fixture.Make(0);
    for (const int count : {40, 10, 10}) REQUIRE(fixture.Append(partition, Values(count)).ok());
    fixture.WriteFile(fixture.SegmentFile(0, 0), 0, SegmentBytes(0, {Ten(0)}));  // a leftover
    fixture.WriteFile(fixture.SegmentFile(0, 10), 0, checkpointed);
    fixture.WriteFile(fixture.SegmentFile(0, 20), 0,
                      SegmentBytes(20, {Ten(20)}) + std::string(200, '\0'));
    fixture.WriteFile(fixture.SegmentFile(0, 70), 0, SegmentBytes(70, {Ten(70)}));
    fixture.WriteFile(internal::OffsetIndexPath(fixture.Name(0).directory, 5), 0, "a stray");
    PartitionRecoveryInput input = fixture.RecoveryInput(0);
    if (mode == RecoveryMode::kSkipDamaged) input.frames.erase(input.frames.begin());
    internal::FileCache uncached(&fixture.disk, 0);  // every file is opened anew
    input.files = &uncached;
    input.mode = mode;
    input.checkpoint = Covering(10, checkpointed, 20);
    input.checkpoint.log_start_offset = 10;
    fixture.disk.ResetCounts();
    fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
      return call.number == failed_call ? absl::InternalError("EIO") : absl::OkStatus();
    });
    auto result = RecoverPartition(input);
    fixture.disk.Heal();
    INFO("call " << failed_call << ": " << result.status());
    if (failed_call == 0) {
      REQUIRE(result.ok());
      calls = fixture.disk.Count();
      values = fixture.ReadRecovered(0, *std::move(result));
      continue;
    }
    if (!result.ok()) {  // unless it was about an index, which is made again by need
      CHECK(absl::IsInternal(result.status()));
      ++refused;
      result = RecoverPartition(input);
    }
    REQUIRE(result.ok());
    CHECK(fixture.ReadRecovered(0, *std::move(result)) == values);
  }
  CHECK(values.size() == (mode == RecoveryMode::kSkipDamaged ? 40 : 50));
  CHECK(refused > 20);
}

TEST_CASE("a segment of a newer format behind the checkpoint is refused and kept", "[partition]") {
  PartitionFixture fixture;
  std::string bytes = SegmentBytes(0, {Ten(0)});
  internal::HeaderFormat newer = internal::kSegmentFormat;
  ++newer.version;
  internal::FinishHeader(bytes.data(), newer, 0);
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, bytes);
  const auto before = fixture.Snapshot(0);
  CHECK(ReasonOf(RecoverPartition(fixture.RecoveryInput(0)).status()) == ErrorReason::kNewerFormat);
  CHECK((fixture.Snapshot(0) == before));
}

TEST_CASE("a frame whose records are not those it says is not replayed", "[partition]") {
  PartitionFixture fixture;
  const SealedBatch batch = Ten(0);
  internal::JournalFrame frame;
  frame.record_count = 10;
  frame.records = std::string_view(batch.records).substr(1);
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.frames = {&frame};
  CHECK(ReasonOf(RecoverPartition(input).status()) == ErrorReason::kCorruptData);
}

TEST_CASE("segments are read from the device and not from the page cache", "[partition]") {
  PartitionFixture fixture;
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, SegmentBytes(0, {Ten(0)}));
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  std::vector<std::string> calls;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "DropCache" || call.name == "ReadAt") calls.emplace_back(call.name);
    return absl::OkStatus();
  });
  REQUIRE(RecoverPartition(input).ok());
  REQUIRE(calls.size() > 1);
  CHECK(calls.front() == "DropCache");
}

TEST_CASE("what the checkpoint covers is left in the page cache", "[partition]") {
  PartitionFixture fixture;
  const std::string last = SegmentBytes(10, {Ten(10)});
  fixture.WriteFile(fixture.SegmentFile(0, 0), 0, SegmentBytes(0, {Ten(0)}));
  fixture.WriteFile(fixture.SegmentFile(0, 10), 0, last);
  PartitionRecoveryInput input = fixture.RecoveryInput(0);
  input.checkpoint.segment_base_offset = 10;
  input.checkpoint.position = std::ssize(last);
  input.checkpoint.end_offset = 20;
  std::vector<std::string> dropped;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "DropCache") dropped.emplace_back(call.path);
    return absl::OkStatus();
  });
  REQUIRE(RecoverPartition(input).ok());
  CHECK(dropped.empty());

  fixture.WriteFile(fixture.SegmentFile(0, 10), 0,
                    last + SegmentBytes(20, {Ten(20)}).substr(internal::kSegmentHeaderBytes));
  REQUIRE(RecoverPartition(input).ok());
  CHECK(dropped == std::vector{fixture.SegmentFile(0, 10)});

  dropped.clear();
  input.mode = RecoveryMode::kTruncate;
  REQUIRE(RecoverPartition(input).ok());
  CHECK(std::count(dropped.begin(), dropped.end(), fixture.SegmentFile(0, 0)) > 0);
}

}  // namespace
}  // namespace eventlog::test

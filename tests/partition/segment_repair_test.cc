#include "partition/segment_repair.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "format/preamble.h"
#include "format/segment_header.h"
#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::PartitionCheckpoint;

// Three segments of two batches of ten records each, all proven.
struct RepairFixture : PartitionFixture {
  RepairFixture() {
    for (int64_t base = 0; base < 60; base += 20) {
      const SealedBatch first = MakeCountedBatch(TestIdentity(), base, 10);
      const SealedBatch second = MakeCountedBatch(TestIdentity(), base + 10, 10);
      const std::string bytes =
          internal::EncodeSegmentHeader({TestIdentity(), base, 1}) + first.bytes + second.bytes;
      WriteFile(SegmentFile(0, base), 0, bytes);
      batch_bytes = first.bytes.size();
      proven = {kTopicId, 0, 0, base, static_cast<int64_t>(bytes.size()), base + 20};
    }
  }

  PartitionCheckpoint proven;
  internal::RepairFindings findings;
  std::size_t batch_bytes = 0;  // of the first batch of the last file, and nearly of all others

  // With an error at that call of the file system; 0 is none.
  absl::Status Repair(RecoveryMode mode, int64_t failed_call = 0) {
    internal::FileCache uncached(&disk, 0);  // every file is opened anew
    const internal::RepairInput input = {&uncached, Name(0), {}, Frames(0), mode, NowMs()};
    disk.ResetCounts();
    disk.Intercept([failed_call](const FaultFileSystem::Call& call) {
      return call.number == failed_call ? absl::InternalError("EIO") : absl::OkStatus();
    });
    const absl::Status status = internal::RepairSegments(input, &proven, &findings);
    disk.Heal();
    return status;
  }
  void Damage(int64_t base_offset, int64_t position) {
    WriteFile(SegmentFile(0, base_offset), position, "damaged");
  }
  void RemoveFile(int64_t base_offset) {
    EVENTLOG_ASSERT(memory.Remove(SegmentFile(0, base_offset)).ok());
  }
  // Its second batch, of which nothing is left: neither bytes nor zeros.
  void CutOff(int64_t base_offset) {
    auto file = memory.OpenFile(SegmentFile(0, base_offset), FileSystem::Open::kExisting);
    EVENTLOG_ASSERT(file.ok());
    EVENTLOG_ASSERT((*file)->Truncate(SecondBatch()).ok());
  }
  // What the journal has besides: values without keys.
  void Journal(int64_t first_offset, int count) {
    internal::RecoveredPartition recovered;
    recovered.log_start_offset = first_offset;
    recovered.end_offset = first_offset;
    const auto partition = Make(0, {}, std::move(recovered), 1);
    EVENTLOG_ASSERT(Append(partition, Values(count)).ok());
  }
  int64_t SecondBatch() const {
    return internal::kSegmentHeaderBytes + static_cast<int64_t>(batch_bytes);
  }
  // From what is proven now.
  absl::StatusOr<internal::PartitionRecoveryResult> Recover(
      RecoveryMode mode = RecoveryMode::kRefuse) {
    internal::PartitionRecoveryInput input = RecoveryInput(0);
    input.mode = mode;
    input.checkpoint = proven;
    return internal::RecoverPartition(input);
  }
  // What is there after that, by key.
  std::vector<std::string> Keys(RecoveryMode mode = RecoveryMode::kRefuse) {
    auto result = Recover(mode);
    EVENTLOG_ASSERT(result.ok());
    end_offset = result->partition.end_offset;
    const auto partition = Make(0, {}, std::move(result->partition), 2);
    std::vector<std::string> keys;
    internal::FetchCursor cursor;
    for (int64_t offset = 0; offset < end_offset;) {
      std::vector<internal::StoredBatch> batches;
      EVENTLOG_ASSERT(partition->Read(offset, 1000, &cursor, &batches).ok());
      for (const auto& batch : batches) {
        std::string_view section = batch.records;
        while (!section.empty()) {
          internal::EncodedRecord record;
          EVENTLOG_ASSERT(internal::DecodeRecord(&section, &record).ok());
          keys.emplace_back(record.key, record.key_size);
        }
        offset = batch.header.next_offset();
      }
    }
    return keys;
  }
  static std::vector<std::string> Range(int from, int to, int without_from = 0,
                                        int without_to = 0) {
    std::vector<std::string> keys;
    for (int i = from; i < to; ++i) {
      if (i < without_from || i >= without_to) keys.push_back(std::to_string(i));
    }
    return keys;
  }
  int64_t end_offset = 0;
};

TEST_CASE("whole segments are left alone by both modes", "[partition]") {
  RepairFixture fixture;
  const auto mode = GENERATE(RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  const auto before = fixture.Snapshot(0);
  const PartitionCheckpoint proven = fixture.proven;
  REQUIRE(fixture.Repair(mode).ok());
  CHECK(fixture.findings.notes.empty());
  CHECK((fixture.Snapshot(0) == before));
  CHECK((fixture.proven == proven));
}

TEST_CASE("a damaged batch is left out and its offsets are a filler's", "[partition]") {
  RepairFixture fixture;
  fixture.Damage(20, internal::kSegmentHeaderBytes + 120);
  REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
  CHECK(fixture.findings.notes.size() == 1);
  CHECK(fixture.findings.bytes_cut > 0);
  CHECK(fixture.Keys() == RepairFixture::Range(0, 60, 20, 30));
  CHECK(fixture.end_offset == 60);
  fixture.findings.notes.clear();
  REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
  CHECK(fixture.findings.notes.empty());
}

TEST_CASE("a damaged end of the last segment keeps the proven end", "[partition]") {
  RepairFixture fixture;
  fixture.Damage(40, fixture.proven.position - 20);
  REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
  CHECK(fixture.Keys() == RepairFixture::Range(0, 50));
  CHECK(fixture.end_offset == 60);  // those offsets are not given out again
}

TEST_CASE("a segment whose header is damaged keeps its batches", "[partition]") {
  RepairFixture fixture;
  fixture.Damage(20, 10);
  REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
  CHECK(fixture.Keys() == RepairFixture::Range(0, 60));
}

TEST_CASE("a missing segment is stood for by fillers", "[partition]") {
  RepairFixture fixture;
  REQUIRE(fixture.memory.Remove(fixture.SegmentFile(0, 20)).ok());
  REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
  CHECK_FALSE(fixture.findings.notes.empty());
  CHECK(fixture.Keys() == RepairFixture::Range(0, 60, 20, 40));
}

TEST_CASE("a first segment that is missing is stood for by a file of fillers", "[partition]") {
  RepairFixture fixture;
  fixture.RemoveFile(0);
  SECTION("skipped") {
    REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
    CHECK_THAT(fixture.findings.notes.at(0), Catch::Contains("offsets 0 to 19 are lost"));
    CHECK(fixture.Keys() == RepairFixture::Range(20, 60));
  }
  SECTION("or everything behind it is cut") {
    REQUIRE(fixture.Repair(RecoveryMode::kTruncate).ok());
    CHECK(fixture.proven.segment_base_offset == -1);
    CHECK(fixture.Keys().empty());
    CHECK(fixture.end_offset == 0);
  }
}

TEST_CASE("a last segment that ends before what is proven goes on with a filler", "[partition]") {
  RepairFixture fixture;
  fixture.CutOff(40);
  SECTION("skipped") {
    REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
    CHECK(fixture.Keys() == RepairFixture::Range(0, 50));
    CHECK(fixture.end_offset == 60);
  }
  SECTION("or ends there") {
    REQUIRE(fixture.Repair(RecoveryMode::kTruncate).ok());
    CHECK(fixture.Keys() == RepairFixture::Range(0, 50));
    CHECK(fixture.end_offset == 50);
  }
}

TEST_CASE("a segment behind what is proven is left to the ordinary recovery", "[partition]") {
  RepairFixture fixture;
  fixture.proven = {kTopicId, 0, 0, 20, fixture.proven.position, 40};
  fixture.Damage(40, fixture.SecondBatch() + 20);
  const auto before = fixture.Snapshot(0);
  const auto mode = GENERATE(RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  REQUIRE(fixture.Repair(mode).ok());
  CHECK(fixture.findings.notes.empty());
  CHECK((fixture.Snapshot(0) == before));
  CHECK(fixture.Keys() == RepairFixture::Range(0, 50));
}

TEST_CASE("a segment with another one's header is damaged", "[partition]") {
  RepairFixture fixture;
  const auto header = GENERATE(internal::SegmentHeader{TestIdentity(1), 20, 1},
                               internal::SegmentHeader{TestIdentity(), 21, 1});
  fixture.WriteFile(fixture.SegmentFile(0, 20), 0, internal::EncodeSegmentHeader(header));
  SECTION("its batches are kept") {
    REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
    CHECK(fixture.Keys() == RepairFixture::Range(0, 60));
  }
  SECTION("or it is removed") {
    REQUIRE(fixture.Repair(RecoveryMode::kTruncate).ok());
    CHECK(fixture.Keys() == RepairFixture::Range(0, 20));
  }
}

TEST_CASE("a segment of a newer format is no damage", "[partition]") {
  RepairFixture fixture;
  internal::HeaderFormat newer = internal::kSegmentFormat;
  ++newer.version;
  std::string header = fixture.Bytes(fixture.SegmentFile(0, 20));
  internal::FinishHeader(header.data(), newer, 0);
  fixture.WriteFile(fixture.SegmentFile(0, 20), 0, header);
  const auto before = fixture.Snapshot(0);
  const auto mode = GENERATE(RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  CHECK(ReasonOf(fixture.Repair(mode)) == ErrorReason::kNewerFormat);
  CHECK((fixture.Snapshot(0) == before));
}

TEST_CASE("a frame whose records are not those it says is damage", "[partition]") {
  const SealedBatch batch = MakeCountedBatch(TestIdentity(), 0, 3);
  internal::JournalFrame frame;
  frame.record_count = 3;
  frame.records = batch.records;
  const auto replay = [&] {
    internal::Tail tail;
    return internal::ReplayFrame(frame, 0, 3, 1000, 1, &tail);
  };
  CHECK(replay().value() == 3);
  frame.first_offset = 1;
  CHECK(ReasonOf(replay().status()) == ErrorReason::kCorruptData);
  frame.first_offset = 0;
  frame.records.remove_suffix(1);
  CHECK(ReasonOf(replay().status()) == ErrorReason::kCorruptData);
}

TEST_CASE("when every segment is missing the offsets are still taken", "[partition]") {
  RepairFixture fixture;
  for (const int64_t base : {0, 20, 40}) fixture.RemoveFile(base);
  REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
  CHECK(fixture.Keys().empty());
  CHECK(fixture.end_offset == 60);
}

TEST_CASE("what the journal has of a damaged range is not lost", "[partition]") {
  RepairFixture fixture;
  const int64_t from = GENERATE(0, 30, 33);  // with a filler before it
  fixture.Journal(from, static_cast<int>(37 - from));
  fixture.Damage(20, fixture.proven.position - 20);  // offsets 30 to 39
  REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
  const std::vector<std::string> keys = fixture.Keys();
  const int64_t replayed = 37 - std::max<int64_t>(from, 30);
  CHECK(std::ssize(keys) == 50 + replayed);
  CHECK(std::count(keys.begin(), keys.end(), "") == replayed);
  CHECK(fixture.findings.records_replayed == replayed);
  CHECK(fixture.end_offset == 60);
}

TEST_CASE("a frame of the journal that contradicts itself ends a repair", "[partition]") {
  RepairFixture fixture;
  fixture.Damage(20, fixture.SecondBatch() + 20);
  const SealedBatch batch = MakeCountedBatch(TestIdentity(), 30, 10);
  internal::JournalFrame frame;
  frame.batch_base_offset = 30;
  frame.first_offset = 30;
  frame.record_count = 10;
  frame.records = std::string_view(batch.records).substr(1);
  const internal::RepairInput input = {
      &fixture.files, fixture.Name(0), {}, {&frame}, RecoveryMode::kSkipDamaged, fixture.NowMs()};
  CHECK(ReasonOf(RepairSegments(input, &fixture.proven, &fixture.findings)) ==
        ErrorReason::kCorruptData);
}

TEST_CASE("the first segment is judged though nothing of it is proven", "[partition]") {
  RepairFixture fixture;
  fixture.proven = {kTopicId, 0};
  fixture.Damage(0, fixture.SecondBatch() + 20);
  REQUIRE(fixture.Repair(RecoveryMode::kSkipDamaged).ok());
  CHECK(fixture.Keys() == RepairFixture::Range(0, 60, 10, 20));
}

TEST_CASE("bytes behind the last batch of a segment are cut and cost no record", "[partition]") {
  RepairFixture fixture;
  const auto mode = GENERATE(RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  const std::string path = fixture.SegmentFile(0, 20);
  const auto size = static_cast<int64_t>(fixture.Bytes(path).size());
  fixture.Damage(20, size);
  REQUIRE(fixture.Repair(mode).ok());
  CHECK(fixture.findings.notes.size() == 1);
  CHECK(fixture.findings.bytes_cut == 7);
  fixture.memory.CutPower();
  CHECK(std::ssize(fixture.Bytes(path)) == size);
  CHECK(fixture.Keys() == RepairFixture::Range(0, 60));
}

TEST_CASE("the truncating mode cuts at the first damage and removes what follows", "[partition]") {
  RepairFixture fixture;
  fixture.Damage(20, fixture.proven.position - 20);
  REQUIRE(fixture.Repair(RecoveryMode::kTruncate).ok());
  CHECK(fixture.findings.notes.size() == 1);
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 40)));
  fixture.memory.CutPower();
  CHECK(fixture.Keys() == RepairFixture::Range(0, 30));
  CHECK(fixture.end_offset == 30);
}

TEST_CASE("the truncating mode removes a file without a good header", "[partition]") {
  RepairFixture fixture;
  fixture.Damage(20, 10);
  REQUIRE(fixture.Repair(RecoveryMode::kTruncate).ok());
  CHECK(fixture.Keys() == RepairFixture::Range(0, 20));
}

TEST_CASE("fillers have no records and cover their offsets", "[partition]") {
  PartitionFixture fixture;
  internal::SegmentSet set(&fixture.files, {fixture.Name(0).directory, TestIdentity()});
  REQUIRE(internal::AppendFiller(&set, 5, 5, {}, TestIdentity().Seed(), 1).ok());
  CHECK(set.segments().empty());
  REQUIRE(internal::AppendFiller(&set, 5, 9, {}, TestIdentity().Seed(), 1).ok());
  std::vector<internal::StoredBatch> batches;
  REQUIRE(set.Read(7, -1, 1000, &batches).ok());
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].header.base_offset == 5);
  CHECK(batches[0].header.next_offset() == 9);
  CHECK(batches[0].header.record_count == 0);
  CHECK(batches[0].records.empty());
}

TEST_CASE("a cut above the log start leaves what is below it in the same file", "[partition]") {
  RepairFixture fixture;
  fixture.proven.log_start_offset = 5;
  fixture.Damage(0, fixture.SecondBatch() + 20);
  REQUIRE(fixture.Repair(RecoveryMode::kTruncate).ok());
  CHECK(fixture.proven.segment_base_offset == 0);
  CHECK(fixture.proven.end_offset == 10);
  const auto result = fixture.Recover();
  REQUIRE(result.ok());
  CHECK(result->partition.log_start_offset == 5);
  CHECK(result->partition.end_offset == 10);
}

TEST_CASE("a cut below the log start leaves nothing and offsets go on from there", "[partition]") {
  RepairFixture fixture;
  fixture.proven.log_start_offset = 15;
  fixture.Damage(0, internal::kSegmentHeaderBytes + static_cast<int64_t>(fixture.batch_bytes) + 20);
  REQUIRE(fixture.Repair(RecoveryMode::kTruncate).ok());
  CHECK(fixture.proven.segment_base_offset == -1);
  CHECK(fixture.proven.end_offset == 15);
  const auto result = fixture.Recover();
  REQUIRE(result.ok());
  CHECK(result->partition.log_start_offset == 15);
  CHECK(result->partition.segments.empty());
  CHECK_FALSE(fixture.Exists(fixture.SegmentFile(0, 0)));
}

TEST_CASE("what was repaired is durable", "[partition]") {
  RepairFixture fixture;
  fixture.Damage(20, fixture.proven.position - 20);
  const auto mode = GENERATE(RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  REQUIRE(fixture.Repair(mode).ok());
  const auto repaired = fixture.Snapshot(0);
  fixture.memory.CutPower();
  CHECK((fixture.Snapshot(0) == repaired));
}

TEST_CASE("a repair that fails at any call is done again with the same result", "[partition]") {
  using Harm = void (*)(RepairFixture*);
  const Harm harms[] = {
      [](RepairFixture* of) { of->Damage(20, internal::kSegmentHeaderBytes + 20); },
      [](RepairFixture* of) { of->Damage(20, of->SecondBatch() + 20); },
      [](RepairFixture* of) { of->Damage(0, of->SecondBatch() + 20); },
      [](RepairFixture* of) { of->Damage(40, of->SecondBatch() + 20); },
      [](RepairFixture* of) { of->Damage(0, 10); },                    // the header
      [](RepairFixture* of) { of->Damage(20, 10); },                   // the header
      [](RepairFixture* of) { of->Damage(20, of->proven.position); },  // behind the last batch
      [](RepairFixture* of) { of->RemoveFile(0); },
      [](RepairFixture* of) { of->RemoveFile(20); },
      [](RepairFixture* of) {
        for (const int64_t base : {0, 20, 40}) of->RemoveFile(base);
        EVENTLOG_ASSERT(of->memory.Remove(of->Name(0).directory).ok());
      },
      [](RepairFixture* of) {
        of->Journal(33, 4);
        of->Damage(20, of->SecondBatch() + 20);
      },
  };
  const auto mode = GENERATE(RecoveryMode::kTruncate, RecoveryMode::kSkipDamaged);
  for (std::size_t harm = 0; harm < std::size(harms); ++harm) {
    std::vector<std::string> keys;
    int64_t calls = 0;
    for (int64_t failed_call = 0; failed_call <= calls; ++failed_call) {
      RepairFixture fixture;
      harms[harm](&fixture);
      const PartitionCheckpoint proven = fixture.proven;
      INFO("harm " << harm << ", call " << failed_call);
      const absl::Status status = fixture.Repair(mode, failed_call);
      if (failed_call == 0) {
        REQUIRE(status.ok());
        calls = fixture.disk.Count();
        keys = fixture.Keys(mode);
        continue;
      }
      CHECK(absl::IsInternal(status));
      fixture.proven = proven;
      REQUIRE(fixture.Repair(mode).ok());
      CHECK(fixture.Keys(mode) == keys);
    }
    CHECK(calls > 0);
  }
}

}  // namespace
}  // namespace eventlog::test

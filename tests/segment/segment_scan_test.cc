#include "segment/segment_scan.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "segment/segment_fixture.h"

namespace eventlog::test {
namespace {

using internal::kSegmentHeaderBytes;
using internal::ReadSegmentHeader;
using internal::ScanResult;
using internal::ScanSegment;
using internal::StoredBatch;

constexpr int32_t kMaxEpoch = 5;

ScanResult Scan(SegmentFixture* fixture, bool allow_gaps = false) {
  const auto result = ScanSegment(fixture->OpenFile().get(), "the/file", fixture->seed,
                                  kSegmentHeaderBytes, 0, kMaxEpoch, allow_gaps);
  REQUIRE(result.ok());
  return *result;
}

SealedBatch OfEpoch(int64_t base_offset, int32_t leader_epoch) {
  return MakeBatch(TestIdentity(), {.base_offset = base_offset,
                                    .records = {{.value = "v", .timestamp_ms = 1}},
                                    .leader_epoch = leader_epoch});
}

TEST_CASE("a segment's header says whose it is", "[segment]") {
  SegmentFixture fixture;
  fixture.WriteFile({});
  const auto header = ReadSegmentHeader(fixture.OpenFile().get());
  REQUIRE(header.ok());
  CHECK(header->identity == fixture.place.identity);
  CHECK(header->created_ms == 1);
  fixture.Flip(fixture.path, 30);
  CHECK(ReasonOf(ReadSegmentHeader(fixture.OpenFile().get()).status()) ==
        ErrorReason::kCorruptData);
  fixture.WriteBytes("short");
  CHECK(ReasonOf(ReadSegmentHeader(fixture.OpenFile().get()).status()) ==
        ErrorReason::kCorruptData);
}

TEST_CASE("a scan visits every batch and ends at zeros or the end of the file", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(20, 5, 50);
  for (const std::size_t zeros :
       {std::size_t{0}, std::size_t{1}, std::size_t{95}, std::size_t{96}, std::size_t{100000}}) {
    const int64_t end = fixture.WriteFile(batches, zeros);
    std::size_t visited = 0;
    const auto result =
        ScanSegment(fixture.OpenFile().get(), "f", fixture.seed, kSegmentHeaderBytes, 0, kMaxEpoch,
                    false, [&](const StoredBatch& batch) {
                      CHECK(Same(batch, batches.at(visited), Positions(batches)[visited]));
                      ++visited;
                      return absl::OkStatus();
                    });
    REQUIRE(result.ok());
    CHECK(visited == batches.size());
    CHECK(result->end_position == end);
    CHECK(result->next_offset == 100);
    CHECK(result->stopped.ok());
    CHECK_FALSE(result->newer_format);
  }
}

TEST_CASE("a scan reads many batches with one call", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(2000, 10, 100);
  const int64_t end = fixture.WriteFile(batches);
  const auto file = fixture.OpenFile();
  const auto result =
      ScanSegment(file.get(), "f", fixture.seed, kSegmentHeaderBytes, 0, kMaxEpoch, false);
  REQUIRE(result.ok());
  CHECK(result->end_position == end);
  CHECK(fixture.disk.Count("ReadAt") <= 1 + end / (1 << 20) + 1);
}

TEST_CASE("a scan starts where it is told", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(4, 5);
  const int64_t end = fixture.WriteFile(batches, 10);
  int visited = 0;
  const auto result =
      ScanSegment(fixture.OpenFile().get(), "f", fixture.seed, Positions(batches)[2], 10, kMaxEpoch,
                  false, [&](const StoredBatch&) {
                    ++visited;
                    return absl::OkStatus();
                  });
  REQUIRE(result.ok());
  CHECK(visited == 2);
  CHECK(result->end_position == end);
}

TEST_CASE("a scan stops before a torn batch and says so", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(3, 5, 100);
  const int64_t end = fixture.WriteFile(batches);
  const int64_t last = Positions(batches)[2];
  // (The last byte is a zero: a batch that lacks it before zeros lacks nothing.)
  for (int64_t cut = last + 1; cut < end - 1; ++cut) {
    for (const bool zeros : {false, true}) {
      fixture.WriteFile(batches);
      const auto file = fixture.OpenFile();
      REQUIRE(file->Truncate(cut).ok());
      if (zeros) REQUIRE(file->Truncate(end + 4096).ok());
      const ScanResult result = Scan(&fixture);
      REQUIRE(result.end_position == last);
      REQUIRE(result.next_offset == 10);
      REQUIRE(ReasonOf(result.stopped) == ErrorReason::kCorruptData);
      REQUIRE_THAT(Message(result.stopped),
                   Catch::Contains("the/file") && Catch::Contains(std::to_string(last)));
    }
  }
}

TEST_CASE("a scan stops at the first damaged batch whatever comes behind it", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(3, 3);
  const auto positions = Positions(batches);
  fixture.WriteFile(batches, 200);
  for (int64_t flipped = positions[1]; flipped < positions[2]; ++flipped) {
    fixture.Flip(fixture.path, flipped);
    const ScanResult result = Scan(&fixture);
    REQUIRE(result.end_position == positions[1]);
    REQUIRE(result.next_offset == 3);
    REQUIRE(ReasonOf(result.stopped) == ErrorReason::kCorruptData);
    REQUIRE_FALSE(result.newer_format);
    fixture.Flip(fixture.path, flipped);
  }
}

TEST_CASE("a hole of zeros ends a scan though a good batch comes behind it", "[segment]") {
  SegmentFixture fixture;
  auto batches = MakeCountedBatches(3, 5);
  batches[1].bytes.assign(batches[1].bytes.size(), '\0');
  fixture.WriteFile(batches);
  const ScanResult result = Scan(&fixture);
  CHECK(result.end_position == Positions(batches)[1]);
  CHECK(result.next_offset == 5);
  CHECK(result.stopped.ok());
}

TEST_CASE("a scan stops at a batch that does not continue the one before", "[segment]") {
  SegmentFixture fixture;
  const std::vector<SealedBatch> gap = {MakeCountedBatch(TestIdentity(), 0, 5),
                                        MakeCountedBatch(TestIdentity(), 6, 5)};
  const int64_t end = fixture.WriteFile(gap);
  ScanResult result = Scan(&fixture);
  CHECK(result.end_position == Positions(gap)[1]);
  CHECK(ReasonOf(result.stopped) == ErrorReason::kCorruptData);
  result = Scan(&fixture, true);
  CHECK(result.stopped.ok());
  CHECK(result.end_position == end);
  CHECK(result.next_offset == 11);

  const std::vector<SealedBatch> overlap = {MakeCountedBatch(TestIdentity(), 0, 5),
                                            MakeCountedBatch(TestIdentity(), 4, 5)};
  fixture.WriteFile(overlap);
  for (const bool allow_gaps : {false, true}) {
    result = Scan(&fixture, allow_gaps);
    CHECK(result.end_position == Positions(overlap)[1]);
    CHECK(result.next_offset == 5);
    CHECK(ReasonOf(result.stopped) == ErrorReason::kCorruptData);
  }
}

TEST_CASE("a scan stops at a leader epoch above the largest", "[segment]") {
  SegmentFixture fixture;
  const std::vector<SealedBatch> batches = {OfEpoch(0, kMaxEpoch), OfEpoch(1, kMaxEpoch + 1)};
  fixture.WriteFile(batches);
  const ScanResult result = Scan(&fixture);
  CHECK(result.end_position == Positions(batches)[1]);
  CHECK_THAT(Message(result.stopped), Catch::Contains("epoch 6"));
}

TEST_CASE("a scan tells a newer format from damage", "[segment]") {
  SegmentFixture fixture;
  auto batches = MakeCountedBatches(2, 5);
  batches[1].bytes = OfNewerVersion(batches[1].bytes, fixture.seed);
  fixture.WriteFile(batches);
  const ScanResult result = Scan(&fixture);
  CHECK(result.newer_format);
  CHECK(ReasonOf(result.stopped) == ErrorReason::kNewerFormat);
  CHECK(result.end_position == Positions(batches)[1]);
}

TEST_CASE("an error of the visitor ends a scan", "[segment]") {
  SegmentFixture fixture;
  fixture.WriteFile(MakeCountedBatches(5, 5));
  int visited = 0;
  const auto stopped =
      ScanSegment(fixture.OpenFile().get(), "f", fixture.seed, kSegmentHeaderBytes, 0, kMaxEpoch,
                  false, [&](const StoredBatch&) {
                    return ++visited == 2 ? absl::CancelledError("enough") : absl::OkStatus();
                  });
  CHECK(absl::IsCancelled(stopped.status()));
  CHECK(visited == 2);
}

TEST_CASE("an error of any call ends a scan", "[segment]") {
  SegmentFixture fixture;
  // The file's size, its batches, its zeros, and whether they are zeros.
  fixture.WriteFile(MakeCountedBatches(5, 5), 200);
  const auto file = fixture.OpenFile();
  const auto scan = [&] {
    fixture.disk.ResetCounts();
    return ScanSegment(file.get(), "f", fixture.seed, kSegmentHeaderBytes, 0, kMaxEpoch, false);
  };
  REQUIRE(scan().ok());
  const int64_t calls = fixture.disk.Count();
  CHECK(calls == 4);
  for (int64_t failed = 1; failed <= calls; ++failed) {
    fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
      return call.number == failed ? absl::InternalError("EIO") : absl::OkStatus();
    });
    CHECK(absl::IsInternal(scan().status()));
  }
  fixture.disk.FailAll("ReadAt", FaultFileSystem::Fault::kIoError);
  CHECK(absl::IsInternal(ReadSegmentHeader(file.get()).status()));
}

}  // namespace
}  // namespace eventlog::test

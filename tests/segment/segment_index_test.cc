#include "segment/segment_index.h"

#include <catch2/catch.hpp>

#include "segment/segment_fixture.h"

namespace eventlog::test {
namespace {

using internal::BatchHeader;
using internal::kSegmentHeaderBytes;
using internal::SegmentIndex;

// Batches of 1,000 bytes with ten offsets each; `timestamp_ms` gives the largest of each.
template <typename F>
SegmentIndex MakeIndex(int batches, F timestamp_ms) {
  SegmentIndex index(100);
  for (int i = 0; i < batches; ++i) {
    BatchHeader header;
    header.base_offset = 100 + 10 * i;
    header.last_offset_delta = 9;
    header.max_timestamp_ms = timestamp_ms(i);
    index.Add(header, kSegmentHeaderBytes + 1000 * i);
  }
  return index;
}

TEST_CASE("an offset is found within one interval", "[segment]") {
  const SegmentIndex index = MakeIndex(200, [](int i) { return i; });
  for (int64_t offset = 100; offset < 2100; ++offset) {
    const int64_t exact = kSegmentHeaderBytes + 1000 * ((offset - 100) / 10);
    const int64_t found = index.FindOffset(offset, kSegmentHeaderBytes);
    REQUIRE(found <= exact);
    REQUIRE(exact - found <= SegmentIndex::kIntervalBytes);
  }
  CHECK(index.FindOffset(99, 7) == 7);
  CHECK(SegmentIndex(0).FindOffset(5, 7) == 7);
}

TEST_CASE("no record below the offset found for a timestamp is at or after it", "[segment]") {
  const auto jumping = [](int i) { return int64_t{(i * 37) % 101 + i}; };
  const auto still = [](int) { return int64_t{5}; };
  const auto falling = [](int i) { return int64_t{1000 - i}; };
  const auto rising = [](int i) { return int64_t{i}; };
  for (int shape = 0; shape < 4; ++shape) {
    const auto timestamp_ms = [&](int i) {
      return shape == 0 ? jumping(i) : shape == 1 ? still(i) : shape == 2 ? falling(i) : rising(i);
    };
    const SegmentIndex index = MakeIndex(200, timestamp_ms);
    int64_t largest_ms = INT64_MIN;
    for (int i = 0; i < 200; ++i) largest_ms = std::max(largest_ms, timestamp_ms(i));
    CHECK(index.max_timestamp_ms() == largest_ms);
    for (int64_t wanted_ms = -1; wanted_ms < 1002; ++wanted_ms) {
      int first = 0;
      while (first < 200 && timestamp_ms(first) < wanted_ms) ++first;
      const int64_t first_offset = 100 + 10 * first;
      const int64_t found = index.FindTimestamp(wanted_ms);
      REQUIRE(found <= first_offset);
      // Not further away than an interval: 17 batches of 1,000 bytes.
      REQUIRE(first_offset - found <= 180);
    }
  }
}

TEST_CASE("a saved index loads as it was", "[segment]") {
  SegmentFixture fixture;
  for (const int batches : {0, 1, 20, 200}) {
    const SegmentIndex index = MakeIndex(batches, [](int i) { return int64_t{i % 150}; });
    const int64_t end = kSegmentHeaderBytes + 1000 * batches;
    REQUIRE(index.Save(&fixture.memory, "/p", end, fixture.seed).ok());
    const auto loaded = SegmentIndex::Load(&fixture.memory, "/p", 100, end, fixture.seed);
    REQUIRE(loaded.ok());
    CHECK(loaded->max_timestamp_ms() == index.max_timestamp_ms());
    for (int64_t offset = 90; offset < 2110; ++offset) {
      REQUIRE(loaded->FindOffset(offset, 1) == index.FindOffset(offset, 1));
    }
    for (int64_t wanted_ms = -1; wanted_ms <= index.max_timestamp_ms(); ++wanted_ms) {
      REQUIRE(loaded->FindTimestamp(wanted_ms) == index.FindTimestamp(wanted_ms));
    }
  }
}

TEST_CASE("an index of other data or with a flipped byte is refused", "[segment]") {
  SegmentFixture fixture;
  const SegmentIndex index = MakeIndex(60, [](int i) { return int64_t{i}; });
  const int64_t end = kSegmentHeaderBytes + 1000 * 60;
  REQUIRE(index.Save(&fixture.memory, "/p", end, fixture.seed).ok());
  CHECK_FALSE(SegmentIndex::Load(&fixture.memory, "/p", 100, end + 1, fixture.seed).ok());
  CHECK_FALSE(SegmentIndex::Load(&fixture.memory, "/p", 101, end, fixture.seed).ok());
  CHECK_FALSE(SegmentIndex::Load(&fixture.memory, "/p", 100, end, fixture.seed + 1).ok());
  for (const std::string& path :
       {internal::OffsetIndexPath("/p", 100), internal::TimeIndexPath("/p", 100)}) {
    const int64_t bytes = fixture.OpenFile(path)->Size().value();
    REQUIRE(bytes > 48);
    for (int64_t position = 0; position < bytes; ++position) {
      fixture.Flip(path, position);
      REQUIRE_FALSE(SegmentIndex::Load(&fixture.memory, "/p", 100, end, fixture.seed).ok());
      fixture.Flip(path, position);
    }
    REQUIRE(SegmentIndex::Load(&fixture.memory, "/p", 100, end, fixture.seed).ok());
  }
  // Under the name of another segment.
  REQUIRE(fixture.memory
              .Rename(internal::OffsetIndexPath("/p", 100), internal::OffsetIndexPath("/p", 101))
              .ok());
  REQUIRE(
      fixture.memory.Rename(internal::TimeIndexPath("/p", 100), internal::TimeIndexPath("/p", 101))
          .ok());
  CHECK(
      absl::IsDataLoss(SegmentIndex::Load(&fixture.memory, "/p", 101, end, fixture.seed).status()));
}

TEST_CASE("a rebuilt index is the one that was built batch by batch", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(300, 7, 40);
  const int64_t end = fixture.WriteFile(batches);
  SegmentIndex built(0);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    built.Add(batches[i].header, Positions(batches)[i]);
  }
  const auto rebuilt = SegmentIndex::Rebuild(fixture.OpenFile().get(), "f", fixture.seed, 0, end);
  REQUIRE(rebuilt.ok());
  CHECK(rebuilt->max_timestamp_ms() == built.max_timestamp_ms());
  for (int64_t offset = 0; offset < 2100; ++offset) {
    REQUIRE(rebuilt->FindOffset(offset, 1) == built.FindOffset(offset, 1));
    REQUIRE(rebuilt->FindTimestamp(offset) == built.FindTimestamp(offset));
  }
  REQUIRE(built.FindOffset(2099, 1) > end - 2 * SegmentIndex::kIntervalBytes);
}

TEST_CASE("a rebuilt index leaves damage out and goes on behind it", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(300, 7, 40);
  const auto positions = Positions(batches);
  const int64_t end = fixture.WriteFile(batches);
  fixture.Flip(fixture.path, positions[100] + 8);
  fixture.Flip(fixture.path, positions[200] + 100);
  const auto rebuilt = SegmentIndex::Rebuild(fixture.OpenFile().get(), "f", fixture.seed, 0, end);
  REQUIRE(rebuilt.ok());
  // The damage may hold any time: no lookup steps over it.
  CHECK(rebuilt->max_timestamp_ms() == INT64_MAX);
  CHECK(rebuilt->FindTimestamp(2099) <= 700);
  CHECK(rebuilt->FindOffset(2099, 1) > end - 2 * SegmentIndex::kIntervalBytes);
  for (const int64_t damaged : {100, 200}) {
    CHECK(rebuilt->FindOffset(damaged * 7 + 6, 1) < positions[static_cast<std::size_t>(damaged)]);
  }
}

TEST_CASE("a rebuilt index leaves out a batch that goes back", "[segment]") {
  SegmentFixture fixture;
  const std::vector<SealedBatch> batches = {MakeCountedBatch(TestIdentity(), 0, 10),
                                            MakeCountedBatch(TestIdentity(), 5, 10),
                                            MakeCountedBatch(TestIdentity(), 10, 10)};
  const int64_t end = fixture.WriteFile(batches);
  const auto file = fixture.OpenFile();
  const auto rebuilt = SegmentIndex::Rebuild(file.get(), "f", fixture.seed, 0, end);
  REQUIRE(rebuilt.ok());
  CHECK(rebuilt->max_timestamp_ms() == INT64_MAX);
  fixture.disk.FailAll("ReadAt", FaultFileSystem::Fault::kIoError);
  CHECK(absl::IsInternal(SegmentIndex::Rebuild(file.get(), "f", fixture.seed, 0, end).status()));
}

}  // namespace
}  // namespace eventlog::test

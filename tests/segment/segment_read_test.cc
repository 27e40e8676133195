// What readers see of a segment: offsets, hints, timestamps, damage.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/error.h"
#include "segment/segment.h"
#include "segment/segment_fixture.h"
#include "support/sealed_bytes.h"
#include "support/temp_dir.h"

namespace eventlog::test {
namespace {

using internal::FileCache;
using internal::kSegmentHeaderBytes;
using internal::Segment;
using internal::StoredBatch;

// The offsets that a read hands out batches for: [first, last].
struct Span {
  int64_t first = -1;
  int64_t last = -1;
  friend bool operator==(const Span&, const Span&) = default;
};
Span ReadSpan(Segment* segment, int64_t offset, int64_t hint = -1, int64_t max_bytes = 1) {
  std::vector<StoredBatch> batches;
  const absl::Status status = segment->Read(offset, hint, max_bytes, &batches);
  REQUIRE(status.ok());
  if (batches.empty()) return {};
  return {batches.front().header.base_offset, batches.back().header.last_offset()};
}

TEST_CASE("every offset is read from the batch that holds it", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(200, 7, 100);
  const int kind = GENERATE(0, 1, 2);
  const auto segment = kind == 0 ? fixture.Create(batches) : fixture.Adopt(batches, kind == 1);
  for (int64_t offset = 0; offset < 1400; ++offset) {
    REQUIRE(ReadSpan(segment.get(), offset) == Span{offset / 7 * 7, offset / 7 * 7 + 6});
  }
  CHECK(ReadSpan(segment.get(), 1395, -1, 1 << 20) == Span{1393, 1399});
  CHECK(ReadSpan(segment.get(), 0, -1, 1 << 20) == Span{0, 1399});
  CHECK(ReadSpan(segment.get(), 1400) == Span{});
  CHECK(ReadSpan(segment.get(), 5000) == Span{});
}

TEST_CASE("what is read is appended to what the caller has", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create(MakeCountedBatches(5, 10));
  std::vector<StoredBatch> batches;
  const int64_t second = Positions(MakeCountedBatches(5, 10))[1];
  for (const int64_t hint : {int64_t{-1}, int64_t{kSegmentHeaderBytes}, second, second + 1}) {
    batches.assign(1, StoredBatch{.header = {.base_offset = 777}});
    REQUIRE(segment->Read(15, hint, 1 << 20, &batches).ok());
    REQUIRE(batches.size() == 5);
    CHECK(batches[0].header.base_offset == 777);
    CHECK(batches[1].header.base_offset == 10);
  }
}

TEST_CASE("a wrong hint costs time but never truth", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(8, 3);
  const auto segment = fixture.Create(batches);
  for (int64_t hint = -1; hint < segment->end_position() + 200; ++hint) {
    for (const int64_t offset : {int64_t{0}, int64_t{10}, int64_t{23}}) {
      REQUIRE(ReadSpan(segment.get(), offset, hint) == Span{offset / 3 * 3, offset / 3 * 3 + 2});
    }
    REQUIRE(ReadSpan(segment.get(), 24, hint) == Span{});
  }
}

TEST_CASE("a right hint reads with one call", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(1000, 10, 100);
  const auto segment = fixture.Adopt(batches, false);
  fixture.disk.ResetCounts();
  for (const std::size_t i : {std::size_t{0}, std::size_t{500}, std::size_t{900}}) {
    const auto first = static_cast<int64_t>(i) * 10;
    CHECK(ReadSpan(segment.get(), first + 5, Positions(batches)[i], 64 << 10).first == first);
  }
  CHECK(fixture.disk.Count("ReadAt") == 3);
}

TEST_CASE("a read by offset alone takes two calls whatever the segment's size", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create(MakeCountedBatches(1000, 10, 100));
  REQUIRE(segment->end_position() > 1'000'000);
  for (int64_t offset = 9; offset < 10000; offset += 777) {
    fixture.disk.ResetCounts();
    CHECK(ReadSpan(segment.get(), offset, -1, 64 << 10).first == offset / 10 * 10);
    CHECK(fixture.disk.Count("ReadAt") <= 2);
  }
}

TEST_CASE("an offset in a gap reads from the first batch after it", "[segment]") {
  SegmentFixture fixture;
  fixture.place.base_offset = 0;
  const std::vector<SealedBatch> batches = {MakeCountedBatch(TestIdentity(), 5, 5),
                                            MakeCountedBatch(TestIdentity(), 50, 5),
                                            MakeCountedBatch(TestIdentity(), 60, 5)};
  const auto segment = fixture.Create(batches);
  for (const int64_t position : Positions(batches)) {
    for (const int64_t hint : {int64_t{-1}, position}) {
      CHECK(ReadSpan(segment.get(), 0, hint) == Span{5, 9});
      CHECK(ReadSpan(segment.get(), 10, hint) == Span{50, 54});
      CHECK(ReadSpan(segment.get(), 49, hint) == Span{50, 54});
      CHECK(ReadSpan(segment.get(), 55, hint) == Span{60, 64});
    }
  }
}

TEST_CASE("a flipped byte hides its own batch and no other", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(5, 2, 5);
  const auto positions = Positions(batches);
  const int64_t end = fixture.WriteFile(batches);
  for (int64_t flipped = kSegmentHeaderBytes; flipped < end; ++flipped) {
    fixture.Flip(fixture.path, flipped);
    const auto segment = Segment::Adopt(&fixture.files, fixture.place, end, 10, false);
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const bool damaged =
          flipped >= positions[i] && flipped < positions[i] + batches[i].header.batch_bytes();
      const auto offset = static_cast<int64_t>(2 * i + 1);
      for (const int64_t hint : {int64_t{-1}, positions[i]}) {
        std::vector<StoredBatch> read;
        const absl::Status status = segment->Read(offset, hint, 1, &read);
        REQUIRE(status.ok() == !damaged);
        if (!damaged) {
          REQUIRE(read.size() == 1);
          REQUIRE(Same(read[0], batches[i], positions[i]));
          continue;
        }
        REQUIRE(read.empty());
        REQUIRE(ReasonOf(status) == ErrorReason::kCorruptData);
        REQUIRE_THAT(Message(status), Catch::Contains(fixture.path) &&
                                          Catch::Contains(std::to_string(positions[i])));
      }
    }
    fixture.Flip(fixture.path, flipped);
  }
}

TEST_CASE("damage shows behind the good batches before it", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(5, 10);
  const auto segment = fixture.Adopt(batches, true);
  fixture.Flip(fixture.path, Positions(batches)[3] + 150);
  CHECK(ReadSpan(segment.get(), 3, -1, 1 << 20) == Span{0, 29});
  std::vector<StoredBatch> read;
  CHECK(ReasonOf(segment->Read(30, -1, 1 << 20, &read)) == ErrorReason::kCorruptData);
  CHECK(ReadSpan(segment.get(), 40, -1, 1 << 20) == Span{40, 49});
}

TEST_CASE("the first record at or after a timestamp is found", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(300, 7, 100);
  const auto segment =
      GENERATE(false, true) ? fixture.Create(batches) : fixture.Adopt(batches, true);
  CHECK(segment->MaxTimestamp().value() == 2099);
  for (int64_t timestamp_ms = -1; timestamp_ms < 2100; timestamp_ms += 13) {
    const auto found = segment->FindTimestamp(timestamp_ms, 0);
    REQUIRE(found.ok());
    REQUIRE(*found == std::max<int64_t>(timestamp_ms, 0));
  }
  CHECK(segment->FindTimestamp(2100, 0).value() == std::nullopt);
}

TEST_CASE("timestamps without order are found in offset order", "[segment]") {
  SegmentFixture fixture;
  std::vector<SealedBatch> batches;
  std::vector<int64_t> timestamps_ms;
  for (int64_t base = 0; base < 2000; base += 5) {
    BatchSpec spec = {.base_offset = base};
    for (int64_t i = base; i < base + 5; ++i) {
      timestamps_ms.push_back((i * 7919) % 1009 + i / 4);
      spec.records.push_back({.value = std::string(80, 'v'), .timestamp_ms = timestamps_ms.back()});
    }
    batches.push_back(MakeBatch(TestIdentity(), spec));
  }
  for (const bool sealed : {false, true}) {
    const auto segment = fixture.Adopt(batches, sealed);
    for (int64_t wanted_ms = 0; wanted_ms < 1700; wanted_ms += 7) {
      std::optional<int64_t> first;
      for (std::size_t i = 0; i < timestamps_ms.size() && !first.has_value(); ++i) {
        if (timestamps_ms[i] >= wanted_ms) first = static_cast<int64_t>(i);
      }
      REQUIRE(segment->FindTimestamp(wanted_ms, 0).value() == first);
    }
  }
}

TEST_CASE("a timestamp is found behind offsets that compaction took away", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create({MakeBatch(
      TestIdentity(), {.base_offset = 10,
                       .records = {{.value = "a", .timestamp_ms = 5, .offset_delta = 2},
                                   {.value = "b", .timestamp_ms = 9, .offset_delta = 7}}})});
  CHECK(segment->FindTimestamp(1, 0).value() == 12);
  CHECK(segment->FindTimestamp(6, 0).value() == 17);
}

TEST_CASE("a timestamp that only earlier records have is not found", "[segment]") {
  SegmentFixture fixture;
  std::vector<SealedBatch> batches = MakeCountedBatches(60, 10, 5000);  // more than one read
  batches.insert(
      batches.begin(),
      MakeBatch(TestIdentity(), {.records = {{.timestamp_ms = 9000}, {.timestamp_ms = 8000}}}));
  for (std::size_t i = 1; i < batches.size(); ++i) {
    batches[i] = MakeCountedBatch(TestIdentity(), static_cast<int64_t>(i) * 10, 10, 5000);
  }
  const auto segment =
      GENERATE(false, true) ? fixture.Create(batches) : fixture.Adopt(batches, true);
  CHECK(segment->FindTimestamp(9000, 0).value() == 0);
  CHECK(segment->FindTimestamp(8000, 1).value() == 1);
  CHECK(segment->FindTimestamp(9000, 1).value() == std::nullopt);
}

// What the hash holds good and its writer did not: a timestamp is looked for in records.
TEST_CASE("records that contradict their batch are damage for who looks for a timestamp",
          "[segment]") {
  SegmentFixture fixture;
  SealedBatch batch =
      MakeBatch(TestIdentity(), {.records = {{.timestamp_ms = 1, .offset_delta = 5},
                                             {.timestamp_ms = 9, .offset_delta = 1}}});
  SECTION("by an offset") {}
  SECTION("by a length") {
    batch = MakeCountedBatch(TestIdentity(), 0, 2);
    batch.records[0] = static_cast<char>(batch.records[0] + 100);
    batch.bytes =
        internal::SealedBytes(&batch.header, batch.records, CompressionType::kNone, fixture.seed);
  }
  const auto segment = fixture.Adopt({batch}, true);
  const absl::Status status = segment->FindTimestamp(1, 0).status();
  CHECK(ReasonOf(status) == ErrorReason::kCorruptData);
  CHECK_THAT(Message(status), Catch::Contains(fixture.path));
}

TEST_CASE("an empty segment has no batch and no timestamp", "[segment]") {
  SegmentFixture fixture;
  const auto segment = GENERATE(false, true) ? fixture.Create({}) : fixture.Adopt({}, true);
  CHECK(ReadSpan(segment.get(), 0) == Span{});
  CHECK(ReadSpan(segment.get(), 3, kSegmentHeaderBytes) == Span{});
  CHECK(segment->MaxTimestamp().value() == INT64_MIN);
  CHECK(segment->FindTimestamp(0, 0).value() == std::nullopt);
}

TEST_CASE("an error of the disk is not taken for damage", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Adopt(MakeCountedBatches(5, 10), true);
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "ReadAt" ? absl::InternalError("EIO") : absl::OkStatus();
  });
  std::vector<StoredBatch> read;
  CHECK(absl::IsInternal(segment->Read(12, -1, 1, &read)));
  CHECK(absl::IsInternal(segment->Read(12, kSegmentHeaderBytes, 1, &read)));
  CHECK(absl::IsInternal(segment->FindTimestamp(12, 0).status()));
  CHECK(absl::IsInternal(segment->MaxTimestamp().status()));
  fixture.disk.Heal();
  CHECK(ReadSpan(segment.get(), 12) == Span{10, 19});
}

// Follows a writer until `records` were read, and says whether every one was in its place.
bool FollowsTo(Segment* segment, int64_t records, bool with_hints) {
  int64_t offset = 0;
  int64_t hint = -1;
  while (offset < records) {
    std::vector<StoredBatch> batches;
    if (!segment->Read(offset, with_hints ? hint : -1, 8 << 10, &batches).ok()) return false;
    for (const StoredBatch& batch : batches) {
      if (batch.header.base_offset != offset) return false;
      offset = batch.header.next_offset();
      hint = batch.position + batch.header.batch_bytes();
    }
    if (offset == 0) continue;
    const auto max_timestamp_ms = segment->MaxTimestamp();
    if (!max_timestamp_ms.ok() || *max_timestamp_ms < offset - 1) return false;
    const auto found = segment->FindTimestamp(offset - 1, 0);
    if (!found.ok() || *found != offset - 1) return false;
  }
  return true;
}

TEST_CASE("readers follow the writer and see whole batches only", "[segment]") {
  const bool in_memory = GENERATE(true, false);
  const bool adopted = GENERATE(true, false);
  SegmentFixture fixture;
  const TempDir directory;
  FileCache posix_files(FileSystem::Posix(), 10);
  if (!in_memory) fixture.place.partition_directory = directory.path();
  FileCache* const files = in_memory ? &fixture.files : &posix_files;
  auto segment = Segment::Create(files, fixture.place, 1, 0).value();
  const auto batches = MakeCountedBatches(400, 5, 100);
  if (adopted) {
    fixture.Append(segment.get(), batches[0]);
    segment = Segment::Adopt(files, fixture.place, segment->end_position(), 5, false);
  }
  std::atomic<int> failures = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back(
        [&, i] { failures += FollowsTo(segment.get(), 2000, i % 2 == 0) ? 0 : 1; });
  }
  for (std::size_t i = adopted ? 1 : 0; i < batches.size(); ++i) {
    fixture.Append(segment.get(), batches[i]);
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(failures == 0);
}

}  // namespace
}  // namespace eventlog::test

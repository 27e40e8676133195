#include "segment/batch_reader.h"

#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "format/preamble.h"
#include "segment/segment_fixture.h"

namespace eventlog::test {
namespace {

using internal::FindNextBatch;
using internal::kSegmentHeaderBytes;
using internal::ReadBatches;
using internal::StoredBatch;

TEST_CASE("a read fetches many batches with one call", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(50, 10);
  const int64_t end = fixture.WriteFile(batches, 1000);
  const auto file = fixture.OpenFile();
  std::vector<StoredBatch> read;
  REQUIRE(ReadBatches(file.get(), "f", fixture.seed, {kSegmentHeaderBytes, end}, &read).ok());
  CHECK(fixture.disk.Count("ReadAt") == 1);
  REQUIRE(read.size() == batches.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(Same(read[i], batches[i], Positions(batches)[i]));
    CHECK(read[i].pin == read[0].pin);
  }
}

TEST_CASE("a read stops at max_bytes and the next one goes on there", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(40, 10);
  const int64_t end = fixture.WriteFile(batches);
  const auto file = fixture.OpenFile();
  const int64_t max_bytes = batches[0].header.batch_bytes() * 9 / 2;
  std::vector<StoredBatch> read;
  int64_t position = kSegmentHeaderBytes;
  while (position < end) {
    const std::size_t before = read.size();
    REQUIRE(ReadBatches(file.get(), "f", fixture.seed, {position, end, max_bytes}, &read).ok());
    REQUIRE(read.size() > before);
    REQUIRE(read.size() <= before + 5);
    position = read.back().position + read.back().header.batch_bytes();
  }
  REQUIRE(read.size() == batches.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(Same(read[i], batches[i], Positions(batches)[i]));
  }
  REQUIRE(ReadBatches(file.get(), "f", fixture.seed, {end, end}, &read).ok());
  CHECK(read.size() == batches.size());
}

TEST_CASE("a batch larger than max_bytes is read whole", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(2, 10, 1000);
  const int64_t end = fixture.WriteFile(batches);
  for (const int64_t max_bytes : {int64_t{0}, int64_t{1}, int64_t{600}, int64_t{5000}}) {
    const auto file = fixture.OpenFile();
    std::vector<StoredBatch> read;
    REQUIRE(ReadBatches(file.get(), "f", fixture.seed, {kSegmentHeaderBytes, end, max_bytes}, &read)
                .ok());
    REQUIRE(read.size() == 1);
    CHECK(Same(read[0], batches[0], kSegmentHeaderBytes));
    CHECK(fixture.disk.Count("ReadAt") <= 2);
    fixture.disk.ResetCounts();
  }
}

TEST_CASE("compressed batches come out decompressed beside plain ones", "[segment]") {
  SegmentFixture fixture;
  const std::vector<SealedBatch> batches = {
      MakeCountedBatch(TestIdentity(), 0, 20, 50, CompressionType::kLz4),
      MakeCountedBatch(TestIdentity(), 20, 5),
      MakeCountedBatch(TestIdentity(), 25, 20, 50, CompressionType::kLz4)};
  REQUIRE(batches[0].header.body_bytes < batches[0].header.uncompressed_bytes);
  const int64_t end = fixture.WriteFile(batches);
  std::vector<StoredBatch> read;
  const auto file = fixture.OpenFile();
  REQUIRE(ReadBatches(file.get(), "f", fixture.seed, {kSegmentHeaderBytes, end}, &read).ok());
  CHECK(fixture.disk.Count("ReadAt") == 1);
  REQUIRE(read.size() == 3);
  // Each batch's views live as long as its own pin, whatever happens to the others.
  for (std::size_t i = 0; i < 3; ++i) {
    const StoredBatch kept = read[i];
    if (i == 2) read.clear();
    CHECK(Same(kept, batches[i], Positions(batches)[i]));
  }
}

TEST_CASE("a flipped byte anywhere in a batch is reported with file and position", "[segment]") {
  SegmentFixture fixture;
  const std::vector<SealedBatch> batches = {
      MakeCountedBatch(TestIdentity(), 0, 3), MakeCountedBatch(TestIdentity(), 3, 2),
      MakeCountedBatch(TestIdentity(), 5, 40, 30, CompressionType::kLz4)};
  const int64_t end = fixture.WriteFile(batches);
  const auto positions = Positions(batches);
  const auto file = fixture.OpenFile();
  for (int64_t flipped = kSegmentHeaderBytes; flipped < end; ++flipped) {
    fixture.Flip(fixture.path, flipped, static_cast<char>(1 << flipped % 7));
    std::size_t damaged = 0;
    while (damaged + 1 < batches.size() && positions[damaged + 1] <= flipped) ++damaged;
    std::vector<StoredBatch> read;
    const absl::Status first =
        ReadBatches(file.get(), "the/file", fixture.seed, {kSegmentHeaderBytes, end}, &read);
    REQUIRE(read.size() == damaged);
    REQUIRE(first.ok() == (damaged > 0));
    for (std::size_t i = 0; i < damaged; ++i) REQUIRE(Same(read[i], batches[i], positions[i]));
    const absl::Status at =
        ReadBatches(file.get(), "the/file", fixture.seed, {positions[damaged], end}, &read);
    REQUIRE(read.size() == damaged);
    REQUIRE(ReasonOf(at) == ErrorReason::kCorruptData);
    REQUIRE_THAT(Message(at), Catch::Contains("the/file") &&
                                  Catch::Contains(std::to_string(positions[damaged])));
    fixture.Flip(fixture.path, flipped, static_cast<char>(1 << flipped % 7));
  }
}

TEST_CASE("a batch of another partition is damage", "[segment]") {
  SegmentFixture fixture;
  const int64_t end = fixture.WriteFile({MakeCountedBatch(TestIdentity(1), 0, 3)});
  std::vector<StoredBatch> read;
  const auto file = fixture.OpenFile();
  CHECK(ReasonOf(ReadBatches(file.get(), "f", fixture.seed, {kSegmentHeaderBytes, end}, &read)) ==
        ErrorReason::kCorruptData);
  CHECK(read.empty());
}

TEST_CASE("a batch that the limit or the file's end cuts off is damage", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(2, 30);
  const int64_t end = fixture.WriteFile(batches);
  const int64_t second = Positions(batches)[1];
  for (const int64_t limit : {second + 1, second + 95, second + 96, end - 1}) {
    for (const int64_t stored : {end, limit}) {
      INFO("limit " << limit << " of " << stored);
      const auto file = fixture.OpenFile();
      REQUIRE(file->Truncate(stored).ok());
      std::vector<StoredBatch> read;
      // A file shorter than its limit must not be read as if it went on.
      const int64_t read_to = stored == end ? limit : end;
      CHECK(ReadBatches(file.get(), "f", fixture.seed, {kSegmentHeaderBytes, read_to}, &read).ok());
      CHECK(read.size() == 1);
      CHECK(ReasonOf(ReadBatches(file.get(), "f", fixture.seed, {second, read_to}, &read)) ==
            ErrorReason::kCorruptData);
      CHECK(read.size() == 1);
      fixture.WriteFile(batches);
    }
  }
  const auto file = fixture.OpenFile();
  std::vector<StoredBatch> read;
  CHECK(ReasonOf(ReadBatches(file.get(), "f", fixture.seed, {end + 10, end + 20}, &read)) ==
        ErrorReason::kCorruptData);
}

TEST_CASE("gaps between batches are read over and falling offsets are damage", "[segment]") {
  SegmentFixture fixture;
  const SealedBatch first = MakeCountedBatch(TestIdentity(), 0, 5);
  std::vector<StoredBatch> read;
  int64_t end = fixture.WriteFile({first, MakeCountedBatch(TestIdentity(), 100, 5)});
  REQUIRE(
      ReadBatches(fixture.OpenFile().get(), "f", fixture.seed, {kSegmentHeaderBytes, end}, &read)
          .ok());
  CHECK(read.size() == 2);
  read.clear();
  end = fixture.WriteFile({first, MakeCountedBatch(TestIdentity(), 4, 5)});
  REQUIRE(
      ReadBatches(fixture.OpenFile().get(), "f", fixture.seed, {kSegmentHeaderBytes, end}, &read)
          .ok());
  CHECK(read.size() == 1);
}

TEST_CASE("a batch of a newer format is told from damage", "[segment]") {
  SegmentFixture fixture;
  SealedBatch newer = MakeCountedBatch(TestIdentity(), 0, 5);
  newer.bytes = OfNewerVersion(newer.bytes, fixture.seed);
  const int64_t end = fixture.WriteFile({newer});
  std::vector<StoredBatch> read;
  const absl::Status status =
      ReadBatches(fixture.OpenFile().get(), "f", fixture.seed, {kSegmentHeaderBytes, end}, &read);
  CHECK(ReasonOf(status) == ErrorReason::kNewerFormat);
  CHECK(read.empty());
}

TEST_CASE("the next batch is found behind damage of any length", "[segment]") {
  SegmentFixture fixture;
  const SealedBatch batch = MakeCountedBatch(TestIdentity(), 70, 5);
  constexpr std::size_t kChunkBytes = 1 << 20;  // that the search looks through at once
  for (const std::size_t garbage :
       {std::size_t{0}, std::size_t{1}, std::size_t{1000}, kChunkBytes - 57, kChunkBytes - 1,
        kChunkBytes, kChunkBytes + 1, 2 * kChunkBytes + 5}) {
    std::string bytes(garbage, 'E');
    bytes += batch.bytes;
    bytes += "behind";
    fixture.WriteBytes(bytes);
    const auto size = static_cast<int64_t>(bytes.size());
    const auto file = fixture.OpenFile();
    CHECK(FindNextBatch(file.get(), fixture.seed, 0, size, 0).value() ==
          static_cast<int64_t>(garbage));
    CHECK(FindNextBatch(file.get(), fixture.seed, 0, size + 1000, 70).value() ==
          static_cast<int64_t>(garbage));
    CHECK(FindNextBatch(file.get(), fixture.seed, 0, size, 71).value() == -1);
    CHECK(FindNextBatch(file.get(), fixture.seed, static_cast<int64_t>(garbage) + 1, size, 0)
              .value() == -1);
    CHECK(FindNextBatch(file.get(), fixture.seed, 0, size - 7, 0).value() == -1);
  }
}

TEST_CASE("the search passes batches that do not verify", "[segment]") {
  SegmentFixture fixture;
  const SealedBatch good = MakeCountedBatch(TestIdentity(), 20, 5);
  SealedBatch bad_header = MakeCountedBatch(TestIdentity(), 10, 5);
  SealedBatch bad_body = bad_header;
  SealedBatch newer = bad_header;
  bad_header.bytes[20] = static_cast<char>(bad_header.bytes[20] ^ 1);
  bad_body.bytes.back() = static_cast<char>(bad_body.bytes.back() ^ 1);
  newer.bytes = OfNewerVersion(newer.bytes, fixture.seed);
  const std::vector<SealedBatch> batches = {bad_header, bad_body, newer,
                                            MakeCountedBatch(TestIdentity(1), 15, 5), good};
  const int64_t end = fixture.WriteFile(batches);
  const auto file = fixture.OpenFile();
  CHECK(FindNextBatch(file.get(), fixture.seed, 0, end, 0).value() == Positions(batches)[4]);
}

TEST_CASE("the search ends where the file does though its limit is beyond", "[segment]") {
  SegmentFixture fixture;
  const int64_t end = fixture.WriteFile({});
  CHECK(FindNextBatch(fixture.OpenFile().get(), fixture.seed, 0, end + (4 << 20), 0).value() == -1);
  CHECK(fixture.disk.Count("ReadAt") == 1);
}

TEST_CASE("a compressed batch whose body is no such thing is damage and passed by the search",
          "[segment]") {
  SegmentFixture fixture;
  SealedBatch bad = MakeCountedBatch(TestIdentity(), 0, 50, 20, CompressionType::kLz4);
  const std::size_t body_bytes = bad.header.body_bytes;
  REQUIRE(bad.header.attributes != 0);
  const std::string body(body_bytes, 'x');
  bad.bytes.replace(internal::kBatchHeaderBytes, body_bytes, body);
  internal::StoreLe(bad.bytes.data() + 80, internal::Hash64(body, fixture.seed));
  internal::FinishHeader(bad.bytes.data(), internal::kRecordBatchFormat, fixture.seed);
  const int64_t end = fixture.WriteFile({bad, MakeCountedBatch(TestIdentity(), 50, 5)});
  const auto file = fixture.OpenFile();
  std::vector<StoredBatch> read;
  const absl::Status status =
      ReadBatches(file.get(), "f", fixture.seed, {kSegmentHeaderBytes, end}, &read);
  CHECK(ReasonOf(status) == ErrorReason::kCorruptData);
  CHECK_THAT(Message(status), Catch::Contains("LZ4"));
  CHECK(read.empty());
  CHECK(FindNextBatch(file.get(), fixture.seed, 0, end, 0).value() ==
        kSegmentHeaderBytes + bad.header.batch_bytes());
}

TEST_CASE("an error of any read ends a read or a search", "[segment]") {
  SegmentFixture fixture;
  const int64_t end = fixture.WriteFile({MakeCountedBatch(TestIdentity(), 0, 30)});
  const auto file = fixture.OpenFile();
  for (int64_t failed = 1; failed <= 2; ++failed) {
    fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
      return call.number == failed ? absl::InternalError("EIO") : absl::OkStatus();
    });
    std::vector<StoredBatch> read;
    fixture.disk.ResetCounts();
    CHECK(absl::IsInternal(
        ReadBatches(file.get(), "f", fixture.seed, {kSegmentHeaderBytes, end, 1}, &read)));
    CHECK(read.empty());
    fixture.disk.ResetCounts();
    CHECK(absl::IsInternal(FindNextBatch(file.get(), fixture.seed, 0, end, 0).status()));
  }
}

}  // namespace
}  // namespace eventlog::test

// The writer's half: space, appends, sealing, removal, and indexes that have to be made anew.
#include "segment/segment.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "segment/segment_fixture.h"
#include "segment/segment_scan.h"

namespace eventlog::test {
namespace {

using internal::kSegmentHeaderBytes;
using internal::OffsetIndexPath;
using internal::Segment;
using internal::StoredBatch;
using internal::TimeIndexPath;

absl::Status FullDisk(const FaultFileSystem::Call& call) {
  return call.name == "Allocate" ? internal::MakeError(ErrorReason::kDiskFull, "full")
                                 : absl::OkStatus();
}

int64_t FirstOffsetRead(Segment* segment, int64_t offset) {
  std::vector<StoredBatch> batches;
  REQUIRE(segment->Read(offset, -1, 1, &batches).ok());
  return batches.empty() ? -1 : batches[0].header.base_offset;
}

TEST_CASE("a new segment has its header and room for the first batch", "[segment]") {
  SegmentFixture fixture;
  fixture.place.base_offset = 30;
  for (const auto& [first_bytes, file_bytes] : {std::pair<int64_t, int64_t>{0, 64 << 10},
                                                {65480, 64 << 10},
                                                {65481, 128 << 10},
                                                {10 << 20, 16 << 20},
                                                {20 << 20, (20 << 20) + kSegmentHeaderBytes}}) {
    const auto segment = Segment::Create(&fixture.files, fixture.place, 1234, first_bytes);
    REQUIRE(segment.ok());
    CHECK((*segment)->path() == internal::SegmentPath("/p", 30));
    CHECK((*segment)->base_offset() == 30);
    CHECK((*segment)->next_offset() == 30);
    CHECK((*segment)->end_position() == kSegmentHeaderBytes);
    const auto file = fixture.OpenFile((*segment)->path());
    CHECK(file->Size().value() == file_bytes);
    const auto header = internal::ReadSegmentHeader(file.get());
    REQUIRE(header.ok());
    CHECK(*header == internal::SegmentHeader{fixture.place.identity, 30, 1234});
    CHECK(fixture.files.IsDirty((*segment)->path()));
    REQUIRE((*segment)->Remove().ok());
  }
}

TEST_CASE("a segment that exists is not created again", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create(MakeCountedBatches(1, 5));
  CHECK(absl::IsAlreadyExists(Segment::Create(&fixture.files, fixture.place, 1, 0).status()));
  CHECK(FirstOffsetRead(segment.get(), 3) == 0);
}

TEST_CASE("a full disk leaves no new file behind", "[segment]") {
  SegmentFixture fixture;
  fixture.disk.Intercept(FullDisk);
  const auto segment = Segment::Create(&fixture.files, fixture.place, 1, 0);
  CHECK(ReasonOf(segment.status()) == ErrorReason::kDiskFull);
  CHECK_FALSE(fixture.Exists(fixture.path));
  CHECK(fixture.files.open_files() == 0);
  fixture.disk.Heal();
  CHECK(Segment::Create(&fixture.files, fixture.place, 1, 0).ok());
}

TEST_CASE("reserve on a full disk changes nothing", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(2, 10);
  const auto segment =
      GENERATE(false, true) ? fixture.Create({batches[0]}) : fixture.Adopt({batches[0]}, false);
  const int64_t end = segment->end_position();
  fixture.disk.Intercept(FullDisk);
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = segment->Reserve(200 << 10);
    CHECK(ReasonOf(status) == ErrorReason::kDiskFull);
    CHECK(absl::IsResourceExhausted(status));
  }
  CHECK(segment->end_position() == end);
  CHECK(segment->next_offset() == 10);
  CHECK(FirstOffsetRead(segment.get(), 3) == 0);
  fixture.disk.Heal();
  fixture.Append(segment.get(), batches[1]);
  CHECK(FirstOffsetRead(segment.get(), 13) == 10);
}

TEST_CASE("a disk with too little space for a step gives what is needed", "[segment]") {
  SegmentFixture fixture;
  fixture.disk.FailNext("Allocate", FaultFileSystem::Fault::kDiskFull);
  const auto segment = Segment::Create(&fixture.files, fixture.place, 1, 500);
  REQUIRE(segment.ok());
  CHECK(fixture.OpenFile()->Size().value() == kSegmentHeaderBytes + 500);
  fixture.disk.FailNext("Allocate", FaultFileSystem::Fault::kDiskFull);
  REQUIRE((*segment)->Reserve(700).ok());
  CHECK(fixture.OpenFile()->Size().value() == kSegmentHeaderBytes + 700);
  REQUIRE((*segment)->Reserve(701).ok());
  CHECK(fixture.OpenFile()->Size().value() > 64 << 10);
}

TEST_CASE("space that is reserved is not asked for again", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create({});
  fixture.disk.ResetCounts();
  REQUIRE(segment->Reserve((64 << 10) - kSegmentHeaderBytes).ok());
  CHECK(fixture.disk.Count("Allocate") == 0);
  REQUIRE(segment->Reserve(64 << 10).ok());
  CHECK(fixture.disk.Count("Allocate") == 1);
  CHECK(fixture.OpenFile()->Size().value() == 128 << 10);
}

TEST_CASE("reserved steps double up to 16 MiB", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create({});
  const auto file = fixture.OpenFile();
  int64_t size = 64 << 10;
  while (size < 80 << 20) {
    REQUIRE(segment->Reserve(size).ok());  // one header too much
    const int64_t step = file->Size().value() - size;
    REQUIRE(step == std::min<int64_t>(size, 16 << 20));
    size += step;
  }
  REQUIRE(segment->Reserve(size + (30 << 20)).ok());
  CHECK(file->Size().value() == size + (30 << 20) + kSegmentHeaderBytes);
}

TEST_CASE("an adopted segment learns its space from the file", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(2, 10);
  int64_t end = fixture.WriteFile({batches[0]}, 100000);
  auto segment = Segment::Adopt(&fixture.files, fixture.place, end, 10, false);
  fixture.disk.ResetCounts();
  REQUIRE(segment->Reserve(100000).ok());
  CHECK(fixture.disk.Count("Allocate") == 0);
  REQUIRE(segment->Reserve(100001).ok());
  CHECK(fixture.disk.Count("Allocate") == 1);

  end = fixture.WriteFile({batches[0]});
  segment = Segment::Adopt(&fixture.files, fixture.place, end + 1, 10, false);
  CHECK(ReasonOf(segment->Reserve(1)) == ErrorReason::kCorruptData);
}

TEST_CASE("adopting a segment does not touch its file", "[segment]") {
  SegmentFixture fixture;
  const int64_t end = fixture.WriteFile(MakeCountedBatches(2, 10));
  fixture.disk.ResetCounts();
  const auto segment = Segment::Adopt(&fixture.files, fixture.place, end, 20, true);
  CHECK(segment->end_position() == end);
  CHECK(segment->next_offset() == 20);
  CHECK(fixture.disk.Count("OpenFile") == 0);
}

TEST_CASE("a segment has its age from its own header only", "[segment]") {
  SegmentFixture fixture;
  const auto age = [&] {
    return internal::Segment::Adopt(&fixture.files, fixture.place, internal::kSegmentHeaderBytes, 0,
                                    true)
        ->CreatedMs();
  };
  internal::SegmentHeader header = {fixture.place.identity, 0, 5};
  fixture.WriteBytes(internal::EncodeSegmentHeader(header));
  CHECK(age().value() == 5);
  if (GENERATE(true, false)) {
    header.base_offset = 7;
  } else {
    ++header.identity.partition;
  }
  fixture.WriteBytes(internal::EncodeSegmentHeader(header));
  CHECK(ReasonOf(age().status()) == ErrorReason::kCorruptData);
}

TEST_CASE("an append is dirty until it is synced and then survives a power cut", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(4, 10);
  const auto segment = fixture.Create({batches[0], batches[1], batches[2]});
  REQUIRE(fixture.memory.SyncDirectory("/").ok());
  REQUIRE(fixture.memory.SyncDirectory("/p").ok());
  CHECK(fixture.files.IsDirty(fixture.path));
  REQUIRE(segment->Sync().ok());
  CHECK_FALSE(fixture.files.IsDirty(fixture.path));
  fixture.disk.ResetCounts();
  REQUIRE(segment->Sync().ok());
  CHECK(fixture.disk.Count("SyncData") == 0);
  fixture.Append(segment.get(), batches[3]);  // into space that is there already
  CHECK(fixture.disk.Count("Allocate") == 0);
  CHECK(fixture.files.IsDirty(fixture.path));
  REQUIRE(segment->Sync().ok());
  fixture.files.ForgetAll();
  fixture.memory.CutPower();
  CHECK(FirstOffsetRead(segment.get(), 25) == 20);
  CHECK(FirstOffsetRead(segment.get(), 35) == 30);
}

TEST_CASE("a failed write shows nothing to readers", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(2, 10);
  const auto segment = fixture.Create({batches[0]});
  const int64_t end = segment->end_position();
  REQUIRE(segment->Reserve(batches[1].header.batch_bytes()).ok());
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "WriteAt" ? absl::InternalError("EIO") : absl::OkStatus();
  });
  const auto second = internal::AsSealedBatch(batches[1].header, batches[1].bytes);
  CHECK(absl::IsInternal(segment->Append({&second, 1})));
  CHECK(segment->end_position() == end);
  CHECK(FirstOffsetRead(segment.get(), 10) == -1);
}

TEST_CASE("trim cuts the preallocated rest and a reserve brings it back", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(2, 10);
  const auto segment = fixture.Create({batches[0]});
  REQUIRE(segment->Sync().ok());
  REQUIRE(segment->Trim().ok());
  CHECK(fixture.OpenFile()->Size().value() == segment->end_position());
  CHECK(fixture.files.IsDirty(fixture.path));
  fixture.Append(segment.get(), batches[1]);
  CHECK(FirstOffsetRead(segment.get(), 15) == 10);
}

TEST_CASE("a sealed segment has index files and a new one reads them", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(500, 10, 100);
  const auto segment =
      GENERATE(false, true) ? fixture.Create(batches) : fixture.Adopt(batches, false);
  REQUIRE(segment->Trim().ok());
  segment->Seal();
  REQUIRE(fixture.Exists(OffsetIndexPath("/p", 0)));
  REQUIRE(fixture.Exists(TimeIndexPath("/p", 0)));
  const auto adopted =
      Segment::Adopt(&fixture.files, fixture.place, segment->end_position(), 5000, true);
  fixture.disk.ResetCounts();
  CHECK(FirstOffsetRead(adopted.get(), 4321) == 4320);
  CHECK(fixture.disk.Count("ReadAt") <= 5);  // two index files, headers, the batch in two steps
  CHECK(adopted->MaxTimestamp().value() == 4999);
  CHECK(adopted->FindTimestamp(4322, 0).value() == 4322);
  CHECK(FirstOffsetRead(segment.get(), 4321) == 4320);
  CHECK(segment->MaxTimestamp().value() == 4999);
}

TEST_CASE("a stale or damaged or missing index is rebuilt", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(300, 10, 100);
  const auto segment = fixture.Create(batches);
  const int64_t end = segment->end_position();
  segment->Seal();
  const std::string index_path =
      GENERATE(0, 1) == 0 ? OffsetIndexPath("/p", 0) : TimeIndexPath("/p", 0);
  const int harm = GENERATE(0, 1, 2);
  if (harm == 0) fixture.Flip(index_path, 60);
  if (harm == 1) REQUIRE(fixture.memory.Remove(index_path).ok());
  if (harm == 2) {
    REQUIRE(internal::SegmentIndex(0).Save(&fixture.memory, "/p", end - 1, fixture.seed).ok());
  }
  const auto adopted = Segment::Adopt(&fixture.files, fixture.place, end, 3000, true);
  for (int64_t offset = 0; offset < 3000; offset += 97) {
    REQUIRE(FirstOffsetRead(adopted.get(), offset) == offset / 10 * 10);
    REQUIRE(adopted->FindTimestamp(offset, 0).value() == offset);
  }
  CHECK(adopted->MaxTimestamp().value() == 2999);
}

TEST_CASE("an index that lies is found out", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(300, 10, 100);
  const auto positions = Positions(batches);
  const int64_t end = fixture.WriteFile(batches);
  const int64_t shift = GENERATE(0, 1, -1, 5);
  internal::SegmentIndex lying(0);
  for (std::size_t i = 0; i + 1 < batches.size(); ++i) {
    // Into the middle of something, or at a whole batch that is too far.
    lying.Add(batches[i].header, shift != 0 ? positions[i] + shift : positions[i + 1]);
  }
  REQUIRE(lying.Save(&fixture.memory, "/p", end, fixture.seed).ok());
  const auto segment = Segment::Adopt(&fixture.files, fixture.place, end, 3000, true);
  for (int64_t offset = 0; offset < 3000; offset += 97) {
    REQUIRE(FirstOffsetRead(segment.get(), offset) == offset / 10 * 10);
  }
}

TEST_CASE("an index loaded late knows what was appended before and after", "[segment]") {
  SegmentFixture fixture;
  const auto batches = MakeCountedBatches(300, 10, 100);
  const std::vector<SealedBatch> old(batches.begin(), batches.begin() + 100);
  const auto segment = fixture.Adopt(old, false);
  for (std::size_t i = 100; i < 200; ++i) fixture.Append(segment.get(), batches[i]);
  CHECK(segment->MaxTimestamp().value() == 1999);
  for (std::size_t i = 200; i < 300; ++i) fixture.Append(segment.get(), batches[i]);
  CHECK(segment->MaxTimestamp().value() == 2999);
  for (int64_t offset = 0; offset < 3000; offset += 97) {
    fixture.disk.ResetCounts();
    REQUIRE(FirstOffsetRead(segment.get(), offset) == offset / 10 * 10);
    REQUIRE(fixture.disk.Count("ReadAt") <= 3);
    REQUIRE(segment->FindTimestamp(offset, 0).value() == offset);
  }
}

TEST_CASE("an index that cannot be written does not keep a segment from being sealed",
          "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create(MakeCountedBatches(300, 10, 100));
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Rename" ? absl::InternalError("EIO") : absl::OkStatus();
  });
  segment->Seal();
  CHECK_FALSE(fixture.Exists(OffsetIndexPath("/p", 0)));
  CHECK(FirstOffsetRead(segment.get(), 2345) == 2340);
  CHECK(segment->MaxTimestamp().value() == 2999);
}

TEST_CASE("remove takes data and indexes away", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create(MakeCountedBatches(3, 10));
  segment->Seal();
  std::vector<StoredBatch> read;
  REQUIRE(segment->Read(5, -1, 1, &read).ok());
  const auto held = fixture.files.Open(fixture.path).value();
  REQUIRE(segment->Remove().ok());
  CHECK(fixture.memory.List("/p").value().empty());
  CHECK(fixture.files.open_files() == 0);
  char byte = 0;
  CHECK(held->ReadAt(0, absl::MakeSpan(&byte, 1)).value() == 1);
  CHECK(Same(read[0], MakeCountedBatches(1, 10)[0], kSegmentHeaderBytes));
  CHECK(absl::IsNotFound(segment->Read(5, -1, 1, &read)));
  CHECK(segment->Remove().ok());
}

TEST_CASE("the data of a segment is removed after its indexes", "[segment]") {
  SegmentFixture fixture;
  const auto segment = fixture.Create(MakeCountedBatches(3, 10));
  segment->Seal();
  std::vector<std::string> removed;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "Remove") removed.push_back(call.path);
    return absl::OkStatus();
  });
  REQUIRE(segment->Remove().ok());
  REQUIRE(removed.size() == 3);
  CHECK(removed.back() == fixture.path);
}

}  // namespace
}  // namespace eventlog::test

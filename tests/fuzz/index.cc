#include "fuzz/index.h"

#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "format/segment_header.h"
#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "io/file_cache.h"
#include "support/batch_factory.h"

namespace eventlog::test {
namespace {

constexpr int64_t kRecordsInBatch = 5;

// One for the whole program: made once, and only its indexes change.
struct IndexedSegment {
  IndexedSegment() {
    std::string bytes = internal::EncodeSegmentHeader({TestIdentity(), 0, 1});
    internal::IndexFile by_offset;
    internal::IndexFile by_time;
    for (int64_t offset = 0; offset < kIndexedRecords; offset += kRecordsInBatch) {
      const auto batch = MakeCountedBatch(TestIdentity(), offset, kRecordsInBatch);
      if (offset > 0) {
        by_offset.entries.push_back({offset, static_cast<int64_t>(bytes.size())});
        by_time.entries.push_back({batch.header.max_timestamp_ms, offset});
      }
      bytes += batch.bytes;
    }
    segment_bytes = static_cast<int64_t>(bytes.size());
    by_offset.segment_bytes = by_time.segment_bytes = segment_bytes;
    good_offset_index = EncodeIndexFile(by_offset, internal::kOffsetIndexFormat, seed);
    good_time_index = EncodeIndexFile(by_time, internal::kTimeIndexFormat, seed);
    EVENTLOG_ASSERT(disk.CreateDirectory("/p").ok());
    Put(internal::SegmentPath("/p", 0), bytes);
  }

  void Put(const std::string& path, std::string_view bytes) {
    auto file = disk.OpenFile(path, FileSystem::Open::kExisting);
    if (!file.ok()) file = disk.OpenFile(path, FileSystem::Open::kCreateNew);
    EVENTLOG_ASSERT(file.ok() && (*file)->Truncate(0).ok() && (*file)->WriteAt(0, {bytes}).ok());
  }

  const uint64_t seed = TestIdentity().Seed();
  MemoryFileSystem disk;
  internal::FileCache files{&disk, 10};
  int64_t segment_bytes = 0;
  std::string good_offset_index;
  std::string good_time_index;
};

IndexedSegment& TheSegment() {
  static IndexedSegment segment;
  return segment;
}

}  // namespace

std::string TakeIndex(std::string_view input, const internal::HeaderFormat& format) {
  const auto how = Take<uint8_t>(&input);
  const uint64_t seed = TheSegment().seed;
  std::string file(input);
  if ((how & 1) != 0 && file.size() >= internal::kIndexHeaderBytes) {
    if ((how & 2) != 0) {
      const std::size_t body_bytes = file.size() - internal::kIndexHeaderBytes;
      internal::StoreLe(file.data() + 8, int64_t{0});
      internal::StoreLe(file.data() + 16, TheSegment().segment_bytes);
      internal::StoreLe(file.data() + 24,
                        static_cast<uint32_t>(body_bytes / internal::kIndexEntryBytes));
    }
    MakeHashesGood(&file, format, seed, 32);
  }
  const auto index =
      WithBudget(file.size(), [&] { return internal::DecodeIndexFile(file, format, seed); });
  if (!index.ok()) {
    EVENTLOG_ASSERT(IsRefusal(index.status()));
    return "";
  }
  EVENTLOG_ASSERT(EncodeIndexFile(*index, format, seed) == file);
  return file;
}

std::shared_ptr<internal::Segment> SegmentWith(const std::string& offset_index,
                                               const std::string& time_index) {
  IndexedSegment& segment = TheSegment();
  segment.Put(internal::OffsetIndexPath("/p", 0),
              offset_index.empty() ? segment.good_offset_index : offset_index);
  segment.Put(internal::TimeIndexPath("/p", 0),
              time_index.empty() ? segment.good_time_index : time_index);
  return internal::Segment::Adopt(&segment.files, {"/p", TestIdentity(), 0}, segment.segment_bytes,
                                  kIndexedRecords, /*sealed=*/true);
}

}  // namespace eventlog::test

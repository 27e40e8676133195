// A partition's directory in memory, files in it made of sealed batches, and ways to harm them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "format/segment_header.h"
#include "io/file_cache.h"
#include "segment/segment.h"
#include "support/batch_factory.h"

namespace eventlog::test {

struct SegmentFixture {
  SegmentFixture() { EVENTLOG_ASSERT(memory.CreateDirectory("/p").ok()); }

  MemoryFileSystem memory;
  FaultFileSystem disk{&memory};  // what the segment sees
  internal::FileCache files{&disk, 100};
  internal::Segment::Place place = {"/p", TestIdentity(), 0};
  const uint64_t seed = TestIdentity().Seed();
  const std::string path = internal::SegmentPath("/p", 0);

  // The file of the segment, with its header and `batches`, `zeros` behind them. Returns the end.
  int64_t WriteFile(const std::vector<SealedBatch>& batches, std::size_t zeros = 0) {
    std::string bytes = internal::EncodeSegmentHeader({place.identity, place.base_offset, 1});
    for (const SealedBatch& batch : batches) bytes += batch.bytes;
    const auto end = static_cast<int64_t>(bytes.size());
    bytes.append(zeros, '\0');
    WriteBytes(bytes);
    return end;
  }
  void WriteBytes(std::string_view bytes) {
    files.ForgetAll();
    static_cast<void>(memory.Remove(path));
    auto file = memory.OpenFile(path, FileSystem::Open::kCreateNew);
    EVENTLOG_ASSERT(file.ok() && (*file)->WriteAt(0, absl::MakeConstSpan(&bytes, 1)).ok());
  }
  std::unique_ptr<File> OpenFile() { return OpenFile(path); }
  std::unique_ptr<File> OpenFile(const std::string& name) {
    auto file = disk.OpenFile(name, FileSystem::Open::kExisting);
    EVENTLOG_ASSERT(file.ok());
    return *std::move(file);
  }
  // Inverts bits of one byte; the same call again restores it.
  void Flip(const std::string& name, int64_t position, char bits = 1) {
    const auto file = OpenFile(name);
    char byte = 0;
    EVENTLOG_ASSERT(file->ReadAt(position, absl::MakeSpan(&byte, 1)).value() == 1);
    byte = static_cast<char>(byte ^ bits);
    const std::string_view piece(&byte, 1);
    EVENTLOG_ASSERT(file->WriteAt(position, absl::MakeConstSpan(&piece, 1)).ok());
  }
  bool Exists(const std::string& name) {
    return memory.OpenFile(name, FileSystem::Open::kReadOnly).ok();
  }

  // Reserves and appends; a test that is about one of them calls it itself.
  static void Append(internal::Segment* segment, const SealedBatch& batch) {
    EVENTLOG_ASSERT(segment->Reserve(batch.header.batch_bytes()).ok());
    const auto sealed = internal::AsSealedBatch(batch.header, batch.bytes);
    EVENTLOG_ASSERT(segment->Append({&sealed, 1}).ok());
  }
  std::shared_ptr<internal::Segment> Create(const std::vector<SealedBatch>& batches) {
    auto segment = internal::Segment::Create(&files, place, 1, 0);
    EVENTLOG_ASSERT(segment.ok());
    for (const SealedBatch& batch : batches) Append(segment->get(), batch);
    return *segment;
  }
  // A file of these batches, taken over as recovery would.
  std::shared_ptr<internal::Segment> Adopt(const std::vector<SealedBatch>& batches, bool sealed) {
    const int64_t end = WriteFile(batches);
    const int64_t next_offset =
        batches.empty() ? place.base_offset : batches.back().header.next_offset();
    return internal::Segment::Adopt(&files, place, end, next_offset, sealed);
  }
};

// `batches` batches of `records` records each, without gaps, from `base_offset` on.
inline std::vector<SealedBatch> MakeCountedBatches(int batches, int32_t records,
                                                   std::size_t value_bytes = 20,
                                                   int64_t base_offset = 0) {
  std::vector<SealedBatch> made;
  for (int i = 0; i < batches; ++i) {
    made.push_back(
        MakeCountedBatch(TestIdentity(), base_offset + i * records, records, value_bytes));
  }
  return made;
}

// Where each batch starts in a file written by WriteFile.
inline std::vector<int64_t> Positions(const std::vector<SealedBatch>& batches) {
  std::vector<int64_t> positions;
  int64_t position = internal::kSegmentHeaderBytes;
  for (const SealedBatch& batch : batches) {
    positions.push_back(position);
    position += batch.header.batch_bytes();
  }
  return positions;
}

// The batch as a later format version would begin, with a good hash.
inline std::string OfNewerVersion(std::string batch_bytes, uint64_t seed) {
  internal::HeaderFormat format = internal::kRecordBatchFormat;
  ++format.version;
  internal::FinishHeader(batch_bytes.data(), format, seed);
  return batch_bytes;
}

// Whether `batch` is what was sealed, at that position.
inline bool Same(const internal::StoredBatch& batch, const SealedBatch& sealed, int64_t position) {
  return batch.header == sealed.header && batch.position == position &&
         batch.stored == sealed.bytes && batch.records == sealed.records;
}

inline std::string Message(const absl::Status& status) { return std::string(status.message()); }

}  // namespace eventlog::test

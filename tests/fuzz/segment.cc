// The input: a byte, then a segment file. The byte's lowest bit asks for good hashes of the file's
// header and of its batches, the next one lets batches leave gaps, the third takes the segment for
// a sealed one, whose indexes are missing.
#include "segment/segment.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "format/record_batch.h"
#include "fuzz/bytes.h"
#include "fuzz/records.h"
#include "fuzz/target.h"
#include "io/file_cache.h"
#include "segment/segment_scan.h"
#include "support/batch_factory.h"

namespace eventlog::test {
namespace {

using internal::kBatchHeaderBytes;
using internal::kSegmentHeaderBytes;
using internal::StoredBatch;

constexpr int32_t kMaxEpoch = 1000;

void MakeGood(std::string* file, uint64_t seed) {
  MakeHeaderHashGood(file->data(), file->size(), 0);
  std::size_t at = kSegmentHeaderBytes;
  while (at + kBatchHeaderBytes <= file->size()) {
    char* const header = file->data() + at;
    const std::size_t body_bytes = internal::LoadLe<uint32_t>(header + 68);
    const std::size_t left = file->size() - at - kBatchHeaderBytes;
    if (body_bytes > left) break;
    internal::StoreLe(header + 80,
                      internal::Hash64({header + kBatchHeaderBytes, body_bytes}, seed));
    MakeHeaderHashGood(header, file->size() - at, seed);
    at += kBatchHeaderBytes + body_bytes;
  }
}

// One segment file in memory, alone in its directory.
struct SegmentFile {
  explicit SegmentFile(const std::string& contents) : bytes(contents) {
    EVENTLOG_ASSERT(disk.CreateDirectory("/p").ok());
    auto created = disk.OpenFile(path, FileSystem::Open::kCreateNew);
    EVENTLOG_ASSERT(created.ok() && (*created)->WriteAt(0, {std::string_view(bytes)}).ok());
    file = *std::move(created);
  }

  const std::string& bytes;
  const std::string path = internal::SegmentPath("/p", 0);
  const uint64_t seed = TestIdentity().Seed();
  MemoryFileSystem disk;
  internal::FileCache files{&disk, 10};
  std::unique_ptr<File> file;
};

void CheckBatch(const SegmentFile& file, const StoredBatch& batch) {
  const auto batch_bytes = static_cast<std::size_t>(batch.header.batch_bytes());
  EVENTLOG_ASSERT(batch.position >= kSegmentHeaderBytes);
  EVENTLOG_ASSERT(batch.stored ==
                  file.bytes.substr(static_cast<std::size_t>(batch.position), batch_bytes));
  EVENTLOG_ASSERT(batch.records.size() == batch.header.uncompressed_bytes);
  CheckRecords(batch.records);
}

// Goes on behind the first hole as `verify` does: every batch that is found is whole, and further.
void CheckSearch(SegmentFile* file) {
  const auto size = static_cast<int64_t>(file->bytes.size());
  int64_t at = kSegmentHeaderBytes;
  for (int found = 0; found < 100; ++found) {
    const auto next = internal::FindNextBatch(file->file.get(), file->seed, at, size, INT64_MIN);
    EVENTLOG_ASSERT(next.ok());
    if (*next < 0) return;
    EVENTLOG_ASSERT(*next >= at);
    std::vector<StoredBatch> batches;
    EVENTLOG_ASSERT(ReadBatches(file->file.get(), "", file->seed, {*next, size, 1}, &batches).ok());
    EVENTLOG_ASSERT(batches.size() == 1);
    CheckBatch(*file, batches.front());
    at = *next + 1;
  }
}

// The first record at or after `timestamp_ms`; nothing when a batch says something else of itself
// than its records do.
std::optional<int64_t> FirstAt(const std::vector<StoredBatch>& batches, int64_t timestamp_ms) {
  std::optional<int64_t> first;
  for (const StoredBatch& batch : batches) {
    std::string_view rest = batch.records;
    int64_t max_timestamp_ms = INT64_MIN;
    for (int32_t i = 0; i < batch.header.record_count; ++i) {
      internal::EncodedRecord record;
      if (!DecodeRecord(&rest, &record).ok()) return std::nullopt;
      if (record.offset_delta > batch.header.last_offset_delta) return std::nullopt;
      const int64_t at =
          internal::TimestampAt(batch.header.base_timestamp_ms, record.timestamp_delta_ms);
      max_timestamp_ms = std::max(max_timestamp_ms, at);
      if (!first.has_value() && at >= timestamp_ms) {
        first = batch.header.base_offset + record.offset_delta;
      }
    }
    if (max_timestamp_ms != batch.header.max_timestamp_ms) return std::nullopt;
  }
  return first.value_or(-1);
}

// A segment that a scan has accepted is read without an error from any offset.
void CheckReading(SegmentFile* file, const std::vector<StoredBatch>& batches, bool sealed) {
  const StoredBatch& last = batches.back();
  const auto segment = internal::Segment::Adopt(&file->files, {"/p", TestIdentity(), 0},
                                                last.position + last.header.batch_bytes(),
                                                last.header.next_offset(), sealed);
  for (const StoredBatch& batch : batches) {
    for (const int64_t offset : {batch.header.base_offset, batch.header.last_offset()}) {
      for (const int64_t hint : {int64_t{-1}, batches.front().position, batch.position, offset}) {
        std::vector<StoredBatch> read;
        EVENTLOG_ASSERT(segment->Read(offset, hint, 1, &read).ok());
        EVENTLOG_ASSERT(!read.empty() && read.front().header == batch.header);
        EVENTLOG_ASSERT(read.front().position == batch.position);
      }
    }
    const int64_t wanted_ms = batch.header.max_timestamp_ms;
    const auto found = segment->FindTimestamp(wanted_ms, 0);
    EVENTLOG_ASSERT(found.ok() || IsRefusal(found.status()));
    const auto expected = FirstAt(batches, wanted_ms);
    if (expected.has_value()) EVENTLOG_ASSERT(found.ok() && found->value_or(-1) == *expected);
  }
}

// One of which nothing is known but its size: whatever is read is whole, or damage is told.
void CheckDamaged(SegmentFile* file, int64_t next_offset) {
  const auto size = static_cast<int64_t>(file->bytes.size());
  const auto segment = internal::Segment::Adopt(&file->files, {"/p", TestIdentity(), 0}, size,
                                                next_offset, /*sealed=*/false);
  for (const int64_t offset : {int64_t{0}, next_offset / 2, next_offset, next_offset + 1}) {
    std::vector<StoredBatch> read;
    const absl::Status status = segment->Read(offset, -1, 1, &read);
    EVENTLOG_ASSERT(status.ok() || IsRefusal(status) || absl::IsUnimplemented(status));
    for (const StoredBatch& batch : read) CheckBatch(*file, batch);
  }
  const auto found = segment->FindTimestamp(1, 0);
  EVENTLOG_ASSERT(found.ok() || IsRefusal(found.status()) || absl::IsUnimplemented(found.status()));
}

}  // namespace

FUZZ_TARGET(segment) {
  const auto how = Take<uint8_t>(&input);
  std::string bytes(input);
  if ((how & 1) != 0) MakeGood(&bytes, TestIdentity().Seed());
  SegmentFile file(bytes);
  const auto header = internal::ReadSegmentHeader(file.file.get());
  EVENTLOG_ASSERT(header.ok() ? EncodeSegmentHeader(*header) ==
                                    bytes.substr(0, static_cast<std::size_t>(kSegmentHeaderBytes))
                              : IsRefusal(header.status()));
  if (bytes.size() <= static_cast<std::size_t>(kSegmentHeaderBytes)) return Outcome::kRefused;

  std::vector<StoredBatch> batches;
  const auto scanned = internal::ScanSegment(
      file.file.get(), file.path, file.seed, kSegmentHeaderBytes, 0, kMaxEpoch, (how & 2) != 0,
      [&](const StoredBatch& batch) {
        CheckBatch(file, batch);
        EVENTLOG_ASSERT(batches.empty()
                            ? batch.position == kSegmentHeaderBytes
                            : batch.header.base_offset >= batches.back().header.next_offset());
        batches.push_back(batch);
        return absl::OkStatus();
      });
  EVENTLOG_ASSERT(scanned.ok());
  EVENTLOG_ASSERT(scanned->end_position <= static_cast<int64_t>(bytes.size()));
  EVENTLOG_ASSERT(scanned->stopped.ok() || IsRefusal(scanned->stopped) ||
                  absl::IsUnimplemented(scanned->stopped));
  if (!batches.empty()) {
    EVENTLOG_ASSERT(scanned->next_offset == batches.back().header.next_offset());
    CheckReading(&file, batches, (how & 4) != 0);
  }
  CheckSearch(&file);
  CheckDamaged(&file, scanned->next_offset);
  const bool whole = header.ok() && !batches.empty() && scanned->stopped.ok();
  return whole ? Outcome::kDecoded : Outcome::kRefused;
}

}  // namespace eventlog::test

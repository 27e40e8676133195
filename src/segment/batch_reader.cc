#include "segment/batch_reader.h"

#include <algorithm>
#include <utility>

#include "absl/types/span.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

// How much FindNextBatch looks through at once.
constexpr int64_t kSearchBytes = 1 << 20;
// Room for the rest of the last batch, when it is of the usual size.
constexpr int64_t kRoomBytes = (64 << 10) + static_cast<int64_t>(kBatchHeaderBytes);
// To read so much takes longer than another call.
constexpr int64_t kCallBytes = 8 << 10;
constexpr int64_t kHeaderBytes = static_cast<int64_t>(kBatchHeaderBytes);

// What pins a compressed batch: the file's bytes and what they decompress to.
struct Decompressed {
  std::shared_ptr<const char[]> file_bytes;
  std::string records;
};

// One call of ReadBatches: a buffer of the file's bytes from range.position on.
class BatchFill {
 public:
  BatchFill(File* file, const std::string& path, uint64_t identity_seed, const BatchRange& range)
      : file_(file),
        path_(path),
        seed_(identity_seed),
        position_(range.position),
        available_bytes_(range.limit - range.position) {}

  absl::Status Run(int64_t max_bytes, std::vector<StoredBatch>* batches) {
    // Enough at least to judge a header of any version.
    const int64_t first_bytes = std::max(max_bytes, static_cast<int64_t>(kMaxHeaderBytes));
    EVENTLOG_RETURN_IF_ERROR(Fetch(std::min(first_bytes, available_bytes_)));
    int64_t at = 0;
    do {
      StoredBatch batch;
      bool more_bytes_needed = false;
      absl::Status status = Parse(at, &batch, &more_bytes_needed);
      if (more_bytes_needed) {
        if (at > 0 && !IsWorthFetching(at, batch.header)) break;
        status = Fetch(at + batch.header.batch_bytes());
        if (status.ok()) status = Parse(at, &batch, &more_bytes_needed);
      }
      // What is wrong behind good batches is the next call's.
      if (at > 0 && !status.ok()) break;
      if (!status.ok()) {
        return Annotate(status, fmt::format("{}: batch at position {}", path_, position_));
      }
      at += batch.header.batch_bytes();
      next_offset_ = batch.header.next_offset();
      batches->push_back(std::move(batch));
    } while (at < std::min(available_bytes_, max_bytes));
    return absl::OkStatus();
  }

 private:
  // The rest of a batch that the first fetch has cut off: there is room for it, and to read again
  // what there is of it would cost more than another call.
  bool IsWorthFetching(int64_t at, const BatchHeader& header) const {
    return at + header.batch_bytes() <= capacity_bytes_ && fetched_bytes_ - at >= kCallBytes;
  }

  // Makes the buffer hold `bytes`, which are within the range.
  absl::Status Fetch(int64_t bytes) {
    if (bytes > capacity_bytes_) Grow(std::min(bytes + kRoomBytes, available_bytes_));
    const std::size_t wanted_bytes = static_cast<std::size_t>(bytes - fetched_bytes_);
    EVENTLOG_ASSIGN_OR_RETURN(
        const std::size_t read_bytes,
        file_->ReadAt(position_ + fetched_bytes_,
                      absl::MakeSpan(buffer_.get() + fetched_bytes_, wanted_bytes)));
    fetched_bytes_ += static_cast<int64_t>(read_bytes);
    // A file that ends early shows as a batch that is cut off, behind the good ones.
    if (read_bytes < wanted_bytes) available_bytes_ = fetched_bytes_;
    return absl::OkStatus();
  }

  void Grow(int64_t capacity_bytes) {
    auto larger = std::make_shared_for_overwrite<char[]>(static_cast<std::size_t>(capacity_bytes));
    std::copy_n(buffer_.get(), fetched_bytes_, larger.get());
    buffer_ = std::move(larger);
    capacity_bytes_ = capacity_bytes;
  }

  // The batch `at` bytes into the buffer, verified.
  absl::Status Parse(int64_t at, StoredBatch* batch, bool* more_bytes_needed) {
    *more_bytes_needed = false;
    const std::string_view bytes(buffer_.get() + at, static_cast<std::size_t>(fetched_bytes_ - at));
    EVENTLOG_ASSIGN_OR_RETURN(batch->header, DecodeBatchHeader(bytes, seed_));
    const BatchHeader& header = batch->header;
    if (header.batch_bytes() > available_bytes_ - at) {
      return MakeError(
          ErrorReason::kCorruptData,
          fmt::format("its {} bytes end beyond the file's valid bytes", header.batch_bytes()));
    }
    if (header.base_offset < next_offset_) {
      return MakeError(ErrorReason::kCorruptData,
                       fmt::format("its base offset {} is below {}, where the batch before it ends",
                                   header.base_offset, next_offset_));
    }
    if (header.batch_bytes() > fetched_bytes_ - at) {
      *more_bytes_needed = true;
      return absl::OkStatus();
    }
    batch->position = position_ + at;
    batch->stored = bytes.substr(0, static_cast<std::size_t>(header.batch_bytes()));
    const std::string_view body = batch->stored.substr(kBatchHeaderBytes);
    EVENTLOG_RETURN_IF_ERROR(VerifyBatchBody(header, body, seed_));
    return PinRecords(body, batch);
  }

  absl::Status PinRecords(std::string_view body, StoredBatch* batch) {
    if ((batch->header.attributes & kCompressionMask) == 0) {
      batch->records = body;
      batch->pin = buffer_;
      return absl::OkStatus();
    }
    auto decompressed = std::make_shared<Decompressed>();
    decompressed->file_bytes = buffer_;
    EVENTLOG_ASSIGN_OR_RETURN(batch->records,
                              RecordsSection(batch->header, body, &decompressed->records));
    batch->pin = std::move(decompressed);
    return absl::OkStatus();
  }

  File* const file_;
  const std::string& path_;
  const uint64_t seed_;
  const int64_t position_;
  int64_t available_bytes_;
  std::shared_ptr<char[]> buffer_;
  int64_t capacity_bytes_ = 0;
  int64_t fetched_bytes_ = 0;
  int64_t next_offset_ = INT64_MIN;
};

// Whether a whole batch that verifies stands at `position`.
absl::StatusOr<bool> IsBatch(File* file, uint64_t identity_seed, int64_t position, int64_t limit,
                             int64_t batch_bytes) {
  std::vector<StoredBatch> batches;
  const absl::Status status =
      ReadBatches(file, "", identity_seed, {position, limit, batch_bytes}, &batches);
  if (!status.ok() && !IsDamage(status)) return status;
  return status.ok();
}

}  // namespace

absl::Status ReadBatches(File* file, const std::string& path, uint64_t identity_seed,
                         const BatchRange& range, std::vector<StoredBatch>* batches) {
  EVENTLOG_ASSERT(range.position >= 0);
  if (range.position >= range.limit) return absl::OkStatus();
  return BatchFill(file, path, identity_seed, range).Run(range.max_bytes, batches);
}

absl::StatusOr<int64_t> FindNextBatch(File* file, uint64_t identity_seed, int64_t from,
                                      int64_t limit, int64_t min_offset) {
  EVENTLOG_ASSERT(from >= 0);
  char magic[sizeof kRecordBatchFormat.magic];
  StoreLe(magic, kRecordBatchFormat.magic);
  const std::string_view wanted(magic, sizeof magic);
  std::string chunk;
  for (int64_t at = from; at < limit; at += kSearchBytes) {
    // A header that begins in this chunk is in memory as a whole.
    const int64_t chunk_bytes = std::min(kSearchBytes + kHeaderBytes - 1, limit - at);
    chunk.resize(static_cast<std::size_t>(chunk_bytes));
    EVENTLOG_ASSIGN_OR_RETURN(const std::size_t read_bytes,
                              file->ReadAt(at, absl::MakeSpan(chunk.data(), chunk.size())));
    const std::string_view bytes = std::string_view(chunk).substr(0, read_bytes);
    for (std::size_t hit = bytes.find(wanted); hit < static_cast<std::size_t>(kSearchBytes);
         hit = bytes.find(wanted, hit + 1)) {
      const auto header = DecodeBatchHeader(bytes.substr(hit), identity_seed);
      if (!header.ok() || header->base_offset < min_offset) continue;
      const int64_t position = at + static_cast<int64_t>(hit);
      EVENTLOG_ASSIGN_OR_RETURN(
          const bool found, IsBatch(file, identity_seed, position, limit, header->batch_bytes()));
      if (found) return position;
    }
    if (read_bytes < chunk.size()) break;
  }
  return int64_t{-1};
}

}  // namespace eventlog::inline v1::internal

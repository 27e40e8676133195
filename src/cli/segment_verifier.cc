#include "cli/segment_verifier.h"

#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "cli/stored_file.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "format/index_file.h"

namespace eventlog::inline v1::cli {
namespace {

using internal::PartitionIdentity;
using internal::ScanResult;
using internal::StoredBatch;

constexpr int64_t kMaxIndexBytes = int64_t{1} << 30;

}  // namespace

SegmentVerifier::SegmentVerifier(FileSystem* file_system, SegmentTask task,
                                 const std::function<void(int64_t)>& on_bytes, VerifyReport* report)
    : file_system_(file_system),
      task_(std::move(task)),
      path_(internal::SegmentPath(task_.partition_directory, task_.base_offset)),
      on_bytes_(on_bytes),
      report_(report) {}

// Its message, without the path that stands in the finding already.
std::string SegmentVerifier::TextOf(const absl::Status& status) const {
  std::string text(status.message());
  const std::string prefix = path_ + ": ";
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

absl::StatusOr<std::optional<PartitionIdentity>> SegmentVerifier::CheckHeader(
    std::optional<PartitionIdentity> identity) {
  const auto header = internal::ReadSegmentHeader(file_.get());
  if (!header.ok() && !internal::IsDamage(header.status())) return header.status();
  Finding finding = {.file = path_,
                     .position = 0,
                     .end_position = internal::kSegmentHeaderBytes,
                     .first_offset = task_.base_offset,
                     .end_offset = task_.base_offset};
  if (!header.ok()) {
    finding.what = TextOf(header.status());
  } else if (identity.has_value() && header->identity != *identity) {
    finding.what = "the header is another partition's";
  } else if (header->base_offset != task_.base_offset) {
    finding.what = fmt::format("the header says base offset {}", header->base_offset);
  } else {
    return header->identity;
  }
  const bool proven = task_.proven_bytes > 0;
  (proven ? report_->damage : report_->unproven_tails).push_back(std::move(finding));
  return proven ? identity : std::nullopt;
}

void SegmentVerifier::CountBatch(const StoredBatch& batch) {
  ++report_->batches;
  report_->records += batch.header.record_count;
  if (on_bytes_) on_bytes_(batch.header.batch_bytes());
  const auto records = DecodeRecords(batch.records, batch.header.record_count);
  if (records.ok()) return;
  report_->damage.push_back(
      {.file = path_,
       .position = batch.position,
       .end_position = batch.position + batch.header.batch_bytes(),
       .first_offset = batch.header.base_offset,
       .end_offset = batch.header.next_offset(),
       .what = "the checksums match, the records do not decode: " + TextOf(records.status())});
}

// Reports the hole where the scan stands and moves it to the next good batch. False: there is none,
// or nothing proves that there should be.
absl::StatusOr<bool> SegmentVerifier::StepOver(uint64_t seed, const absl::Status& stopped,
                                               int64_t size, ScanResult* scan) {
  Finding finding = {.file = path_,
                     .position = scan->end_position,
                     .end_position = size,
                     .first_offset = scan->next_offset,
                     .what = stopped.ok() ? "data is missing" : TextOf(stopped)};
  if (scan->end_position >= task_.proven_bytes && scan->next_offset >= task_.proven_end_offset) {
    if (!stopped.ok()) report_->unproven_tails.push_back(std::move(finding));
    return false;
  }
  finding.end_offset = task_.proven_end_offset;
  int64_t from = scan->end_position;
  std::vector<StoredBatch> next;
  for (;;) {
    EVENTLOG_ASSIGN_OR_RETURN(
        from, internal::FindNextBatch(file_.get(), seed, from, size, scan->next_offset));
    if (from < 0) break;
    EVENTLOG_RETURN_IF_ERROR(
        internal::ReadBatches(file_.get(), path_, seed, {from, size, 1}, &next));
    // The batch that the scan did not take is not the next one.
    if (from > scan->end_position || next.front().header.base_offset > scan->next_offset) break;
    next.clear();
    ++from;
  }
  if (!next.empty()) {
    finding.end_position = next.front().position;
    finding.end_offset = next.front().header.base_offset;
    scan->end_position = finding.end_position;
    scan->next_offset = finding.end_offset;
  }
  report_->damage.push_back(std::move(finding));
  return !next.empty();
}

// Behind the last batch of a sealed file there is nothing but zeros.
absl::Status SegmentVerifier::CheckRest(int64_t position, int64_t size) {
  std::string chunk(1 << 16, '\0');
  for (int64_t at = position; at < size;) {
    EVENTLOG_ASSIGN_OR_RETURN(const std::size_t read_bytes,
                              file_->ReadAt(at, absl::MakeSpan(chunk)));
    const std::size_t odd = std::string_view(chunk).substr(0, read_bytes).find_first_not_of('\0');
    if (odd != std::string_view::npos) {
      report_->damage.push_back({.file = path_,
                                 .position = at + static_cast<int64_t>(odd),
                                 .end_position = size,
                                 .first_offset = task_.proven_end_offset,
                                 .end_offset = task_.proven_end_offset,
                                 .what = "bytes behind the last batch"});
      return absl::OkStatus();
    }
    if (read_bytes == 0) break;
    at += static_cast<int64_t>(read_bytes);
  }
  return absl::OkStatus();
}

absl::StatusOr<ScanResult> SegmentVerifier::CheckBatches(uint64_t seed, int64_t size) {
  const auto visit = [&](const StoredBatch& batch) {
    CountBatch(batch);
    return absl::OkStatus();
  };
  ScanResult scan;
  scan.end_position = internal::kSegmentHeaderBytes;
  scan.next_offset = task_.base_offset;
  for (;;) {
    EVENTLOG_ASSIGN_OR_RETURN(
        scan, internal::ScanSegment(file_.get(), path_, seed, scan.end_position, scan.next_offset,
                                    task_.max_epoch, /*allow_gaps=*/false, visit));
    if (task_.sealed && scan.next_offset >= task_.proven_end_offset) return scan;
    EVENTLOG_ASSIGN_OR_RETURN(const bool more, StepOver(seed, scan.stopped, size, &scan));
    if (!more) return scan;
  }
}

absl::Status SegmentVerifier::CheckIndex(const std::string& path,
                                         const internal::HeaderFormat& format, uint64_t seed,
                                         int64_t segment_bytes) {
  const auto bytes = ReadStoredFile(file_system_, path, kMaxIndexBytes);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  if (!bytes.ok() && !internal::IsDamage(bytes.status())) return bytes.status();
  const auto index = bytes.ok() ? internal::DecodeIndexFile(*bytes, format, seed)
                                : absl::StatusOr<internal::IndexFile>(bytes.status());
  Finding finding{.file = path};
  if (!index.ok()) {
    finding.what = TextOf(index.status());
  } else if (index->base_offset != task_.base_offset) {
    finding.what = fmt::format("it is of the segment at offset {}", index->base_offset);
  } else if (index->segment_bytes != segment_bytes) {
    finding.what = fmt::format("it is of a segment of {} bytes, this one has {}",
                               index->segment_bytes, segment_bytes);
  } else {
    ++report_->indexes;
    return absl::OkStatus();
  }
  report_->useless_indexes.push_back(std::move(finding));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SegmentVerifier::Run(std::optional<PartitionIdentity> identity) {
  EVENTLOG_ASSIGN_OR_RETURN(file_, file_system_->OpenFile(path_, FileSystem::Open::kReadOnly));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t size, file_->Size());
  ++report_->segments;
  report_->bytes += size;
  EVENTLOG_ASSIGN_OR_RETURN(identity, CheckHeader(identity));
  if (!identity.has_value()) return task_.base_offset;
  const uint64_t seed = identity->Seed();
  EVENTLOG_ASSIGN_OR_RETURN(const ScanResult scan, CheckBatches(seed, size));
  if (!task_.sealed) return scan.next_offset;
  if (scan.next_offset >= task_.proven_end_offset) {
    EVENTLOG_RETURN_IF_ERROR(CheckRest(scan.end_position, size));
  }
  EVENTLOG_RETURN_IF_ERROR(
      CheckIndex(internal::OffsetIndexPath(task_.partition_directory, task_.base_offset),
                 internal::kOffsetIndexFormat, seed, size));
  EVENTLOG_RETURN_IF_ERROR(
      CheckIndex(internal::TimeIndexPath(task_.partition_directory, task_.base_offset),
                 internal::kTimeIndexFormat, seed, size));
  return scan.next_offset;
}

}  // namespace eventlog::inline v1::cli

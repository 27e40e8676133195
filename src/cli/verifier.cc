#include "cli/verifier.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/types/span.h"
#include "cli/journal_scan.h"
#include "cli/stored_file.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "format/catalog_file.h"
#include "format/checkpoint.h"
#include "format/file_names.h"
#include "segment/segment_scan.h"

namespace eventlog::inline v1::cli {
namespace {

using internal::PartitionCheckpoint;
using internal::PartitionIdentity;
using internal::ScanResult;
using internal::StoredBatch;

constexpr int64_t kMaxSmallFileBytes = int64_t{1} << 30;  // of catalog and checkpoint

// One segment file and what must be in it.
struct SegmentTask {
  std::string path;
  int64_t base_offset = 0;
  int64_t proven_bytes = 0;       // the file is whole up to here at least
  int64_t proven_end_offset = 0;  // and its batches reach this offset
  bool sealed = false;            // exactly this offset, and nothing follows
};

class Verifier {
 public:
  Verifier(FileSystem* file_system, const std::string& directory)
      : file_system_(file_system), directory_(directory) {}

  absl::StatusOr<VerifyReport> Run();

 private:
  absl::Status FindLog();
  absl::Status CheckCatalog();
  absl::Status CheckCheckpoint();
  absl::Status CheckJournal();
  absl::Status CheckPartitions();
  absl::Status CheckPartition(const std::string& name, internal::PartitionDirectoryName parsed);
  absl::Status CheckMissing();
  SegmentTask TaskFor(const std::string& directory, const std::vector<int64_t>& bases,
                      std::size_t i, const PartitionCheckpoint& proven) const;
  absl::StatusOr<std::optional<PartitionIdentity>> CheckHeader(
      File* file, const SegmentTask& task, std::optional<PartitionIdentity> identity);
  // Returns the offset where the file's batches end.
  absl::StatusOr<int64_t> CheckSegment(const SegmentTask& task,
                                       std::optional<PartitionIdentity> identity);
  absl::StatusOr<bool> StepOver(File* file, const SegmentTask& task, uint64_t seed,
                                const absl::Status& stopped, int64_t size, ScanResult* scan);
  absl::Status CheckRest(File* file, const SegmentTask& task, int64_t position, int64_t size);
  void CountBatch(const SegmentTask& task, const StoredBatch& batch);
  void Damaged(Finding finding) { report_.damage.push_back(std::move(finding)); }

  FileSystem* const file_system_;
  const std::string& directory_;
  VerifyReport report_;
  std::optional<internal::CatalogFile> catalog_;
  std::optional<internal::Checkpoint> checkpoint_;
  // By topic id and partition.
  std::map<std::pair<int32_t, int32_t>, PartitionIdentity> identities_;
  std::map<std::pair<int32_t, int32_t>, PartitionCheckpoint> proven_;
};

std::string Text(const absl::Status& status) { return std::string(status.message()); }

absl::Status Verifier::FindLog() {
  EVENTLOG_ASSIGN_OR_RETURN(const auto names, file_system_->List(directory_));
  const auto has = [&](const std::string& path) {
    return std::find(names.begin(), names.end(), path.substr(path.rfind('/') + 1)) != names.end();
  };
  if (has(internal::CatalogPath(directory_)) || has(internal::CheckpointPath(directory_)) ||
      has(internal::SegmentsDirectory(directory_))) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(directory_ + ": there is no log in it");
}

absl::Status Verifier::CheckCatalog() {
  const std::string path = internal::CatalogPath(directory_);
  auto bytes = ReadStoredFile(file_system_, path, kMaxSmallFileBytes);
  if (absl::IsNotFound(bytes.status())) {
    Damaged({.file = path, .what = "the catalog is missing"});
    return absl::OkStatus();
  }
  if (!bytes.ok()) return bytes.status();
  auto catalog = internal::DecodeCatalog(*bytes);
  if (!catalog.ok()) {
    Damaged({.file = path,
             .position = 0,
             .end_position = static_cast<int64_t>(bytes->size()),
             .what = Text(catalog.status())});
    return absl::OkStatus();
  }
  catalog_ = *std::move(catalog);
  for (const internal::CatalogTopic& topic : catalog_->topics) {
    for (int32_t partition = 0; partition < topic.partitions; ++partition) {
      identities_[{topic.id, partition}] = {topic.uuid, partition};
    }
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckCheckpoint() {
  const std::string path = internal::CheckpointPath(directory_);
  auto bytes = ReadStoredFile(file_system_, path, kMaxSmallFileBytes);
  if (absl::IsNotFound(bytes.status())) {
    Damaged({.file = path, .what = "the checkpoint is missing"});
    return absl::OkStatus();
  }
  if (!bytes.ok()) return bytes.status();
  auto checkpoint = internal::DecodeCheckpoint(*bytes);
  if (!checkpoint.ok()) {
    Damaged({.file = path,
             .position = 0,
             .end_position = static_cast<int64_t>(bytes->size()),
             .what = Text(checkpoint.status())});
    return absl::OkStatus();
  }
  checkpoint_ = *std::move(checkpoint);
  if (catalog_.has_value() && catalog_->log_id != checkpoint_->log_id) {
    Damaged({.file = path, .what = "the checkpoint is of another log than the catalog"});
  }
  for (const PartitionCheckpoint& entry : checkpoint_->partitions) {
    proven_[{entry.topic_id, entry.partition}] = entry;
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckJournal() {
  const std::string path = internal::JournalDirectory(directory_);
  auto names = file_system_->List(path);
  if (!names.ok() && !absl::IsNotFound(names.status())) return names.status();
  std::vector<FoundGroup> groups;
  int64_t files = 0;
  for (const std::string& name : names.ok() ? *names : std::vector<std::string>()) {
    if (!internal::ParseJournalName(name).has_value()) continue;
    ++files;
    EVENTLOG_ASSIGN_OR_RETURN(
        const std::string bytes,
        ReadStoredFile(file_system_, path + "/" + name, kMaxJournalFileBytes));
    if (!checkpoint_.has_value()) continue;
    for (FoundGroup& found : FindGroups(bytes, checkpoint_->generation, checkpoint_->log_id)) {
      found.group.frames.clear();  // views into `bytes`
      if (found.group.sequence >= checkpoint_->sequence) groups.push_back(std::move(found));
    }
  }
  report_.journal_groups = static_cast<int64_t>(groups.size());
  if (files == 0) {
    Damaged({.file = path, .what = "the journal is missing"});
  } else if (checkpoint_.has_value()) {
    const uint64_t missing = FindMissingGroup(*checkpoint_, groups);
    if (missing != 0) {
      Damaged({.file = path,
               .what = fmt::format("group {} of generation {} was synced and is damaged or missing",
                                   missing, checkpoint_->generation)});
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<PartitionIdentity>> Verifier::CheckHeader(
    File* file, const SegmentTask& task, std::optional<PartitionIdentity> identity) {
  const auto header = internal::ReadSegmentHeader(file);
  if (!header.ok() && !internal::IsDamage(header.status())) return header.status();
  Finding finding = {.file = task.path,
                     .position = 0,
                     .end_position = internal::kSegmentHeaderBytes,
                     .first_offset = task.base_offset,
                     .end_offset = task.base_offset};
  if (!header.ok()) {
    finding.what = Text(header.status());
  } else if (identity.has_value() && header->identity != *identity) {
    finding.what = "the header is another partition's";
  } else if (header->base_offset != task.base_offset) {
    finding.what = fmt::format("the header says base offset {}", header->base_offset);
  } else {
    return header->identity;
  }
  const bool proven = task.proven_bytes > 0;
  (proven ? report_.damage : report_.unproven_tails).push_back(std::move(finding));
  return proven ? identity : std::nullopt;
}

void Verifier::CountBatch(const SegmentTask& task, const StoredBatch& batch) {
  ++report_.batches;
  report_.records += batch.header.record_count;
  const auto records = DecodeRecords(batch.records, batch.header.record_count);
  if (records.ok()) return;
  Damaged({.file = task.path,
           .position = batch.position,
           .end_position = batch.position + batch.header.batch_bytes(),
           .first_offset = batch.header.base_offset,
           .end_offset = batch.header.next_offset(),
           .what = "the checksums match, the records do not decode: " + Text(records.status())});
}

// Reports the hole where the scan stands and moves it to the next good batch. False: there is none,
// or nothing proves that there should be.
absl::StatusOr<bool> Verifier::StepOver(File* file, const SegmentTask& task, uint64_t seed,
                                        const absl::Status& stopped, int64_t size,
                                        ScanResult* scan) {
  Finding finding = {.file = task.path,
                     .position = scan->end_position,
                     .end_position = size,
                     .first_offset = scan->next_offset,
                     .what = stopped.ok() ? "data is missing" : Text(stopped)};
  if (scan->end_position >= task.proven_bytes && scan->next_offset >= task.proven_end_offset) {
    if (!stopped.ok()) report_.unproven_tails.push_back(std::move(finding));
    return false;
  }
  finding.end_offset = task.proven_end_offset;
  int64_t from = scan->end_position;
  std::vector<StoredBatch> next;
  for (;;) {
    EVENTLOG_ASSIGN_OR_RETURN(from,
                              internal::FindNextBatch(file, seed, from, size, scan->next_offset));
    if (from < 0) break;
    EVENTLOG_RETURN_IF_ERROR(internal::ReadBatches(file, task.path, seed, {from, size, 1}, &next));
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
  Damaged(std::move(finding));
  return !next.empty();
}

// Behind the last batch of a sealed file there is nothing but zeros.
absl::Status Verifier::CheckRest(File* file, const SegmentTask& task, int64_t position,
                                 int64_t size) {
  std::string chunk(1 << 16, '\0');
  for (int64_t at = position; at < size;) {
    EVENTLOG_ASSIGN_OR_RETURN(const std::size_t read_bytes,
                              file->ReadAt(at, absl::MakeSpan(chunk)));
    const std::size_t odd = std::string_view(chunk).substr(0, read_bytes).find_first_not_of('\0');
    if (odd != std::string_view::npos) {
      Damaged({.file = task.path,
               .position = at + static_cast<int64_t>(odd),
               .end_position = size,
               .first_offset = task.proven_end_offset,
               .end_offset = task.proven_end_offset,
               .what = "bytes behind the last batch"});
      return absl::OkStatus();
    }
    if (read_bytes == 0) break;
    at += static_cast<int64_t>(read_bytes);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Verifier::CheckSegment(const SegmentTask& task,
                                               std::optional<PartitionIdentity> identity) {
  EVENTLOG_ASSIGN_OR_RETURN(const auto file,
                            file_system_->OpenFile(task.path, FileSystem::Open::kReadOnly));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  ++report_.segments;
  report_.bytes += size;
  EVENTLOG_ASSIGN_OR_RETURN(identity, CheckHeader(file.get(), task, identity));
  if (!identity.has_value()) return task.base_offset;
  const uint64_t seed = identity->Seed();
  const int32_t max_epoch =
      checkpoint_.has_value() ? checkpoint_->leader_epoch : std::numeric_limits<int32_t>::max();
  const auto visit = [&](const StoredBatch& batch) {
    CountBatch(task, batch);
    return absl::OkStatus();
  };
  ScanResult scan;
  scan.end_position = internal::kSegmentHeaderBytes;
  scan.next_offset = task.base_offset;
  for (bool more = true; more;) {
    EVENTLOG_ASSIGN_OR_RETURN(
        scan, internal::ScanSegment(file.get(), task.path, seed, scan.end_position,
                                    scan.next_offset, max_epoch, /*allow_gaps=*/false, visit));
    const bool complete = task.sealed && scan.next_offset >= task.proven_end_offset;
    if (complete) break;
    EVENTLOG_ASSIGN_OR_RETURN(more, StepOver(file.get(), task, seed, scan.stopped, size, &scan));
  }
  if (task.sealed && scan.next_offset >= task.proven_end_offset) {
    EVENTLOG_RETURN_IF_ERROR(CheckRest(file.get(), task, scan.end_position, size));
  }
  return scan.next_offset;
}

SegmentTask Verifier::TaskFor(const std::string& directory, const std::vector<int64_t>& bases,
                              std::size_t i, const PartitionCheckpoint& proven) const {
  SegmentTask task;
  task.path = internal::SegmentPath(directory, bases[i]);
  task.base_offset = bases[i];
  // Without a checkpoint a file is proven by the one that follows it.
  const int64_t active = checkpoint_.has_value() ? proven.segment_base_offset : bases.back();
  if (bases[i] < active) {
    task.sealed = true;
    task.proven_bytes = internal::kSegmentHeaderBytes;
    task.proven_end_offset = i + 1 < bases.size() ? bases[i + 1] : proven.end_offset;
  } else if (bases[i] == active) {
    task.proven_bytes = std::max(proven.position, internal::kSegmentHeaderBytes);
    task.proven_end_offset = proven.end_offset;
  }
  return task;
}

absl::Status Verifier::CheckPartition(const std::string& name,
                                      internal::PartitionDirectoryName parsed) {
  const std::string directory = internal::SegmentsDirectory(directory_) + "/" + name;
  const auto known = identities_.find({parsed.topic_id, parsed.partition});
  std::optional<PartitionIdentity> identity;
  if (known != identities_.end()) identity = known->second;
  if (catalog_.has_value() && !identity.has_value()) {
    if (parsed.topic_id < catalog_->next_topic_id) return absl::OkStatus();  // deleted
    Damaged({.file = directory, .what = "files of a partition that the catalog has never had"});
  }
  ++report_.partitions;
  const PartitionCheckpoint proven = proven_[{parsed.topic_id, parsed.partition}];
  EVENTLOG_ASSIGN_OR_RETURN(const std::vector<int64_t> bases,
                            ListSegments(file_system_, directory));
  int64_t expected = proven.log_start_offset;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const SegmentTask task = TaskFor(directory, bases, i, proven);
    if (i == 0 && task.base_offset < expected) expected = task.base_offset;
    if (task.base_offset > expected && i > 0 && !task.sealed && task.proven_bytes == 0) {
      report_.unproven_tails.push_back({.file = task.path,
                                        .position = 0,
                                        .first_offset = task.base_offset,
                                        .what = "it does not go on where the file before it ends"});
      continue;
    }
    if (i == 0 && task.base_offset > expected && expected < proven.end_offset) {
      Damaged({.file = internal::SegmentPath(directory, expected),
               .first_offset = expected,
               .end_offset = task.base_offset,
               .what = "the segment is missing"});
    }
    EVENTLOG_ASSIGN_OR_RETURN(expected, CheckSegment(task, identity));
    if (i + 1 < bases.size() && expected > bases[i + 1]) {
      Damaged({.file = task.path,
               .first_offset = bases[i + 1],
               .end_offset = expected,
               .what = "its offsets overlap with the next file's"});
    }
  }
  return absl::OkStatus();
}

// Files that the checkpoint names and that are not there.
absl::Status Verifier::CheckMissing() {
  for (const auto& [key, proven] : proven_) {
    if (proven.segment_base_offset < 0) continue;
    if (catalog_.has_value() && !identities_.contains(key)) continue;  // deleted
    const std::string directory = internal::PartitionDirectory(directory_, key.first, key.second);
    const auto bases = ListSegments(file_system_, directory);
    if (!bases.ok() && !absl::IsNotFound(bases.status())) return bases.status();
    if (bases.ok() &&
        std::binary_search(bases->begin(), bases->end(), proven.segment_base_offset)) {
      continue;
    }
    Damaged({.file = internal::SegmentPath(directory, proven.segment_base_offset),
             .position = 0,
             .end_position = proven.position,
             .first_offset = proven.segment_base_offset,
             .end_offset = proven.end_offset,
             .what = "the segment that the checkpoint names is missing"});
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckPartitions() {
  auto names = file_system_->List(internal::SegmentsDirectory(directory_));
  if (absl::IsNotFound(names.status())) {
    Damaged({.file = internal::SegmentsDirectory(directory_), .what = "the directory is missing"});
    return absl::OkStatus();
  }
  EVENTLOG_RETURN_IF_ERROR(names);
  std::sort(names->begin(), names->end());
  for (const std::string& name : *names) {
    const auto parsed = internal::ParsePartitionDirectoryName(name);
    if (parsed.has_value()) EVENTLOG_RETURN_IF_ERROR(CheckPartition(name, *parsed));
  }
  return CheckMissing();
}

absl::StatusOr<VerifyReport> Verifier::Run() {
  EVENTLOG_RETURN_IF_ERROR(FindLog());
  EVENTLOG_RETURN_IF_ERROR(CheckCatalog());
  EVENTLOG_RETURN_IF_ERROR(CheckCheckpoint());
  EVENTLOG_RETURN_IF_ERROR(CheckJournal());
  EVENTLOG_RETURN_IF_ERROR(CheckPartitions());
  return std::move(report_);
}

}  // namespace

absl::StatusOr<VerifyReport> Verify(FileSystem* file_system, const std::string& directory) {
  return Verifier(file_system, directory).Run();
}

}  // namespace eventlog::inline v1::cli

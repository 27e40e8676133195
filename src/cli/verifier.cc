// Beside a process that has the log open files come and go. What makes findings trustworthy there:
// when a listing is older than the checkpoint that it is judged by, every file of the log from the
// checkpointed start on is in the listing or younger than it, and a file that has gone since lies
// below the start in a checkpoint that is there by now (R12).
#include "cli/verifier.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "cli/journal_scan.h"
#include "cli/segment_verifier.h"
#include "cli/stored_file.h"
#include "eventlog/errors.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "format/catalog_file.h"
#include "format/checkpoint.h"
#include "format/file_names.h"
#include "format/journal_list.h"
#include "io/directory_lock.h"

namespace eventlog::inline v1::cli {
namespace {

using internal::PartitionCheckpoint;
using internal::PartitionIdentity;

constexpr int64_t kMaxSmallFileBytes = int64_t{1} << 30;  // of catalog and checkpoint
// So often another process may come and go while a log that nobody had open is verified.
constexpr int kAttempts = 10;

using PartitionKey = std::pair<int32_t, int32_t>;  // topic id, partition

class Verifier {
 public:
  Verifier(const std::string& directory, const std::string& holder,
           const std::function<void(int64_t)>& on_bytes)
      : directory_(directory), on_bytes_(on_bytes), beside_(!holder.empty()) {
    report_.holder = holder;
  }

  absl::StatusOr<VerifyReport> Run();
  // Whether the checkpoint is not the one that was read: the log was open meanwhile.
  bool CheckpointHasChanged() const;

 private:
  absl::Status FindLog();
  absl::Status ReadCatalog();
  absl::Status ReadCheckpoint();
  // Beside a process that works on them.
  absl::Status ReadBothAgain();
  absl::Status CheckJournal();
  absl::Status CheckJournalList(const std::map<uint64_t, int64_t>& sizes);
  absl::Status CheckPartitions();
  absl::Status CheckPartition(const std::string& name, internal::PartitionDirectoryName parsed);
  absl::Status CheckPartitionFiles(const std::string& directory, const std::vector<int64_t>& bases,
                                   PartitionKey key);
  absl::Status CheckNamedSegments();
  absl::StatusOr<bool> NamedSegmentIsMissing(PartitionKey key);
  SegmentTask TaskFor(const std::string& directory, const std::vector<int64_t>& bases,
                      std::size_t i, const PartitionCheckpoint& proven) const;
  absl::StatusOr<bool> WasDeleted(PartitionKey key, const std::vector<int64_t>& bases,
                                  std::size_t i);
  std::optional<PartitionIdentity> IdentityOf(PartitionKey key) const;
  PartitionCheckpoint ProvenOf(PartitionKey key) const;
  void Damaged(Finding finding) { report_.damage.push_back(std::move(finding)); }

  FileSystem* const file_system_ = FileSystem::Posix();
  const std::string& directory_;
  const std::function<void(int64_t)>& on_bytes_;
  const bool beside_;
  VerifyReport report_;
  std::optional<internal::CatalogFile> catalog_;
  std::optional<internal::Checkpoint> checkpoint_;
  std::string checkpoint_bytes_;
  std::map<PartitionKey, PartitionIdentity> identities_;
  std::map<PartitionKey, PartitionCheckpoint> proven_;
};

std::string Text(const absl::Status& status) { return std::string(status.message()); }

absl::Status Verifier::FindLog() {
  const auto names = file_system_->List(directory_);
  if (absl::IsNotFound(names.status())) {
    return internal::MakeError(ErrorReason::kDirectoryNotFound, directory_ + ": no such directory");
  }
  EVENTLOG_RETURN_IF_ERROR(names);
  const auto has = [&](const std::string& path) {
    return std::find(names->begin(), names->end(), path.substr(path.rfind('/') + 1)) !=
           names->end();
  };
  if (has(internal::CatalogPath(directory_)) || has(internal::CheckpointPath(directory_)) ||
      has(internal::SegmentsDirectory(directory_))) {
    return absl::OkStatus();
  }
  return internal::MakeError(ErrorReason::kDirectoryNotFound,
                             directory_ + ": there is no log in it");
}

absl::Status Verifier::ReadCatalog() {
  const std::string path = internal::CatalogPath(directory_);
  auto bytes = ReadReplacedFile(file_system_, path, kMaxSmallFileBytes);
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

absl::Status Verifier::ReadCheckpoint() {
  const std::string path = internal::CheckpointPath(directory_);
  auto bytes = ReadReplacedFile(file_system_, path, kMaxSmallFileBytes);
  if (absl::IsNotFound(bytes.status())) {
    Damaged({.file = path, .what = "the checkpoint is missing"});
    return absl::OkStatus();
  }
  if (!bytes.ok()) return bytes.status();
  checkpoint_bytes_ = *bytes;
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

absl::Status Verifier::ReadBothAgain() {
  catalog_.reset();
  checkpoint_.reset();
  identities_.clear();
  proven_.clear();
  EVENTLOG_RETURN_IF_ERROR(ReadCatalog());
  return ReadCheckpoint();
}

bool Verifier::CheckpointHasChanged() const {
  const auto now =
      ReadReplacedFile(file_system_, internal::CheckpointPath(directory_), kMaxSmallFileBytes);
  return now.ok() && *now != checkpoint_bytes_;
}

std::optional<PartitionIdentity> Verifier::IdentityOf(PartitionKey key) const {
  const auto known = identities_.find(key);
  return known == identities_.end() ? std::nullopt : std::optional(known->second);
}

PartitionCheckpoint Verifier::ProvenOf(PartitionKey key) const {
  const auto known = proven_.find(key);
  return known == proven_.end() ? PartitionCheckpoint() : known->second;
}

absl::Status Verifier::CheckJournal() {
  const std::string path = internal::JournalDirectory(directory_);
  auto names = file_system_->List(path);
  if (!names.ok() && !absl::IsNotFound(names.status())) return names.status();
  std::vector<FoundGroup> groups;
  std::map<uint64_t, int64_t> sizes;  // by the files' numbers
  for (const std::string& name : names.ok() ? *names : std::vector<std::string>()) {
    const auto number = internal::ParseJournalName(name);
    if (!number.has_value()) continue;
    EVENTLOG_ASSIGN_OR_RETURN(
        const std::string bytes,
        ReadStoredFile(file_system_, path + "/" + name, kMaxJournalFileBytes));
    sizes[*number] = std::ssize(bytes);
    if (!checkpoint_.has_value()) continue;
    for (FoundGroup& found : FindGroups(bytes, checkpoint_->generation, checkpoint_->log_id)) {
      found.group.frames.clear();  // views into `bytes`
      if (found.group.sequence >= checkpoint_->sequence) groups.push_back(std::move(found));
    }
  }
  report_.journal_groups = static_cast<int64_t>(groups.size());
  if (sizes.empty()) {
    Damaged({.file = path, .what = "the journal is missing"});
    return absl::OkStatus();
  }
  EVENTLOG_RETURN_IF_ERROR(CheckJournalList(sizes));
  if (checkpoint_.has_value()) {
    const uint64_t missing = FindMissingGroup(*checkpoint_, groups);
    if (missing != 0) {
      Damaged({.file = path,
               .what = fmt::format("group {} of generation {} was synced and is damaged or missing",
                                   missing, checkpoint_->generation)});
    }
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckJournalList(const std::map<uint64_t, int64_t>& sizes) {
  const std::string path = internal::JournalListPath(directory_);
  const auto bytes = ReadStoredFile(file_system_, path, kMaxSmallFileBytes);
  if (absl::IsNotFound(bytes.status())) {
    Damaged({.file = path, .what = "the list of journal files is missing"});
    return absl::OkStatus();
  }
  EVENTLOG_RETURN_IF_ERROR(bytes);
  const auto list = internal::DecodeJournalList(*bytes);
  if (!list.ok()) {
    Damaged({.file = path,
             .position = 0,
             .end_position = std::ssize(*bytes),
             .what = Text(list.status())});
    return absl::OkStatus();
  }
  if (checkpoint_.has_value() && list->log_id != checkpoint_->log_id) {
    Damaged({.file = path, .what = "the list is of another log than the checkpoint"});
  }
  for (const internal::JournalListEntry& listed : list->files) {
    const auto size = sizes.find(listed.number);
    const std::string file = internal::JournalPath(directory_, listed.number);
    if (size == sizes.end()) {
      Damaged({.file = file, .what = "the file is missing"});
    } else if (size->second != listed.bytes) {
      Damaged({.file = file,
               .what = fmt::format("{} bytes long instead of {}", size->second, listed.bytes)});
    }
  }
  return absl::OkStatus();
}

SegmentTask Verifier::TaskFor(const std::string& directory, const std::vector<int64_t>& bases,
                              std::size_t i, const PartitionCheckpoint& proven) const {
  SegmentTask task;
  task.partition_directory = directory;
  task.base_offset = bases[i];
  task.max_epoch =
      checkpoint_.has_value() ? checkpoint_->leader_epoch : std::numeric_limits<int32_t>::max();
  // Without a checkpoint a file is proven by the one that follows it.
  const int64_t active = checkpoint_.has_value() ? proven.segment_base_offset : bases.back();
  const bool last = i + 1 == bases.size();
  if (bases[i] < active) {
    if (last && beside_) return task;  // the next one is younger than the listing
    task.sealed = true;
    task.proven_bytes = internal::kSegmentHeaderBytes;
    task.proven_end_offset = last ? proven.end_offset : bases[i + 1];
  } else if (bases[i] == active) {
    task.proven_bytes = std::max(proven.position, internal::kSegmentHeaderBytes);
    task.proven_end_offset = proven.end_offset;
  }
  return task;
}

// Whether a listed file that is not there any more was deleted as it should be.
absl::StatusOr<bool> Verifier::WasDeleted(PartitionKey key, const std::vector<int64_t>& bases,
                                          std::size_t i) {
  if (!beside_) return false;
  EVENTLOG_RETURN_IF_ERROR(ReadBothAgain());
  if (!IdentityOf(key).has_value()) return true;  // with its topic
  const PartitionCheckpoint proven = ProvenOf(key);
  const bool last = i + 1 == bases.size();
  return last ? bases[i] < proven.log_start_offset && bases[i] != proven.segment_base_offset
              : bases[i + 1] <= proven.log_start_offset;
}

absl::Status Verifier::CheckPartitionFiles(const std::string& directory,
                                           const std::vector<int64_t>& bases, PartitionKey key) {
  const std::optional<PartitionIdentity> identity = IdentityOf(key);
  const PartitionCheckpoint proven = ProvenOf(key);
  int64_t expected = proven.log_start_offset;
  bool first = true;
  for (std::size_t i = internal::CountBelowLogStart(proven, bases); i < bases.size(); ++i) {
    const SegmentTask task = TaskFor(directory, bases, i, proven);
    const std::string path = internal::SegmentPath(directory, task.base_offset);
    if (first && task.base_offset < expected) expected = task.base_offset;
    if (task.base_offset > expected && !first && !task.sealed && task.proven_bytes == 0) {
      report_.unproven_tails.push_back({.file = path,
                                        .position = 0,
                                        .first_offset = task.base_offset,
                                        .what = "it does not go on where the file before it ends"});
      continue;
    }
    if (first && task.base_offset > expected && expected < proven.end_offset) {
      Damaged({.file = internal::SegmentPath(directory, expected),
               .first_offset = expected,
               .end_offset = task.base_offset,
               .what = "the segment is missing"});
    }
    first = false;
    const auto end = SegmentVerifier(file_system_, task, on_bytes_, &report_).Run(identity);
    if (absl::IsNotFound(end.status())) {
      EVENTLOG_ASSIGN_OR_RETURN(const bool deleted, WasDeleted(key, bases, i));
      if (!deleted) Damaged({.file = path, .what = "the segment went away"});
      if (i + 1 < bases.size()) expected = bases[i + 1];
      continue;
    }
    EVENTLOG_RETURN_IF_ERROR(end);
    expected = *end;
    if (i + 1 < bases.size() && expected > bases[i + 1]) {
      Damaged({.file = path,
               .first_offset = bases[i + 1],
               .end_offset = expected,
               .what = "its offsets overlap with the next file's"});
    }
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckPartition(const std::string& name,
                                      internal::PartitionDirectoryName parsed) {
  const PartitionKey key{parsed.topic_id, parsed.partition};
  const std::string directory = internal::SegmentsDirectory(directory_) + "/" + name;
  auto bases = ListSegments(file_system_, directory);
  if (!bases.ok() && !absl::IsNotFound(bases.status())) return bases.status();
  if (!bases.ok()) bases = std::vector<int64_t>();  // deleted with its topic, just now
  if (beside_) EVENTLOG_RETURN_IF_ERROR(ReadBothAgain());
  if (catalog_.has_value() && !IdentityOf(key).has_value()) {
    if (parsed.topic_id < catalog_->next_topic_id) return absl::OkStatus();  // deleted
    Damaged({.file = directory, .what = "files of a partition that the catalog has never had"});
  }
  ++report_.partitions;
  return CheckPartitionFiles(directory, *bases, key);
}

// Whether the file that the checkpoint names, which no deletion takes, is not there.
absl::StatusOr<bool> Verifier::NamedSegmentIsMissing(PartitionKey key) {
  for (;;) {
    const PartitionCheckpoint proven = ProvenOf(key);
    if (proven.segment_base_offset < 0) return false;
    if (catalog_.has_value() && !IdentityOf(key).has_value()) return false;  // deleted
    const std::string directory = internal::PartitionDirectory(directory_, key.first, key.second);
    const auto opened = file_system_->OpenFile(
        internal::SegmentPath(directory, proven.segment_base_offset), FileSystem::Open::kReadOnly);
    if (opened.ok()) return false;
    if (!absl::IsNotFound(opened.status())) return opened.status();
    if (!beside_) return true;
    EVENTLOG_RETURN_IF_ERROR(ReadBothAgain());
    const bool deleted = catalog_.has_value() && !IdentityOf(key).has_value();
    if (!deleted && ProvenOf(key) == proven) return true;
  }
}

absl::Status Verifier::CheckNamedSegments() {
  std::vector<PartitionKey> keys;
  for (const auto& [key, proven] : proven_) keys.push_back(key);
  for (const PartitionKey& key : keys) {
    EVENTLOG_ASSIGN_OR_RETURN(const bool missing, NamedSegmentIsMissing(key));
    if (!missing) continue;
    const PartitionCheckpoint proven = ProvenOf(key);
    const std::string directory = internal::PartitionDirectory(directory_, key.first, key.second);
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
  return CheckNamedSegments();
}

absl::StatusOr<VerifyReport> Verifier::Run() {
  EVENTLOG_RETURN_IF_ERROR(FindLog());
  EVENTLOG_RETURN_IF_ERROR(ReadCatalog());
  EVENTLOG_RETURN_IF_ERROR(ReadCheckpoint());
  if (!beside_) EVENTLOG_RETURN_IF_ERROR(CheckJournal());
  EVENTLOG_RETURN_IF_ERROR(CheckPartitions());
  if (beside_) report_.unproven_tails.clear();
  return std::move(report_);
}

}  // namespace

absl::StatusOr<VerifyReport> Verify(const std::string& directory,
                                    const std::function<void(int64_t)>& on_bytes) {
  for (int attempt = 1;; ++attempt) {
    const auto holder = internal::FindPosixLockHolder(directory);
    Verifier verifier(directory, holder.ok() ? holder->value_or("") : "", on_bytes);
    absl::StatusOr<VerifyReport> report = verifier.Run();
    if (!report.ok() || report->damage.empty() || !report->holder.empty()) return report;
    // Somebody may have come while it was read as nobody's.
    const auto now = internal::FindPosixLockHolder(directory);
    const bool undisturbed = !(now.ok() && now->has_value()) && !verifier.CheckpointHasChanged();
    if (undisturbed || attempt == kAttempts) return report;
  }
}

}  // namespace eventlog::inline v1::cli

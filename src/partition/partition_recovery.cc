#include "partition/partition_recovery.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "io/durable_file.h"
#include "partition/segment_repair.h"
#include "partition/segment_set.h"
#include "partition/tail.h"
#include "segment/segment_scan.h"

namespace eventlog::inline v1::internal {
namespace {

struct FoundSegment {
  int64_t base_offset = 0;
  int64_t bytes = 0;         // of the file
  int64_t end_position = 0;  // of what is valid
  int64_t next_offset = 0;
  bool scanned = false;      // it lies at or behind the checkpointed place
  bool has_garbage = false;  // behind what is valid, and not zeros
};

// Whether the file is an index without its segment, or one that was being written.
bool IsStray(std::string_view name, absl::Span<const int64_t> base_offsets) {
  const std::size_t stem_bytes = std::min(name.find('.'), name.size());
  const std::string_view suffix = name.substr(stem_bytes);
  const auto base = ParseSegmentName(std::string(name.substr(0, stem_bytes)) + ".log");
  if (!base.has_value()) return false;
  if (suffix.ends_with(kTemporarySuffix)) return true;
  return (suffix == ".index" || suffix == ".timeindex") &&
         !std::binary_search(base_offsets.begin(), base_offsets.end(), *base);
}

class Recovery final : public PartitionRecovery {
 public:
  explicit Recovery(PartitionRecoveryInput input)
      : input_(std::move(input)),
        file_system_(input_.files->file_system()),
        start_(input_.checkpoint) {}

  absl::Status Examine() override;
  absl::StatusOr<PartitionRecoveryResult> Finish() override;

 private:
  absl::Status ListSegments();
  absl::Status RemoveSegment(int64_t base_offset);
  absl::Status RemoveLeftovers();
  absl::Status CheckCheckpointedFile();
  absl::Status ScanSegments();
  absl::StatusOr<bool> ScanOne(FoundSegment* found);
  absl::Status ReplayFrames();
  absl::Status JudgeEnd();
  absl::Status CutFiles();
  absl::Status WriteReplayed();
  std::string PathOf(const FoundSegment& found) const {
    return SegmentPath(input_.name.directory, found.base_offset);
  }
  bool IsBeforeCheckpoint(const FoundSegment& found) const {
    return start_.segment_base_offset >= 0 && found.base_offset < start_.segment_base_offset;
  }
  // What the checkpoint covers was synced before the checkpoint was written: the device has it, and
  // readers may have it from the page cache. Nothing else is believed before the device has said
  // it.
  bool IsToBeRead(const FoundSegment& found) const {
    const bool covered =
        IsBeforeCheckpoint(found) ||
        (found.base_offset == start_.segment_base_offset && found.bytes <= start_.position);
    return !covered || input_.mode != RecoveryMode::kRefuse;
  }

  const PartitionRecoveryInput input_;
  FileSystem* const file_system_;
  PartitionCheckpoint start_;
  PartitionRecoveryResult result_;
  std::vector<FoundSegment> found_;
  std::size_t good_ = 0;     // found_[0, good_) are kept
  int64_t segment_end_ = 0;  // the offset where the segments end
  absl::Status hole_;        // what ended the scan, when it was more than the end of the data
  Tail replayed_;            // what journal and arena add
  int64_t merged_end_ = 0;
  std::vector<int64_t> leftovers_;   // files below the log start, whose removal was cut short
  std::vector<std::string> strays_;  // what else counts for nothing
  bool changed_ = false;             // files were cut, removed or found behind the checkpoint
};

absl::Status Recovery::ListSegments() {
  found_.clear();
  auto names = file_system_->List(input_.name.directory);
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  EVENTLOG_RETURN_IF_ERROR(names);
  std::vector<int64_t> bases;
  for (const std::string& name : *names) {
    if (const auto base = ParseSegmentName(name); base.has_value()) bases.push_back(*base);
  }
  std::sort(bases.begin(), bases.end());
  const auto kept = bases.begin() + static_cast<std::ptrdiff_t>(CountBelowLogStart(start_, bases));
  leftovers_.assign(bases.begin(), kept);
  strays_.clear();
  for (std::string& name : *names) {
    if (IsStray(name, bases)) strays_.push_back(std::move(name));
  }
  for (auto base = kept; base != bases.end(); ++base) {
    FoundSegment found;
    found.base_offset = *base;
    EVENTLOG_ASSIGN_OR_RETURN(auto file, input_.files->Open(PathOf(found)));
    EVENTLOG_ASSIGN_OR_RETURN(found.bytes, file->Size());
    if (IsToBeRead(found)) EVENTLOG_RETURN_IF_ERROR(file->DropCache());
    found_.push_back(found);
  }
  for (std::size_t i = 0; i < found_.size(); ++i) {
    // Without a header, which somebody has cut off, it has no batches: readers are told.
    found_[i].end_position = std::max(found_[i].bytes, kSegmentHeaderBytes);
    found_[i].next_offset = i + 1 < found_.size() ? found_[i + 1].base_offset : 0;
  }
  return absl::OkStatus();
}

absl::Status Recovery::RemoveSegment(int64_t base_offset) {
  changed_ = true;
  const Segment::Place place = {input_.name.directory, input_.name.identity, base_offset};
  return Segment::Adopt(input_.files, place, kSegmentHeaderBytes, base_offset, false)->Remove();
}

// What these held was deleted for good (R12). The names of any of them may have come back.
absl::Status Recovery::RemoveLeftovers() {
  for (const int64_t base_offset : leftovers_) {
    EVENTLOG_RETURN_IF_ERROR(RemoveSegment(base_offset));
  }
  leftovers_.clear();
  for (const std::string& name : strays_) {
    EVENTLOG_RETURN_IF_ERROR(file_system_->Remove(input_.name.directory + "/" + name));
    changed_ = true;
  }
  strays_.clear();
  return absl::OkStatus();
}

absl::Status Recovery::CheckCheckpointedFile() {
  if (start_.segment_base_offset < 0) return absl::OkStatus();
  const auto named = std::find_if(found_.begin(), found_.end(), [&](const FoundSegment& found) {
    return found.base_offset == start_.segment_base_offset;
  });
  const std::string path = SegmentPath(input_.name.directory, start_.segment_base_offset);
  if (named == found_.end()) {
    return MakeError(ErrorReason::kDurableDataMissing,
                     fmt::format("{}: the segment that the checkpoint names is missing (offsets "
                                 "below {} are proven durable)",
                                 path, start_.end_offset));
  }
  if (named->bytes < start_.position) {
    return MakeError(
        ErrorReason::kDurableDataMissing,
        fmt::format("{}: {} bytes long, but {} bytes (offsets below {}) are proven durable", path,
                    named->bytes, start_.position, start_.end_offset));
  }
  return absl::OkStatus();
}

// Goes on from the checkpointed place, file after file, to the first hole: to what is not valid and
// has no file behind it that goes on where the records end.
absl::Status Recovery::ScanSegments() {
  segment_end_ = start_.end_offset;
  for (FoundSegment& found : found_) {
    if (IsBeforeCheckpoint(found)) {
      ++good_;
      continue;
    }
    EVENTLOG_ASSIGN_OR_RETURN(const bool contiguous, ScanOne(&found));
    if (!contiguous) break;
    ++good_;
  }
  return absl::OkStatus();
}

// False: the file does not go on where the segments before it end.
absl::StatusOr<bool> Recovery::ScanOne(FoundSegment* found) {
  const bool checkpointed = found->base_offset == start_.segment_base_offset;
  int64_t position = start_.position;
  if (checkpointed && found->bytes == position) {  // nothing came after it
    found->scanned = true;
    found->end_position = position;
    found->next_offset = segment_end_;
    return true;
  }
  EVENTLOG_ASSIGN_OR_RETURN(auto file, input_.files->Open(PathOf(*found)));
  if (!checkpointed) {
    changed_ = true;  // not covered by the checkpoint: name and contents are to be synced
    if (found->base_offset != segment_end_) return false;
    auto header = ReadSegmentHeader(file.get());
    if (!header.ok() && !absl::IsDataLoss(header.status())) return header.status();
    if (!header.ok() || header->identity != input_.name.identity ||
        header->base_offset != found->base_offset) {
      hole_ = header.ok() ? MakeError(ErrorReason::kCorruptData, "the header is another segment's")
                          : header.status();
      return false;
    }
    position = kSegmentHeaderBytes;
  }
  EVENTLOG_ASSIGN_OR_RETURN(
      const ScanResult scan,
      ScanSegment(file.get(), PathOf(*found), input_.name.identity.Seed(), position, segment_end_,
                  input_.leader_epoch, /*allow_gaps=*/false));
  if (scan.newer_format) return scan.stopped;
  if (scan.newer_epoch) {  // the checkpoint that allows an epoch is durable before its first batch
    return Annotate(scan.stopped, "the checkpoint is older than its log");
  }
  hole_ = scan.stopped;
  changed_ = changed_ || scan.end_position > position;
  found->scanned = true;
  found->has_garbage = !scan.stopped.ok();
  found->end_position = scan.end_position;
  found->next_offset = scan.next_offset;
  segment_end_ = scan.next_offset;
  return true;
}

// Wherever two of them overlap they hold the same records: in one generation an offset that was
// published or journaled is given out once.
absl::Status Recovery::ReplayFrames() {
  merged_end_ = segment_end_;
  std::vector<const JournalFrame*> frames = input_.frames;
  frames.insert(frames.end(), input_.chunks.begin(), input_.chunks.end());
  std::stable_sort(frames.begin(), frames.end(),
                   [](const auto* a, const auto* b) { return a->first_offset < b->first_offset; });
  for (const JournalFrame* frame : frames) {
    if (frame->end_offset() <= merged_end_) continue;
    if (frame->first_offset > merged_end_) {
      if (input_.mode != RecoveryMode::kSkipDamaged) break;
      result_.notes.push_back(fmt::format("{}: offsets {} to {} are lost", input_.name.directory,
                                          merged_end_, frame->first_offset - 1));
      merged_end_ = frame->first_offset;
      replayed_.CloseOpenBatch();  // a batch has no gaps; a filler stands between
    }
    const auto records = ReplayFrame(*frame, merged_end_, frame->end_offset(),
                                     input_.config.batch_bytes, input_.now_ms, &replayed_);
    if (!records.ok()) return Annotate(records.status(), input_.name.directory);
    merged_end_ += *records;
    result_.records_replayed += *records;
  }
  replayed_.CloseOpenBatch();
  for (const ArenaContents::Damaged* damaged : input_.damaged_chunks) {
    if (damaged->header.base_offset < merged_end_) continue;  // its records are here all the same
    result_.notes.push_back(fmt::format("{}: {}: records from offset {} on are lost",
                                        input_.name.directory, damaged->what,
                                        damaged->header.base_offset));
  }
  return absl::OkStatus();
}

// A `disk` frame starts where everything before it was journaled or durable (R6).
absl::Status Recovery::JudgeEnd() {
  int64_t proven = start_.end_offset;
  if (input_.config.acknowledgement == Acknowledgement::kDisk) {
    for (const JournalFrame* frame : input_.frames) proven = std::max(proven, frame->first_offset);
  }
  if (merged_end_ >= proven) return absl::OkStatus();
  std::string where = input_.name.directory;
  if (good_ > 0) {
    where = fmt::format("{} at byte {}", PathOf(found_[good_ - 1]), found_[good_ - 1].end_position);
  }
  const std::string lost = fmt::format(
      "{}: offsets {} to {} are proven durable and missing or damaged{}{}", where, merged_end_,
      proven - 1, hole_.ok() ? "" : ": ", hole_.ok() ? "" : std::string(hole_.message()));
  if (input_.mode == RecoveryMode::kRefuse) {
    return MakeError(ErrorReason::kDurableDataMissing, lost);
  }
  result_.notes.push_back(lost);
  return absl::OkStatus();
}

// Removes what lies behind the last good byte, so that nothing stale can line up with new batches.
absl::Status Recovery::CutFiles() {
  EVENTLOG_RETURN_IF_ERROR(RemoveLeftovers());
  for (std::size_t i = good_; i < found_.size(); ++i) {
    result_.bytes_cut += found_[i].bytes;
    EVENTLOG_RETURN_IF_ERROR(RemoveSegment(found_[i].base_offset));
  }
  found_.resize(good_);
  for (FoundSegment& found : found_) {
    if (!found.scanned || found.bytes == found.end_position) continue;
    EVENTLOG_ASSIGN_OR_RETURN(auto file, input_.files->Open(PathOf(found)));
    if (found.has_garbage) result_.bytes_cut += found.bytes - found.end_position;
    EVENTLOG_RETURN_IF_ERROR(file->Truncate(found.end_position));
    changed_ = true;
  }
  return absl::OkStatus();
}

absl::Status Recovery::WriteReplayed() {
  SegmentSet segments(input_.files, {input_.name.directory, input_.name.identity});
  std::vector<std::shared_ptr<Segment>> kept;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const FoundSegment& found = found_[i];
    const bool last = i + 1 == found_.size();
    kept.push_back(Segment::Adopt(
        input_.files, {input_.name.directory, input_.name.identity, found.base_offset},
        found.end_position, last ? segment_end_ : found.next_offset, !last));
    if (changed_ && found.scanned) {
      EVENTLOG_ASSIGN_OR_RETURN(auto file, input_.files->Open(PathOf(found)));
      EVENTLOG_RETURN_IF_ERROR(file->SyncData());
      if (!last) kept.back()->Seal();
    }
  }
  segments.Adopt(std::move(kept));
  int64_t offset = segment_end_;
  for (const auto& batch : replayed_.ClosedBelow(merged_end_)) {
    EVENTLOG_RETURN_IF_ERROR(AppendFiller(&segments, offset, batch->base_offset(), input_.config,
                                          input_.name.identity.Seed(), input_.now_ms));
    EVENTLOG_RETURN_IF_ERROR(
        AppendBatch(&segments, *batch, input_.config, input_.name.identity.Seed(), input_.now_ms));
    offset = batch->end_offset();
  }
  EVENTLOG_RETURN_IF_ERROR(segments.Sync());
  if (changed_) {
    EVENTLOG_RETURN_IF_ERROR(file_system_->SyncDirectory(input_.name.directory));
  }
  result_.partition.segments = segments.segments();
  result_.partition.log_start_offset = std::min(start_.log_start_offset, merged_end_);
  result_.partition.end_offset = merged_end_;
  result_.checkpoint.topic_id = input_.name.topic_id;
  result_.checkpoint.partition = input_.name.identity.partition;
  result_.checkpoint.log_start_offset = result_.partition.log_start_offset;
  result_.checkpoint.end_offset = merged_end_;
  // The log's time goes on from a wall clock, which may have been set back meanwhile.
  const bool known = start_.newest_append_ms > 0 && merged_end_ <= start_.end_offset;
  result_.partition.newest_append_ms =
      known ? std::min(start_.newest_append_ms, input_.now_ms) : input_.now_ms;
  result_.checkpoint.newest_append_ms = result_.partition.newest_append_ms;
  segments.Describe(&result_.checkpoint);
  if (result_.bytes_cut > 0 || !result_.notes.empty()) result_.cut_to = merged_end_;
  return absl::OkStatus();
}

absl::Status Recovery::Examine() {
  EVENTLOG_RETURN_IF_ERROR(ListSegments());
  if (input_.mode != RecoveryMode::kRefuse) {
    EVENTLOG_RETURN_IF_ERROR(RemoveLeftovers());
    RepairFindings findings;
    const RepairInput repair = {input_.files,  input_.name, input_.config,
                                input_.frames, input_.mode, input_.now_ms};
    EVENTLOG_RETURN_IF_ERROR(RepairSegments(repair, &start_, &findings));
    result_.notes = std::move(findings.notes);
    result_.bytes_cut = findings.bytes_cut;
    result_.records_replayed = findings.records_replayed;
    EVENTLOG_RETURN_IF_ERROR(ListSegments());
  }
  EVENTLOG_RETURN_IF_ERROR(CheckCheckpointedFile());
  EVENTLOG_RETURN_IF_ERROR(ScanSegments());
  EVENTLOG_RETURN_IF_ERROR(ReplayFrames());
  return JudgeEnd();
}

absl::StatusOr<PartitionRecoveryResult> Recovery::Finish() {
  EVENTLOG_RETURN_IF_ERROR(CutFiles());
  EVENTLOG_RETURN_IF_ERROR(WriteReplayed());
  return std::move(result_);
}

}  // namespace

std::unique_ptr<PartitionRecovery> NewPartitionRecovery(PartitionRecoveryInput input) {
  return std::make_unique<Recovery>(std::move(input));
}

absl::StatusOr<PartitionRecoveryResult> RecoverPartition(const PartitionRecoveryInput& input) {
  Recovery recovery(input);
  EVENTLOG_RETURN_IF_ERROR(recovery.Examine());
  return recovery.Finish();
}

}  // namespace eventlog::inline v1::internal

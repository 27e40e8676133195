#include "partition/segment_repair.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "base/error.h"
#include "fmt/format.h"
#include "format/file_names.h"
#include "format/record.h"
#include "format/records_access.h"
#include "format/segment_header.h"
#include "io/durable_file.h"
#include "segment/segment_scan.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int32_t kAnyEpoch = std::numeric_limits<int32_t>::max();

SealedBatch SealFiller(int64_t from, int64_t to, uint64_t identity_seed) {
  constexpr int64_t kMostOffsets = std::numeric_limits<int32_t>::max();
  BatchHeader header;
  header.base_offset = from;
  header.last_offset_delta = static_cast<int32_t>(std::min(to - from, kMostOffsets) - 1);
  return SealBatch(header, {}, CompressionType::kNone, identity_seed);
}

ProducerRecord ToProducerRecord(const EncodedRecord& encoded) {
  const std::string_view key(encoded.key, encoded.key_size);
  const std::string_view value(encoded.value, encoded.value_size);
  ProducerRecord record;
  if (encoded.key != nullptr) record.key = BytesView(key);
  if (encoded.value != nullptr) record.value = BytesView(value);
  record.headers = RecordsAccess::EncodedHeaders(encoded.headers,
                                                 static_cast<std::size_t>(encoded.header_count));
  return record;
}

// A segment file that is written beside a damaged one.
class Rewriter {
 public:
  Rewriter(FileSystem* file_system, std::string path, uint64_t identity_seed)
      : file_system_(file_system), path_(std::move(path)), seed_(identity_seed) {}

  absl::Status Start(const SegmentHeader& header) {
    EVENTLOG_RETURN_IF_ERROR(RemoveIfExists(file_system_, temporary()));
    EVENTLOG_ASSIGN_OR_RETURN(file_,
                              file_system_->OpenFile(temporary(), FileSystem::Open::kCreateNew));
    return Write(EncodeSegmentHeader(header));
  }
  absl::Status Write(std::string_view bytes) {
    EVENTLOG_RETURN_IF_ERROR(file_->WriteAt(position_, {bytes}));
    position_ += static_cast<int64_t>(bytes.size());
    return absl::OkStatus();
  }
  absl::Status Write(const SealedBatch& batch) {
    EVENTLOG_RETURN_IF_ERROR(Write(batch.head()));
    return Write(batch.body());
  }
  absl::Status WriteFiller(int64_t from, int64_t to) {
    for (int64_t at = from; at < to;) {
      const SealedBatch filler = SealFiller(at, to, seed_);
      EVENTLOG_RETURN_IF_ERROR(Write(filler));
      at = filler.header.next_offset();
    }
    return absl::OkStatus();
  }
  absl::Status Finish() {
    EVENTLOG_RETURN_IF_ERROR(file_->SyncData());
    file_.reset();
    return DurableRename(file_system_, temporary(), path_);
  }
  int64_t position() const { return position_; }

 private:
  std::string temporary() const { return path_ + std::string(kTemporarySuffix); }

  FileSystem* const file_system_;
  const std::string path_;
  const uint64_t seed_;
  std::unique_ptr<File> file_;
  int64_t position_ = 0;
};

class SegmentRepair {
 public:
  SegmentRepair(const RepairInput& input, PartitionCheckpoint* proven, RepairFindings* findings)
      : input_(input),
        files_(input.files),
        file_system_(input.files->file_system()),
        name_(input.name),
        seed_(name_.identity.Seed()),
        mode_(input.mode),
        proven_(proven),
        proven_end_(proven->end_offset),
        findings_(findings) {}

  absl::Status Run();

 private:
  struct Verdict {
    int64_t end_position = 0;
    int64_t next_offset = 0;
    int64_t created_ms = 0;  // 0: the header is damaged
    bool header_good = false;
    bool whole = false;
  };
  absl::StatusOr<std::vector<int64_t>> ListBases();
  absl::StatusOr<Verdict> Judge(int64_t base_offset, bool last);
  absl::Status CutBehind(int64_t base_offset, const Verdict& verdict);
  absl::Status Truncate(const std::vector<int64_t>& bases, std::size_t at, const Verdict& verdict);
  absl::Status Rewrite(int64_t base_offset, int64_t end_offset, Verdict* verdict);
  absl::Status CopyGoodBatches(File* file, Rewriter* rewriter, int64_t* next_offset);
  absl::Status FillBefore(int64_t base_offset, int64_t from);
  absl::Status WriteGap(Rewriter* rewriter, int64_t from, int64_t to);
  void SetProven(int64_t base_offset, const Verdict& verdict) {
    proven_->segment_base_offset = base_offset;
    proven_->position = verdict.end_position;
    proven_->end_offset = verdict.next_offset;
  }

  // Offsets that were given out and deleted are never given out again.
  void SetNothingProven() {
    proven_->segment_base_offset = -1;
    proven_->position = 0;
    proven_->end_offset = proven_->log_start_offset;
  }

  const RepairInput& input_;
  FileCache* const files_;
  FileSystem* const file_system_;
  const PartitionName& name_;
  const uint64_t seed_;
  const RecoveryMode mode_;
  PartitionCheckpoint* const proven_;  // file by file what is so
  const int64_t proven_end_;           // what it was
  RepairFindings* const findings_;
};

absl::StatusOr<std::vector<int64_t>> SegmentRepair::ListBases() {
  std::vector<int64_t> bases;
  auto names = file_system_->List(name_.directory);
  if (absl::IsNotFound(names.status())) return bases;
  EVENTLOG_RETURN_IF_ERROR(names);
  for (const std::string& name : *names) {
    if (const auto base = ParseSegmentName(name); base.has_value()) bases.push_back(*base);
  }
  std::sort(bases.begin(), bases.end());
  return bases;
}

// A file is whole when its batches are good up to its end, or to zeros, or, in the last file, to
// what nothing proves.
absl::StatusOr<SegmentRepair::Verdict> SegmentRepair::Judge(int64_t base_offset, bool last) {
  const std::string path = SegmentPath(name_.directory, base_offset);
  EVENTLOG_ASSIGN_OR_RETURN(auto file, files_->Open(path));
  Verdict verdict;
  auto header = ReadSegmentHeader(file.get());
  if (!header.ok() && !absl::IsDataLoss(header.status())) return header.status();
  verdict.header_good =
      header.ok() && header->identity == name_.identity && header->base_offset == base_offset;
  verdict.next_offset = base_offset;
  if (!verdict.header_good) return verdict;
  verdict.created_ms = header->created_ms;
  EVENTLOG_ASSIGN_OR_RETURN(const ScanResult scan,
                            ScanSegment(file.get(), path, seed_, kSegmentHeaderBytes, base_offset,
                                        kAnyEpoch, /*allow_gaps=*/false));
  if (scan.newer_format) return scan.stopped;
  verdict.end_position = scan.end_position;
  verdict.next_offset = scan.next_offset;
  const bool unproven = last && scan.next_offset >= proven_end_;
  verdict.whole = unproven || (scan.stopped.ok() && !last);
  return verdict;
}

// Bytes behind all of a file's batches.
absl::Status SegmentRepair::CutBehind(int64_t base_offset, const Verdict& verdict) {
  const std::string path = SegmentPath(name_.directory, base_offset);
  EVENTLOG_ASSIGN_OR_RETURN(auto file, files_->Open(path));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  findings_->bytes_cut += bytes - verdict.end_position;
  findings_->notes.push_back(fmt::format("{}: {} bytes behind the last batch, at byte {}, were cut",
                                         path, bytes - verdict.end_position, verdict.end_position));
  EVENTLOG_RETURN_IF_ERROR(file->Truncate(verdict.end_position));
  return file->SyncData();
}

absl::Status SegmentRepair::Truncate(const std::vector<int64_t>& bases, std::size_t at,
                                     const Verdict& verdict) {
  findings_->notes.push_back(fmt::format("{}: cut at byte {}, offset {}",
                                         SegmentPath(name_.directory, bases[at]),
                                         verdict.end_position, verdict.next_offset));
  for (std::size_t i = bases.size(); i > at; --i) {
    const std::string path = SegmentPath(name_.directory, bases[i - 1]);
    EVENTLOG_ASSIGN_OR_RETURN(auto file, files_->Open(path));
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
    findings_->bytes_cut += bytes;
    if (i - 1 == at && verdict.header_good) {
      findings_->bytes_cut -= verdict.end_position;
      EVENTLOG_RETURN_IF_ERROR(file->Truncate(verdict.end_position));
      EVENTLOG_RETURN_IF_ERROR(file->SyncData());
      break;
    }
    file.reset();
    files_->Forget(path);
    EVENTLOG_RETURN_IF_ERROR(file_system_->Remove(path));
  }
  EVENTLOG_RETURN_IF_ERROR(file_system_->SyncDirectory(name_.directory));
  if (verdict.header_good) {
    // All that it still has was deleted before: it is a leftover.
    const bool all_deleted =
        bases[at] < proven_->log_start_offset && verdict.next_offset <= proven_->log_start_offset;
    if (all_deleted) {
      SetNothingProven();
    } else {
      SetProven(bases[at], verdict);
    }
    return absl::OkStatus();
  }
  if (at == 0) {
    SetNothingProven();
    return absl::OkStatus();
  }
  EVENTLOG_ASSIGN_OR_RETURN(const Verdict before, Judge(bases[at - 1], false));
  SetProven(bases[at - 1], before);
  return absl::OkStatus();
}

absl::Status SegmentRepair::CopyGoodBatches(File* file, Rewriter* rewriter, int64_t* next_offset) {
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t limit, file->Size());
  findings_->bytes_cut += std::max<int64_t>(limit - kSegmentHeaderBytes, 0);
  for (int64_t position = kSegmentHeaderBytes;;) {
    EVENTLOG_ASSIGN_OR_RETURN(position, FindNextBatch(file, seed_, position, limit, *next_offset));
    if (position < 0) return absl::OkStatus();
    std::vector<StoredBatch> batches;
    EVENTLOG_RETURN_IF_ERROR(
        ReadBatches(file, name_.directory, seed_, {position, limit, 1}, &batches));
    const StoredBatch& batch = batches.front();
    EVENTLOG_RETURN_IF_ERROR(WriteGap(rewriter, *next_offset, batch.header.base_offset));
    EVENTLOG_RETURN_IF_ERROR(rewriter->Write(batch.stored));
    *next_offset = batch.header.next_offset();
    position += batch.header.batch_bytes();
    findings_->bytes_cut -= batch.header.batch_bytes();
  }
}

absl::Status SegmentRepair::Rewrite(int64_t base_offset, int64_t end_offset, Verdict* verdict) {
  const std::string path = SegmentPath(name_.directory, base_offset);
  EVENTLOG_ASSIGN_OR_RETURN(auto file, files_->Open(path));
  Rewriter rewriter(file_system_, path, seed_);
  EVENTLOG_RETURN_IF_ERROR(rewriter.Start({name_.identity, base_offset, verdict->created_ms}));
  int64_t next_offset = base_offset;
  EVENTLOG_RETURN_IF_ERROR(CopyGoodBatches(file.get(), &rewriter, &next_offset));
  EVENTLOG_RETURN_IF_ERROR(WriteGap(&rewriter, next_offset, end_offset));
  next_offset = std::max(next_offset, end_offset);
  EVENTLOG_RETURN_IF_ERROR(rewriter.Finish());
  files_->Forget(path);
  findings_->notes.push_back(
      fmt::format("{}: damaged ranges were left out (first one at byte {}, offset {})", path,
                  verdict->end_position, verdict->next_offset));
  verdict->end_position = rewriter.position();
  verdict->next_offset = next_offset;
  return absl::OkStatus();
}

// What the journal has of [from, to), and fillers for the rest.
absl::Status SegmentRepair::WriteGap(Rewriter* rewriter, int64_t from, int64_t to) {
  Tail replayed;
  int64_t at = from;
  for (const JournalFrame* frame : input_.frames) {
    if (frame->first_offset > at) {
      replayed.CloseOpenBatch();
      at = frame->first_offset;
    }
    EVENTLOG_ASSIGN_OR_RETURN(
        const int64_t records,
        ReplayFrame(*frame, at, to, input_.config.batch_bytes, input_.now_ms, &replayed));
    at += records;
    findings_->records_replayed += records;
  }
  replayed.CloseOpenBatch();
  for (const auto& batch : replayed.ClosedBelow(to)) {
    EVENTLOG_RETURN_IF_ERROR(rewriter->WriteFiller(from, batch->base_offset()));
    EVENTLOG_RETURN_IF_ERROR(rewriter->Write(
        SealBatch(batch->Header(), batch->records(), input_.config.compression_type, seed_)));
    from = batch->end_offset();
  }
  return rewriter->WriteFiller(from, to);
}

// A segment file that is missing as a whole: one of fillers takes its place.
absl::Status SegmentRepair::FillBefore(int64_t base_offset, int64_t from) {
  const std::string path = SegmentPath(name_.directory, from);
  Rewriter rewriter(file_system_, path, seed_);
  EVENTLOG_RETURN_IF_ERROR(rewriter.Start({name_.identity, from, 0}));
  EVENTLOG_RETURN_IF_ERROR(WriteGap(&rewriter, from, base_offset));
  findings_->notes.push_back(fmt::format("{}: a segment is missing, offsets {} to {} are lost",
                                         path, from, base_offset - 1));
  return rewriter.Finish();
}

absl::Status SegmentRepair::Run() {
  EVENTLOG_ASSIGN_OR_RETURN(const std::vector<int64_t> bases, ListBases());
  int64_t expected = bases.empty() ? proven_->log_start_offset
                                   : std::min(bases.front(), proven_->log_start_offset);
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const bool last = i + 1 == bases.size();
    const int64_t end_offset = last ? proven_end_ : bases[i + 1];
    EVENTLOG_ASSIGN_OR_RETURN(Verdict verdict, Judge(bases[i], last));
    const bool unproven = bases[i] >= proven_end_ && i > 0;
    if (unproven) break;  // the ordinary recovery decides about it
    const bool in_place = bases[i] <= expected;
    const bool complete = verdict.header_good && !last && verdict.next_offset == end_offset;
    if (complete && !verdict.whole) EVENTLOG_RETURN_IF_ERROR(CutBehind(bases[i], verdict));
    const bool whole = complete || (last && verdict.whole);
    if (mode_ == RecoveryMode::kTruncate && !(in_place && whole)) {
      if (!in_place) verdict = {kSegmentHeaderBytes, bases[i], 0, false, false};
      return Truncate(bases, i, verdict);
    }
    if (!in_place) EVENTLOG_RETURN_IF_ERROR(FillBefore(bases[i], expected));
    if (!whole) EVENTLOG_RETURN_IF_ERROR(Rewrite(bases[i], end_offset, &verdict));
    expected = verdict.next_offset;
    SetProven(bases[i], verdict);
  }
  if (bases.empty() && proven_end_ > proven_->log_start_offset) {
    if (mode_ == RecoveryMode::kTruncate) {
      findings_->notes.push_back(name_.directory + ": every segment is missing");
      SetNothingProven();
      return absl::OkStatus();
    }
    EVENTLOG_RETURN_IF_ERROR(CreateDirectories(file_system_, name_.directory));
    EVENTLOG_RETURN_IF_ERROR(FillBefore(proven_end_, expected));
    EVENTLOG_ASSIGN_OR_RETURN(const Verdict filled, Judge(expected, true));
    SetProven(expected, filled);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AppendBatch(SegmentSet* segments, const OpenBatch& batch,
                         const PartitionConfig& config, uint64_t identity_seed, int64_t now_ms) {
  const SealedBatch sealed =
      SealBatch(batch.Header(), batch.records(), config.compression_type, identity_seed);
  bool rolled = false;
  EVENTLOG_RETURN_IF_ERROR(segments->Reserve(sealed.header.batch_bytes(), sealed.header.base_offset,
                                             now_ms, config, &rolled));
  return segments->Append({&sealed, 1});
}

absl::Status AppendFiller(SegmentSet* segments, int64_t from, int64_t to,
                          const PartitionConfig& config, uint64_t identity_seed, int64_t now_ms) {
  for (int64_t at = from; at < to;) {
    const SealedBatch filler = SealFiller(at, to, identity_seed);
    bool rolled = false;
    EVENTLOG_RETURN_IF_ERROR(
        segments->Reserve(filler.header.batch_bytes(), at, now_ms, config, &rolled));
    EVENTLOG_RETURN_IF_ERROR(segments->Append({&filler, 1}));
    at = filler.header.next_offset();
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ReplayFrame(const JournalFrame& frame, int64_t from, int64_t to,
                                    int64_t batch_bytes, int64_t now_ms, Tail* tail) {
  int64_t replayed = 0;
  std::string_view left = frame.records;
  for (int64_t offset = frame.first_offset; offset < std::min(to, frame.end_offset()); ++offset) {
    EncodedRecord encoded;
    EVENTLOG_RETURN_IF_ERROR(DecodeRecord(&left, &encoded));
    if (offset < from) continue;
    if (frame.batch_base_offset + encoded.offset_delta != offset) {
      return MakeError(ErrorReason::kCorruptData,
                       fmt::format("a journal frame has offset {} where {} belongs",
                                   frame.batch_base_offset + encoded.offset_delta, offset));
    }
    tail->Append(ToProducerRecord(encoded),
                 TimestampAt(frame.base_timestamp_ms, encoded.timestamp_delta_ms), offset,
                 frame.leader_epoch, {static_cast<std::size_t>(batch_bytes)}, now_ms);
    ++replayed;
  }
  return replayed;
}

absl::Status RepairSegments(const RepairInput& input, PartitionCheckpoint* proven,
                            RepairFindings* findings) {
  return SegmentRepair(input, proven, findings).Run();
}

}  // namespace eventlog::inline v1::internal

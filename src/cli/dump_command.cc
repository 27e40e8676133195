#include <unistd.h>

#include <filesystem>

#include "absl/types/span.h"
#include "cli/commands.h"
#include "cli/dump_segment.h"
#include "cli/journal_scan.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/stored_file.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"
#include "format/catalog_file.h"
#include "format/checkpoint.h"
#include "format/file_names.h"
#include "format/index_file.h"
#include "format/journal_group.h"
#include "format/segment_header.h"
#include "io/directory_lock.h"
#include "segment/segment_scan.h"

namespace eventlog::inline v1::cli {
namespace {

constexpr int64_t kMaxSmallFileBytes = int64_t{1} << 30;

std::string FileName(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}
// The directory of the file's directory: the log's, for a journal file.
std::string LogDirectoryOfJournal(const std::string& path) {
  return std::filesystem::absolute(path).parent_path().parent_path().string();
}

absl::Status DumpCatalog(const std::string& path, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const std::string bytes,
                            ReadStoredFile(FileSystem::Posix(), path, kMaxSmallFileBytes));
  EVENTLOG_ASSIGN_OR_RETURN(const internal::CatalogFile catalog, internal::DecodeCatalog(bytes));
  EVENTLOG_RETURN_IF_ERROR(output->Append(
      fmt::format("catalog: checksums ok, log {}, next_topic_id {}, topics {}\n",
                  catalog.log_id.ToString(), catalog.next_topic_id, catalog.topics.size())));
  for (const internal::CatalogTopic& topic : catalog.topics) {
    std::string line =
        fmt::format("topic {}: {} uuid {}, partitions {}, created_ms {}", topic.id,
                    Quoted(topic.name), topic.uuid.ToString(), topic.partitions, topic.created_ms);
    for (const auto& [key, value] : topic.configs) line += fmt::format(", {}={}", key, value);
    EVENTLOG_RETURN_IF_ERROR(output->Append(line + "\n"));
  }
  return absl::OkStatus();
}

absl::Status DumpCheckpoint(const std::string& path, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const std::string bytes,
                            ReadStoredFile(FileSystem::Posix(), path, kMaxSmallFileBytes));
  EVENTLOG_ASSIGN_OR_RETURN(const internal::Checkpoint checkpoint,
                            internal::DecodeCheckpoint(bytes));
  EVENTLOG_RETURN_IF_ERROR(output->Append(fmt::format(
      "checkpoint: checksums ok, log {}, generation {}, leader_epoch {}, sequence {}, journal file "
      "{} position {}, synced_upto {}, partitions {}, committed offsets {} of records below {}\n",
      checkpoint.log_id.ToString(), checkpoint.generation, checkpoint.leader_epoch,
      checkpoint.sequence, checkpoint.journal_file, checkpoint.journal_position,
      checkpoint.synced_upto, checkpoint.partitions.size(), checkpoint.offsets.size(),
      checkpoint.offsets_upto)));
  for (const internal::PartitionCheckpoint& entry : checkpoint.partitions) {
    EVENTLOG_RETURN_IF_ERROR(output->Append(fmt::format(
        "partition {}-{}: log_start_offset {}, segment {}, position {}, end_offset {}, "
        "newest_append_ms {}\n",
        entry.topic_id, entry.partition, entry.log_start_offset, entry.segment_base_offset,
        entry.position, entry.end_offset, entry.newest_append_ms)));
  }
  for (const internal::CommittedOffset& committed : checkpoint.offsets) {
    EVENTLOG_RETURN_IF_ERROR(output->Append(fmt::format(
        "committed: group {} in {}-{}: offset {}, leader_epoch {}, commit_ms {}, metadata "
        "{}\n",
        Quoted(committed.key.group), Quoted(committed.key.topic), committed.key.partition,
        committed.value.offset, committed.value.leader_epoch, committed.value.commit_ms,
        Quoted(committed.value.metadata))));
  }
  return absl::OkStatus();
}

absl::Status DumpFrame(const internal::JournalFrame& frame, bool records, Output* output) {
  EVENTLOG_RETURN_IF_ERROR(output->Append(fmt::format(
      "  frame of {}-{}: offsets {} to {}, bytes {}, batch_base_offset {}, leader_epoch {}\n",
      frame.topic_id, frame.partition, frame.first_offset, frame.end_offset() - 1,
      frame.records.size(), frame.batch_base_offset, frame.leader_epoch)));
  if (!records) return absl::OkStatus();
  EVENTLOG_ASSIGN_OR_RETURN(const auto decoded, DecodeRecords(frame.records, frame.record_count));
  for (const internal::EncodedRecord& record : decoded) {
    EVENTLOG_RETURN_IF_ERROR(output->Append(fmt::format(
        "    offset {} key {} value {}\n", frame.batch_base_offset + record.offset_delta,
        record.key == nullptr ? "null" : Quoted({record.key, record.key_size}),
        record.value == nullptr ? "null" : Quoted({record.value, record.value_size}))));
  }
  return absl::OkStatus();
}

absl::Status DumpJournal(const DumpCommand& command, Output* output) {
  const std::string beside = internal::CheckpointPath(LogDirectoryOfJournal(command.file));
  auto checkpoint_bytes = ReadStoredFile(FileSystem::Posix(), beside, kMaxSmallFileBytes);
  if (!checkpoint_bytes.ok()) {
    return WithContext(checkpoint_bytes.status(),
                       "a journal file is read with its log's checkpoint, " + beside);
  }
  EVENTLOG_ASSIGN_OR_RETURN(const internal::Checkpoint checkpoint,
                            internal::DecodeCheckpoint(*checkpoint_bytes));
  EVENTLOG_ASSIGN_OR_RETURN(
      const std::string bytes,
      ReadStoredFile(FileSystem::Posix(), command.file, kMaxJournalFileBytes));
  const auto groups = FindGroups(bytes, checkpoint.generation, checkpoint.log_id);
  EVENTLOG_RETURN_IF_ERROR(output->Append(
      fmt::format("journal: {} bytes, {} groups of generation {} (older ones are not shown)\n",
                  bytes.size(), groups.size(), checkpoint.generation)));
  for (const FoundGroup& found : groups) {
    EVENTLOG_RETURN_IF_ERROR(output->Append(fmt::format(
        "group at {}: checksums ok, sequence {}{}, synced_upto {}, bytes {}, frames {}\n",
        found.position, found.group.sequence,
        found.group.sequence < checkpoint.sequence ? " (below the checkpoint)" : "",
        found.group.synced_upto, found.bytes, found.group.frames.size())));
    for (const internal::JournalFrame& frame : found.group.frames) {
      EVENTLOG_RETURN_IF_ERROR(DumpFrame(frame, command.records, output));
    }
  }
  return absl::OkStatus();
}

// Its hash is seeded with the partition, which the data file beside it names.
absl::Status DumpIndex(const std::string& path, const internal::HeaderFormat& format,
                       Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const std::string bytes,
                            ReadStoredFile(FileSystem::Posix(), path, kMaxSmallFileBytes));
  const std::string beside = std::filesystem::path(path).replace_extension(".log").string();
  auto file = FileSystem::Posix()->OpenFile(beside, FileSystem::Open::kReadOnly);
  if (!file.ok()) {
    return WithContext(file.status(), "an index is read with its segment, " + beside);
  }
  EVENTLOG_ASSIGN_OR_RETURN(const auto header, internal::ReadSegmentHeader(file->get()));
  EVENTLOG_ASSIGN_OR_RETURN(const internal::IndexFile index,
                            internal::DecodeIndexFile(bytes, format, header.identity.Seed()));
  EVENTLOG_RETURN_IF_ERROR(output->Append(
      fmt::format("{}: checksums ok, base_offset {}, segment_bytes {}, entries {}\n", format.name,
                  index.base_offset, index.segment_bytes, index.entries.size())));
  const bool by_time = format.magic == internal::kTimeIndexFormat.magic;
  for (const internal::IndexEntry& entry : index.entries) {
    EVENTLOG_RETURN_IF_ERROR(output->Append(
        by_time ? fmt::format("max_timestamp_ms {} offset {}\n", entry.key, entry.value)
                : fmt::format("offset {} position {}\n", entry.key, entry.value)));
  }
  return absl::OkStatus();
}

// Who has the log of this segment open; empty: nobody.
std::string HolderOf(const std::string& segment_path) {
  const std::filesystem::path partition = std::filesystem::absolute(segment_path).parent_path();
  const auto holder = internal::FindPosixLockHolder(partition.parent_path().parent_path().string());
  return holder.ok() ? holder->value_or("") : "";
}

absl::StatusOr<int> DumpSegmentFile(const DumpCommand& command, File* file, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  // What is printed would run through a line of progress on the same terminal.
  Progress progress({.what = "reading " + command.file, .total_bytes = size},
                    command.progress && isatty(STDOUT_FILENO) == 0);
  return DumpSegment(file,
                     {.path = command.file,
                      .holder = HolderOf(command.file),
                      .records = command.records,
                      .on_bytes = [&](int64_t bytes) { progress.Add(bytes); }},
                     output);
}

absl::StatusOr<uint32_t> ReadMagic(File* file) {
  char bytes[4] = {};
  EVENTLOG_RETURN_IF_ERROR(file->ReadAt(0, absl::MakeSpan(bytes)));
  const char letters[5] = {bytes[0], bytes[1], bytes[2], bytes[3], '\0'};
  return internal::Magic(letters);
}

}  // namespace

absl::StatusOr<int> RunDump(const DumpCommand& command, Output* output) {
  EVENTLOG_ASSIGN_OR_RETURN(
      const auto file, FileSystem::Posix()->OpenFile(command.file, FileSystem::Open::kReadOnly));
  EVENTLOG_ASSIGN_OR_RETURN(const uint32_t magic, ReadMagic(file.get()));
  const std::string name = FileName(command.file);
  absl::Status status;
  // A journal file may begin with zeros, a damaged segment with anything: their names tell.
  if (magic == internal::kSegmentFormat.magic || internal::ParseSegmentName(name).has_value()) {
    return DumpSegmentFile(command, file.get(), output);
  }
  if (magic == internal::kJournalGroupFormat.magic ||
      internal::ParseJournalName(name).has_value()) {
    status = DumpJournal(command, output);
  } else if (magic == internal::kCatalogFormat.magic) {
    status = DumpCatalog(command.file, output);
  } else if (magic == internal::kCheckpointFormat.magic) {
    status = DumpCheckpoint(command.file, output);
  } else if (magic == internal::kOffsetIndexFormat.magic) {
    status = DumpIndex(command.file, internal::kOffsetIndexFormat, output);
  } else if (magic == internal::kTimeIndexFormat.magic) {
    status = DumpIndex(command.file, internal::kTimeIndexFormat, output);
  } else {
    return absl::DataLossError(command.file + ": it begins like none of a log's files");
  }
  if (!status.ok()) return WithContext(status, command.file);
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli

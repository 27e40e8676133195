#include "format/checkpoint.h"

#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/record_batch.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr HeaderFormat kVersion1 = {"checkpoint", kCheckpointFormat.magic, 1, 88};
constexpr std::size_t kVersion1EntryBytes = 40;
constexpr std::size_t kMinOffsetBytes = 48;  // with an empty group, topic and metadata

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("checkpoint: {}", why));
}

bool CanBe(const PartitionCheckpoint& entry) {
  return entry.topic_id >= 0 && entry.partition >= 0 && entry.log_start_offset >= 0 &&
         entry.log_start_offset <= entry.end_offset && entry.end_offset <= kMaxOffset &&
         entry.segment_base_offset >= -1 && entry.segment_base_offset <= entry.end_offset &&
         entry.position >= 0 &&
         (entry.segment_base_offset >= 0 || entry.log_start_offset == entry.end_offset);
}

bool CanFollow(const std::vector<PartitionCheckpoint>& entries, std::size_t i) {
  if (!CanBe(entries[i])) return false;
  return i == 0 || std::tie(entries[i - 1].topic_id, entries[i - 1].partition) <
                       std::tie(entries[i].topic_id, entries[i].partition);
}

bool CanFollow(const std::vector<CommittedOffset>& offsets, std::size_t i) {
  return i == 0 || offsets[i - 1].key < offsets[i].key;
}

PartitionCheckpoint ReadEntry(ByteReader* reader, bool with_append_time) {
  PartitionCheckpoint entry;
  entry.topic_id = reader->Read<int32_t>();
  entry.partition = reader->Read<int32_t>();
  entry.log_start_offset = reader->Read<int64_t>();
  entry.segment_base_offset = reader->Read<int64_t>();
  entry.position = reader->Read<int64_t>();
  entry.end_offset = reader->Read<int64_t>();
  if (with_append_time) entry.newest_append_ms = reader->Read<int64_t>();
  return entry;
}

void AppendEntry(std::string* to, const PartitionCheckpoint& entry) {
  AppendLe(to, entry.topic_id);
  AppendLe(to, entry.partition);
  AppendLe(to, entry.log_start_offset);
  AppendLe(to, entry.segment_base_offset);
  AppendLe(to, entry.position);
  AppendLe(to, entry.end_offset);
  AppendLe(to, entry.newest_append_ms);
}

absl::Status ReadOffsets(ByteReader* reader, uint64_t count, Checkpoint* checkpoint) {
  if (count > reader->remaining() / kMinOffsetBytes) return Corrupt("impossible offset count");
  checkpoint->offsets.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    CommittedOffset& offset = checkpoint->offsets[i];
    const std::string_view key = reader->ReadString();
    const std::string_view value = reader->ReadString();
    if (!reader->ok()) return Corrupt("a committed offset does not fit");
    EVENTLOG_ASSIGN_OR_RETURN(offset.key, DecodeOffsetCommitKey(key));
    EVENTLOG_ASSIGN_OR_RETURN(offset.value, DecodeOffsetCommitValue(value));
    if (!CanFollow(checkpoint->offsets, i)) {
      return Corrupt(fmt::format("impossible committed offset of group {}", offset.key.group));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadPartitions(ByteReader* reader, uint64_t count, bool with_append_time,
                            Checkpoint* checkpoint) {
  const std::size_t entry_bytes = with_append_time ? kCheckpointEntryBytes : kVersion1EntryBytes;
  if (count > reader->remaining() / entry_bytes) return Corrupt("impossible partition count");
  checkpoint->partitions.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    PartitionCheckpoint& entry = checkpoint->partitions[i];
    entry = ReadEntry(reader, with_append_time);
    if (!CanFollow(checkpoint->partitions, i)) {
      return Corrupt(fmt::format("impossible entry for partition {} of topic id {}",
                                 entry.partition, entry.topic_id));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::size_t CountBelowLogStart(const PartitionCheckpoint& entry,
                               absl::Span<const int64_t> base_offsets) {
  const int64_t named = entry.segment_base_offset;
  std::size_t count = 0;
  for (; count < base_offsets.size(); ++count) {
    const int64_t base_offset = base_offsets[count];
    if (base_offset >= entry.log_start_offset || (named >= 0 && base_offset >= named)) break;
    const bool ends_below =
        count + 1 < base_offsets.size() && base_offsets[count + 1] <= entry.log_start_offset;
    if (named >= 0 && !ends_below) break;
  }
  return count;
}

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  std::string bytes(kCheckpointHeaderBytes, '\0');
  for (std::size_t i = 0; i < checkpoint.partitions.size(); ++i) {
    EVENTLOG_ASSERT(CanFollow(checkpoint.partitions, i));
    AppendEntry(&bytes, checkpoint.partitions[i]);
  }
  for (std::size_t i = 0; i < checkpoint.offsets.size(); ++i) {
    const CommittedOffset& offset = checkpoint.offsets[i];
    EVENTLOG_ASSERT(CanFollow(checkpoint.offsets, i));
    AppendString(&bytes, EncodeOffsetCommitKey(offset.key));
    AppendString(&bytes, EncodeOffsetCommitValue(offset.value));
  }
  char* to = bytes.data();
  std::copy(checkpoint.log_id.bytes.begin(), checkpoint.log_id.bytes.end(), to + 8);
  StoreLe(to + 24, checkpoint.generation);
  StoreLe(to + 32, checkpoint.sequence);
  StoreLe(to + 40, checkpoint.journal_file);
  StoreLe(to + 48, checkpoint.journal_position);
  StoreLe(to + 56, checkpoint.synced_upto);
  StoreLe(to + 64, checkpoint.leader_epoch);
  StoreLe(to + 68, static_cast<uint32_t>(checkpoint.partitions.size()));
  StoreLe(to + 72, checkpoint.offsets_upto);
  StoreLe(to + 80, static_cast<uint64_t>(checkpoint.offsets.size()));
  StoreLe(to + 88, Hash64(std::string_view(bytes).substr(kCheckpointHeaderBytes)));
  FinishHeader(to, kCheckpointFormat, 0);
  return bytes;
}

absl::StatusOr<Checkpoint> DecodeCheckpoint(std::string_view bytes) {
  const bool old =
      bytes.size() >= kPreambleBytes && LoadLe<uint16_t>(bytes.data() + 4) == kVersion1.version;
  const HeaderFormat& format = old ? kVersion1 : kCheckpointFormat;
  EVENTLOG_RETURN_IF_ERROR(CheckHeader(bytes, format, 0));
  const char* from = bytes.data();
  const std::string_view body = bytes.substr(format.header_bytes);
  if (Hash64(body) != LoadLe<uint64_t>(from + format.header_bytes - 16)) {
    return Corrupt("body hash does not match");
  }

  Checkpoint checkpoint;
  std::copy_n(from + 8, checkpoint.log_id.bytes.size(), checkpoint.log_id.bytes.begin());
  checkpoint.generation = LoadLe<uint64_t>(from + 24);
  checkpoint.sequence = LoadLe<uint64_t>(from + 32);
  checkpoint.journal_file = LoadLe<uint64_t>(from + 40);
  checkpoint.journal_position = LoadLe<uint64_t>(from + 48);
  checkpoint.synced_upto = LoadLe<uint64_t>(from + 56);
  checkpoint.leader_epoch = LoadLe<int32_t>(from + 64);
  if (checkpoint.leader_epoch < 0) return Corrupt("impossible leader epoch");
  ByteReader reader(body);
  EVENTLOG_RETURN_IF_ERROR(ReadPartitions(&reader, LoadLe<uint32_t>(from + 68), !old, &checkpoint));
  if (!old) {
    checkpoint.offsets_upto = LoadLe<int64_t>(from + 72);
    if (checkpoint.offsets_upto < 0 || checkpoint.offsets_upto > kMaxOffset) {
      return Corrupt("impossible end of the committed offsets");
    }
    EVENTLOG_RETURN_IF_ERROR(ReadOffsets(&reader, LoadLe<uint64_t>(from + 80), &checkpoint));
  }
  if (reader.remaining() != 0) return Corrupt("bytes after the last entry");
  return checkpoint;
}

}  // namespace eventlog::inline v1::internal

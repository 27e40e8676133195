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

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("checkpoint: {}", why));
}

bool CanBe(const PartitionCheckpoint& entry) {
  return entry.topic_id >= 0 && entry.partition >= 0 && entry.log_start_offset >= 0 &&
         entry.log_start_offset <= entry.end_offset && entry.end_offset <= kMaxOffset &&
         entry.segment_base_offset >= -1 && entry.segment_base_offset <= entry.end_offset &&
         entry.position >= 0;
}

bool Before(const PartitionCheckpoint& left, const PartitionCheckpoint& right) {
  return std::tie(left.topic_id, left.partition) < std::tie(right.topic_id, right.partition);
}

bool CanFollow(const std::vector<PartitionCheckpoint>& entries, const PartitionCheckpoint& next) {
  return CanBe(next) && (entries.empty() || Before(entries.back(), next));
}

PartitionCheckpoint ReadEntry(ByteReader* reader) {
  PartitionCheckpoint entry;
  entry.topic_id = reader->Read<int32_t>();
  entry.partition = reader->Read<int32_t>();
  entry.log_start_offset = reader->Read<int64_t>();
  entry.segment_base_offset = reader->Read<int64_t>();
  entry.position = reader->Read<int64_t>();
  entry.end_offset = reader->Read<int64_t>();
  return entry;
}

}  // namespace

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  std::string bytes(kCheckpointHeaderBytes, '\0');
  const PartitionCheckpoint* last = nullptr;
  for (const PartitionCheckpoint& entry : checkpoint.partitions) {
    EVENTLOG_ASSERT(CanBe(entry) && (last == nullptr || Before(*last, entry)));
    last = &entry;
    AppendLe(&bytes, entry.topic_id);
    AppendLe(&bytes, entry.partition);
    AppendLe(&bytes, entry.log_start_offset);
    AppendLe(&bytes, entry.segment_base_offset);
    AppendLe(&bytes, entry.position);
    AppendLe(&bytes, entry.end_offset);
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
  StoreLe(to + 72, Hash64(std::string_view(bytes).substr(kCheckpointHeaderBytes)));
  FinishHeader(to, kCheckpointFormat, 0);
  return bytes;
}

absl::StatusOr<Checkpoint> DecodeCheckpoint(std::string_view bytes) {
  EVENTLOG_RETURN_IF_ERROR(CheckHeader(bytes, kCheckpointFormat, 0));
  const char* from = bytes.data();
  const std::string_view body = bytes.substr(kCheckpointHeaderBytes);
  const uint64_t count = LoadLe<uint32_t>(from + 68);
  if (body.size() != count * kCheckpointEntryBytes) return Corrupt("impossible length");
  if (Hash64(body) != LoadLe<uint64_t>(from + 72)) return Corrupt("body hash does not match");

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
  checkpoint.partitions.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    const PartitionCheckpoint entry = ReadEntry(&reader);
    if (!CanFollow(checkpoint.partitions, entry)) {
      return Corrupt(fmt::format("impossible entry for partition {} of topic id {}",
                                 entry.partition, entry.topic_id));
    }
    checkpoint.partitions.push_back(entry);
  }
  return checkpoint;
}

}  // namespace eventlog::inline v1::internal

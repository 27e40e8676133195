#include "format/journal_group.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/identity.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr int64_t kMaxGroupBodyBytes = kMaxGroupBytes - static_cast<int64_t>(kGroupHeaderBytes);

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("journal group: {}", why));
}

// What cannot be in a frame, its records' contents aside; null when all of it can.
const char* Problem(const JournalFrame& frame) {
  if (frame.topic_id < 0 || frame.partition < 0) return "partition";
  if (frame.batch_base_offset < 0 || frame.first_offset < frame.batch_base_offset ||
      frame.first_offset > kMaxOffset) {
    return "offsets";
  }
  if (frame.record_count < 1) return "record count";
  // Every record's delta against the batch's base has 32 bits.
  if (frame.end_offset() - 1 - frame.batch_base_offset > INT32_MAX) return "offsets";
  const uint64_t least_bytes = static_cast<uint64_t>(frame.record_count) * kMinRecordBytes;
  if (frame.records.size() < least_bytes) return "record count";
  if (frame.writer.producer_id < -1 || frame.writer.producer_epoch < -1) return "producer";
  if (frame.writer.producer_id >= 0 && frame.writer.producer_epoch < 0) return "producer epoch";
  if (frame.base_sequence < -1) return "base sequence";
  if (frame.leader_epoch < -1) return "leader epoch";
  if ((frame.attributes & kCompressionMask) != 0) return "codec";
  return nullptr;
}

// A group counts whole or not at all, so nothing in it may turn out to be bad half-way through.
absl::Status CheckRecords(const JournalFrame& frame) {
  std::string_view rest = frame.records;
  auto expected = static_cast<int32_t>(frame.first_offset - frame.batch_base_offset);
  for (int32_t i = 0; i < frame.record_count; ++i) {
    EncodedRecord record;
    EVENTLOG_RETURN_IF_ERROR(DecodeRecord(&rest, &record));
    if (record.offset_delta - i != expected) return Corrupt("offsets are not consecutive");
  }
  return rest.empty() ? absl::OkStatus() : Corrupt("bytes after a frame's records");
}

absl::StatusOr<JournalFrame> ReadFrame(ByteReader* reader) {
  JournalFrame frame;
  frame.topic_id = reader->Read<int32_t>();
  frame.partition = reader->Read<int32_t>();
  frame.batch_base_offset = reader->Read<int64_t>();
  frame.base_timestamp_ms = reader->Read<int64_t>();
  frame.first_offset = reader->Read<int64_t>();
  frame.writer.producer_id = reader->Read<int64_t>();
  frame.record_count = reader->Read<int32_t>();
  frame.base_sequence = reader->Read<int32_t>();
  frame.leader_epoch = reader->Read<int32_t>();
  frame.writer.producer_epoch = reader->Read<int16_t>();
  frame.attributes = reader->Read<uint16_t>();
  const auto records_bytes = reader->Read<uint32_t>();
  const auto reserved = reader->Read<uint32_t>();
  frame.records = reader->ReadBytes(records_bytes);
  if (!reader->ok()) return Corrupt("a frame does not fit");
  if (reserved != 0) return Corrupt("impossible reserved field");
  EVENTLOG_RETURN_IF_ERROR(CheckFrame(frame));
  return frame;
}

}  // namespace

absl::Status CheckFrame(const JournalFrame& frame) {
  if (const char* problem = Problem(frame); problem != nullptr) {
    return Corrupt(fmt::format("impossible {} in a frame", problem));
  }
  return CheckRecords(frame);
}

void GroupBuilder::Clear() {
  buffer_.assign(kGroupHeaderBytes, '\0');
  frame_count_ = 0;
}

void GroupBuilder::Add(const JournalFrame& frame) {
  EVENTLOG_ASSERT(Problem(frame) == nullptr);
  EVENTLOG_ASSERT(buffer_.size() + kFrameHeaderBytes + frame.records.size() <=
                  static_cast<std::size_t>(kMaxGroupBytes));
  char header[kFrameHeaderBytes] = {};
  StoreLe(header, frame.topic_id);
  StoreLe(header + 4, frame.partition);
  StoreLe(header + 8, frame.batch_base_offset);
  StoreLe(header + 16, frame.base_timestamp_ms);
  StoreLe(header + 24, frame.first_offset);
  StoreLe(header + 32, frame.writer.producer_id);
  StoreLe(header + 40, frame.record_count);
  StoreLe(header + 44, frame.base_sequence);
  StoreLe(header + 48, frame.leader_epoch);
  StoreLe(header + 52, frame.writer.producer_epoch);
  StoreLe(header + 54, frame.attributes);
  StoreLe(header + 56, static_cast<uint32_t>(frame.records.size()));
  buffer_.append(header, sizeof header);
  buffer_.append(frame.records);
  ++frame_count_;
}

std::string_view GroupBuilder::Finish(uint64_t generation, uint64_t sequence, uint64_t synced_upto,
                                      const Uuid& log_id) {
  EVENTLOG_ASSERT(synced_upto < sequence);
  const uint64_t seed = GenerationSeed(generation, log_id);
  const std::string_view body = std::string_view(buffer_).substr(kGroupHeaderBytes);
  char* to = buffer_.data();
  StoreLe(to + 8, generation);
  StoreLe(to + 16, sequence);
  StoreLe(to + 24, synced_upto);
  StoreLe(to + 32, static_cast<uint32_t>(body.size()));
  StoreLe(to + 36, frame_count_);
  StoreLe(to + 40, Hash64(body, seed));
  FinishHeader(to, kJournalGroupFormat, seed);
  return buffer_;
}

absl::StatusOr<std::size_t> GroupBytes(std::string_view bytes, uint64_t generation,
                                       const Uuid& log_id) {
  EVENTLOG_RETURN_IF_ERROR(
      CheckHeader(bytes, kJournalGroupFormat, GenerationSeed(generation, log_id)));
  const char* from = bytes.data();
  const auto sequence = LoadLe<uint64_t>(from + 16);
  const auto synced_upto = LoadLe<uint64_t>(from + 24);
  const auto body_bytes = LoadLe<uint32_t>(from + 32);
  const auto frame_count = LoadLe<uint32_t>(from + 36);
  if (LoadLe<uint64_t>(from + 8) != generation || synced_upto >= sequence) {
    return Corrupt("impossible generation or sequences");
  }
  if (body_bytes > kMaxGroupBodyBytes || frame_count > body_bytes / kFrameHeaderBytes) {
    return Corrupt("impossible lengths");
  }
  return kGroupHeaderBytes + body_bytes;
}

absl::StatusOr<JournalGroup> DecodeGroup(std::string_view bytes, uint64_t generation,
                                         const Uuid& log_id) {
  EVENTLOG_ASSIGN_OR_RETURN(const std::size_t group_bytes, GroupBytes(bytes, generation, log_id));
  if (bytes.size() < group_bytes) return Corrupt("cut short");
  const std::string_view body = bytes.substr(kGroupHeaderBytes, group_bytes - kGroupHeaderBytes);
  if (Hash64(body, GenerationSeed(generation, log_id)) != LoadLe<uint64_t>(bytes.data() + 40)) {
    return Corrupt("body hash does not match");
  }
  JournalGroup group;
  group.generation = generation;
  group.sequence = LoadLe<uint64_t>(bytes.data() + 16);
  group.synced_upto = LoadLe<uint64_t>(bytes.data() + 24);
  const auto frame_count = LoadLe<uint32_t>(bytes.data() + 36);
  group.frames.reserve(frame_count);
  ByteReader reader(body);
  for (uint32_t i = 0; i < frame_count; ++i) {
    EVENTLOG_ASSIGN_OR_RETURN(group.frames.emplace_back(), ReadFrame(&reader));
  }
  if (reader.remaining() != 0) return Corrupt("bytes after the last frame");
  return group;
}

}  // namespace eventlog::inline v1::internal

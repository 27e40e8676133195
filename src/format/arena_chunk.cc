#include "format/arena_chunk.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "fmt/format.h"
#include "format/identity.h"
#include "format/record.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr uint64_t kLengthMask = (uint64_t{1} << 24) - 1;

absl::Status Corrupt(std::string_view why) {
  return MakeError(ErrorReason::kCorruptData, fmt::format("arena chunk: {}", why));
}

ArenaChunkHeader LoadHeader(const char* from) {
  ArenaChunkHeader header;
  header.generation = LoadLe<uint64_t>(from + 8);
  header.topic_id = LoadLe<int32_t>(from + 16);
  header.partition = LoadLe<int32_t>(from + 20);
  header.base_offset = LoadLe<int64_t>(from + 24);
  header.base_timestamp_ms = LoadLe<int64_t>(from + 32);
  header.leader_epoch = LoadLe<int32_t>(from + 40);
  header.chunk_bytes = LoadLe<uint32_t>(from + 44);
  return header;
}

// A header that is whole says by itself of which generation it is.
absl::StatusOr<ArenaChunkHeader> DecodeHeader(std::string_view slot, const Uuid& log_id) {
  const auto generation = LoadLe<uint64_t>(slot.data() + 8);
  EVENTLOG_RETURN_IF_ERROR(CheckHeader(slot.substr(0, kPublishedAt), kArenaChunkFormat,
                                       GenerationSeed(generation, log_id)));
  return LoadHeader(slot.data());
}

// Follows the chain through the records; their contents are CheckFrame's to judge.
absl::Status CheckChain(std::string_view records, uint64_t chain, uint64_t published,
                        int32_t* record_count) {
  *record_count = 0;
  for (std::string_view left = records; !left.empty(); ++*record_count) {
    const std::string_view before = left;
    EVENTLOG_RETURN_IF_ERROR(SkipRecord(&left));
    chain = ChainRecord(chain, before.substr(0, before.size() - left.size()));
  }
  if (PublishedWord(records.size(), chain) == published) return absl::OkStatus();
  return Corrupt("records and published hash do not match");
}

}  // namespace

uint64_t StoreArenaChunkHeader(char* slot, const ArenaChunkHeader& header, const Uuid& log_id) {
  StoreLe(slot + 8, header.generation);
  StoreLe(slot + 16, header.topic_id);
  StoreLe(slot + 20, header.partition);
  StoreLe(slot + 24, header.base_offset);
  StoreLe(slot + 32, header.base_timestamp_ms);
  StoreLe(slot + 40, header.leader_epoch);
  StoreLe(slot + 44, header.chunk_bytes);
  FinishHeader(slot, kArenaChunkFormat, GenerationSeed(header.generation, log_id));
  return LoadLe<uint64_t>(slot + kArenaChunkFormat.header_bytes - sizeof(uint64_t));
}

absl::StatusOr<std::optional<JournalFrame>> DecodeArenaChunk(
    std::string_view file, std::size_t index, uint64_t generation, const Uuid& log_id,
    std::optional<ArenaChunkHeader>* header) {
  EVENTLOG_ASSERT(file.size() == kArenaFileBytes && index < kArenaSlots);
  header->reset();
  const std::string_view slot = file.substr(index * kArenaSlotBytes, kArenaSlotBytes);
  const auto published = LoadLe<uint64_t>(slot.data() + kPublishedAt);
  if (published == 0) return std::nullopt;  // never used, or just being begun
  EVENTLOG_ASSIGN_OR_RETURN(const ArenaChunkHeader chunk, DecodeHeader(slot, log_id));
  if (chunk.generation < generation) return std::nullopt;
  *header = chunk;
  if (chunk.generation > generation) {
    return Corrupt(
        fmt::format("of generation {}, where {} is the last", chunk.generation, generation));
  }
  const std::size_t bytes = published & kLengthMask;
  const std::string_view units = file.substr(kArenaTableBytes + index * kArenaUnitBytes);
  if (bytes == 0 || bytes > chunk.chunk_bytes || chunk.chunk_bytes > units.size()) {
    return Corrupt("impossible lengths");
  }
  JournalFrame frame;
  frame.topic_id = chunk.topic_id;
  frame.partition = chunk.partition;
  frame.batch_base_offset = chunk.base_offset;
  frame.base_timestamp_ms = chunk.base_timestamp_ms;
  frame.first_offset = chunk.base_offset;
  frame.leader_epoch = chunk.leader_epoch;
  frame.records = units.substr(0, bytes);
  const auto chain = LoadLe<uint64_t>(slot.data() + kPublishedAt - sizeof(uint64_t));
  EVENTLOG_RETURN_IF_ERROR(CheckChain(frame.records, chain, published, &frame.record_count));
  EVENTLOG_RETURN_IF_ERROR(CheckFrame(frame));
  return frame;
}

}  // namespace eventlog::inline v1::internal

#include "format/arena_chunk.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr std::size_t kSlot = 5;

// A file of the arena with FixtureRecords in one chunk, published record by record.
std::string File(const ArenaChunkHeader& header = FixtureArenaChunk()) {
  std::string file(kArenaFileBytes, '\0');
  file.replace(kArenaTableBytes + kSlot * kArenaUnitBytes, FixtureRecords().size(),
               FixtureRecords());
  file.replace(kSlot * kArenaSlotBytes, kArenaSlotBytes, FixtureArenaSlot(header));
  return file;
}

struct Decoded {
  absl::StatusOr<std::optional<JournalFrame>> frame;
  std::optional<ArenaChunkHeader> header;
};

Decoded Decode(std::string_view file, uint64_t generation = FixtureArenaChunk().generation) {
  Decoded decoded;
  decoded.frame = DecodeArenaChunk(file, kSlot, generation, FixtureLogId(), &decoded.header);
  return decoded;
}

bool IsNothing(const Decoded& decoded) { return decoded.frame.ok() && !decoded.frame->has_value(); }

TEST_CASE("what a chunk has published comes back as a frame", "[format]") {
  const std::string file = File();
  const auto [frame, header] = Decode(file);
  REQUIRE((frame.ok() && frame->has_value()));
  const ArenaChunkHeader chunk = FixtureArenaChunk();
  CHECK((*frame)->topic_id == chunk.topic_id);
  CHECK((*frame)->partition == chunk.partition);
  CHECK((*frame)->batch_base_offset == chunk.base_offset);
  CHECK((*frame)->first_offset == chunk.base_offset);
  CHECK((*frame)->base_timestamp_ms == chunk.base_timestamp_ms);
  CHECK((*frame)->leader_epoch == chunk.leader_epoch);
  CHECK((*frame)->record_count == FixtureBatchHeader().record_count);
  CHECK((*frame)->records == FixtureRecords());
  CHECK(header.has_value());
}

TEST_CASE("a slot that was never used or only begun is nothing", "[format]") {
  CHECK(IsNothing(Decode(std::string(kArenaFileBytes, '\0'))));
  std::string file = File();
  file.replace(kSlot * kArenaSlotBytes + kPublishedAt, 8, Le(uint64_t{0}));
  CHECK(IsNothing(Decode(file)));
  file.replace(kSlot * kArenaSlotBytes, 20, 20, 'x');  // a header half-way through being written
  CHECK(IsNothing(Decode(file)));
}

TEST_CASE("a chunk of an earlier generation is nothing and of a later one damage", "[format]") {
  const std::string file = File();
  const uint64_t generation = FixtureArenaChunk().generation;
  CHECK(IsNothing(Decode(file, generation + 1)));
  const auto [frame, header] = Decode(file, generation - 1);
  CHECK(absl::IsDataLoss(frame.status()));
  CHECK((header.has_value() && header->generation == generation));
}

TEST_CASE("a chunk of another log is damage", "[format]") {
  std::optional<ArenaChunkHeader> header;
  Uuid other = FixtureLogId();
  other.bytes[0] ^= 1;
  CHECK(absl::IsDataLoss(
      DecodeArenaChunk(File(), kSlot, FixtureArenaChunk().generation, other, &header).status()));
  CHECK_FALSE(header.has_value());
}

TEST_CASE("every flip in a slot or its records is damage", "[format]") {
  const std::string whole = File();
  const std::size_t slot = kSlot * kArenaSlotBytes;
  const std::size_t records = kArenaTableBytes + kSlot * kArenaUnitBytes;
  const auto flip_all = [&](std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string file = whole;
        file[at] = static_cast<char>(file[at] ^ (1 << bit));
        INFO("bit " << bit << " of byte " << at);
        CHECK(absl::IsDataLoss(Decode(file).frame.status()));
      }
    }
  };
  flip_all(slot, slot + kArenaSlotBytes);
  flip_all(records, records + FixtureRecords().size());
}

TEST_CASE("a newer chunk is told from damage", "[format]") {
  std::string file = File();
  const std::size_t slot = kSlot * kArenaSlotBytes;
  file.replace(slot + 4, 2, Le(uint16_t{2}));
  const std::string header = file.substr(slot, kPublishedAt - 8);
  const uint64_t seed = GenerationSeed(FixtureArenaChunk().generation, FixtureLogId());
  file.replace(slot + kPublishedAt - 8, 8, Le(Hash64(header, seed)));
  CHECK(absl::IsUnimplemented(Decode(file).frame.status()));
}

TEST_CASE("a chunk that would reach beyond its file is damage", "[format]") {
  ArenaChunkHeader header = FixtureArenaChunk();
  header.chunk_bytes = static_cast<uint32_t>((kArenaSlots - kSlot + 1) * kArenaUnitBytes);
  CHECK(absl::IsDataLoss(Decode(File(header)).frame.status()));
  header.chunk_bytes = 1;  // less than it has published
  CHECK(absl::IsDataLoss(Decode(File(header)).frame.status()));
}

TEST_CASE("what was published of one chunk does not verify in another", "[format]") {
  ArenaChunkHeader other = FixtureArenaChunk();
  ++other.base_offset;
  std::string file = File();
  const std::string published = file.substr(kSlot * kArenaSlotBytes + kPublishedAt, 8);
  file.replace(kSlot * kArenaSlotBytes, kArenaSlotBytes, FixtureArenaSlot(other));
  file.replace(kSlot * kArenaSlotBytes + kPublishedAt, 8, published);
  CHECK(absl::IsDataLoss(Decode(file).frame.status()));
}

}  // namespace
}  // namespace eventlog::inline v1::internal

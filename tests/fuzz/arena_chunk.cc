// The input: a byte whose lowest bit asks for a good hash of the header and the next one for a good
// word behind it, then the first slot of a file of the arena, then what its unit begins with.
#include "format/arena_chunk.h"

#include <algorithm>
#include <optional>
#include <string>

#include "format/fixtures.h"
#include "format/identity.h"
#include "fuzz/allocations.h"
#include "fuzz/bytes.h"
#include "fuzz/target.h"

namespace eventlog::test {
namespace {

// What the writer would have published of as many bytes as the word says, as far as these are
// records.
uint64_t GoodWord(std::string_view file) {
  const char* const slot = file.data();
  const auto bytes = internal::LoadLe<uint64_t>(slot + internal::kPublishedAt) & 0xffffff;
  std::string_view left = file.substr(internal::kArenaTableBytes, bytes);
  auto chain = internal::LoadLe<uint64_t>(slot + internal::kPublishedAt - 8);
  while (!left.empty()) {
    const char* const record = left.data();
    if (!internal::SkipRecord(&left).ok()) break;
    chain = internal::ChainRecord(chain, {record, static_cast<std::size_t>(left.data() - record)});
  }
  return internal::PublishedWord(bytes, chain);
}

}  // namespace

FUZZ_TARGET(arena_chunk) {
  const auto how = Take<uint8_t>(&input);
  static std::string file(internal::kArenaFileBytes, '\0');
  const std::string_view slot = TakeBytes(&input, internal::kArenaSlotBytes);
  const std::string_view records = TakeBytes(&input, 4 * internal::kArenaUnitBytes);
  std::fill_n(file.begin(), internal::kArenaSlotBytes, '\0');
  slot.copy(file.data(), slot.size());
  records.copy(file.data() + internal::kArenaTableBytes, records.size());
  const internal::Uuid log_id = internal::FixtureLogId();
  if ((how & 1) != 0) {
    const auto generation = internal::LoadLe<uint64_t>(file.data() + 8);
    MakeHeaderHashGood(file.data(), internal::kPublishedAt,
                       internal::GenerationSeed(generation, log_id));
  }
  if ((how & 2) != 0) internal::StoreLe(file.data() + internal::kPublishedAt, GoodWord(file));

  std::optional<internal::ArenaChunkHeader> header;
  const auto frame = WithBudget(internal::kArenaFileBytes, [&] {
    return internal::DecodeArenaChunk(file, 0, internal::kFixtureGeneration, log_id, &header);
  });
  std::fill_n(file.begin() + internal::kArenaTableBytes, records.size(), '\0');
  if (!frame.ok()) {
    EVENTLOG_ASSERT(IsRefusal(frame.status()));
    return Outcome::kRefused;
  }
  if (!frame->has_value()) return Outcome::kRefused;  // nothing that counts
  const std::string_view found = (*frame)->records;
  EVENTLOG_ASSERT(Within(file, found.data(), found.data() + found.size()));
  EVENTLOG_ASSERT(header.has_value() && header->base_offset == (*frame)->first_offset);
  return Outcome::kDecoded;
}

}  // namespace eventlog::test

#include "format/journal_list.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status Decode(std::string_view bytes) { return DecodeJournalList(bytes).status(); }

TEST_CASE("a journal list comes back", "[format]") {
  for (const JournalList& list : {FixtureJournalList(), JournalList{FixtureLogId(), {}}}) {
    const auto decoded = DecodeJournalList(EncodeJournalList(list));
    REQUIRE(decoded.ok());
    CHECK((*decoded == list));
  }
}

TEST_CASE("every flip and cut of a journal list is damage", "[format]") {
  const std::string good = EncodeJournalList(FixtureJournalList());
  RequireFlipsAreDamage(good, 0, good.size(), Decode);
  RequireTruncationsAreDamage(good, Decode);
  CHECK(IsDamage(Decode(good + '\0')));
}

TEST_CASE("a newer journal list is refused as newer", "[format]") {
  const std::string good = EncodeJournalList(FixtureJournalList());
  CHECK(IsNewerFormat(Decode(AsNewerVersion(good, kJournalListFormat, 0))));
}

TEST_CASE("a journal list whose count is not its length is damage", "[format]") {
  const std::string good = EncodeJournalList(FixtureJournalList());
  for (const uint32_t count : {0u, 1u, 3u, 0x10000002u, UINT32_MAX}) {
    CHECK(IsDamage(Decode(WithField(good, 24, count, kJournalListFormat, 0))));
  }
  CHECK(IsDamage(Decode(WithField(good, 28, 1u, kJournalListFormat, 0))));
}

// Encoded as the encoder would not.
absl::Status DecodeWith(const std::vector<JournalListEntry>& files) {
  std::string bytes = EncodeJournalList({FixtureLogId(), {}});
  for (const JournalListEntry& file : files) bytes += Le(file.number) + Le(file.bytes);
  StoreLe(bytes.data() + 24, static_cast<uint32_t>(files.size()));
  const uint64_t hash = Hash64(std::string_view(bytes).substr(kJournalListHeaderBytes));
  return Decode(WithField(bytes, 32, hash, kJournalListFormat, 0));
}

TEST_CASE("journal files that do not rise or have no size are damage", "[format]") {
  CHECK(DecodeWith({{0, 0}, {1, 4096}}).ok());
  CHECK(IsDamage(DecodeWith({{1, 4096}, {1, 4096}})));
  CHECK(IsDamage(DecodeWith({{1, 4096}, {0, 4096}})));
  CHECK(IsDamage(DecodeWith({{0, -1}})));
}

}  // namespace
}  // namespace eventlog::inline v1::internal

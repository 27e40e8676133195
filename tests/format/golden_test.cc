// Committed bytes of every format: they decode for ever, and those of the current version also come
// out of the encoders. EVENTLOG_UPDATE_GOLDEN=1 writes them anew, for a version not yet released.
#include <lz4.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

uint64_t Seed() { return FixtureIdentity().Seed(); }

std::string GoldenPath(const std::string& name, int version) {
  return std::string(EVENTLOG_SOURCE_DIR) + "/tests/golden/v" + std::to_string(version) + "/" +
         name + ".bin";
}

std::string OldGolden(const std::string& name, int version) {
  std::ifstream file(GoldenPath(name, version), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The committed bytes, after `encoded` was written there when that is asked for.
std::string Golden(const std::string& name, const std::string& encoded, int version = 1) {
  const char* update = std::getenv("EVENTLOG_UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1") {
    std::ofstream(GoldenPath(name, version), std::ios::binary) << encoded;
  }
  return OldGolden(name, version);
}

// The records of a committed batch, its header compared with `expected` as far as that goes.
std::string RecordsOf(const std::string& batch, const BatchHeader& expected) {
  const auto header = DecodeBatchHeader(batch, Seed());
  REQUIRE(header.ok());
  BatchHeader comparable = *header;
  comparable.attributes = static_cast<uint16_t>(header->attributes & ~kCompressionMask);
  comparable.body_bytes = 0;
  comparable.uncompressed_bytes = 0;
  comparable.body_hash = 0;
  CHECK((comparable == expected));
  const std::string_view body = std::string_view(batch).substr(kBatchHeaderBytes);
  REQUIRE(VerifyBatchBody(*header, body, Seed()).ok());
  std::string buffer;
  const auto records = RecordsSection(*header, body, &buffer);
  REQUIRE(records.ok());
  return std::string(*records);
}

TEST_CASE("the golden plain batch stays readable", "[format]") {
  const std::string golden = Golden("record_batch_plain", FixtureBatch());
  CHECK((golden == FixtureBatch()));
  CHECK((RecordsOf(golden, FixtureBatchHeader()) == FixtureRecords()));
}

TEST_CASE("the golden LZ4 batch stays readable", "[format]") {
  const std::string golden = Golden("record_batch_lz4", FixtureLz4Batch());
  // Other releases of LZ4 may choose other blocks for the same contents.
  if (LZ4_versionNumber() == 10904) CHECK((golden == FixtureLz4Batch()));
  CHECK((RecordsOf(golden, FixtureLz4BatchHeader()) == FixtureLz4Records()));
  const auto header = DecodeBatchHeader(golden, Seed());
  REQUIRE(header.ok());
  CHECK((header->attributes & kCompressionMask) == kLz4Codec);
}

TEST_CASE("the golden segment header stays readable", "[format]") {
  const std::string encoded = EncodeSegmentHeader(FixtureSegmentHeader());
  const std::string golden = Golden("segment_header", encoded);
  CHECK((golden == encoded));
  const auto decoded = DecodeSegmentHeader(golden);
  REQUIRE(decoded.ok());
  CHECK((*decoded == FixtureSegmentHeader()));
}

TEST_CASE("the golden journal list stays readable", "[format]") {
  const std::string encoded = EncodeJournalList(FixtureJournalList());
  const std::string golden = Golden("journal_list", encoded);
  CHECK((golden == encoded));
  const auto decoded = DecodeJournalList(golden);
  REQUIRE(decoded.ok());
  CHECK((*decoded == FixtureJournalList()));
}

TEST_CASE("the golden indexes stay readable", "[format]") {
  const auto check = [](const std::string& name, const IndexFile& index,
                        const HeaderFormat& format) {
    const std::string encoded = EncodeIndexFile(index, format, Seed());
    const std::string golden = Golden(name, encoded);
    CHECK((golden == encoded));
    const auto decoded = DecodeIndexFile(golden, format, Seed());
    REQUIRE(decoded.ok());
    CHECK((*decoded == index));
  };
  check("offset_index", FixtureOffsetIndex(), kOffsetIndexFormat);
  check("time_index", FixtureTimeIndex(), kTimeIndexFormat);
}

TEST_CASE("the golden journal group stays readable", "[format]") {
  const std::string golden = Golden("journal_group", FixtureGroup());
  CHECK((golden == FixtureGroup()));
  const auto group = DecodeGroup(golden, kFixtureGeneration, FixtureLogId());
  REQUIRE(group.ok());
  CHECK(group->sequence == 345);
  CHECK(group->synced_upto == 343);
  REQUIRE(group->frames.size() == 2);
  CHECK(group->frames[0].records == FixtureRecords());
  CHECK(group->frames[1].first_offset == 1001);
  CHECK((group->frames[1].writer == WriterIdentity{9001, 2}));
}

TEST_CASE("the golden arena chunk stays readable", "[format]") {
  const std::string encoded = FixtureArenaSlot(FixtureArenaChunk()) + FixtureRecords();
  const std::string golden = Golden("arena_chunk", encoded);
  CHECK((golden == encoded));
  std::string file(kArenaFileBytes, '\0');
  file.replace(0, kArenaSlotBytes, golden.substr(0, kArenaSlotBytes));
  file.replace(kArenaTableBytes, FixtureRecords().size(), golden.substr(kArenaSlotBytes));
  std::optional<ArenaChunkHeader> header;
  const auto frame = DecodeArenaChunk(file, 0, kFixtureGeneration, FixtureLogId(), &header);
  REQUIRE((frame.ok() && frame->has_value()));
  CHECK((*frame)->records == FixtureRecords());
  CHECK((*frame)->first_offset == 1000);
}

TEST_CASE("the golden checkpoint stays readable", "[format]") {
  const std::string encoded = EncodeCheckpoint(FixtureCheckpoint());
  const std::string golden = Golden("checkpoint", encoded, 2);
  CHECK((golden == encoded));
  const auto decoded = DecodeCheckpoint(golden);
  REQUIRE(decoded.ok());
  CHECK((*decoded == FixtureCheckpoint()));
}

TEST_CASE("the golden checkpoint of version 1 stays readable", "[format]") {
  const auto decoded = DecodeCheckpoint(OldGolden("checkpoint", 1));
  REQUIRE(decoded.ok());
  Checkpoint expected = FixtureCheckpoint();
  for (PartitionCheckpoint& entry : expected.partitions) entry.newest_append_ms = 0;
  expected.offsets_upto = 0;
  expected.offsets.clear();
  CHECK((*decoded == expected));
}

TEST_CASE("the golden catalog stays readable", "[format]") {
  const std::string encoded = EncodeCatalog(FixtureCatalog());
  const std::string golden = Golden("catalog", encoded);
  CHECK((golden == encoded));
  const auto decoded = DecodeCatalog(golden);
  REQUIRE(decoded.ok());
  CHECK((*decoded == FixtureCatalog()));
}

TEST_CASE("the golden offset commit stays readable", "[format]") {
  const std::string encoded_key = EncodeOffsetCommitKey(FixtureCommitKey());
  const std::string encoded_value = EncodeOffsetCommitValue(FixtureCommitValue());
  const std::string golden_key = Golden("offset_commit_key", encoded_key);
  const std::string golden_value = Golden("offset_commit_value", encoded_value);
  CHECK((golden_key == encoded_key));
  CHECK((golden_value == encoded_value));
  const auto key = DecodeOffsetCommitKey(golden_key);
  const auto value = DecodeOffsetCommitValue(golden_value);
  REQUIRE(key.ok());
  REQUIRE(value.ok());
  CHECK((*key == FixtureCommitKey()));
  CHECK((*value == FixtureCommitValue()));
}

}  // namespace
}  // namespace eventlog::inline v1::internal

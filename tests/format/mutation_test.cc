// Random damage to valid inputs of every decoder, half of it with the hashes made good again, so
// that what lies behind them is tried too. A decoder may answer an error, or something that encodes
// to the very same bytes. EVENTLOG_SEED=<n> replays a failure.
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <random>

#include "damage.h"
#include "fixtures.h"
#include "format/compression.h"
#include "format/file_names.h"

namespace eventlog::inline v1::internal {
namespace {

using Random = std::mt19937_64;

uint64_t Seed() { return FixtureIdentity().Seed(); }

uint64_t FirstSeed() {
  const char* given = std::getenv("EVENTLOG_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

std::size_t Below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
}

void Mutate(Random& random, std::string* bytes) {
  static constexpr int64_t kEdges[] = {0,         1,         -1,         INT32_MAX, INT32_MIN,
                                       INT64_MAX, INT64_MIN, UINT32_MAX, 127,       128};
  const std::size_t at = Below(random, bytes->size());
  switch (random() % 6) {
    case 0:
      if (!bytes->empty()) (*bytes)[at] = static_cast<char>(random());
      break;
    case 1: {  // an integer becomes one of the dangerous ones
      const std::string edge = Le(kEdges[Below(random, std::size(kEdges))]);
      bytes->replace(at, 8, edge.substr(0, std::min<std::size_t>(8, bytes->size() - at)));
      break;
    }
    case 2:
      bytes->resize(at);
      break;
    case 3:
      bytes->insert(at, Below(random, 20), static_cast<char>(random()));
      break;
    case 4:
      bytes->erase(at, Below(random, 20));
      break;
    default: {  // a copy of a part elsewhere
      const std::string part = bytes->substr(Below(random, bytes->size()), Below(random, 40));
      bytes->insert(at, part);
    }
  }
}

// Gives a mutated input good hashes again, as far as it is long enough to have any.
void Rehash(std::string* bytes, const HeaderFormat& format, uint64_t seed,
            std::size_t body_hash_at) {
  if (bytes->size() < format.header_bytes) return;
  const std::string_view body = std::string_view(*bytes).substr(format.header_bytes);
  if (body_hash_at != 0) StoreLe(bytes->data() + body_hash_at, Hash64(body, seed));
  FinishHeader(bytes->data(), format, seed);
}

// Runs `decode` on mutations of `good` for a while. `rehash` may do nothing.
template <typename Rehasher, typename Decode>
void Campaign(const std::string& good, Rehasher rehash, Decode decode) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(120);
  const bool replay = std::getenv("EVENTLOG_SEED") != nullptr;
  uint64_t seed = FirstSeed();
  do {
    INFO("EVENTLOG_SEED=" << seed);
    Random random(seed);
    std::string bad = good;
    for (std::size_t i = Below(random, 3) + 1; i > 0; --i) Mutate(random, &bad);
    if (random() % 2 == 0) rehash(&bad);
    const Exactly exactly(bad);
    if (!decode(exactly.view())) FAIL("what was decoded is not what was there");
    ++seed;
  } while (!replay && std::chrono::steady_clock::now() < end);
}

// Every error but these two would be a surprise.
bool IsRefusal(const absl::Status& status) { return IsDamage(status) || IsNewerFormat(status); }

TEST_CASE("mutated segment headers are refused or exact", "[format]") {
  Campaign(
      EncodeSegmentHeader(FixtureSegmentHeader()),
      [](std::string* bytes) { Rehash(bytes, kSegmentFormat, 0, 0); },
      [](std::string_view bytes) {
        const auto decoded = DecodeSegmentHeader(bytes);
        if (!decoded.ok()) return IsRefusal(decoded.status());
        return bytes.substr(0, kSegmentHeaderBytes) == EncodeSegmentHeader(*decoded);
      });
}

TEST_CASE("mutated checkpoints are refused or exact", "[format]") {
  Campaign(
      EncodeCheckpoint(FixtureCheckpoint()),
      [](std::string* bytes) { Rehash(bytes, kCheckpointFormat, 0, 88); },
      [](std::string_view bytes) {
        const auto decoded = DecodeCheckpoint(bytes);
        if (!decoded.ok()) return IsRefusal(decoded.status());
        return bytes == EncodeCheckpoint(*decoded);
      });
}

TEST_CASE("mutated catalogs are refused or exact", "[format]") {
  Campaign(
      EncodeCatalog(FixtureCatalog()),
      [](std::string* bytes) {
        if (bytes->size() >= kCatalogHeaderBytes) {
          const std::size_t body = bytes->size() - kCatalogHeaderBytes;
          StoreLe(bytes->data() + 32, static_cast<uint32_t>(body));
        }
        Rehash(bytes, kCatalogFormat, 0, 40);
      },
      [](std::string_view bytes) {
        const auto decoded = DecodeCatalog(bytes);
        if (!decoded.ok()) return IsRefusal(decoded.status());
        return bytes == EncodeCatalog(*decoded);
      });
}

TEST_CASE("mutated journal lists are refused or exact", "[format]") {
  Campaign(
      EncodeJournalList(FixtureJournalList()),
      [](std::string* bytes) { Rehash(bytes, kJournalListFormat, 0, 32); },
      [](std::string_view bytes) {
        const auto decoded = DecodeJournalList(bytes);
        if (!decoded.ok()) return IsRefusal(decoded.status());
        return bytes == EncodeJournalList(*decoded);
      });
}

TEST_CASE("mutated indexes are refused or exact", "[format]") {
  for (const HeaderFormat& format : {kOffsetIndexFormat, kTimeIndexFormat}) {
    const bool by_time = format.magic == kTimeIndexFormat.magic;
    Campaign(
        EncodeIndexFile(by_time ? FixtureTimeIndex() : FixtureOffsetIndex(), format, Seed()),
        [&format](std::string* bytes) { Rehash(bytes, format, Seed(), 32); },
        [&format](std::string_view bytes) {
          const auto decoded = DecodeIndexFile(bytes, format, Seed());
          if (!decoded.ok()) return IsRefusal(decoded.status());
          return bytes == EncodeIndexFile(*decoded, format, Seed());
        });
  }
}

TEST_CASE("mutated groups are refused or exact", "[format]") {
  const uint64_t seed = JournalSeed(FixtureLogId(), kFixtureGeneration);
  Campaign(
      FixtureGroup(),
      [seed](std::string* bytes) {
        if (bytes->size() >= kGroupHeaderBytes) {
          const std::size_t body = bytes->size() - kGroupHeaderBytes;
          StoreLe(bytes->data() + 32, static_cast<uint32_t>(body));
        }
        Rehash(bytes, kJournalGroupFormat, seed, 40);
      },
      [](std::string_view bytes) {
        const auto group = DecodeGroup(bytes, kFixtureGeneration, FixtureLogId());
        if (!group.ok()) return IsRefusal(group.status());
        GroupBuilder builder;
        for (const JournalFrame& frame : group->frames) builder.Add(frame);
        return bytes.substr(0, builder.bytes()) ==
               builder.Finish(group->generation, group->sequence, group->synced_upto,
                              FixtureLogId());
      });
}

// A record that was decoded takes as many bytes when it is encoded again, whatever its attributes.
bool CheckRecords(std::string_view records) {
  while (!records.empty()) {
    std::string_view skipped = records;
    const std::size_t before = records.size();
    EncodedRecord record;
    if (const absl::Status status = DecodeRecord(&records, &record); !status.ok()) {
      return IsRefusal(status);
    }
    ProducerRecord again;
    if (record.key != nullptr) again.key = std::string_view(record.key, record.key_size);
    if (record.value != nullptr) again.value = std::string_view(record.value, record.value_size);
    again.headers = DecodeHeaders(record.headers_with_count);
    const std::size_t bytes =
        EncodedRecordBytes(again, record.timestamp_delta_ms, record.offset_delta);
    if (bytes != before - records.size()) return false;
    if (!SkipRecord(&skipped).ok() || skipped.size() != records.size()) return false;
  }
  return true;
}

TEST_CASE("mutated records are refused or exact", "[format]") {
  Campaign(
      FixtureRecords(), [](std::string*) {}, CheckRecords);
}

TEST_CASE("mutated batches are refused or consistent", "[format]") {
  for (const std::string& good : {FixtureBatch(), FixtureLz4Batch()}) {
    Campaign(
        good, [](std::string* bytes) { Rehash(bytes, kRecordBatchFormat, Seed(), 80); },
        [](std::string_view bytes) {
          const auto header = DecodeBatchHeader(bytes, Seed());
          if (!header.ok()) return IsRefusal(header.status());
          if (header->next_offset() <= header->base_offset) return false;
          const std::string_view rest = bytes.substr(kBatchHeaderBytes);
          const std::string_view body = rest.substr(0, header->body_bytes);
          const absl::Status verified = VerifyBatchBody(*header, body, Seed());
          if (!verified.ok()) return IsRefusal(verified);
          std::string buffer;
          const auto records = RecordsSection(*header, body, &buffer);
          if (!records.ok()) {
            return IsRefusal(records.status()) ||
                   records.status().code() == absl::StatusCode::kUnimplemented;
          }
          return records->size() == header->uncompressed_bytes && CheckRecords(*records);
        });
  }
}

TEST_CASE("mutated LZ4 frames are refused or of the stated size", "[format]") {
  const std::string contents = FixtureLz4Records() + FixtureRecords();
  Campaign(
      CompressLz4(contents), [](std::string*) {},
      [&contents](std::string_view bytes) {
        std::string out;
        const absl::Status status = DecompressLz4(bytes, contents.size(), &out);
        return status.ok() ? out.size() == contents.size() : IsRefusal(status);
      });
}

TEST_CASE("mutated offset commits are refused or exact", "[format]") {
  Campaign(
      EncodeOffsetCommitKey(FixtureCommitKey()), [](std::string*) {},
      [](std::string_view bytes) {
        const auto decoded = DecodeOffsetCommitKey(bytes);
        if (!decoded.ok()) return IsRefusal(decoded.status());
        return bytes == EncodeOffsetCommitKey(*decoded);
      });
  Campaign(
      EncodeOffsetCommitValue(FixtureCommitValue()), [](std::string*) {},
      [](std::string_view bytes) {
        const auto decoded = DecodeOffsetCommitValue(bytes);
        if (!decoded.ok()) return IsRefusal(decoded.status());
        return bytes == EncodeOffsetCommitValue(*decoded);
      });
}

TEST_CASE("mutated file names never crash the parsers", "[format]") {
  Campaign(
      "00000000000000081234.log", [](std::string*) {},
      [](std::string_view name) {
        const auto base_offset = ParseSegmentName(name);
        return !base_offset || SegmentPath("", *base_offset) == "/" + std::string(name);
      });
}

}  // namespace
}  // namespace eventlog::inline v1::internal

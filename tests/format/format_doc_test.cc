// Holds docs/format.md against the code: every field of every table is looked up in encoded bytes.
// The expected bytes come from the fixtures' values, whose fields all differ from one another.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

const std::string& Doc() {
  static const std::string doc = [] {
    std::ifstream file(std::string(EVENTLOG_SOURCE_DIR) + "/docs/format.md");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return doc;
}

std::string Trim(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

// The lines that follow `heading`, from the first that starts with `start` to the last in a row.
std::vector<std::string> LinesAfter(const std::string& heading, const std::string& start) {
  const std::size_t at = Doc().find("\n" + heading + "\n");
  REQUIRE(at != std::string::npos);
  std::istringstream text(Doc().substr(at + heading.size() + 2));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (line.compare(0, start.size(), start) == 0) {
      lines.push_back(line);
    } else if (!lines.empty()) {
      break;
    }
  }
  return lines;
}

using Row = std::vector<std::string>;  // cells

// The rows of the first table after `heading` whose first column is named `first_column`.
std::vector<Row> Table(const std::string& heading, const std::string& first_column) {
  const std::size_t at = Doc().find("\n" + heading + "\n");
  REQUIRE(at != std::string::npos);
  std::istringstream text(Doc().substr(Doc().find("\n| " + first_column + " |", at) + 1));
  std::vector<Row> rows;
  for (std::string line; std::getline(text, line) && !line.empty() && line[0] == '|';) {
    Row row;
    std::istringstream cells(line.substr(1));
    for (std::string cell; std::getline(cells, cell, '|');) row.push_back(Trim(cell));
    rows.push_back(row);
  }
  REQUIRE(rows.size() > 2);
  rows.erase(rows.begin(), rows.begin() + 2);  // names and rule
  return rows;
}

struct Field {
  std::string name;
  std::string bytes;
};

// The table names exactly these fields, and each lies in `encoded` where the table says.
void CheckTable(const std::string& heading, std::string_view encoded,
                const std::vector<Field>& fields) {
  INFO(heading);
  const std::vector<Row> rows = Table(heading, "offset");
  REQUIRE(rows.size() == fields.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() == 4);
    INFO(rows[i][0] << " " << rows[i][2]);
    const std::size_t offset = std::stoul(rows[i][0]);
    const std::size_t size = std::stoul(rows[i][1]);
    CHECK(rows[i][2] == fields[i].name);
    CHECK(offset == next);
    CHECK(size == fields[i].bytes.size());
    CHECK((encoded.substr(offset, size) == fields[i].bytes));
    next = offset + size;
  }
  CHECK(next == encoded.size());
}

// The same for a header: preamble and hash are checked here, `fields` are those between them.
void CheckHeaderTable(const std::string& heading, std::string_view encoded,
                      const HeaderFormat& format, uint64_t seed, std::vector<Field> fields) {
  INFO(heading);
  const std::vector<Row> rows = Table(heading, "offset");
  const std::string magic = Le(format.magic);
  CHECK(rows[0][3].find('"' + magic + '"') != std::string::npos);
  CHECK(rows[1][3] == std::to_string(format.version));
  CHECK(rows[2][3] == std::to_string(format.header_bytes));

  const std::string_view header = encoded.substr(0, format.header_bytes);
  const Field preamble[] = {
      {"magic", magic}, {"version", Le(format.version)}, {"header_bytes", Le(format.header_bytes)}};
  fields.insert(fields.begin(), std::begin(preamble), std::end(preamble));
  fields.push_back({"header_hash", Le(Hash64(header.substr(0, header.size() - 8), seed))});
  CheckTable(heading, header, fields);
}

// Seeds, computed as the page says and not by the code under test.
uint64_t PartitionSeed() {
  return Hash64(std::string(FixtureIdentity().topic.view()) + Le(FixtureIdentity().partition));
}
uint64_t GroupSeed() { return JournalSeed(FixtureLogId(), kFixtureGeneration); }

// A whole batch whose header fields all have values of their own.
std::string DistinctiveBatch(BatchHeader* header) {
  *header = FixtureLz4BatchHeader();
  header->delete_horizon_ms = 1'800'000'000'000;
  header->attributes = 0x0018;
  header->kafka_crc = 0xabcdef01;
  header->last_offset_delta = 77;
  return SealedBytes(header, FixtureLz4Records(), CompressionType::kLz4, PartitionSeed());
}

TEST_CASE("the page's table of formats is the code's", "[format]") {
  struct Expected {
    HeaderFormat format;
    std::string seed;
  };
  const Expected expected[] = {{kSegmentFormat, "0"},
                               {kRecordBatchFormat, "partition"},
                               {kOffsetIndexFormat, "partition"},
                               {kTimeIndexFormat, "partition"},
                               {kJournalGroupFormat, "journal"},
                               {kJournalListFormat, "0"},
                               {kArenaChunkFormat, "journal"},
                               {kCheckpointFormat, "0"},
                               {kCatalogFormat, "0"}};
  const std::vector<Row> rows = Table("## Headers", "format");
  REQUIRE(rows.size() == std::size(expected));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(rows[i][0]);
    const HeaderFormat& format = expected[i].format;
    CHECK(rows[i] == Row{format.name, Le(format.magic), std::to_string(format.version),
                         std::to_string(format.header_bytes), expected[i].seed});
  }
}

TEST_CASE("the page's limits are the code's", "[format]") {
  const auto says = [](const std::string& text) { return Doc().find(text) != std::string::npos; };
  CHECK(says("at most " + std::to_string(kMaxHeaderBytes)));
  CHECK(says("No batch is larger than " + std::to_string(kMaxBatchBytes >> 20) + " MiB"));
  CHECK(says("is at most " + std::to_string(kMaxGroupBytes >> 20) + " MiB"));
  CHECK(says("at most 2^63 - 2^31 - 1"));
  CHECK(kMaxOffset == INT64_MAX - (int64_t{1} << 31));
}

TEST_CASE("the segment header lies as the page says", "[format]") {
  const SegmentHeader header = FixtureSegmentHeader();
  CheckHeaderTable("## Segment", EncodeSegmentHeader(header), kSegmentFormat, 0,
                   {{"topic_uuid", std::string(header.identity.topic.view())},
                    {"partition", Le(header.identity.partition)},
                    {"reserved", Le(0u)},
                    {"base_offset", Le(header.base_offset)},
                    {"created_ms", Le(header.created_ms)}});
}

TEST_CASE("the batch header lies as the page says", "[format]") {
  BatchHeader header;
  const std::string batch = DistinctiveBatch(&header);
  CheckHeaderTable("## Record batch", batch, kRecordBatchFormat, PartitionSeed(),
                   {{"base_offset", Le(header.base_offset)},
                    {"base_timestamp_ms", Le(header.base_timestamp_ms)},
                    {"max_timestamp_ms", Le(header.max_timestamp_ms)},
                    {"delete_horizon_ms", Le(header.delete_horizon_ms)},
                    {"producer_id", Le(header.writer.producer_id)},
                    {"base_sequence", Le(header.base_sequence)},
                    {"producer_epoch", Le(header.writer.producer_epoch)},
                    {"attributes", Le(uint16_t{0x001b})},
                    {"leader_epoch", Le(header.leader_epoch)},
                    {"record_count", Le(header.record_count)},
                    {"last_offset_delta", Le(header.last_offset_delta)},
                    {"body_bytes", Le(static_cast<uint32_t>(batch.size() - kBatchHeaderBytes))},
                    {"uncompressed_bytes", Le(static_cast<uint32_t>(FixtureLz4Records().size()))},
                    {"kafka_crc", Le(header.kafka_crc)},
                    {"body_hash", Le(Hash64(batch.substr(kBatchHeaderBytes), PartitionSeed()))}});
}

TEST_CASE("the index files lie as the page says", "[format]") {
  const std::string heading = "## Offset index and time index";
  for (const HeaderFormat& format : {kOffsetIndexFormat, kTimeIndexFormat}) {
    const bool by_time = format.magic == kTimeIndexFormat.magic;
    const IndexFile index = by_time ? FixtureTimeIndex() : FixtureOffsetIndex();
    const std::string bytes = EncodeIndexFile(index, format, PartitionSeed());
    const std::string body = bytes.substr(kIndexHeaderBytes);
    CheckHeaderTable(heading, bytes, format, PartitionSeed(),
                     {{"base_offset", Le(index.base_offset)},
                      {"segment_bytes", Le(index.segment_bytes)},
                      {"entry_count", Le(static_cast<uint32_t>(index.entries.size()))},
                      {"reserved", Le(0u)},
                      {"body_hash", Le(Hash64(body, PartitionSeed()))}});
    REQUIRE(body.size() == index.entries.size() * kIndexEntryBytes);
    CheckTable("Index entry:", std::string_view(body).substr(kIndexEntryBytes, kIndexEntryBytes),
               {{"key", Le(index.entries[1].key)}, {"value", Le(index.entries[1].value)}});
  }
}

TEST_CASE("the slot of an arena chunk lies as the page says", "[format]") {
  const ArenaChunkHeader chunk = FixtureArenaChunk();
  const std::string slot = FixtureArenaSlot(chunk);
  CheckHeaderTable("## Arena chunk", slot, kArenaChunkFormat, GroupSeed(),
                   {{"generation", Le(chunk.generation)},
                    {"topic_id", Le(chunk.topic_id)},
                    {"partition", Le(chunk.partition)},
                    {"base_offset", Le(chunk.base_offset)},
                    {"base_timestamp_ms", Le(chunk.base_timestamp_ms)},
                    {"leader_epoch", Le(chunk.leader_epoch)},
                    {"chunk_bytes", Le(chunk.chunk_bytes)}});
  CHECK(kArenaFileBytes == 1'052'672);
  const std::string first = FixtureFirstRecord();
  const std::string second = FixtureRecords().substr(first.size());
  const uint64_t chain = Hash64(second, Hash64(first, LoadLe<uint64_t>(slot.data() + 48)));
  CHECK(slot.substr(56) == Le(chain << 24 | FixtureRecords().size()));
}

TEST_CASE("the journal group lies as the page says", "[format]") {
  const std::string group = FixtureGroup();
  const std::string body = group.substr(kGroupHeaderBytes);
  CheckHeaderTable("## Journal group", group, kJournalGroupFormat, GroupSeed(),
                   {{"generation", Le(kFixtureGeneration)},
                    {"sequence", Le(uint64_t{345})},
                    {"synced_upto", Le(uint64_t{343})},
                    {"body_bytes", Le(static_cast<uint32_t>(body.size()))},
                    {"frame_count", Le(2u)},
                    {"body_hash", Le(Hash64(body, GroupSeed()))}});

  const std::string records = FixtureRecords();
  const JournalFrame frame = FixtureFrames(records)[1];
  const std::size_t at = kFrameHeaderBytes + records.size();  // behind the first frame
  CheckTable("Each frame is a part of one partition's open batch:",
             std::string_view(body).substr(at, kFrameHeaderBytes),
             {{"topic_id", Le(frame.topic_id)},
              {"partition", Le(frame.partition)},
              {"batch_base_offset", Le(frame.batch_base_offset)},
              {"base_timestamp_ms", Le(frame.base_timestamp_ms)},
              {"first_offset", Le(frame.first_offset)},
              {"producer_id", Le(frame.writer.producer_id)},
              {"record_count", Le(frame.record_count)},
              {"base_sequence", Le(frame.base_sequence)},
              {"leader_epoch", Le(frame.leader_epoch)},
              {"producer_epoch", Le(frame.writer.producer_epoch)},
              {"attributes", Le(frame.attributes)},
              {"records_bytes", Le(static_cast<uint32_t>(frame.records.size()))},
              {"reserved", Le(0u)}});
  CHECK(body.substr(at + kFrameHeaderBytes) == frame.records);
}

TEST_CASE("the journal list lies as the page says", "[format]") {
  const JournalList list = FixtureJournalList();
  const std::string bytes = EncodeJournalList(list);
  const std::string body = bytes.substr(kJournalListHeaderBytes);
  CheckHeaderTable("## Journal list", bytes, kJournalListFormat, 0,
                   {{"log_uuid", std::string(list.log_id.view())},
                    {"file_count", Le(2u)},
                    {"reserved", Le(0u)},
                    {"body_hash", Le(Hash64(body))}});
  CheckTable("Journal list entry:", std::string_view(body).substr(kJournalListEntryBytes),
             {{"number", Le(list.files[1].number)}, {"bytes", Le(list.files[1].bytes)}});
}

TEST_CASE("the checkpoint lies as the page says", "[format]") {
  const Checkpoint checkpoint = FixtureCheckpoint();
  const std::string bytes = EncodeCheckpoint(checkpoint);
  const std::string body = bytes.substr(kCheckpointHeaderBytes);
  CheckHeaderTable("## Checkpoint", bytes, kCheckpointFormat, 0,
                   {{"log_uuid", std::string(checkpoint.log_id.view())},
                    {"generation", Le(checkpoint.generation)},
                    {"sequence", Le(checkpoint.sequence)},
                    {"journal_file", Le(checkpoint.journal_file)},
                    {"journal_position", Le(checkpoint.journal_position)},
                    {"synced_upto", Le(checkpoint.synced_upto)},
                    {"leader_epoch", Le(checkpoint.leader_epoch)},
                    {"partition_count", Le(2u)},
                    {"offsets_upto", Le(checkpoint.offsets_upto)},
                    {"offset_count", Le(uint64_t{2})},
                    {"body_hash", Le(Hash64(body))}});
  const PartitionCheckpoint& entry = checkpoint.partitions[1];
  REQUIRE(body.size() > 2 * kCheckpointEntryBytes);
  CheckTable("Checkpoint entry:",
             std::string_view(body).substr(kCheckpointEntryBytes, kCheckpointEntryBytes),
             {{"topic_id", Le(entry.topic_id)},
              {"partition", Le(entry.partition)},
              {"log_start_offset", Le(entry.log_start_offset)},
              {"segment_base_offset", Le(entry.segment_base_offset)},
              {"position", Le(entry.position)},
              {"end_offset", Le(entry.end_offset)},
              {"newest_append_ms", Le(entry.newest_append_ms)}});
  std::string offsets;
  for (const CommittedOffset& offset : checkpoint.offsets) {
    const std::string key = EncodeOffsetCommitKey(offset.key);
    const std::string value = EncodeOffsetCommitValue(offset.value);
    offsets += Le(static_cast<uint32_t>(key.size())) + key +
               Le(static_cast<uint32_t>(value.size())) + value;
  }
  CHECK((body.substr(2 * kCheckpointEntryBytes) == offsets));
}

TEST_CASE("the catalog lies as the page says", "[format]") {
  const CatalogFile catalog = FixtureCatalog();
  const std::string bytes = EncodeCatalog(catalog);
  const std::string body = bytes.substr(kCatalogHeaderBytes);
  CheckHeaderTable("## Catalog", bytes, kCatalogFormat, 0,
                   {{"log_uuid", std::string(catalog.log_id.view())},
                    {"next_topic_id", Le(catalog.next_topic_id)},
                    {"topic_count", Le(2u)},
                    {"body_bytes", Le(static_cast<uint32_t>(body.size()))},
                    {"reserved", Le(0u)},
                    {"body_hash", Le(Hash64(body))}});
  std::string expected;
  for (const CatalogTopic& topic : catalog.topics) {
    expected += Le(topic.id) + std::string(topic.uuid.view()) + Le(topic.partitions) +
                Le(topic.created_ms) + Le(static_cast<uint32_t>(topic.name.size())) + topic.name +
                Le(static_cast<uint32_t>(topic.configs.size()));
    for (const auto& [key, value] : topic.configs) {
      expected += Le(static_cast<uint32_t>(key.size())) + key;
      expected += Le(static_cast<uint32_t>(value.size())) + value;
    }
  }
  CHECK((body == expected));
}

// Lines of the example look like "0000  45 4c 52 42 | magic".
TEST_CASE("the page's example is what the code writes", "[format]") {
  std::string bytes;
  for (const std::string& line : LinesAfter("### Example", "0")) {
    std::istringstream text(line);
    std::size_t offset = 0;
    text >> std::hex >> offset;
    INFO(line);
    CHECK(offset == bytes.size());
    for (std::string token; text >> token && token != "|";) {
      REQUIRE(token.size() == 2);
      bytes.push_back(static_cast<char>(std::stoi(token, nullptr, 16)));
    }
  }
  CHECK((bytes == FixtureBatch()));
}

}  // namespace
}  // namespace eventlog::inline v1::internal

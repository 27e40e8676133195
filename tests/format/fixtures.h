// Fixed inputs of every format: what the golden files hold and the other tests damage.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/checksum.h"
#include "format/arena_chunk.h"
#include "format/catalog_file.h"
#include "format/checkpoint.h"
#include "format/identity.h"
#include "format/index_file.h"
#include "format/journal_group.h"
#include "format/journal_list.h"
#include "format/offset_commit.h"
#include "format/record.h"
#include "format/record_batch.h"
#include "format/segment_header.h"
#include "support/sealed_bytes.h"

namespace eventlog::inline v1::internal {

inline Uuid UuidFrom(char first) {
  Uuid uuid;
  for (char& byte : uuid.bytes) byte = first++;
  return uuid;
}

inline PartitionIdentity FixtureIdentity() { return {UuidFrom(0), 3}; }
inline Uuid FixtureLogId() { return UuidFrom(0x40); }

// Little-endian bytes of an integer.
template <typename T>
std::string Le(T value) {
  std::string bytes;
  AppendLe(&bytes, value);
  return bytes;
}

inline std::string Encode(const ProducerRecord& record, int64_t timestamp_delta_ms = 0,
                          int32_t offset_delta = 0) {
  std::string bytes(EncodedRecordBytes(record, timestamp_delta_ms, offset_delta), '\0');
  const char* end = EncodeRecord(bytes.data(), record, timestamp_delta_ms, offset_delta);
  return end == bytes.data() + bytes.size() ? bytes : "EncodeRecord and EncodedRecordBytes differ";
}

// The two records of docs/format.md's example.
inline std::string FixtureFirstRecord() {
  const std::vector<Header> headers = {{"h", "x"}};
  return Encode({.key = "k1", .value = "v1", .headers = headers});
}
inline std::string FixtureRecords() {
  return FixtureFirstRecord() + Encode({.key = "k1", .value = nullptr}, 5, 1);
}

inline BatchHeader FixtureBatchHeader() {
  BatchHeader header;
  header.base_offset = 1000;
  header.base_timestamp_ms = 1'700'000'000'000;
  header.max_timestamp_ms = 1'700'000'000'005;
  header.leader_epoch = 7;
  header.record_count = 2;
  header.last_offset_delta = 1;
  return header;
}

inline std::string FixtureBatch() {
  BatchHeader header = FixtureBatchHeader();
  return SealedBytes(&header, FixtureRecords(), CompressionType::kNone, FixtureIdentity().Seed());
}

inline std::string FixtureLz4Records() {
  std::string records;
  for (int32_t i = 0; i < 20; ++i) records += Encode({.value = std::string(50, 'z')}, i, i);
  return records;
}

inline BatchHeader FixtureLz4BatchHeader() {
  BatchHeader header = FixtureBatchHeader();
  header.max_timestamp_ms = header.base_timestamp_ms + 19;
  header.writer = {9001, 2};
  header.base_sequence = 40;
  header.record_count = 20;
  header.last_offset_delta = 19;
  return header;
}

inline std::string FixtureLz4Batch() {
  BatchHeader header = FixtureLz4BatchHeader();
  return SealedBytes(&header, FixtureLz4Records(), CompressionType::kLz4, FixtureIdentity().Seed());
}

inline SegmentHeader FixtureSegmentHeader() { return {FixtureIdentity(), 1000, 1'700'000'000'123}; }

inline IndexFile FixtureOffsetIndex() {
  return {1000, 70'000, {{1000, 56}, {1400, 16'500}, {1833, 33'000}}};
}

inline IndexFile FixtureTimeIndex() {
  return {1000, 70'000, {{1'700'000'000'005, 1000}, {1'700'000'000'900, 1400}}};
}

inline JournalList FixtureJournalList() { return {FixtureLogId(), {{0, 262'144}, {3, 1'048'576}}}; }

inline constexpr uint64_t kFixtureGeneration = 12;

inline std::vector<JournalFrame> FixtureFrames(const std::string& records) {
  JournalFrame whole;
  whole.topic_id = 1;
  whole.partition = 3;
  whole.batch_base_offset = 1000;
  whole.base_timestamp_ms = 1'700'000'000'000;
  whole.first_offset = 1000;
  whole.record_count = 2;
  whole.leader_epoch = 7;
  whole.records = records;
  JournalFrame tail = whole;  // the second record only, of a producer
  tail.topic_id = 2;
  tail.partition = 0;
  tail.first_offset = 1001;
  tail.writer = {9001, 2};
  tail.record_count = 1;
  tail.base_sequence = 41;
  tail.attributes = 0x10;
  tail.records.remove_prefix(FixtureFirstRecord().size());
  return {whole, tail};
}

inline std::string FixtureGroup() {
  const std::string records = FixtureRecords();
  GroupBuilder builder;
  for (const JournalFrame& frame : FixtureFrames(records)) builder.Add(frame);
  return std::string(builder.Finish(kFixtureGeneration, 345, 343, FixtureLogId()));
}

inline ArenaChunkHeader FixtureArenaChunk() {
  return {kFixtureGeneration, 1, 3, 1000, 1'700'000'000'000, 7, kArenaUnitBytes};
}

// The slot of a chunk that has published FixtureRecords.
inline std::string FixtureArenaSlot(const ArenaChunkHeader& header) {
  std::string slot(kArenaSlotBytes, '\0');
  const std::string records = FixtureRecords();
  const std::string_view first = std::string_view(records).substr(0, FixtureFirstRecord().size());
  const std::string_view second = std::string_view(records).substr(first.size());
  const uint64_t begin = StoreArenaChunkHeader(slot.data(), header, FixtureLogId());
  const uint64_t chain = ChainRecord(ChainRecord(begin, first), second);
  StoreLe(slot.data() + kPublishedAt, PublishedWord(records.size(), chain));
  return slot;
}

inline OffsetCommitKey FixtureCommitKey() { return {"billing", "orders", 3}; }
inline OffsetCommitValue FixtureCommitValue() { return {1002, 7, 1'700'000'000'050, "note"}; }

inline Checkpoint FixtureCheckpoint() {
  Checkpoint checkpoint;
  checkpoint.log_id = FixtureLogId();
  checkpoint.generation = kFixtureGeneration;
  checkpoint.sequence = 340;
  checkpoint.journal_file = 4;
  checkpoint.journal_position = 8192;
  checkpoint.synced_upto = 341;
  checkpoint.leader_epoch = 7;
  checkpoint.partitions = {{1, 0, 0, -1, 0, 0, 0},
                           {1, 3, 500, 1000, 4321, 1055, 1'700'000'000'060}};
  checkpoint.offsets_upto = 88;
  checkpoint.offsets = {{FixtureCommitKey(), FixtureCommitValue()},
                        {{"shipping", "orders", 0}, {5, -1, 1'700'000'000'007, ""}}};
  return checkpoint;
}

inline CatalogFile FixtureCatalog() {
  CatalogFile catalog;
  catalog.log_id = FixtureLogId();
  catalog.next_topic_id = 6;
  catalog.topics = {
      {1, UuidFrom(0), 4, 1'700'000'000'000, "orders", {}},
      {5, UuidFrom(0x20), 1, 1'700'000'000'777, "prices", {{"cleanup.policy", "compact"}}}};
  return catalog;
}

// The seed of a group's hashes, from docs/format.md and not from the code.
inline uint64_t JournalSeed(const Uuid& log_id, uint64_t generation) {
  return Hash64(std::string(log_id.view()) + Le(generation));
}

}  // namespace eventlog::inline v1::internal

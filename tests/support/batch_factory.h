// Sealed batches out of simple records, as the partition layer would make them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "eventlog/options.h"
#include "eventlog/record.h"
#include "format/identity.h"
#include "format/record.h"
#include "format/record_batch.h"
#include "support/sealed_bytes.h"

namespace eventlog::test {

struct SimpleRecord {
  std::string key = {};
  std::string value = {};
  int64_t timestamp_ms = 0;
  int32_t offset_delta = -1;  // negative: one above the record before
};

struct BatchSpec {
  int64_t base_offset = 0;
  std::vector<SimpleRecord> records = {};
  CompressionType compression = CompressionType::kNone;
  int32_t leader_epoch = 0;
  internal::WriterIdentity writer = {};
  int32_t base_sequence = -1;
};

struct SealedBatch {
  internal::BatchHeader header = {};
  std::string bytes = {};    // header and body, as in a file
  std::string records = {};  // the records section, uncompressed
};

// The identity of a made-up topic's partition; other numbers, other identities.
inline internal::PartitionIdentity TestIdentity(int32_t partition = 0) {
  internal::PartitionIdentity identity;
  identity.topic.bytes.fill('t');
  identity.partition = partition;
  return identity;
}

inline SealedBatch MakeBatch(const internal::PartitionIdentity& identity, const BatchSpec& spec) {
  EVENTLOG_ASSERT(!spec.records.empty());
  SealedBatch batch;
  internal::BatchHeader& header = batch.header;
  header.base_offset = spec.base_offset;
  header.base_timestamp_ms = spec.records.front().timestamp_ms;
  header.max_timestamp_ms = header.base_timestamp_ms;
  header.writer = spec.writer;
  header.base_sequence = spec.base_sequence;
  header.leader_epoch = spec.leader_epoch;
  header.record_count = static_cast<int32_t>(spec.records.size());
  header.last_offset_delta = -1;
  for (const SimpleRecord& record : spec.records) {
    const ProducerRecord encoded = {.key = record.key, .value = record.value};
    const int64_t timestamp_delta_ms = record.timestamp_ms - header.base_timestamp_ms;
    header.max_timestamp_ms = std::max(header.max_timestamp_ms, record.timestamp_ms);
    header.last_offset_delta =
        record.offset_delta >= 0 ? record.offset_delta : header.last_offset_delta + 1;
    const std::size_t at = batch.records.size();
    batch.records.resize(
        at + internal::EncodedRecordBytes(encoded, timestamp_delta_ms, header.last_offset_delta));
    internal::EncodeRecord(batch.records.data() + at, encoded, timestamp_delta_ms,
                           header.last_offset_delta);
  }
  batch.bytes = SealedBytes(&header, batch.records, spec.compression, identity.Seed());
  return batch;
}

// `count` records from `base_offset` on; a record's timestamp is its offset, and so is its key.
inline SealedBatch MakeCountedBatch(const internal::PartitionIdentity& identity,
                                    int64_t base_offset, int32_t count,
                                    std::size_t value_bytes = 20,
                                    CompressionType compression = CompressionType::kNone) {
  BatchSpec spec = {.base_offset = base_offset, .compression = compression};
  for (int64_t offset = base_offset; offset < base_offset + count; ++offset) {
    spec.records.push_back({.key = std::to_string(offset),
                            .value = std::string(value_bytes, static_cast<char>('a' + offset % 26)),
                            .timestamp_ms = offset});
  }
  return MakeBatch(identity, spec);
}

}  // namespace eventlog::test

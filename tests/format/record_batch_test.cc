#include "format/record_batch.h"

#include <catch2/catch.hpp>

#include "damage.h"
#include "fixtures.h"
#include "format/compression.h"

namespace eventlog::inline v1::internal {
namespace {

uint64_t Seed() { return FixtureIdentity().Seed(); }

absl::Status DecodeHeaderOnly(std::string_view bytes) {
  return DecodeBatchHeader(bytes, Seed()).status();
}

// What a reader does: header, body, records.
absl::StatusOr<std::string> DecodeAll(std::string_view bytes) {
  EVENTLOG_ASSIGN_OR_RETURN(const BatchHeader header, DecodeBatchHeader(bytes, Seed()));
  const std::string_view body = bytes.substr(kBatchHeaderBytes);
  EVENTLOG_RETURN_IF_ERROR(VerifyBatchBody(header, body, Seed()));
  std::string buffer;
  EVENTLOG_ASSIGN_OR_RETURN(const std::string_view records, RecordsSection(header, body, &buffer));
  return std::string(records);
}

absl::Status DecodeStatus(std::string_view bytes) { return DecodeAll(bytes).status(); }

template <typename T>
absl::Status WithHeaderField(std::size_t offset, T value) {
  return DecodeHeaderOnly(WithField(FixtureBatch(), offset, value, kRecordBatchFormat, Seed()));
}

TEST_CASE("a plain batch comes back", "[format]") {
  BatchHeader sealed = FixtureBatchHeader();
  const std::string batch = SealedBytes(&sealed, FixtureRecords(), CompressionType::kNone, Seed());
  CHECK(static_cast<int64_t>(batch.size()) == sealed.batch_bytes());
  CHECK(sealed.body_bytes == FixtureRecords().size());
  CHECK(sealed.uncompressed_bytes == sealed.body_bytes);
  CHECK(sealed.last_offset() == 1001);
  CHECK(sealed.next_offset() == 1002);
  const auto header = DecodeBatchHeader(batch, Seed());
  REQUIRE(header.ok());
  CHECK((*header == sealed));
  const auto records = DecodeAll(batch);
  REQUIRE(records.ok());
  CHECK((*records == FixtureRecords()));
}

TEST_CASE("a compressed batch comes back", "[format]") {
  BatchHeader sealed = FixtureLz4BatchHeader();
  sealed.attributes = 0x10;  // transactional; stays beside the codec
  const std::string batch =
      SealedBytes(&sealed, FixtureLz4Records(), CompressionType::kLz4, Seed());
  CHECK(sealed.attributes == (0x10 | kLz4Codec));
  CHECK(sealed.body_bytes < sealed.uncompressed_bytes);
  CHECK(sealed.uncompressed_bytes == FixtureLz4Records().size());
  const auto header = DecodeBatchHeader(batch, Seed());
  REQUIRE(header.ok());
  CHECK((*header == sealed));
  const auto records = DecodeAll(batch);
  REQUIRE(records.ok());
  CHECK((*records == FixtureLz4Records()));
}

TEST_CASE("a body that does not shrink is stored plain", "[format]") {
  BatchHeader sealed = FixtureBatchHeader();
  sealed.attributes = kLz4Codec;  // of a batch it was made from
  const std::string batch = SealedBytes(&sealed, FixtureRecords(), CompressionType::kLz4, Seed());
  CHECK(sealed.attributes == 0);
  CHECK(batch == FixtureBatch());
}

TEST_CASE("a batch that compaction emptied comes back", "[format]") {
  for (const CompressionType type : {CompressionType::kNone, CompressionType::kLz4}) {
    BatchHeader sealed = FixtureBatchHeader();
    sealed.record_count = 0;
    sealed.last_offset_delta = 9;
    const std::string batch = SealedBytes(&sealed, "", type, Seed());
    CHECK(batch.size() == kBatchHeaderBytes);
    const auto header = DecodeBatchHeader(batch, Seed());
    REQUIRE(header.ok());
    CHECK(header->next_offset() == 1010);
    CHECK(DecodeStatus(batch).ok());
  }
}

TEST_CASE("every flip and cut of a plain batch is damage", "[format]") {
  const std::string good = FixtureBatch();
  RequireFlipsAreDamage(good, 0, kBatchHeaderBytes, DecodeHeaderOnly);
  RequireFlipsAreDamage(good, 0, good.size(), DecodeStatus);
  RequireTruncationsAreDamage(good, DecodeStatus);
}

TEST_CASE("every flip and cut of a compressed batch is damage", "[format]") {
  const std::string good = FixtureLz4Batch();
  RequireFlipsAreDamage(good, 0, good.size(), DecodeStatus);
  RequireTruncationsAreDamage(good, DecodeStatus);
}

TEST_CASE("a batch of another partition or topic is damage", "[format]") {
  const std::string batch = FixtureBatch();
  const PartitionIdentity identity = FixtureIdentity();
  for (const PartitionIdentity& other :
       {PartitionIdentity{identity.topic, 2}, PartitionIdentity{UuidFrom(9), 3}}) {
    CHECK(IsDamage(DecodeBatchHeader(batch, other.Seed()).status()));
    const auto header = DecodeBatchHeader(batch, Seed());
    REQUIRE(header.ok());
    const std::string_view body = std::string_view(batch).substr(kBatchHeaderBytes);
    CHECK(IsDamage(VerifyBatchBody(*header, body, other.Seed())));
  }
}

TEST_CASE("a newer batch is refused as newer", "[format]") {
  CHECK(
      IsNewerFormat(DecodeHeaderOnly(AsNewerVersion(FixtureBatch(), kRecordBatchFormat, Seed()))));
}

TEST_CASE("offsets that could overflow are damage", "[format]") {
  CHECK(WithHeaderField(8, kMaxOffset).ok());
  CHECK(IsDamage(WithHeaderField(8, kMaxOffset + 1)));
  CHECK(IsDamage(WithHeaderField(8, INT64_MAX)));
  CHECK(IsDamage(WithHeaderField(8, int64_t{-1})));
  CHECK(WithHeaderField(64, INT32_MAX).ok());
  CHECK(IsDamage(WithHeaderField(64, int32_t{-1})));
  BatchHeader empty = FixtureBatchHeader();
  empty.record_count = 0;
  const std::string backwards = SealedBytes(&empty, "", CompressionType::kNone, Seed());
  CHECK(IsDamage(
      DecodeHeaderOnly(WithField(backwards, 64, int32_t{-1}, kRecordBatchFormat, Seed()))));
  BatchHeader last = FixtureBatchHeader();
  last.base_offset = kMaxOffset;
  last.last_offset_delta = INT32_MAX;
  CHECK(last.next_offset() == INT64_MAX);
}

TEST_CASE("counts and lengths that cannot be are damage", "[format]") {
  CHECK(IsDamage(WithHeaderField(60, int32_t{3})));  // more than the offsets
  CHECK(IsDamage(WithHeaderField(60, int32_t{-1})));
  CHECK(IsDamage(WithHeaderField(60, int32_t{0})));   // none, but bytes
  CHECK(IsDamage(WithHeaderField(68, uint32_t{9})));  // not the uncompressed length
  CHECK(IsDamage(WithHeaderField(68, UINT32_MAX)));
  CHECK(IsDamage(WithHeaderField(72, UINT32_MAX)));
  std::string many = WithField(FixtureBatch(), 64, INT32_MAX, kRecordBatchFormat, Seed());
  CHECK(DecodeHeaderOnly(many).ok());
  many = WithField(many, 60, INT32_MAX, kRecordBatchFormat, Seed());  // more than the bytes hold
  CHECK(IsDamage(DecodeHeaderOnly(many)));
}

TEST_CASE("lengths beyond the largest batch are damage", "[format]") {
  const auto with_lengths = [](uint32_t body_bytes, uint32_t uncompressed_bytes) {
    std::string batch = WithField(FixtureLz4Batch(), 68, body_bytes, kRecordBatchFormat, Seed());
    return DecodeHeaderOnly(WithField(batch, 72, uncompressed_bytes, kRecordBatchFormat, Seed()));
  };
  const auto largest = static_cast<uint32_t>(kMaxBatchBytes) - uint32_t{kBatchHeaderBytes};
  CHECK(with_lengths(largest, largest).ok());
  CHECK(IsDamage(with_lengths(largest + 1, largest)));
  CHECK(IsDamage(with_lengths(largest, largest + 1)));
}

TEST_CASE("writers and epochs that cannot be are damage", "[format]") {
  CHECK(IsDamage(WithHeaderField(40, int64_t{-2})));
  CHECK(IsDamage(WithHeaderField(40, int64_t{5})));  // an id without an epoch
  CHECK(IsDamage(WithHeaderField(48, int32_t{-2})));
  CHECK(IsDamage(WithHeaderField(52, int16_t{-2})));
  CHECK(IsDamage(WithHeaderField(56, int32_t{-2})));
  CHECK(IsDamage(WithHeaderField(32, int64_t{-2})));
}

TEST_CASE("a body of another length is damage", "[format]") {
  const auto header = DecodeBatchHeader(FixtureBatch(), Seed());
  REQUIRE(header.ok());
  CHECK(VerifyBatchBody(*header, FixtureRecords(), Seed()).ok());
  CHECK(IsDamage(VerifyBatchBody(*header, FixtureRecords() + '\0', Seed())));
  CHECK(IsDamage(VerifyBatchBody(*header, "", Seed())));
}

TEST_CASE("a codec that we do not have is unimplemented", "[format]") {
  for (const int codec : {1, 2, 4, 5, 6, 7}) {
    BatchHeader header = FixtureBatchHeader();
    header.attributes = static_cast<uint16_t>(codec);
    std::string buffer;
    const auto records = RecordsSection(header, FixtureRecords(), &buffer);
    CHECK(records.status().code() == absl::StatusCode::kUnimplemented);
  }
}

TEST_CASE("a blob beyond the largest batch is damage", "[format]") {
  BatchHeader header = FixtureLz4BatchHeader();
  header.attributes = kLz4Codec;
  header.uncompressed_bytes = uint32_t{kMaxBatchBytes};
  const std::string blob = CompressLz4(std::string(header.uncompressed_bytes, '\0'));
  std::string buffer;
  CHECK(IsDamage(RecordsSection(header, blob, &buffer).status()));
  CHECK(buffer.empty());
}

TEST_CASE("a blob that is not what the header says is damage", "[format]") {
  const auto header = DecodeBatchHeader(FixtureLz4Batch(), Seed());
  REQUIRE(header.ok());
  const std::string blob = CompressLz4(FixtureLz4Records());
  std::string buffer;
  REQUIRE(RecordsSection(*header, blob, &buffer).ok());
  for (const uint32_t stated :
       {0u, header->uncompressed_bytes - 1, header->uncompressed_bytes + 1, UINT32_MAX}) {
    BatchHeader wrong = *header;
    wrong.uncompressed_bytes = stated;
    CHECK(IsDamage(RecordsSection(wrong, blob, &buffer).status()));
  }
}

}  // namespace
}  // namespace eventlog::inline v1::internal

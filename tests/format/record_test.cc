#include "format/record.h"

#include <catch2/catch.hpp>
#include <limits>

#include "damage.h"
#include "fixtures.h"
#include "format/records_access.h"

namespace eventlog::inline v1::internal {
namespace {

template <typename... Byte>
std::string Bytes(Byte... byte) {
  return {static_cast<char>(byte)...};
}

absl::Status Decode(std::string_view bytes) {
  EncodedRecord record;
  return DecodeRecord(&bytes, &record);
}

std::string_view KeyOf(const EncodedRecord& record) { return {record.key, record.key_size}; }
std::string_view ValueOf(const EncodedRecord& record) { return {record.value, record.value_size}; }

// Written out by hand from KIP-98.
TEST_CASE("a record with key, value and header has Kafka's bytes", "[format]") {
  const std::string key = Bytes(1, 2, 3, 4);
  const std::string value = Bytes(5, 6, 7);
  const std::string header_key = Bytes(8, 9, 10);
  const std::string header_value = Bytes(11, 12);
  const std::vector<Header> headers = {{header_key, header_value}};
  const std::string expected = Bytes(40 /*length 20*/, 0, 10 /*timestamp +5*/, 0, 8, 1, 2, 3, 4, 6,
                                     5, 6, 7, 2, 6, 8, 9, 10, 4, 11, 12);
  CHECK(Encode({.key = key, .value = value, .headers = headers}, 5, 0) == expected);

  std::string_view rest = expected;
  EncodedRecord record;
  REQUIRE(DecodeRecord(&rest, &record).ok());
  CHECK(rest.empty());
  CHECK(record.timestamp_delta_ms == 5);
  CHECK(record.offset_delta == 0);
  CHECK(KeyOf(record) == key);
  CHECK(ValueOf(record) == value);
  REQUIRE(record.header_count == 1);
  CHECK(std::string(record.headers, record.headers_end) == Bytes(6, 8, 9, 10, 4, 11, 12));
  CHECK(record.headers_with_count + 1 == record.headers);
  Header header;
  CHECK(DecodeHeader(record.headers, &header) == record.headers_end);
  CHECK(header.key == header_key);
  CHECK(header.value.view() == header_value);
}

TEST_CASE("a tombstone without key has Kafka's bytes", "[format]") {
  const std::string expected = Bytes(14 /*length 7*/, 0, 1 /*timestamp -1*/, 0xd8,
                                     4 /*offset +300*/, 1 /*null*/, 1 /*null*/, 0);
  CHECK(Encode({}, -1, 300) == expected);
  std::string_view rest = expected;
  EncodedRecord record;
  REQUIRE(DecodeRecord(&rest, &record).ok());
  CHECK(record.timestamp_delta_ms == -1);
  CHECK(record.offset_delta == 300);
  CHECK(record.key == nullptr);
  CHECK(record.value == nullptr);
  CHECK(record.header_count == 0);
  CHECK(record.headers_with_count == nullptr);
}

TEST_CASE("empty is not null", "[format]") {
  const std::vector<Header> headers = {{"", ""}, {"", nullptr}};
  const std::string bytes = Encode({.key = "", .value = "", .headers = headers});
  CHECK(bytes == Bytes(20, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1));
  std::string_view rest = bytes;
  EncodedRecord record;
  REQUIRE(DecodeRecord(&rest, &record).ok());
  CHECK(record.key != nullptr);
  CHECK(record.value != nullptr);
  Header header;
  const char* second = DecodeHeader(record.headers, &header);
  CHECK_FALSE(header.value.is_null());
  CHECK(DecodeHeader(second, &header) == record.headers_end);
  CHECK(header.value.is_null());
}

TEST_CASE("records round-trip at the edges of their numbers", "[format]") {
  for (const int64_t timestamp : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{63},
                                  int64_t{64}, std::numeric_limits<int64_t>::max()}) {
    for (const int32_t offset : {0, 63, 64, 8191, 8192, std::numeric_limits<int32_t>::max()}) {
      for (const std::size_t size : std::initializer_list<std::size_t>{
               0, 1, 62, 63, 64, 8140, 8150, 8160, 8170, 8191, 8192, 100'000}) {
        const std::string value(size, 'v');
        const ProducerRecord input = {.key = "k", .value = value};
        const std::string bytes = Encode(input, timestamp, offset);
        CHECK(bytes.size() <= MaxEncodedRecordBytes(input));
        std::string_view rest = bytes;
        EncodedRecord record;
        REQUIRE(DecodeRecord(&rest, &record).ok());
        CHECK(rest.empty());
        CHECK(record.timestamp_delta_ms == timestamp);
        CHECK(record.offset_delta == offset);
        CHECK(ValueOf(record) == value);
        CHECK(bytes.size() == EncodedRecordBytes(input, timestamp, offset));
      }
    }
  }
}

TEST_CASE("a producer is told the timestamp as it is stored", "[format]") {
  ProducerRecord record = {.value = "v"};
  const RecordMetadata appended = internal::MetadataOf(record, 3, 7, 1234);
  CHECK(appended.partition == 3);
  CHECK(appended.offset == 7);
  CHECK(appended.timestamp == absl::FromUnixMillis(1234));
  record.timestamp = absl::FromUnixMicros(5'000'700);
  CHECK(internal::MetadataOf(record, 3, 7, 1234).timestamp == absl::FromUnixMillis(5000));
}

TEST_CASE("timestamps of any distance come back", "[format]") {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (const int64_t base : {kMin, int64_t{-1}, int64_t{0}, kMax}) {
    for (const int64_t timestamp : {kMin, int64_t{-1}, int64_t{0}, kMax}) {
      CHECK(TimestampAt(base, TimestampDelta(timestamp, base)) == timestamp);
    }
  }
  CHECK(TimestampDelta(1005, 1000) == 5);
}

TEST_CASE("decoding and skipping stop at the next record", "[format]") {
  const std::string first = Encode({.key = "a", .value = "1"});
  const std::string second = Encode({.value = "2"}, 0, 1);
  const std::string both = first + second;
  std::string_view decoded = both;
  EncodedRecord record;
  REQUIRE(DecodeRecord(&decoded, &record).ok());
  CHECK(decoded == second);
  std::string_view skipped = both;
  REQUIRE(SkipRecord(&skipped).ok());
  CHECK(skipped == second);
  REQUIRE(SkipRecord(&skipped).ok());
  CHECK(skipped.empty());
  CHECK(IsDamage(SkipRecord(&skipped)));
  for (const std::string& bad : {Bytes(0, 0, 0, 0, 1, 1, 0), Bytes(1, 0, 0, 0, 1, 1, 0)}) {
    std::string_view rest = bad;  // a length of zero, and of -1
    CHECK(IsDamage(SkipRecord(&rest)));
    CHECK(rest == bad);
  }
}

TEST_CASE("headers decoded from a record encode to the same bytes again", "[format]") {
  std::vector<Header> headers = {{"a", "1"}, {"a", nullptr}, {"", "2"}};
  for (int i = 0; i < 100; ++i) headers.push_back({"more", "of them"});  // a count of two bytes
  const std::string bytes = Encode({.key = "k", .value = "v", .headers = headers}, 9, 9);
  std::string_view rest = bytes;
  EncodedRecord record;
  REQUIRE(DecodeRecord(&rest, &record).ok());
  const HeadersView view = DecodeHeaders(record.headers_with_count);
  CHECK(view.size() == 103);
  CHECK(RecordsAccess::Encoded(view) == record.headers);
  CHECK(Encode({.key = "k", .value = "v", .headers = view}, 9, 9) == bytes);
  CHECK(DecodeHeaders(nullptr).empty());
}

TEST_CASE("a record view shows the encoded record", "[format]") {
  const std::vector<Header> headers = {{"h", "x"}};
  const std::string bytes = Encode({.key = "k", .value = nullptr, .headers = headers}, 7, 2);
  std::string_view rest = bytes;
  EncodedRecord record;
  REQUIRE(DecodeRecord(&rest, &record).ok());
  const RecordView view = RecordsAccess::MakeView(nullptr, record, 102, 1007);
  CHECK(view.key() == "k");
  CHECK(view.is_tombstone());
  CHECK(view.offset() == 102);
  CHECK(RecordsAccess::TimestampMs(view) == 1007);
  CHECK(RecordsAccess::Source(view) == nullptr);
  CHECK(DecodeHeaders(RecordsAccess::HeadersWithCount(view)).size() == 1);
}

// Whatever bytes there are: the quick way through a record sees what the thorough one does.
void CheckDecodedAlike(std::string_view bytes, int* plain_records) {
  const char* plain_rest = bytes.data();
  std::string_view rest = bytes;
  EncodedRecord plain;
  EncodedRecord any;
  if (!DecodePlainRecord(&plain_rest, bytes.data() + bytes.size(), &plain)) {
    REQUIRE(plain_rest == bytes.data());
    return;
  }
  ++*plain_records;
  REQUIRE(DecodeAnyRecord(&rest, &any).ok());
  REQUIRE(plain_rest == rest.data());
  REQUIRE(plain.timestamp_delta_ms == any.timestamp_delta_ms);
  REQUIRE(plain.offset_delta == any.offset_delta);
  REQUIRE(std::pair(plain.key, plain.key_size) == std::pair(any.key, any.key_size));
  REQUIRE(std::pair(plain.value, plain.value_size) == std::pair(any.value, any.value_size));
  REQUIRE(any.header_count == 0);
  REQUIRE(plain.headers == any.headers);
  REQUIRE(plain.headers_end == any.headers_end);
  REQUIRE(any.headers_with_count == nullptr);
}

TEST_CASE("a plain record is decoded as any record is", "[format]") {
  const std::string value(300, 'v');
  const std::vector<Header> headers = {{"h", "v"}};
  const std::vector<ProducerRecord> records = {{.key = "key", .value = value},
                                               {.key = "key", .value = "v"},
                                               {.value = value},
                                               {.key = "a longer key"},
                                               {.key = "", .value = ""},
                                               {.value = "v", .headers = headers}};
  int plain_records = 0;
  for (const ProducerRecord& record : records) {
    for (const int64_t timestamp_delta : {0, -70, 9000, 1 << 22}) {
      std::string bytes = Encode(record, timestamp_delta, 200) + Encode(record, 5, 201);
      for (std::size_t size = 0; size <= bytes.size(); ++size) {
        CheckDecodedAlike(std::string(bytes, 0, size), &plain_records);
      }
      for (std::size_t at = 0; at < std::min<std::size_t>(bytes.size(), 30); ++at) {
        const char before = bytes[at];
        for (int byte = 0; byte < 256; ++byte) {
          bytes[at] = static_cast<char>(byte);
          CheckDecodedAlike(bytes, &plain_records);
        }
        bytes[at] = before;
      }
    }
  }
  CHECK(plain_records > 1000);
}

TEST_CASE("every cut record is damage", "[format]") {
  const std::vector<Header> headers = {{"h", "x"}, {"i", nullptr}};
  const std::string good = Encode({.key = "key", .value = "value", .headers = headers}, 70, 70);
  RequireTruncationsAreDamage(good, Decode);
  RequireTruncationsAreDamage(good, [](std::string_view bytes) { return SkipRecord(&bytes); });
}

TEST_CASE("records that contradict themselves are damage", "[format]") {
  REQUIRE(Decode(Bytes(12, 0, 0, 0, 1, 1, 0)).ok());
  const std::vector<std::pair<const char*, std::string>> bad = {
      {"nothing", ""},
      {"negative length", Bytes(1, 0, 0, 0, 1, 1, 0)},
      {"length of zero", Bytes(0, 0, 0, 0, 1, 1, 0)},
      {"shorter than its parts", Bytes(10, 0, 0, 0, 1, 1, 0)},
      {"longer than its parts", Bytes(14, 0, 0, 0, 1, 1, 0, 0)},
      {"length beyond 32 bits", Bytes(0x80, 0x80, 0x80, 0x80, 0x20, 0, 0, 0, 1, 1, 0)},
      {"length of 2^31 - 1", Bytes(0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 1, 1, 0)},
      {"over-long varint", Bytes(14, 0, 0x80, 0, 0, 1, 1, 0)},
      {"negative offset delta", Bytes(12, 0, 0, 1, 1, 1, 0)},
      {"offset delta beyond 32 bits", Bytes(20, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 1, 0)},
      {"key length of -2", Bytes(12, 0, 0, 0, 3, 1, 0)},
      {"value length of -2", Bytes(12, 0, 0, 0, 1, 3, 0)},
      {"key over the end", Bytes(12, 0, 0, 0, 6, 1, 0)},
      {"key of 2^31 - 1 bytes", Bytes(20, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 1, 0)},
      {"negative header count", Bytes(12, 0, 0, 0, 1, 1, 1)},
      {"more headers than bytes", Bytes(12, 0, 0, 0, 1, 1, 2)},
      {"2^31 - 1 headers", Bytes(20, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f)},
      {"null header key", Bytes(16, 0, 0, 0, 1, 1, 2, 1, 0)},
      {"header value length of -2", Bytes(16, 0, 0, 0, 1, 1, 2, 0, 3)},
      {"header value over the end", Bytes(16, 0, 0, 0, 1, 1, 2, 0, 2)}};
  for (const auto& [what, bytes] : bad) {
    CAPTURE(what);
    CHECK(IsDamage(Decode(Exactly(bytes).view())));
  }
}

}  // namespace
}  // namespace eventlog::inline v1::internal

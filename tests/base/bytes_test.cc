#include "base/bytes.h"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

namespace eventlog::internal {
namespace {

using namespace std::string_literals;

std::string Varint(int64_t value) {
  char bytes[kMaxVarintBytes];
  return std::string(bytes, StoreVarint(bytes, value));
}

bool VarintFails(std::string_view bytes) {
  ByteReader reader(bytes);
  const int64_t value = reader.ReadVarint();
  return !reader.ok() && value == 0 && reader.remaining() == 0;
}

}  // namespace

TEST_CASE("integers are little-endian", "[base]") {
  std::string bytes;
  AppendLe(&bytes, uint32_t{0x01020304});
  AppendLe(&bytes, int16_t{-2});
  CHECK(bytes == "\x04\x03\x02\x01\xfe\xff");
  CHECK(LoadLe<uint32_t>(bytes.data()) == 0x01020304);
  StoreLe(bytes.data(), uint16_t{0xabcd});
  CHECK(bytes == "\xcd\xab\x02\x01\xfe\xff");
}

TEST_CASE("varints have Kafka's bytes", "[base]") {
  CHECK(Varint(0) == "\0"s);
  CHECK(Varint(-1) == "\x01");
  CHECK(Varint(1) == "\x02");
  CHECK(Varint(63) == "\x7e");
  CHECK(Varint(-64) == "\x7f");
  CHECK(Varint(64) == "\x80\x01");
  CHECK(Varint(300) == "\xd8\x04");
  CHECK(Varint(std::numeric_limits<int64_t>::min()) == "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST_CASE("a varint reads back as what was stored", "[base]") {
  std::vector<int64_t> values = {std::numeric_limits<int64_t>::min(),
                                 std::numeric_limits<int64_t>::max()};
  for (int bit = 0; bit < 63; ++bit) {
    for (int64_t near : {-1, 0, 1}) {
      values.push_back((int64_t{1} << bit) + near);
      values.push_back(-(int64_t{1} << bit) + near);
    }
  }
  for (const int64_t value : values) {
    const std::string bytes = Varint(value);
    CAPTURE(value);
    CHECK(VarintBytes(value) == bytes.size());
    ByteReader reader(bytes);
    CHECK(reader.ReadVarint() == value);
    CHECK(reader.ok());
    CHECK(reader.remaining() == 0);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      CHECK(VarintFails(std::string_view(bytes).substr(0, cut)));
    }
  }
}

TEST_CASE("over-long and over-wide varints fail", "[base]") {
  CHECK(VarintFails("\x80\0"s));                                       // zero in two bytes
  CHECK(VarintFails("\xff\x80\0"s));                                   // a last byte of nothing
  CHECK(VarintFails("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));      // bit 64
  CHECK(VarintFails("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01"));  // an eleventh byte
  CHECK(VarintFails("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"));
}

TEST_CASE("a short varint is the same as any or is left to be read as one", "[base]") {
  for (uint32_t bits = 0; bits < 1u << 24; bits += bits < 1u << 17 ? 1 : 61) {
    const char bytes[] = {static_cast<char>(bits), static_cast<char>(bits >> 8),
                          static_cast<char>(bits >> 16)};
    for (const std::size_t size : {2, 3}) {
      ByteReader reader({bytes, size});
      const int64_t value = reader.ReadVarint();
      const char* at = bytes;
      uint32_t zigzag = 0;
      REQUIRE(LoadShortVarint(&at, bytes + size, &zigzag) == reader.ok());
      if (!reader.ok()) continue;
      REQUIRE(UnZigZag(zigzag) == value);
      REQUIRE(at == reader.position());
    }
  }
}

TEST_CASE("a 32-bit varint fails outside its range", "[base]") {
  for (const int64_t value : {int64_t{std::numeric_limits<int32_t>::min()},
                              int64_t{std::numeric_limits<int32_t>::max()}}) {
    const std::string inside = Varint(value);
    ByteReader reader(inside);
    CHECK(reader.ReadVarint32() == value);
    CHECK(reader.ok());
    const std::string outside = Varint(value < 0 ? value - 1 : value + 1);
    ByteReader failing(outside);
    CHECK(failing.ReadVarint32() == 0);
    CHECK_FALSE(failing.ok());
  }
}

TEST_CASE("every read after a failed one fails", "[base]") {
  ByteReader reader("\x01\x02\x03");
  CHECK(reader.Read<uint16_t>() == 0x0201);
  CHECK(reader.Read<uint16_t>() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.Read<uint8_t>() == 0);  // the third byte is there, and not given any more
  CHECK(reader.ReadBytes(0).empty());
  CHECK(reader.ReadVarint() == 0);
  CHECK_FALSE(reader.ok());
}

TEST_CASE("a string reads back and one longer than its bytes fails", "[base]") {
  std::string bytes;
  AppendString(&bytes, "orders");
  AppendString(&bytes, "");
  ByteReader reader(bytes);
  CHECK(reader.ReadString() == "orders");
  CHECK(reader.ReadString().empty());
  CHECK(reader.ok());
  CHECK(reader.remaining() == 0);

  bytes[0] = 7;
  bytes.resize(10);
  ByteReader cut(bytes);
  CHECK(cut.ReadString().empty());
  CHECK_FALSE(cut.ok());

  ByteReader huge("\xff\xff\xff\xff");
  CHECK(huge.ReadString().empty());
  CHECK_FALSE(huge.ok());
}

TEST_CASE("position and remaining follow the reads", "[base]") {
  const std::string bytes = "abcdef";
  ByteReader reader(bytes);
  CHECK(reader.ReadBytes(2) == "ab");
  CHECK(reader.position() == bytes.data() + 2);
  CHECK(reader.remaining() == 4);
}

}  // namespace eventlog::internal

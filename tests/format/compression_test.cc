#include "format/compression.h"

#include <lz4frame.h>

#include <catch2/catch.hpp>
#include <random>

#include "damage.h"
#include "fixtures.h"

namespace eventlog::inline v1::internal {
namespace {

std::string Noise(std::size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

absl::Status Decompress(std::string_view frame, std::size_t size) {
  std::string out;
  return DecompressLz4(frame, size, &out);
}

// A frame of another writer: other block sizes, checksums, dependent blocks.
std::string FrameOf(const std::string& bytes, const LZ4F_preferences_t& preferences) {
  std::string frame(LZ4F_compressFrameBound(bytes.size(), &preferences), '\0');
  frame.resize(
      LZ4F_compressFrame(frame.data(), frame.size(), bytes.data(), bytes.size(), &preferences));
  return frame;
}

TEST_CASE("contents of any size come back", "[format]") {
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 100, 65535, 65536, 65537, 1'000'000}) {
    for (const std::string& bytes : {std::string(size, 'a'), Noise(size)}) {
      std::string out = "what was there before";
      REQUIRE(DecompressLz4(Exactly(CompressLz4(bytes)).view(), size, &out).ok());
      CHECK((out == bytes));
    }
  }
}

TEST_CASE("frames are such as Kafka's clients read", "[format]") {
  const std::string frame = CompressLz4(std::string(1000, 'a'));
  CHECK(frame.substr(0, 4) == "\x04\x22\x4d\x18");
  // FLG: version 1, independent blocks, content size; BD: blocks of 64 KiB; then the content size.
  CHECK(static_cast<unsigned char>(frame[4]) == 0x68);
  CHECK(static_cast<unsigned char>(frame[5]) == 0x40);
  CHECK(frame.substr(6, 8) == Le(uint64_t{1000}));
}

TEST_CASE("frames of other writers decompress", "[format]") {
  const std::string bytes = Noise(3000) + std::string(300'000, 'b');
  LZ4F_preferences_t preferences = {};
  preferences.frameInfo.blockSizeID = LZ4F_max4MB;
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
  std::string out;
  REQUIRE(DecompressLz4(FrameOf(bytes, preferences), bytes.size(), &out).ok());
  CHECK((out == bytes));
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  REQUIRE(DecompressLz4(FrameOf(bytes, preferences), bytes.size(), &out).ok());
  CHECK((out == bytes));
}

TEST_CASE("contents that are larger or smaller than stated are damage", "[format]") {
  const std::string bytes(5000, 'a');
  LZ4F_preferences_t silent = {};  // without a content size, so only the count can tell
  for (const std::string& frame : {CompressLz4(bytes), FrameOf(bytes, silent)}) {
    REQUIRE(Decompress(frame, 5000).ok());
    for (const std::size_t stated : std::initializer_list<std::size_t>{0, 1, 4999, 5001, 9000}) {
      CAPTURE(stated);
      CHECK(IsDamage(Decompress(frame, stated)));
    }
  }
}

TEST_CASE("a length that no frame of that size can have is refused unallocated", "[format]") {
  std::string out;
  CHECK(IsDamage(DecompressLz4(CompressLz4("small"), std::size_t{1} << 60, &out)));
  CHECK(out.capacity() < 1000);
}

TEST_CASE("a bomb stops at the stated length", "[format]") {
  const std::string bomb = CompressLz4(std::string(50'000'000, '\0'));
  std::string out;
  CHECK(IsDamage(DecompressLz4(bomb, 10'000, &out)));
  CHECK(out.capacity() < 100'000);
}

TEST_CASE("bytes behind the frame are damage", "[format]") {
  const std::string frame = CompressLz4("contents");
  CHECK(IsDamage(Decompress(frame + '\0', 8)));
  CHECK(IsDamage(Decompress(frame + frame, 8)));
  CHECK(IsDamage(Decompress(frame + frame, 16)));
}

TEST_CASE("skippable and foreign frames are damage", "[format]") {
  CHECK(IsDamage(Decompress(Le(uint32_t{0x184D2A50}) + Le(uint32_t{4}) + "skip", 0)));
  CHECK(IsDamage(Decompress("\x1f\x8b and so on", 10)));
  CHECK(IsDamage(Decompress("", 0)));
}

TEST_CASE("every cut frame is damage", "[format]") {
  const std::string bytes = Noise(200) + std::string(500, 'c');
  RequireTruncationsAreDamage(
      CompressLz4(bytes), [&](std::string_view frame) { return Decompress(frame, bytes.size()); });
}

}  // namespace
}  // namespace eventlog::inline v1::internal

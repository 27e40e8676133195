// Little-endian integers in byte strings, and varints. All reads are bounded: hostile bytes cannot
// move a cursor beyond its end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace eventlog::inline v1::internal {

// The platform is little-endian, so a load is a copy (bytes.cc asserts it).
template <typename T>
T LoadLe(const char* from) {
  static_assert(std::is_integral_v<T>);
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename T>
void StoreLe(char* to, T value) {
  static_assert(std::is_integral_v<T>);
  std::memcpy(to, &value, sizeof value);
}

template <typename T>
void AppendLe(std::string* to, T value) {
  static_assert(std::is_integral_v<T>);
  to->append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Protocol Buffers' zigzag varints, as Kafka's records use them.
inline constexpr std::size_t kMaxVarintBytes = 10;
inline uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}
// Bytes that the signed varint of `value` takes.
inline std::size_t VarintBytes(int64_t value) {
  const uint64_t bits = ZigZag(value);
  if (bits < 0x80) return 1;
  return (static_cast<std::size_t>(std::bit_width(bits)) + 6) / 7;
}
// Writes what is zigzag already and returns the end.
inline char* StoreZigZag(char* to, uint64_t bits) {
  while (bits >= 0x80) {
    *to++ = static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  *to++ = static_cast<char>(bits);
  return to;
}
// Writes it and returns the end. `to` has room for kMaxVarintBytes.
inline char* StoreVarint(char* to, int64_t value) { return StoreZigZag(to, ZigZag(value)); }
// The same for what is not negative and below 2^63.
inline char* StoreVarintSize(char* to, std::size_t size) {
  return StoreZigZag(to, uint64_t{size} << 1);
}

// A varint of at most kMaxShortVarintBytes at *at, still zigzag; two bytes at least lie before
// `end`. False, and *at may be anywhere, when it is longer, longer than it need be, or goes beyond
// `end`.
inline constexpr std::size_t kMaxShortVarintBytes = 3;
inline bool LoadShortVarint(const char** at, const char* end, uint32_t* zigzag) {
  const auto byte = [at](int i) -> uint32_t { return static_cast<unsigned char>((*at)[i]); };
  const uint32_t first = byte(0);
  if (first < 0x80) [[likely]] {
    *zigzag = first;
    *at += 1;
    return true;
  }
  const uint32_t second = byte(1);
  if (second - 1 < 0x7f) [[likely]] {
    *zigzag = first - 0x80 + (second << 7);
    *at += 2;
    return true;
  }
  if (second == 0 || end - *at < 3) return false;
  const uint32_t third = byte(2);
  *zigzag = first - 0x80 + ((second - 0x80) << 7) + (third << 14);
  *at += 3;
  return third - 1 < 0x7f;
}

// Reads forward through bytes that may be hostile. A failed read leaves ok() false and every later
// read failing and returning zero or empty, so a decoder checks once at its end (and before it
// allocates or loops by a number it has read).
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  const char* position() const { return at_; }

  template <typename T>
  T Read() {
    if (remaining() < sizeof(T)) return Fail(), T{};
    T value = LoadLe<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  // A signed varint of at most 64 bits. Over-long and over-wide encodings fail.
  int64_t ReadVarint() {
    // Nearly all of a record's take a byte or two.
    if (at_ == end_) return ReadLongVarint();
    const unsigned first = static_cast<unsigned char>(at_[0]);
    if (first < 0x80) return ++at_, UnZigZag(first);
    if (remaining() == 1) return ReadLongVarint();
    const unsigned second = static_cast<unsigned char>(at_[1]);
    if (second == 0 || second >= 0x80) return ReadLongVarint();
    at_ += 2;
    return UnZigZag((first & 0x7f) | second << 7);
  }
  // The same, failing outside int32_t.
  int32_t ReadVarint32() {
    const int64_t value = ReadVarint();
    if (value != static_cast<int32_t>(value)) return Fail(), 0;
    return static_cast<int32_t>(value);
  }
  std::string_view ReadBytes(std::size_t size) {
    if (remaining() < size) return Fail(), std::string_view{};
    std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }
  // A string written by AppendString: u32 length, bytes.
  std::string_view ReadString() { return ReadBytes(Read<uint32_t>()); }

 private:
  int64_t ReadLongVarint();
  void Fail() {
    ok_ = false;
    at_ = end_;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

// `text` is shorter than 4 GiB.
void AppendString(std::string* to, std::string_view text);

}  // namespace eventlog::inline v1::internal

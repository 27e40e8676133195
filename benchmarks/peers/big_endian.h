// A key that sorts as its number does.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace eventlog::bench {

class BigEndian {
 public:
  explicit BigEndian(uint64_t number) {
    static_assert(std::endian::native == std::endian::little);
    number = __builtin_bswap64(number);
    std::memcpy(bytes_.data(), &number, sizeof number);
  }
  const char* data() const { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::array<char, 8> bytes_;
};

}  // namespace eventlog::bench

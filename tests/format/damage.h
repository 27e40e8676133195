// Ways to damage bytes, and what a decoder has to answer.
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "format/preamble.h"

namespace eventlog::inline v1::internal {

inline bool IsDamage(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDataLoss &&
         ReasonOf(status) == ErrorReason::kCorruptData;
}
inline bool IsNewerFormat(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnimplemented &&
         ReasonOf(status) == ErrorReason::kNewerFormat;
}

// A copy that ends where its allocation ends, so that the address sanitizer sees one byte too many.
class Exactly {
 public:
  explicit Exactly(std::string_view bytes) : size_(bytes.size()), bytes_(new char[size_]) {
    if (size_ != 0) std::memcpy(bytes_.get(), bytes.data(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

// `decode` answers DataLoss to every bit flip in [begin, end), and to every byte inverted.
template <typename Decode>
void RequireFlipsAreDamage(const std::string& good, std::size_t begin, std::size_t end,
                           Decode decode) {
  REQUIRE(decode(std::string_view(good)).ok());
  for (std::size_t i = begin; i < end; ++i) {
    for (int mask : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ mask);
      if (IsDamage(decode(Exactly(bad).view()))) continue;
      FAIL("byte " << i << " xor " << mask << ": " << decode(std::string_view(bad)).ToString());
    }
  }
}

// `decode` answers DataLoss to every proper prefix.
template <typename Decode>
void RequireTruncationsAreDamage(const std::string& good, Decode decode) {
  REQUIRE(decode(std::string_view(good)).ok());
  for (std::size_t size = 0; size < good.size(); ++size) {
    if (IsDamage(decode(Exactly(std::string_view(good).substr(0, size)).view()))) continue;
    FAIL("cut to " << size << " bytes");
  }
}

// The same header under a later version with a good hash, eight bytes longer than ours.
inline std::string AsNewerVersion(std::string bytes, HeaderFormat format, uint64_t seed) {
  bytes.insert(format.header_bytes - 8u, 8, 'n');
  format.header_bytes = static_cast<uint16_t>(format.header_bytes + 8);
  ++format.version;
  FinishHeader(bytes.data(), format, seed);
  return bytes;
}

// Overwrites a field and gives the header a good hash again.
template <typename T>
std::string WithField(std::string bytes, std::size_t offset, T value, const HeaderFormat& format,
                      uint64_t seed) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  FinishHeader(bytes.data(), format, seed);
  return bytes;
}

}  // namespace eventlog::inline v1::internal

// How every header in every file begins and ends (docs/format.md, "Headers"):
//
//   0        4         6              8                       n-8        n
//   | magic  | version | header_bytes | fields ...            | hash     |
//
// The hash is XXH3-64 over [0, n-8) under a seed that names what the header belongs to. It is
// checked before the version is believed: a good hash under an unknown version is a newer format
// (Unimplemented), anything else that does not fit is damage (DataLoss).
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace eventlog::inline v1::internal {

struct HeaderFormat {
  const char* name;       // for messages: "record batch"
  uint32_t magic;         // four letters, first one lowest
  uint16_t version;       // the one we write, and the newest we read
  uint16_t header_bytes;  // of that version
};

inline constexpr std::size_t kPreambleBytes = 8;
// The most that any header of any version may have: what a reader has to fetch to judge one.
inline constexpr std::size_t kMaxHeaderBytes = 512;

constexpr uint32_t Magic(const char (&letters)[5]) {
  return static_cast<uint32_t>(static_cast<unsigned char>(letters[0])) |
         static_cast<uint32_t>(static_cast<unsigned char>(letters[1])) << 8 |
         static_cast<uint32_t>(static_cast<unsigned char>(letters[2])) << 16 |
         static_cast<uint32_t>(static_cast<unsigned char>(letters[3])) << 24;
}

// Writes the preamble to header[0..8) and the hash to the last eight bytes. `header` has
// format.header_bytes bytes, the fields already in place.
void FinishHeader(char* header, const HeaderFormat& format, uint64_t seed);

// Judges the header at the start of `bytes`. OK: it is one of ours, whole, of a version we read.
// DataLoss (kCorruptData): magic, length or hash do not fit. Unimplemented (kNewerFormat).
absl::Status CheckHeader(std::string_view bytes, const HeaderFormat& format, uint64_t seed);

}  // namespace eventlog::inline v1::internal

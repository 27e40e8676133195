// What the targets share: taking inputs apart, hashes made good again, what must hold of views and
// of errors.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/error.h"
#include "format/preamble.h"

namespace eventlog::test {

// Takes one integer off the front; zero when the input is used up.
template <typename T>
T Take(std::string_view* input) {
  std::string bytes(input->substr(0, sizeof(T)));
  bytes.resize(sizeof(T));
  input->remove_prefix(std::min(input->size(), sizeof(T)));
  return internal::LoadLe<T>(bytes.data());
}

// Takes up to so many bytes off the front.
inline std::string_view TakeBytes(std::string_view* input, std::size_t bytes) {
  const std::string_view taken = input->substr(0, bytes);
  input->remove_prefix(taken.size());
  return taken;
}

// Whether a decoder may say that: the bytes are damaged, or of a format that is newer.
inline bool IsRefusal(const absl::Status& status) {
  return (absl::IsDataLoss(status) && ReasonOf(status) == ErrorReason::kCorruptData) ||
         (absl::IsUnimplemented(status) && ReasonOf(status) == ErrorReason::kNewerFormat);
}

inline bool Within(std::string_view bytes, const char* begin, const char* end) {
  return bytes.data() <= begin && begin <= end && end <= bytes.data() + bytes.size();
}

// Gives the header at the start of `bytes`, whatever it claims to be, the hash that it asks for;
// without that nothing behind a hash would ever be reached. Nothing when it is cut short.
inline void MakeHeaderHashGood(char* bytes, std::size_t size, uint64_t seed) {
  if (size < internal::kPreambleBytes) return;
  const std::size_t header_bytes = internal::LoadLe<uint16_t>(bytes + 6);
  if (header_bytes < 16 || header_bytes > std::min(size, internal::kMaxHeaderBytes)) return;
  internal::StoreLe(bytes + header_bytes - 8, internal::Hash64({bytes, header_bytes - 8}, seed));
}

// The same for a file that is a header and a body, whose hash lies at `body_hash_at`.
inline void MakeHashesGood(std::string* file, const internal::HeaderFormat& format, uint64_t seed,
                           std::size_t body_hash_at) {
  if (file->size() < format.header_bytes) return;
  const std::string_view body = std::string_view(*file).substr(format.header_bytes);
  internal::StoreLe(file->data() + body_hash_at, internal::Hash64(body, seed));
  MakeHeaderHashGood(file->data(), file->size(), seed);
}

}  // namespace eventlog::test

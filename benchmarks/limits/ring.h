// The limit of `process` durability: each record is copied with a checksum into a shared mapping,
// which outlives the process, and every full chunk is written to a file. No offsets, no time, no
// readers, no recovery, nothing is refused.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace eventlog::bench {

class Ring {
 public:
  static constexpr std::size_t kBytes = 16 << 20;
  static constexpr std::size_t kChunkBytes = 256 << 10;

  // The mapping is filled beforehand; the file grows.
  explicit Ring(const std::string& directory);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  void Append(std::string_view key, std::string_view value) {
    const std::size_t bytes = kHeaderBytes + key.size() + value.size();
    if (used_ + bytes > kChunkBytes) Spill();
    char* const record = ring_ + chunk_ + used_;
    const Header header = {0, static_cast<uint32_t>(key.size()),
                           static_cast<uint32_t>(value.size())};
    std::memcpy(record, &header, kHeaderBytes);
    std::memcpy(record + kHeaderBytes, key.data(), key.size());
    std::memcpy(record + kHeaderBytes + key.size(), value.data(), value.size());
    const uint64_t checksum = XXH3_64bits(record + sizeof checksum, bytes - sizeof checksum);
    std::memcpy(record, &checksum, sizeof checksum);
    used_ += bytes;
  }

 private:
  struct Header {
    uint64_t checksum;  // of what follows it
    uint32_t key_bytes;
    uint32_t value_bytes;
  };
  static constexpr std::size_t kHeaderBytes = sizeof(Header);

  // Writes the chunk, and goes on in the next one.
  void Spill();

  char* ring_ = nullptr;
  std::size_t chunk_ = 0;  // where it begins
  std::size_t used_ = 0;   // of it
  int file_ = -1;
  int64_t file_bytes_ = 0;
};

}  // namespace eventlog::bench

// The bytes of one file in memory, and what a power cut would leave of them. Invariants:
// - Bytes of an allocated chunk beyond the size are zero; a missing chunk is all zeros.
// - undo_ holds, for every page that has bytes below durable_size_ and was changed since the last
//   Sync, the page as it was then. So Sync costs what was changed, not what is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/types/span.h"

namespace eventlog::inline v1::internal {

// Not thread-safe. Offsets and sizes are at most kMaxBytes.
class MemoryContents {
 public:
  static constexpr int64_t kMaxBytes = int64_t{1} << 40;

  int64_t size() const { return size_; }
  // Up to the end; returns how many bytes.
  std::size_t Read(int64_t offset, absl::Span<char> to) const;
  void Write(int64_t offset, std::string_view bytes);
  void Resize(int64_t bytes);
  // What is there now survives a power cut.
  void Sync();
  // Goes back to the last Sync.
  void CutPower();

 private:
  // A file begins with small chunks. The pages of those that follow are got by one call each, which
  // costs less than a fault for every page.
  static constexpr int64_t kSmallChunkBytes = 64 << 10;
  static constexpr int64_t kLargeChunkBytes = 2 << 20;
  static constexpr int64_t kSmallChunks = kLargeChunkBytes / kSmallChunkBytes;
  static constexpr int64_t kPageBytes = 4096;
  static constexpr std::align_val_t kPageAlignment{kPageBytes};

  struct Release {
    void operator()(char* bytes) const { ::operator delete(bytes, kPageAlignment); }
  };
  using Chunk = std::unique_ptr<char[], Release>;
  struct Place {
    std::size_t chunk = 0;
    int64_t within = 0;
    int64_t left = 0;  // of the chunk, from there on
  };

  static Place PlaceOf(int64_t offset);
  static Chunk MakeChunk(int64_t bytes);
  void SavePages(int64_t begin, int64_t end);
  void Store(int64_t offset, std::string_view bytes);
  void SetSize(int64_t bytes);

  std::vector<Chunk> chunks_;
  int64_t size_ = 0;
  int64_t durable_size_ = 0;
  std::unordered_map<int64_t, std::unique_ptr<char[]>> undo_;  // by page number
};

}  // namespace eventlog::inline v1::internal

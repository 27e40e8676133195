#include "io/memory_contents.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace eventlog::inline v1::internal {

MemoryContents::Place MemoryContents::PlaceOf(int64_t offset) {
  const bool small = offset < kLargeChunkBytes;
  const int64_t bytes = small ? kSmallChunkBytes : kLargeChunkBytes;
  const int64_t chunk = offset / bytes + (small ? 0 : kSmallChunks - 1);
  return {static_cast<std::size_t>(chunk), offset % bytes, bytes - offset % bytes};
}

MemoryContents::Chunk MemoryContents::MakeChunk(int64_t bytes) {
  const auto size = static_cast<std::size_t>(bytes);
  Chunk chunk(static_cast<char*>(::operator new(size, kPageAlignment)));
#ifdef MADV_POPULATE_WRITE
  // A kernel before 5.14 does not know it and gets the pages one by one.
  if (bytes == kLargeChunkBytes) static_cast<void>(madvise(chunk.get(), size, MADV_POPULATE_WRITE));
#endif
  std::memset(chunk.get(), 0, size);
  return chunk;
}

std::size_t MemoryContents::Read(int64_t offset, absl::Span<char> to) const {
  if (offset >= size_) return 0;
  const auto bytes = std::min(to.size(), static_cast<std::size_t>(size_ - offset));
  for (std::size_t done = 0; done < bytes;) {
    const int64_t at = offset + static_cast<int64_t>(done);
    const Place place = PlaceOf(at);
    const auto part = std::min(bytes - done, static_cast<std::size_t>(place.left));
    if (place.chunk < chunks_.size() && chunks_[place.chunk] != nullptr) {
      std::memcpy(to.data() + done, chunks_[place.chunk].get() + place.within, part);
    } else {
      std::memset(to.data() + done, 0, part);
    }
    done += part;
  }
  return bytes;
}

void MemoryContents::Write(int64_t offset, std::string_view bytes) {
  const int64_t end = offset + static_cast<int64_t>(bytes.size());
  SavePages(offset, end);
  if (!bytes.empty()) size_ = std::max(size_, end);
  Store(offset, bytes);
}

void MemoryContents::Resize(int64_t bytes) {
  SavePages(bytes, size_);
  SetSize(bytes);
}

void MemoryContents::Sync() {
  undo_.clear();
  durable_size_ = size_;
}

void MemoryContents::CutPower() {
  SetSize(durable_size_);
  for (const auto& [page, bytes] : undo_) {
    const int64_t begin = page * kPageBytes;
    const int64_t end = std::min(begin + kPageBytes, durable_size_);
    Store(begin, {bytes.get(), static_cast<std::size_t>(end - begin)});
  }
  undo_.clear();
}

void MemoryContents::SavePages(int64_t begin, int64_t end) {
  end = std::min(end, durable_size_);
  for (int64_t page = begin / kPageBytes; page * kPageBytes < end; ++page) {
    std::unique_ptr<char[]>& saved = undo_[page];
    if (saved != nullptr) continue;
    saved = std::make_unique<char[]>(kPageBytes);
    Read(page * kPageBytes, absl::MakeSpan(saved.get(), kPageBytes));
  }
}

void MemoryContents::Store(int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const Place place = PlaceOf(offset);
    const auto part = std::min(bytes.size(), static_cast<std::size_t>(place.left));
    while (place.chunk >= chunks_.size()) chunks_.emplace_back();
    Chunk& chunk = chunks_[place.chunk];
    if (chunk == nullptr) chunk = MakeChunk(place.within + place.left);
    std::memcpy(chunk.get() + place.within, bytes.data(), part);
    bytes.remove_prefix(part);
    offset += static_cast<int64_t>(part);
  }
}

void MemoryContents::SetSize(int64_t bytes) {
  if (bytes < size_) {
    const Place end = PlaceOf(bytes);
    const std::size_t kept = end.within == 0 ? end.chunk : end.chunk + 1;
    while (chunks_.size() > kept) chunks_.pop_back();
    if (end.within != 0 && kept == chunks_.size() && chunks_.back() != nullptr) {
      std::memset(chunks_.back().get() + end.within, 0, static_cast<std::size_t>(end.left));
    }
  }
  size_ = bytes;
}

}  // namespace eventlog::inline v1::internal

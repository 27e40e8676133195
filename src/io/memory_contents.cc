#include "io/memory_contents.h"

#include <algorithm>
#include <cstring>

namespace eventlog::inline v1::internal {

std::size_t MemoryContents::Read(int64_t offset, absl::Span<char> to) const {
  if (offset >= size_) return 0;
  const auto bytes = std::min(to.size(), static_cast<std::size_t>(size_ - offset));
  for (std::size_t done = 0; done < bytes;) {
    const int64_t at = offset + static_cast<int64_t>(done);
    const auto chunk = static_cast<std::size_t>(at / kChunkBytes);
    const int64_t within = at % kChunkBytes;
    const auto part = std::min(bytes - done, static_cast<std::size_t>(kChunkBytes - within));
    if (chunk < chunks_.size() && chunks_[chunk] != nullptr) {
      std::memcpy(to.data() + done, chunks_[chunk].get() + within, part);
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
    const auto chunk = static_cast<std::size_t>(offset / kChunkBytes);
    const int64_t within = offset % kChunkBytes;
    const auto part = std::min(bytes.size(), static_cast<std::size_t>(kChunkBytes - within));
    if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
    if (chunks_[chunk] == nullptr) chunks_[chunk] = std::make_unique<char[]>(kChunkBytes);
    std::memcpy(chunks_[chunk].get() + within, bytes.data(), part);
    bytes.remove_prefix(part);
    offset += static_cast<int64_t>(part);
  }
}

void MemoryContents::SetSize(int64_t bytes) {
  if (bytes < size_) {
    const auto kept = static_cast<std::size_t>((bytes + kChunkBytes - 1) / kChunkBytes);
    if (kept < chunks_.size()) chunks_.resize(kept);
    const int64_t within = bytes % kChunkBytes;
    if (within != 0 && kept == chunks_.size() && chunks_.back() != nullptr) {
      std::memset(chunks_.back().get() + within, 0, static_cast<std::size_t>(kChunkBytes - within));
    }
  }
  size_ = bytes;
}

}  // namespace eventlog::inline v1::internal

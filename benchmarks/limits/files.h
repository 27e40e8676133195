// What the kernel takes for a write, a sync and a read, and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace eventlog::bench {

// A file that every write(2) makes longer.
class GrowingFile {
 public:
  explicit GrowingFile(const std::string& path);
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;
  void Write(std::string_view bytes) const;

 private:
  int fd_;
};

// A file that was filled and synced before: a sync of what is written over moves no metadata.
class SyncedFile {
 public:
  SyncedFile(const std::string& path, int64_t blocks);
  ~SyncedFile();
  SyncedFile(const SyncedFile&) = delete;
  SyncedFile& operator=(const SyncedFile&) = delete;
  // pwrite(2) of the next `blocks` blocks of 4 KiB, and fdatasync(2).
  void WriteBlocks(int64_t blocks = 1);

 private:
  const int64_t blocks_;
  int fd_;
  int64_t next_ = 0;
  std::string bytes_;
};

// read(2) of all of a file, so much at a time.
void ReadFile(const std::string& path, std::size_t block_bytes);

// Writes the dirty pages of a file and takes all of it out of the page cache.
void Evict(const std::string& path);

}  // namespace eventlog::bench

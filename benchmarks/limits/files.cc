#include "limits/files.h"

#include <fcntl.h>
#include <unistd.h>

#include "harness/measure.h"

namespace eventlog::bench {
namespace {

constexpr std::size_t kBlockBytes = 4096;

int OpenOrDie(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, 0644);
  Check(fd >= 0, "cannot open a file");
  return fd;
}

}  // namespace

GrowingFile::GrowingFile(const std::string& path)
    : fd_(OpenOrDie(path, O_WRONLY | O_CREAT | O_TRUNC)) {}

GrowingFile::~GrowingFile() { close(fd_); }

void GrowingFile::Write(std::string_view bytes) const {
  Check(write(fd_, bytes.data(), bytes.size()) == std::ssize(bytes), "cannot write");
}

SyncedFile::SyncedFile(const std::string& path, int64_t blocks)
    : blocks_(blocks), fd_(OpenOrDie(path, O_RDWR | O_CREAT | O_TRUNC)) {
  bytes_.assign(kBlockBytes, 'b');
  for (int64_t i = 0; i < blocks; ++i) {
    Check(write(fd_, bytes_.data(), kBlockBytes) == std::ssize(bytes_), "cannot write");
  }
  Check(fsync(fd_) == 0, "cannot sync");
}

SyncedFile::~SyncedFile() { close(fd_); }

void SyncedFile::WriteBlocks(int64_t blocks) {
  if (next_ + blocks > blocks_) next_ = 0;
  bytes_.resize(static_cast<std::size_t>(blocks) * kBlockBytes, 'b');
  const auto position = static_cast<off_t>(next_ * static_cast<int64_t>(kBlockBytes));
  Check(pwrite(fd_, bytes_.data(), bytes_.size(), position) == std::ssize(bytes_), "cannot write");
  Check(fdatasync(fd_) == 0, "cannot sync");
  next_ += blocks;
}

void ReadFile(const std::string& path, std::size_t block_bytes) {
  const int fd = OpenOrDie(path, O_RDONLY);
  std::string bytes(block_bytes, '\0');
  ssize_t got = 0;
  while ((got = read(fd, bytes.data(), bytes.size())) > 0) {
  }
  Check(got == 0, "cannot read");
  close(fd);
}

void Evict(const std::string& path) {
  const int fd = OpenOrDie(path, O_RDONLY);
  Check(fsync(fd) == 0, "cannot sync");
  Check(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "cannot evict");
  close(fd);
}

}  // namespace eventlog::bench

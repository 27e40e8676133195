#include "limits/ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/measure.h"

namespace eventlog::bench {

Ring::Ring(const std::string& directory) {
  const int memory = open((directory + "/ring").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
  Check(memory >= 0, "cannot make the ring");
  const std::string zeros(kBytes, '\0');
  Check(write(memory, zeros.data(), kBytes) == static_cast<ssize_t>(kBytes), "cannot fill it");
  void* const mapping = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  Check(mapping != MAP_FAILED, "cannot map the ring");
  close(memory);
  ring_ = static_cast<char*>(mapping);
  std::memset(ring_, 1, kBytes);
  file_ = open((directory + "/spilled").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  Check(file_ >= 0, "cannot make the file");
}

Ring::~Ring() {
  munmap(ring_, kBytes);
  close(file_);
}

void Ring::Spill() {
  const ssize_t written = pwrite(file_, ring_ + chunk_, kChunkBytes, file_bytes_);
  Check(written == static_cast<ssize_t>(kChunkBytes), "cannot write");
  file_bytes_ += written;
  chunk_ = (chunk_ + kChunkBytes) % kBytes;
  used_ = 0;
}

}  // namespace eventlog::bench

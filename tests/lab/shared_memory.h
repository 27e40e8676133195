// Memory that forked children share with whoever forked them, and that is there when they died.
#pragma once

#include <sys/mman.h>

#include <new>

#include "base/assert.h"

namespace eventlog::test {

// One T, zeros but for what its constructor sets: what is never touched costs nothing.
template <typename T>
class SharedMemory {
 public:
  SharedMemory() {
    void* const at = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EVENTLOG_ASSERT(at != MAP_FAILED);
    it_ = new (at) T;
  }
  ~SharedMemory() { munmap(it_, sizeof(T)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  T* operator->() { return it_; }
  const T* operator->() const { return it_; }
  T& operator*() { return *it_; }
  const T& operator*() const { return *it_; }

 private:
  T* it_;
};

}  // namespace eventlog::test

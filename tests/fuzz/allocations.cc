// Replaces the program's operator new. Memory still comes from malloc, under the eyes of the
// address sanitizer.
#include "fuzz/allocations.h"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocated_bytes = 0;

void* Allocate(std::size_t bytes) {
  allocated_bytes += bytes;
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  EVENTLOG_ASSERT(memory != nullptr);
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return Allocate(bytes); }
void* operator new[](std::size_t bytes) { return Allocate(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return Allocate(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return Allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace eventlog::test {

std::size_t AllocatedBytes() { return allocated_bytes; }

}  // namespace eventlog::test

// Invariant: the word is zero from the fork until the child makes its first guard, and the value it
// then gets was never in use among its ancestors, so neither an inherited guard nor one made
// between two forks can take a descendant for its own process.
#include "base/fork_guard.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

#include "base/assert.h"

namespace eventlog::inline v1::internal {
namespace {

unsigned* MapWord();

unsigned* Word() {
  static unsigned* const word = MapWord();
  return word;
}

unsigned* MapWord() {
  const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* page =
      mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EVENTLOG_ASSERT(page != MAP_FAILED);
  if (madvise(page, page_bytes, MADV_WIPEONFORK) != 0) {
    // Emulators of the kernel may lack it. Then fork(3) is caught, only a raw clone(2) is not.
    EVENTLOG_ASSERT(pthread_atfork(nullptr, nullptr,
                                   [] { __atomic_store_n(Word(), 0u, __ATOMIC_RELAXED); }) == 0);
  }
  return static_cast<unsigned*>(page);
}

// Lives in ordinary memory: a child goes on counting where its parent was.
std::atomic<unsigned> last_generation{0};

}  // namespace

ForkGuard::ForkGuard() : word_(Word()) {
  unsigned found = 0;
  const unsigned fresh = last_generation.fetch_add(1, std::memory_order_relaxed) + 1;
  const bool first = __atomic_compare_exchange_n(Word(), &found, fresh, /*weak=*/false,
                                                 __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  expected_ = first ? fresh : found;
}

}  // namespace eventlog::inline v1::internal

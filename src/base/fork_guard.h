// Tells a forked child from its parent by one load: the word lies in a page that the kernel wipes
// at fork (MADV_WIPEONFORK, Linux 4.14).
#pragma once

namespace eventlog::inline v1::internal {

class ForkGuard {
 public:
  ForkGuard();  // remembers which process this is
  // True in a child of the process that made this guard. Safe in any thread.
  bool Forked() const { return __atomic_load_n(word_, __ATOMIC_RELAXED) != expected_; }

 private:
  const unsigned* word_;
  unsigned expected_;
};

}  // namespace eventlog::inline v1::internal

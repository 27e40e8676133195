// The log's own thread takes no signal that is sent to the process: whoever handles signals chooses
// the thread, and no call of the log is interrupted on its own thread.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <initializer_list>

namespace eventlog::inline v1::internal {

// Keeps signals off the calling thread while it lives, and for good off a thread that is started
// meanwhile. What a thread brings upon itself, a bad address for instance, is not held back.
class SignalBlock {
 public:
  SignalBlock() {
    sigset_t signals;
    sigfillset(&signals);
    for (const int own : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) {
      sigdelset(&signals, own);
    }
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalBlock() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

 private:
  sigset_t before_;
};

}  // namespace eventlog::inline v1::internal

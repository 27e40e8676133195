// Random::System(): getrandom(2).
#include <errno.h>
#include <sys/random.h>

#include "base/assert.h"
#include "eventlog/random.h"

namespace eventlog::inline v1 {
namespace {

class SystemRandom final : public Random {
 public:
  void Fill(absl::Span<char> bytes) override {
    while (!bytes.empty()) {
      const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
      EVENTLOG_ASSERT(got > 0 || errno == EINTR);
      if (got > 0) bytes.remove_prefix(static_cast<std::size_t>(got));
    }
  }
};

}  // namespace

Random* Random::System() {
  static Random* const random = new SystemRandom;
  return random;
}

}  // namespace eventlog::inline v1

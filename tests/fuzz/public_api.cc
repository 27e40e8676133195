// The input: operations on a log, see LogSession.
#include "fuzz/log_session.h"
#include "fuzz/target.h"

namespace eventlog::test {

FUZZ_TARGET(public_api) {
  return LogSession(input).Run() > 0 ? Outcome::kDecoded : Outcome::kRefused;
}

}  // namespace eventlog::test

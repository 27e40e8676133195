#include "io/lock_handle.h"

#include <catch2/catch.hpp>

namespace eventlog::internal {

TEST_CASE("a lock is neither read nor written", "[io]") {
  LockHandle lock;
  char byte;
  CHECK(absl::IsFailedPrecondition(lock.ReadAt(0, absl::MakeSpan(&byte, 1)).status()));
  CHECK(absl::IsFailedPrecondition(lock.WriteAt(0, {})));
  CHECK(absl::IsFailedPrecondition(lock.Allocate(0, 1)));
  CHECK(absl::IsFailedPrecondition(lock.Truncate(0)));
  CHECK(absl::IsFailedPrecondition(lock.SyncData()));
  CHECK(absl::IsFailedPrecondition(lock.Size().status()));
  CHECK(absl::IsFailedPrecondition(lock.DropCache()));
  CHECK(absl::IsFailedPrecondition(lock.MapShared(1).status()));
}

}  // namespace eventlog::internal

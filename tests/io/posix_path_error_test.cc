#include "io/posix_path_error.h"

#include <catch2/catch.hpp>

namespace eventlog::internal {

TEST_CASE("what is of the wrong kind is a failed precondition and the rest is as everywhere",
          "[io]") {
  for (const int error : {ENOTDIR, EISDIR, ENOTEMPTY, ELOOP}) {
    CHECK(absl::IsFailedPrecondition(PathError(error, "open", "/x")));
  }
  CHECK(PathError(ENOTDIR, "list", "/x").ToString().find("list /x: Not a directory") !=
        std::string::npos);
  CHECK(PathError(ENOSPC, "open", "/x") == ErrnoError(ENOSPC, "open", "/x"));
  CHECK(absl::IsInternal(PathError(EIO, "open", "/x")));
}

}  // namespace eventlog::internal

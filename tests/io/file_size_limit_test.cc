#include "io/file_size_limit.h"

#include <catch2/catch.hpp>

#include "support/child_process.h"

namespace eventlog::internal {

TEST_CASE("the limit of a file's size is the process's present one", "[io]") {
  CHECK(FileSizeLimit() == std::numeric_limits<int64_t>::max());
  const int answer = test::RunInChild([] {
    for (const rlim_t bytes : {rlim_t{1} << 40, rlim_t{4096}, rlim_t{0}}) {
      const rlimit limit = {bytes, RLIM_INFINITY};
      if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
      if (FileSizeLimit() != static_cast<int64_t>(bytes)) return 2;
    }
    return 0;
  });
  CHECK(answer == 0);
}

}  // namespace eventlog::internal

// Every system call of every scenario fails once, in each way that it can. A share is run here;
// EVENTLOG_FAULT_EVERY=1 runs all, EVENTLOG_FAULT_SEED=N another share.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "eventlog/file_system.h"
#include "fmt/format.h"
#include "support/temp_dir.h"
#include "syscalls/syscall_faults.h"
#include "syscalls/system_calls.h"

namespace eventlog::test {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const value = getenv(name);
  return value == nullptr ? otherwise : strtoull(value, nullptr, 10);
}

// What the library takes from others, by the names of the linker; but for syscall, by which the
// futex is called, that libc has no function for.
std::set<std::string> UndefinedNames() {
  FILE* const listed = popen("nm -u " EVENTLOG_LIBRARY, "r");
  REQUIRE(listed != nullptr);
  std::set<std::string> names;
  std::string member;
  char line[4096];
  while (fgets(line, sizeof line, listed) != nullptr) {
    const std::string text(line, strcspn(line, "\n"));
    const std::size_t name = text.find("U ");
    if (name == text.npos) {
      member = text;
    } else if (member != "futex.cc.o:" || text.substr(name + 2) != "syscall") {
      names.insert(text.substr(name + 2));
    }
  }
  REQUIRE(pclose(listed) == 0);
  return names;
}

}  // namespace

TEST_CASE("a system call that fails is absorbed or a documented error and nothing is lost",
          "[syscalls]") {
  SyscallFaultOptions options;
  options.seed = FromEnvironment("EVENTLOG_FAULT_SEED", 1);
  options.every = static_cast<int64_t>(FromEnvironment("EVENTLOG_FAULT_EVERY", 60));
  if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", /*overwrite=*/0);
  SyscallFigures figures;
  for (const Scenario& scenario : Scenarios()) {
    const std::string wrong = FailEverySystemCall(scenario, options, &figures);
    if (!wrong.empty()) FAIL_CHECK(wrong);
  }
  WARN(fmt::format(
      "{} calls, {} fault points: {} absorbed, {} stopped the log, {} kept it from "
      "being opened",
      figures.calls, figures.points, figures.absorbed, figures.stopped, figures.closed));
  CHECK(figures.points >= figures.calls / options.every);
  CHECK(figures.absorbed > 0);
  CHECK(figures.stopped > 0);
  CHECK(figures.closed > 0);
}

TEST_CASE("a sync that fails and that nobody hears of is found", "[syscalls]") {
  const Scenario deaf = {"deaf", [](Application*) {
                           const TempDir directory;
                           const auto file = FileSystem::Posix()->OpenFile(
                               directory / "file", FileSystem::Open::kCreateNew);
                           if (file.ok()) (*file)->SyncData().IgnoreError();
                           return file.status();
                         }};
  SyscallFigures figures;
  CHECK_THAT(FailEverySystemCall(deaf, {}, &figures), Catch::Contains("the failure was swallowed"));
}

// Whoever calls the kernel by another function adds it to the counted ones.
TEST_CASE("every function by which the library changes or reads files can be made to fail",
          "[syscalls]") {
  const std::set<std::string> taken = UndefinedNames();
  for (const std::string_view name : CountedFunctions()) {
    INFO(name);
    CHECK(taken.count(std::string(name)) == 1);
  }
  // Functions of libc that come to the kernel with a path or a descriptor.
  for (const char* other :
       {"openat64",        "open64",   "creat",    "fopen",           "readv",    "preadv",
        "preadv2",         "writev",   "pwritev2", "sync_file_range", "syncfs",   "sync",
        "posix_fallocate", "truncate", "stat",     "lstat",           "fstatat",  "statx",
        "flock",           "lockf",    "mkdirat",  "fdopendir",       "scandir",  "renameat",
        "renameat2",       "linkat",   "symlink",  "unlink",          "unlinkat", "rmdir",
        "chmod",           "fchmod",   "sendfile", "copy_file_range", "msync",    "syscall"}) {
    INFO(other);
    CHECK(taken.count(other) == 0);
  }
}

}  // namespace eventlog::test

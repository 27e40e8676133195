#include "io/directory_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <catch2/catch.hpp>
#include <string>

#include "eventlog/errors.h"
#include "fmt/format.h"
#include "io/file_io.h"
#include "support/child_process.h"
#include "support/temp_dir.h"

namespace eventlog::internal {
namespace {

using test::RunInChild;
using test::TempDir;

bool IsLocked(const absl::Status& status) { return ReasonOf(status) == ErrorReason::kLocked; }

bool Says(const absl::Status& status, const std::string& text) {
  return status.ToString().find(text) != std::string::npos;
}

// A process that holds the lock of a directory until it is destroyed.
class Holder {
 public:
  explicit Holder(const std::string& path) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      const auto lock = LockPosixDirectory(path);
      const char answer = lock.ok() ? '1' : '0';
      if (write(ready[1], &answer, 1) == 1) pause();
      _exit(0);
    }
    char answer = '0';
    REQUIRE(read(ready[0], &answer, 1) == 1);
    REQUIRE(answer == '1');
    close(ready[0]);
    close(ready[1]);
  }
  ~Holder() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

constexpr uid_t kNobody = 65534;

}  // namespace

TEST_CASE("a directory that another process holds is refused with its pid", "[io]") {
  TempDir directory;
  {
    const Holder holder(directory.path());
    const auto status = LockPosixDirectory(directory.path()).status();
    CHECK(IsLocked(status));
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(Says(status, fmt::format("process {}", holder.pid())));
  }
  CHECK(LockPosixDirectory(directory.path()).ok());  // a killed holder holds nothing
}

TEST_CASE("the holder of a lock is found without taking it", "[io]") {
  TempDir directory;
  CHECK(FindPosixLockHolder(directory.path()).value() == std::nullopt);
  CHECK(absl::IsNotFound(FindPosixLockHolder(directory / "none").status()));
  {
    const Holder holder(directory.path());
    CHECK(FindPosixLockHolder(directory.path()).value() == fmt::format("process {}", holder.pid()));
    CHECK(IsLocked(LockPosixDirectory(directory.path()).status()));
  }
  CHECK(FindPosixLockHolder(directory.path()).value() == std::nullopt);
  auto lock = LockPosixDirectory(directory.path());
  REQUIRE(lock.ok());
  CHECK(FindPosixLockHolder(directory.path()).value() == fmt::format("process {}", getpid()));
}

TEST_CASE("a lock taken here holds off another process until it is dropped", "[io]") {
  TempDir directory;
  auto lock = LockPosixDirectory(directory.path());
  REQUIRE(lock.ok());
  const auto refused_in_child = [&] {
    const pid_t parent = getpid();
    return RunInChild([&] {
      const auto status = LockPosixDirectory(directory.path()).status();
      if (status.ok()) return 0;
      return IsLocked(status) && Says(status, std::to_string(parent)) ? 1 : 2;
    });
  };
  CHECK(refused_in_child() == 1);
  lock->reset();
  CHECK(refused_in_child() == 0);
}

TEST_CASE("a second lock in the same process is refused with its own pid", "[io]") {
  TempDir directory;
  REQUIRE(symlink(directory.path().c_str(), (directory / "again").c_str()) == 0);
  const auto lock = LockPosixDirectory(directory.path());
  REQUIRE(lock.ok());
  const auto status = LockPosixDirectory(directory / "again").status();
  CHECK(IsLocked(status));
  CHECK(Says(status, std::to_string(getpid())));
  // Whoever removes the lock file does not get a second lock in this process either.
  REQUIRE(unlink((directory / "lock").c_str()) == 0);
  CHECK(IsLocked(LockPosixDirectory(directory.path()).status()));
}

TEST_CASE("a forked child does not keep a lock alive", "[io]") {
  TempDir directory;
  auto lock = LockPosixDirectory(directory.path());
  REQUIRE(lock.ok());
  int stop[2];
  REQUIRE(pipe(stop) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(stop[1]);
    char byte;
    _exit(static_cast<int>(read(stop[0], &byte, 1)));  // until the parent closes its end
  }
  lock->reset();
  CHECK(LockPosixDirectory(directory.path()).ok());
  close(stop[1]);
  close(stop[0]);
  waitpid(child, nullptr, 0);
}

TEST_CASE("a child that outlives its killed parent holds no lock", "[io]") {
  TempDir directory;
  int stop[2];
  int runs[2];
  REQUIRE(pipe(stop) == 0);
  REQUIRE(pipe(runs) == 0);
  CHECK(RunInChild([&] {
          const auto lock = LockPosixDirectory(directory.path());
          if (!lock.ok()) return 1;
          const pid_t child = fork();
          if (child == 0) {
            close(stop[1]);
            char byte = 'x';
            if (write(runs[1], &byte, 1) != 1) _exit(1);
            _exit(static_cast<int>(read(stop[0], &byte, 1)));  // until the test closes its end
          }
          char byte;
          if (read(runs[0], &byte, 1) != 1) return 2;
          kill(getpid(), SIGKILL);
          return 3;
        }) == test::kDiedOfSignal);
  CHECK(LockPosixDirectory(directory.path()).ok());
  for (const int end : {stop[0], stop[1], runs[0], runs[1]}) close(end);
}

TEST_CASE("a child that drops an inherited lock does not unlock its parent's", "[io]") {
  TempDir directory;
  auto lock = LockPosixDirectory(directory.path());
  REQUIRE(lock.ok());
  CHECK(RunInChild([&] {
          lock->reset();
          return 0;
        }) == 0);
  CHECK(RunInChild([&] { return IsLocked(LockPosixDirectory(directory.path()).status()); }) == 1);
}

TEST_CASE("a child of a raw fork does not unlock its parent's lock", "[io]") {
  TempDir directory;
  auto lock = LockPosixDirectory(directory.path());
  REQUIRE(lock.ok());
  const auto child = static_cast<pid_t>(syscall(SYS_fork));  // runs no handlers
  if (child == 0) {
    lock->reset();
    syscall(SYS_exit_group, 0);
  }
  waitpid(child, nullptr, 0);
  CHECK(RunInChild([&] { return IsLocked(LockPosixDirectory(directory.path()).status()); }) == 1);
}

TEST_CASE("a child may take what its parent has dropped", "[io]") {
  TempDir directory;
  auto lock = LockPosixDirectory(directory.path());
  REQUIRE(lock.ok());
  int dropped[2];
  REQUIRE(pipe(dropped) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    char byte;
    if (read(dropped[0], &byte, 1) != 1) _exit(1);
    auto own = LockPosixDirectory(directory.path());
    if (!own.ok()) _exit(2);
    lock->reset();  // the inherited one's end leaves the child's own alone
    _exit(IsLocked(LockPosixDirectory(directory.path()).status()) ? 0 : 3);
  }
  lock->reset();
  CHECK(write(dropped[1], "x", 1) == 1);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  close(dropped[0]);
  close(dropped[1]);
}

TEST_CASE("the lock file holds the pid and stays", "[io]") {
  TempDir directory;
  auto lock = LockPosixDirectory(directory.path());
  REQUIRE(lock.ok());
  CHECK(test::Contents(FileSystem::Posix(), directory / "lock") == fmt::format("{}\n", getpid()));
  struct stat status;
  REQUIRE(stat((directory / "lock").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  lock->reset();
  CHECK(access((directory / "lock").c_str(), F_OK) == 0);
}

TEST_CASE("a lock file without a pid names no process", "[io]") {
  TempDir directory;
  const Holder holder(directory.path());
  for (const char* text : {"", "12345678901234567890123", "abc\n", "-5\n", "42"}) {
    const int fd = open((directory / "lock").c_str(), O_WRONLY | O_TRUNC);
    REQUIRE(write(fd, text, std::string(text).size()) >= 0);
    close(fd);
    const auto status = LockPosixDirectory(directory.path()).status();
    CHECK(IsLocked(status));
    CHECK(Says(status, "another process"));
  }
}

TEST_CASE("what is no directory of one's own is refused", "[io]") {
  TempDir directory;
  REQUIRE(test::MakeFile(FileSystem::Posix(), directory / "file", "") != nullptr);
  const auto file = LockPosixDirectory(directory / "file").status();
  CHECK(absl::IsFailedPrecondition(file));
  CHECK(Says(file, "Not a directory"));
  CHECK(absl::IsNotFound(LockPosixDirectory(directory / "none").status()));

  REQUIRE(mkdir((directory / "open").c_str(), 0700) == 0);
  REQUIRE(chmod((directory / "open").c_str(), 0707) == 0);
  const auto open_to_all = LockPosixDirectory(directory / "open").status();
  CHECK(absl::IsPermissionDenied(open_to_all));
  CHECK(Says(open_to_all, "writable by everyone"));
}

TEST_CASE("a lock file that is a symbolic link is not followed", "[io]") {
  TempDir directory;
  REQUIRE(symlink("elsewhere", (directory / "lock").c_str()) == 0);
  CHECK(absl::IsFailedPrecondition(LockPosixDirectory(directory.path()).status()));
  CHECK(access((directory / "elsewhere").c_str(), F_OK) != 0);
}

TEST_CASE("a directory of another user or without write permission is refused", "[io]") {
  if (geteuid() != 0) {
    WARN("needs root: skipped");
    return;
  }
  TempDir directory;
  REQUIRE(chmod(directory.path().c_str(), 0711) == 0);
  const std::string path = directory / "theirs";
  REQUIRE(mkdir(path.c_str(), 0500) == 0);
  REQUIRE(chown(path.c_str(), kNobody, kNobody) == 0);
  const auto foreign = LockPosixDirectory(path).status();
  CHECK(absl::IsPermissionDenied(foreign));
  CHECK(Says(foreign, "belongs to user 65534"));
  const auto lock_as_nobody = [&] {
    return RunInChild([&] {
      if (setuid(kNobody) != 0) return 100;
      return static_cast<int>(LockPosixDirectory(path).status().code());
    });
  };
  CHECK(lock_as_nobody() == static_cast<int>(absl::StatusCode::kPermissionDenied));
  REQUIRE(chmod(path.c_str(), 0700) == 0);
  CHECK(lock_as_nobody() == 0);
}

TEST_CASE("network file systems are known by their numbers", "[io]") {
  CHECK(NetworkFileSystemName(0x6969) == "NFS");
  CHECK(NetworkFileSystemName(0xff534d42) == "SMB");
  CHECK(NetworkFileSystemName(static_cast<int32_t>(0xff534d42)) ==
        "SMB");  // as 32-bit f_type has it
  CHECK(NetworkFileSystemName(0x00c36400) == "CephFS");
  CHECK(NetworkFileSystemName(0xef53).empty());      // ext4
  CHECK(NetworkFileSystemName(0x58465342).empty());  // xfs
  CHECK(NetworkFileSystemName(0x01021994).empty());  // tmpfs
  CHECK(NetworkFileSystemName(0x794c7630).empty());  // overlayfs
}

}  // namespace eventlog::internal

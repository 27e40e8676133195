// What only the operating system's files have. The common contract is in
// file_system_contract_test.cc.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <catch2/catch.hpp>

#include "eventlog/errors.h"
#include "io/file_io.h"
#include "support/child_process.h"
#include "support/temp_dir.h"

namespace eventlog::test {
namespace {

using Open = FileSystem::Open;

mode_t ModeOf(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

// In a forked child: no file may become larger.
void LimitFileBytes(rlim_t bytes) {
  const rlimit limit = {bytes, bytes};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
}

constexpr int kSkipped = 99;

// Runs `body` in a child that has a file system which cannot reserve space at `path`.
template <typename Body>
int RunOnRamfs(const std::string& path, Body body) {
  return RunInChild([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", path.c_str(), "ramfs", 0, nullptr) != 0) {
      return kSkipped;
    }
    return body();
  });
}

}  // namespace

TEST_CASE("files and directories are their owner's only", "[io]") {
  TempDir directory;
  FileSystem* const fs = FileSystem::Posix();
  CHECK(fs == FileSystem::Posix());
  REQUIRE(MakeFile(fs, directory / "a", "") != nullptr);
  REQUIRE(fs->CreateDirectory(directory / "d").ok());
  CHECK(ModeOf(directory / "a") == 0600);
  CHECK(ModeOf(directory / "d") == 0700);
}

TEST_CASE("a symbolic link and a pipe and a device are no files", "[io]") {
  TempDir directory;
  FileSystem* const fs = FileSystem::Posix();
  REQUIRE(MakeFile(fs, directory / "a", "") != nullptr);
  REQUIRE(symlink((directory / "a").c_str(), (directory / "link").c_str()) == 0);
  REQUIRE(mkfifo((directory / "pipe").c_str(), 0600) == 0);
  for (const auto how : {Open::kExisting, Open::kReadOnly}) {
    CHECK(absl::IsFailedPrecondition(fs->OpenFile(directory / "link", how).status()));
    CHECK(absl::IsFailedPrecondition(fs->OpenFile(directory / "pipe", how).status()));
    CHECK(absl::IsFailedPrecondition(fs->OpenFile("/dev/null", how).status()));
  }
  CHECK(absl::IsAlreadyExists(fs->OpenFile(directory / "link", Open::kCreateNew).status()));
}

TEST_CASE("descriptors do not pass exec and are closed with their File", "[io]") {
  TempDir directory;
  // The lowest free descriptor is the one that the next open takes.
  const int next = open("/dev/null", O_RDONLY);
  close(next);
  auto file = MakeFile(FileSystem::Posix(), directory / "a", "");
  REQUIRE(fcntl(next, F_GETFD) >= 0);
  CHECK((fcntl(next, F_GETFD) & FD_CLOEXEC) != 0);
  file.reset();
  CHECK(fcntl(next, F_GETFD) == -1);
  auto lock = FileSystem::Posix()->LockDirectory(directory.path());
  REQUIRE(lock.ok());
  lock->reset();
  CHECK(FileSystem::Posix()->List(directory.path()).ok());
  CHECK(FileSystem::Posix()->SyncDirectory(directory.path()).ok());
  const int after = open("/dev/null", O_RDONLY);
  CHECK(after == next);  // nothing leaked
  close(after);
}

TEST_CASE("a write that no more fits is a full disk and what fits is written", "[io]") {
  TempDir directory;
  const std::string path = directory / "a";
  const int answer = RunInChild([&] {
    auto file = MakeFile(FileSystem::Posix(), path, "");
    LimitFileBytes(10);
    const std::string_view pieces[] = {"12345", "6789012345"};
    if (ReasonOf(file->WriteAt(0, pieces)) != ErrorReason::kDiskFull) return 1;
    if (ReasonOf(file->Allocate(0, 11)) != ErrorReason::kDiskFull) return 2;
    if (ReasonOf(file->Truncate(11)) != ErrorReason::kDiskFull) return 3;
    return 0;
  });
  CHECK(answer == 0);
  CHECK(Contents(FileSystem::Posix(), path) == "1234567890");
}

TEST_CASE("allocated space is there before it is written", "[io]") {
  TempDir directory;
  auto file = MakeFile(FileSystem::Posix(), directory / "a", "");
  REQUIRE(file->Allocate(0, 1 << 20).ok());
  struct stat status;
  REQUIRE(stat((directory / "a").c_str(), &status) == 0);
  CHECK(status.st_size == 1 << 20);
  CHECK(status.st_blocks * 512 >= 1 << 20);
}

TEST_CASE("where space cannot be reserved zeros are written beyond the end", "[io]") {
  TempDir directory;
  const int answer = RunOnRamfs(directory.path(), [&] {
    auto file = MakeFile(FileSystem::Posix(), directory / "a", "abc");
    if (file == nullptr) return 1;
    if (fallocate(open((directory / "a").c_str(), O_RDWR), 0, 0, 1) == 0) return kSkipped;
    if (!file->Allocate(1, 200000).ok()) return 2;
    if (Contents(FileSystem::Posix(), directory / "a") != "abc" + std::string(199998, '\0')) {
      return 3;
    }
    return file->Allocate(0, 100).ok() && file->Size().value() == 200001 ? 0 : 4;
  });
  if (answer == kSkipped) {
    WARN("no ramfs here: skipped");
    return;
  }
  CHECK(answer == 0);
}

TEST_CASE("a mapping is shared with the file", "[io]") {
  TempDir directory;
  FileSystem* const fs = FileSystem::Posix();
  auto file = MakeFile(fs, directory / "a", "hello world");
  auto mapped = file->MapShared(5);
  REQUIRE(mapped.ok());
  CHECK(std::string(mapped->data(), mapped->size()) == "hello");
  (*mapped)[0] = 'J';
  CHECK(Contents(fs, directory / "a") == "Jello world");
  CHECK(Write(file.get(), 1, "u").ok());
  CHECK((*mapped)[1] == 'u');
}

TEST_CASE("a mapping is refused beyond the end and a second time and for reading", "[io]") {
  TempDir directory;
  FileSystem* const fs = FileSystem::Posix();
  auto file = MakeFile(fs, directory / "a", "hello");
  CHECK(absl::IsFailedPrecondition(file->MapShared(6).status()));
  CHECK(absl::IsFailedPrecondition(file->MapShared(0).status()));
  CHECK(absl::IsFailedPrecondition(file->MapShared(-1).status()));
  REQUIRE(file->MapShared(5).ok());
  CHECK(absl::IsFailedPrecondition(file->MapShared(5).status()));
  auto readable = fs->OpenFile(directory / "a", Open::kReadOnly);
  REQUIRE(readable.ok());
  CHECK(absl::IsPermissionDenied((*readable)->MapShared(5).status()));
}

TEST_CASE("a forked child does not have the mapping", "[io]") {
  TempDir directory;
  auto file = MakeFile(FileSystem::Posix(), directory / "a", "hello");
  auto mapped = file->MapShared(5);
  REQUIRE(mapped.ok());
  const int answer = RunInChild([&] {
    int ends[2];
    if (pipe(ends) != 0) return 1;
    // A system call that reads unmapped memory fails instead of killing.
    return write(ends[1], mapped->data(), 1) == -1 && errno == EFAULT ? 0 : 2;
  });
  CHECK(answer == 0);
}

TEST_CASE("a signal does not interrupt a read or a write", "[io]") {
  TempDir directory;
  auto file = MakeFile(FileSystem::Posix(), directory / "a", "");
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = [](int) {};  // no SA_RESTART
  REQUIRE(sigaction(SIGALRM, &action, &before) == 0);
  const itimerval often = {{0, 200}, {0, 200}};
  const itimerval never = {};
  setitimer(ITIMER_REAL, &often, nullptr);
  const std::string bytes(4 << 20, 'x');
  bool ok = true;
  for (int i = 0; i < 5; ++i) {
    ok = ok && Write(file.get(), 0, bytes).ok() && file->SyncData().ok() &&
         Read(file.get(), 0, bytes.size()) == bytes && file->Allocate(0, 8 << 20).ok();
  }
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  CHECK(ok);
}

TEST_CASE("an error names the call and the path and the cause", "[io]") {
  TempDir directory;
  const auto status = FileSystem::Posix()->OpenFile(directory / "a", Open::kExisting).status();
  CHECK(status.ToString().find("open " + (directory / "a") + ": No such file") !=
        std::string::npos);
}

}  // namespace eventlog::test

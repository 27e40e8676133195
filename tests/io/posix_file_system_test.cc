// What only the operating system's files have. The common contract is in
// file_system_contract_test.cc. This file stands in for some functions of the C library, in the
// whole test program, to interrupt them and to cut them short.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

#include "eventlog/errors.h"
#include "io/file_io.h"
#include "support/child_process.h"
#include "support/temp_dir.h"

namespace {

std::atomic<int> interruptions{0};              // calls that are still to fail with EINTR
std::atomic<std::size_t> most_bytes{SIZE_MAX};  // that one call reads or writes
std::atomic<int> drops{0};                      // of all pages of a file

bool Interrupted() {
  if (interruptions == 0) return false;
  --interruptions;
  errno = EINTR;
  return true;
}

}  // namespace

extern "C" {

ssize_t pread(int fd, void* to, size_t size, off_t offset) {
  if (Interrupted()) return -1;
  return syscall(SYS_pread64, fd, to, std::min(size, most_bytes.load()), offset);
}

ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  if (Interrupted()) return -1;
  if (most_bytes == SIZE_MAX) return syscall(SYS_pwritev, fd, pieces, count, offset, 0);
  while (count > 1 && pieces->iov_len == 0) ++pieces, --count;
  return syscall(SYS_pwrite64, fd, pieces->iov_base, std::min(pieces->iov_len, most_bytes.load()),
                 offset);
}

int fdatasync(int fd) { return Interrupted() ? -1 : static_cast<int>(syscall(SYS_fdatasync, fd)); }

int fsync(int fd) { return Interrupted() ? -1 : static_cast<int>(syscall(SYS_fsync, fd)); }

int fallocate(int fd, int mode, off_t offset, off_t bytes) {
  return Interrupted() ? -1 : static_cast<int>(syscall(SYS_fallocate, fd, mode, offset, bytes));
}

int ftruncate(int fd, off_t bytes) noexcept {
  return Interrupted() ? -1 : static_cast<int>(syscall(SYS_ftruncate, fd, bytes));
}

int posix_fadvise(int fd, off_t offset, off_t bytes, int advice) noexcept {
  if (offset == 0 && bytes == 0 && advice == POSIX_FADV_DONTNEED) ++drops;
  return syscall(SYS_fadvise64, fd, offset, bytes, advice) == 0 ? 0 : errno;
}

}  // extern "C"

namespace eventlog::test {
namespace {

using Open = FileSystem::Open;

mode_t ModeOf(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

// In a forked child: no file may become larger. Whoever tries is killed by SIGXFSZ.
void LimitFileBytes(rlim_t bytes) {
  const rlimit limit = {bytes, RLIM_INFINITY};
  signal(SIGXFSZ, SIG_DFL);
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

TEST_CASE("a file that reaches its limit is a full disk and no signal", "[io]") {
  TempDir directory;
  const std::string path = directory / "a";
  const int answer = RunInChild([&] {
    auto file = MakeFile(FileSystem::Posix(), path, "");
    LimitFileBytes(10);
    const std::string_view pieces[] = {"12345", "6789012345"};
    if (ReasonOf(file->WriteAt(0, pieces)) != ErrorReason::kDiskFull) return 1;
    if (ReasonOf(file->Allocate(0, 11)) != ErrorReason::kDiskFull) return 2;
    if (ReasonOf(file->Truncate(11)) != ErrorReason::kDiskFull) return 3;
    if (!file->WriteAt(0, {"1234567890"}).ok()) return 4;
    LimitFileBytes(12);  // the present limit counts
    if (!file->WriteAt(10, {"12"}).ok()) return 5;
    return ReasonOf(file->WriteAt(12, {"3"})) == ErrorReason::kDiskFull ? 0 : 6;
  });
  CHECK(answer == 0);
  CHECK(Contents(FileSystem::Posix(), path) == "123456789012");
}

TEST_CASE("a file that is larger than the limit is opened and read and not written", "[io]") {
  TempDir directory;
  const std::string path = directory / "a";
  const int answer = RunInChild([&] {
    MakeFile(FileSystem::Posix(), path, "1234567890");
    LimitFileBytes(5);
    auto file = FileSystem::Posix()->OpenFile(path, Open::kExisting);
    if (!file.ok() || Read(file->get(), 0, 20) != "1234567890") return 1;
    if (ReasonOf((*file)->WriteAt(6, {"x"})) != ErrorReason::kDiskFull) return 2;
    if (!(*file)->WriteAt(0, {"x"}).ok()) return 3;
    return (*file)->Truncate(3).ok() ? 0 : 4;
  });
  CHECK(answer == 0);
  CHECK(Contents(FileSystem::Posix(), path) == "x23");
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

TEST_CASE("the kernel is asked to forget all pages of a file", "[io]") {
  TempDir directory;
  auto file = MakeFile(FileSystem::Posix(), directory / "a", "abc");
  REQUIRE(file != nullptr);
  drops = 0;
  CHECK(file->DropCache().ok());
  CHECK(drops == 1);
  CHECK(Read(file.get(), 0, 10) == "abc");
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

TEST_CASE("interrupted calls are made again and short ones gone on with", "[io]") {
  TempDir directory;
  const std::string texts[] = {"", "abcdefg", "", "hi", std::string(3000, 'x')};
  const std::vector<std::string_view> pieces(std::begin(texts), std::end(texts));
  const std::string all = texts[1] + texts[3] + texts[4];
  auto file = MakeFile(FileSystem::Posix(), directory / "a", "");
  REQUIRE(file != nullptr);
  most_bytes = 5;
  interruptions = 3;
  const absl::Status written = file->WriteAt(0, pieces);
  const int left_of_write = interruptions.exchange(3);
  const std::string read = Read(file.get(), 0, 5000);
  const int left_of_read = interruptions.exchange(3);
  most_bytes = SIZE_MAX;
  CHECK(written.ok());
  CHECK(left_of_write == 0);
  CHECK(read == all);
  CHECK(left_of_read == 0);
  CHECK(file->SyncData().ok());
  CHECK(interruptions.exchange(3) == 0);
  CHECK(FileSystem::Posix()->SyncDirectory(directory.path()).ok());
  CHECK(interruptions.exchange(3) == 0);
  CHECK(file->Allocate(0, 5000).ok());
  CHECK(interruptions.exchange(3) == 0);
  CHECK(file->Truncate(4000).ok());
  CHECK(interruptions.exchange(0) == 0);
  CHECK(file->Size().value() == 4000);
  CHECK(Contents(FileSystem::Posix(), directory / "a").substr(0, all.size()) == all);
}

TEST_CASE("a write that makes no progress is an error and no endless loop", "[io]") {
  TempDir directory;
  auto file = MakeFile(FileSystem::Posix(), directory / "a", "");
  REQUIRE(file != nullptr);
  most_bytes = 0;
  const absl::Status written = Write(file.get(), 0, "x");
  most_bytes = SIZE_MAX;
  CHECK(absl::IsInternal(written));
}

TEST_CASE("an error names the call and the path and the cause", "[io]") {
  TempDir directory;
  const auto status = FileSystem::Posix()->OpenFile(directory / "a", Open::kExisting).status();
  CHECK(status.ToString().find("open " + (directory / "a") + ": No such file") !=
        std::string::npos);
}

}  // namespace eventlog::test

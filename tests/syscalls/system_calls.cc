// Invariant: while nothing is counted a wrapped function is the function itself.
#include "syscalls/system_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdarg>

#include "base/assert.h"
#include "base/mutex.h"
#include "fmt/format.h"

namespace eventlog::test {
namespace {

constexpr std::array<std::string_view, 20> kCounted = {
    "open",      "openat",    "pread",   "pwrite",  "pwritev", "fdatasync", "fsync",
    "fallocate", "ftruncate", "fstat",   "fstatfs", "fcntl",   "faccessat", "posix_fadvise",
    "mkdir",     "opendir",   "readdir", "rename",  "link",    "remove"};

struct State {
  std::atomic<bool> counting{false};
  internal::Mutex mutex;
  std::vector<std::string_view> calls ABSL_GUARDED_BY(mutex);
  int64_t failing ABSL_GUARDED_BY(mutex) = 0;
  CallError error ABSL_GUARDED_BY(mutex) = CallError::kIoError;
  std::string failed_path ABSL_GUARDED_BY(mutex);
};
State state;

// What this call is to answer.
struct Answer {
  int error = 0;
  bool cut_short = false;
  bool late = false;
};

std::string PathOf(int fd) {
  char path[PATH_MAX];
  const ssize_t bytes = readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path, sizeof path);
  return bytes < 0 ? "" : std::string(path, static_cast<std::size_t>(bytes));
}

Answer Count(std::string_view function, int fd = -1) {
  if (!state.counting.load(std::memory_order_relaxed)) return {};
  internal::MutexLock lock(&state.mutex);
  state.calls.push_back(function);
  if (static_cast<int64_t>(state.calls.size()) != state.failing) return {};
  EVENTLOG_ASSERT(CanAnswer(function, state.error));
  state.failed_path = PathOf(fd);
  switch (state.error) {
    case CallError::kIoError:
      return {.error = EIO};
    case CallError::kNoSpace:
      return {.error = ENOSPC};
    case CallError::kTooManyFiles:
      return {.error = EMFILE};
    case CallError::kInterrupted:
      return {.error = EINTR};
    case CallError::kShort:
      return {.cut_short = true};
    case CallError::kLateSync:
      return {.late = true};
  }
  return {};
}

// The call, or -1 with errno.
template <typename Call>
auto Made(std::string_view function, Call call, int fd = -1) -> decltype(call()) {
  const Answer answer = Count(function, fd);
  if (answer.error == 0) {
    const auto result = call();
    if (!answer.late) return result;
    errno = EIO;
    return -1;
  }
  errno = answer.error;
  return -1;
}

std::size_t Half(std::size_t bytes) { return std::max<std::size_t>(bytes / 2, 1); }

}  // namespace

std::string_view NameOf(CallError error) {
  switch (error) {
    case CallError::kIoError:
      return "EIO";
    case CallError::kNoSpace:
      return "ENOSPC";
    case CallError::kTooManyFiles:
      return "EMFILE";
    case CallError::kInterrupted:
      return "EINTR";
    case CallError::kShort:
      return "a short count";
    case CallError::kLateSync:
      break;
  }
  return "EIO after the sync";
}

bool CanAnswer(std::string_view function, CallError error) {
  const auto is = [function](auto... names) { return ((function == names) || ...); };
  switch (error) {
    case CallError::kInterrupted:
      return is("open", "openat", "pread", "pwrite", "pwritev", "fdatasync", "fsync", "fallocate",
                "ftruncate");
    case CallError::kShort:
      return is("pread", "pwrite", "pwritev");
    case CallError::kLateSync:
      return is("fdatasync", "fsync");
    default:
      return true;
  }
}

absl::Span<const std::string_view> CountedFunctions() { return kCounted; }

void FailCall(int64_t number, CallError error) {
  internal::MutexLock lock(&state.mutex);
  state.calls.clear();
  state.failed_path.clear();
  state.failing = number;
  state.error = error;
  state.counting = true;
}

std::vector<std::string_view> StopFailing() {
  internal::MutexLock lock(&state.mutex);
  state.counting = false;
  return std::move(state.calls);
}

std::string FailedPath() {
  internal::MutexLock lock(&state.mutex);
  return state.failed_path;
}

}  // namespace eventlog::test

using eventlog::test::Count;
using eventlog::test::Half;
using eventlog::test::Made;

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
extern "C" {

int __real_open(const char* path, int flags, ...);
int __real_openat(int directory, const char* path, int flags, ...);
ssize_t __real_pread(int fd, void* to, size_t size, off_t offset);
ssize_t __real_pwrite(int fd, const void* from, size_t size, off_t offset);
ssize_t __real_pwritev(int fd, const iovec* pieces, int count, off_t offset);
int __real_fdatasync(int fd);
int __real_fsync(int fd);
int __real_fallocate(int fd, int mode, off_t offset, off_t bytes);
int __real_ftruncate(int fd, off_t bytes);
int __real_fstat(int fd, struct stat* status);
int __real_fstatfs(int fd, struct statfs* status);
int __real_fcntl(int fd, int command, ...);
int __real_faccessat(int directory, const char* path, int mode, int flags);
int __real_posix_fadvise(int fd, off_t offset, off_t bytes, int advice);
int __real_mkdir(const char* path, mode_t mode);
DIR* __real_opendir(const char* path);
dirent* __real_readdir(DIR* directory);
int __real_rename(const char* from, const char* to);
int __real_link(const char* from, const char* to);
int __real_remove(const char* path);

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = static_cast<mode_t>((flags & O_CREAT) != 0 ? va_arg(rest, int) : 0);
  va_end(rest);
  return Made("open", [&] { return __real_open(path, flags, mode); });
}

int __wrap_openat(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = static_cast<mode_t>((flags & O_CREAT) != 0 ? va_arg(rest, int) : 0);
  va_end(rest);
  return Made("openat", [&] { return __real_openat(directory, path, flags, mode); });
}

int __wrap_fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  return Made("fcntl", [&] { return __real_fcntl(fd, command, argument); });
}

ssize_t __wrap_pread(int fd, void* to, size_t size, off_t offset) {
  const auto answer = Count("pread");
  if (answer.cut_short) size = Half(size);
  if (answer.error == 0) return __real_pread(fd, to, size, offset);
  errno = answer.error;
  return -1;
}

ssize_t __wrap_pwrite(int fd, const void* from, size_t size, off_t offset) {
  const auto answer = Count("pwrite", fd);
  if (answer.cut_short) size = Half(size);
  if (answer.error == 0) return __real_pwrite(fd, from, size, offset);
  errno = answer.error;
  return -1;
}

ssize_t __wrap_pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  const auto answer = Count("pwritev", fd);
  if (answer.cut_short) return __real_pwrite(fd, pieces->iov_base, Half(pieces->iov_len), offset);
  if (answer.error == 0) return __real_pwritev(fd, pieces, count, offset);
  errno = answer.error;
  return -1;
}

int __wrap_fdatasync(int fd) {
  return Made(
      "fdatasync", [&] { return __real_fdatasync(fd); }, fd);
}
int __wrap_fsync(int fd) {
  return Made(
      "fsync", [&] { return __real_fsync(fd); }, fd);
}
int __wrap_fallocate(int fd, int mode, off_t offset, off_t bytes) {
  return Made("fallocate", [&] { return __real_fallocate(fd, mode, offset, bytes); });
}
int __wrap_ftruncate(int fd, off_t bytes) {
  return Made(
      "ftruncate", [&] { return __real_ftruncate(fd, bytes); }, fd);
}
int __wrap_fstat(int fd, struct stat* status) {
  return Made("fstat", [&] { return __real_fstat(fd, status); });
}
int __wrap_fstatfs(int fd, struct statfs* status) {
  return Made("fstatfs", [&] { return __real_fstatfs(fd, status); });
}
int __wrap_faccessat(int directory, const char* path, int mode, int flags) {
  return Made("faccessat", [&] { return __real_faccessat(directory, path, mode, flags); });
}
int __wrap_posix_fadvise(int fd, off_t offset, off_t bytes, int advice) {
  const auto answer = Count("posix_fadvise");
  return answer.error != 0 ? answer.error : __real_posix_fadvise(fd, offset, bytes, advice);
}
int __wrap_mkdir(const char* path, mode_t mode) {
  return Made("mkdir", [&] { return __real_mkdir(path, mode); });
}
DIR* __wrap_opendir(const char* path) {
  const auto answer = Count("opendir");
  if (answer.error == 0) return __real_opendir(path);
  errno = answer.error;
  return nullptr;
}
dirent* __wrap_readdir(DIR* directory) {
  const auto answer = Count("readdir");
  if (answer.error == 0) return __real_readdir(directory);
  errno = answer.error;
  return nullptr;
}
int __wrap_rename(const char* from, const char* to) {
  return Made("rename", [&] { return __real_rename(from, to); });
}
int __wrap_link(const char* from, const char* to) {
  return Made("link", [&] { return __real_link(from, to); });
}
int __wrap_remove(const char* path) {
  return Made("remove", [&] { return __real_remove(path); });
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)

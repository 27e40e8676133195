// A lock is two things: an entry in this process's registry, by the directory's device and inode,
// and an open-file-description lock on the file "lock" in it, against other processes. Invariants:
// - The file is never removed: who unlinks a lock file lets two openers lock two inodes.
// - A child of fork(2) holds nothing: a handler closes what it inherited (the parent's lock stays)
//   and empties its registry. No lock is taken or given up while a fork is under way.
// - The pid in the file is for people. It is written after the lock is taken, and read by those who
//   were refused.
#include "io/directory_lock.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/mutex.h"
#include "io/complete.h"
#include "io/file_size_limit.h"
#include "io/lock_handle.h"
#include "io/posix_path_error.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr char kLockFile[] = "lock";

class UniqueFd {
 public:
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() {
    if (fd_ >= 0) close(fd_);
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct flock WholeFile(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

class DirectoryLock;

// The locks of this process, in a list that needs no memory: the fork handler may not allocate.
struct Registry {
  Mutex mutex;
  DirectoryLock* first ABSL_GUARDED_BY(mutex) = nullptr;
};
Registry* TheRegistry();

class DirectoryLock final : public LockHandle {
 public:
  DirectoryLock(dev_t device, ino_t inode) : device_(device), inode_(inode) {}
  ~DirectoryLock() override;

  bool IsOf(dev_t device, ino_t inode) const { return device == device_ && inode == inode_; }

 private:
  friend void CloseInChild();
  friend absl::Status Register(DirectoryLock* lock, int directory_fd, const std::string& path);

  const dev_t device_;
  const ino_t inode_;
  const pid_t process_ = getpid();
  int fd_ = -1;  // all three under the registry's mutex; -1: not registered
  DirectoryLock* next_ = nullptr;
};

void LockRegistry() ABSL_NO_THREAD_SAFETY_ANALYSIS { TheRegistry()->mutex.Lock(); }
void UnlockRegistry() ABSL_NO_THREAD_SAFETY_ANALYSIS { TheRegistry()->mutex.Unlock(); }

void CloseInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Registry* registry = TheRegistry();
  for (DirectoryLock* lock = std::exchange(registry->first, nullptr); lock != nullptr;
       lock = std::exchange(lock->next_, nullptr)) {
    close(std::exchange(lock->fd_, -1));
  }
  registry->mutex.Unlock();
}

Registry* TheRegistry() {
  static Registry* const registry = [] {
    EVENTLOG_ASSERT(pthread_atfork(LockRegistry, UnlockRegistry, CloseInChild) == 0);
    return new Registry;
  }();
  return registry;
}

// The pid in the lock file, or what to say when there is none to be trusted.
std::string Holder(int lock_fd) {
  char buffer[21];
  const ssize_t got = Complete([&] { return pread(lock_fd, buffer, sizeof buffer, 0); });
  const std::string_view text(buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == text.npos || text[digits] != '\n') return "another process";
  return fmt::format("process {}", text.substr(0, digits));
}

// Not being able to (a full disk) is no reason to refuse: the lock is what counts.
void WriteHolder(int lock_fd) {
  const std::string text = fmt::format("{}\n", getpid());
  if (Complete([&] { return ftruncate(lock_fd, 0); }) != 0) return;
  if (FileSizeLimit() < static_cast<int64_t>(text.size())) return;
  static_cast<void>(Complete([&] { return pwrite(lock_fd, text.data(), text.size(), 0); }));
}

absl::Status Register(DirectoryLock* lock, int directory_fd, const std::string& path) {
  Registry* registry = TheRegistry();
  MutexLock guard(&registry->mutex);
  for (DirectoryLock* other = registry->first; other != nullptr; other = other->next_) {
    if (!other->IsOf(lock->device_, lock->inode_)) continue;
    return MakeError(ErrorReason::kLocked,
                     fmt::format("{} is open already, in this process (pid {})", path, getpid()));
  }
  UniqueFd fd(Complete([&] {
    return openat(directory_fd, kLockFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  }));
  if (fd.get() < 0) return PathError(errno, "open", path + "/" + kLockFile);
  struct flock whole = WholeFile(F_WRLCK);
  if (fcntl(fd.get(), F_OFD_SETLK, &whole) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return MakeError(ErrorReason::kLocked,
                       fmt::format("{} is held by {}", path, Holder(fd.get())));
    }
    if (errno != EINVAL && errno != ENOLCK && errno != ENOSYS && errno != EOPNOTSUPP) {
      return PathError(errno, "lock", path + "/" + kLockFile);
    }
    return MakeError(ErrorReason::kNotOnThisFileSystem,
                     fmt::format("{}: its file system does not lock files: {}", path,
                                 std::generic_category().message(errno)));
  }
  WriteHolder(fd.get());
  lock->fd_ = fd.release();
  lock->next_ = std::exchange(registry->first, lock);
  return absl::OkStatus();
}

DirectoryLock::~DirectoryLock() {
  Registry* registry = TheRegistry();
  MutexLock guard(&registry->mutex);
  if (fd_ < 0) return;
  for (DirectoryLock** link = &registry->first; *link != nullptr; link = &(*link)->next_) {
    if (*link != this) continue;
    *link = next_;
    break;
  }
  if (getpid() == process_) {
    // Explicitly: a child of a raw clone(2) may have the description open still. Such a child does
    // not come here, as it would unlock its parent's.
    struct flock whole = WholeFile(F_UNLCK);
    fcntl(fd_, F_OFD_SETLK, &whole);
  }
  close(fd_);
}

absl::Status CheckDirectory(int fd, const struct stat& status, const std::string& path) {
  struct statfs file_system;
  if (fstatfs(fd, &file_system) != 0) return PathError(errno, "statfs", path);
  const std::string_view network = NetworkFileSystemName(file_system.f_type);
  if (!network.empty()) {
    return MakeError(
        ErrorReason::kNotOnThisFileSystem,
        fmt::format("{} is on {}: a log needs a file system of this machine's own", path, network));
  }
  if ((status.st_mode & S_IWOTH) != 0) {
    return absl::PermissionDeniedError(fmt::format("{} is writable by everyone", path));
  }
  if (status.st_uid != geteuid()) {
    return absl::PermissionDeniedError(fmt::format(
        "{} belongs to user {}, not to this process's user {}", path, status.st_uid, geteuid()));
  }
  if (faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    return PathError(errno, "access", path);
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view NetworkFileSystemName(int64_t statfs_type) {
  switch (static_cast<uint32_t>(statfs_type)) {
    case 0x6969:
      return "NFS";
    case 0x517b:
    case 0xff534d42:
    case 0xfe534d42:
      return "SMB";
    case 0x01021997:
      return "9P";
    case 0x00c36400:
      return "CephFS";
    case 0x5346414f:
    case 0x6b414653:
      return "AFS";
    case 0x73757245:
      return "Coda";
    case 0x564c:
      return "NCP";
    case 0x0bd00bd0:
      return "Lustre";
    case 0x47504653:
      return "GPFS";
    case 0x19830326:
      return "BeeGFS";
    default:
      return {};
  }
}

absl::StatusOr<std::unique_ptr<File>> LockPosixDirectory(const std::string& path) {
  const UniqueFd directory(
      Complete([&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (directory.get() < 0) return PathError(errno, "open", path);
  struct stat status;
  if (fstat(directory.get(), &status) != 0) return PathError(errno, "stat", path);
  EVENTLOG_RETURN_IF_ERROR(CheckDirectory(directory.get(), status, path));
  auto lock = std::make_unique<DirectoryLock>(status.st_dev, status.st_ino);
  EVENTLOG_RETURN_IF_ERROR(Register(lock.get(), directory.get(), path));
  return lock;
}

absl::StatusOr<std::optional<std::string>> FindPosixLockHolder(const std::string& path) {
  const UniqueFd directory(
      Complete([&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (directory.get() < 0) return PathError(errno, "open", path);
  const UniqueFd file(Complete(
      [&] { return openat(directory.get(), kLockFile, O_RDONLY | O_CLOEXEC | O_NOFOLLOW); }));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return PathError(errno, "open", path + "/" + kLockFile);
  }
  struct flock whole = WholeFile(F_WRLCK);
  if (fcntl(file.get(), F_OFD_GETLK, &whole) != 0) {
    return PathError(errno, "fcntl", path + "/" + kLockFile);
  }
  if (whole.l_type == F_UNLCK) return std::optional<std::string>();
  return std::optional<std::string>(Holder(file.get()));
}

}  // namespace eventlog::inline v1::internal

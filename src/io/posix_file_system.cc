// FileSystem::Posix(). Invariants: what the kernel interrupts or does by halves is gone on with
// here, so a call either did it all or failed; and no call raises a signal.
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "eventlog/file_system.h"
#include "io/complete.h"
#include "io/directory_lock.h"
#include "io/file_size_limit.h"
#include "io/posix_path_error.h"
#include "io/zeros.h"

namespace eventlog::inline v1 {
namespace internal {
namespace {

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path, bool writable)
      : fd_(fd), path_(std::move(path)), writable_(writable) {}
  ~PosixFile() override {
    if (!mapping_.empty()) munmap(mapping_.data(), mapping_.size());
    close(fd_);
  }

  absl::StatusOr<std::size_t> ReadAt(int64_t offset, absl::Span<char> to) override {
    std::size_t done = 0;
    while (done < to.size()) {
      const ssize_t got = Complete([&] {
        return pread(fd_, to.data() + done, to.size() - done, offset + static_cast<int64_t>(done));
      });
      if (got < 0) return Error("read");
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  absl::Status WriteAt(int64_t offset, absl::Span<const std::string_view> pieces) override {
    EVENTLOG_RETURN_IF_ERROR(CheckWritable());
    int64_t end = offset;
    for (const std::string_view piece : pieces) end = EndOf(end, std::ssize(piece));
    if (end > size_limit_.load(std::memory_order_relaxed)) {
      EVENTLOG_RETURN_IF_ERROR(CheckSize("write", end));
    }
    for (std::size_t skip = 0;;) {  // bytes of the first piece that are written already
      while (!pieces.empty() && skip >= pieces.front().size()) {
        skip -= pieces.front().size();
        pieces.remove_prefix(1);
      }
      if (pieces.empty()) return absl::OkStatus();
      std::array<iovec, 64> vectors;
      const std::size_t count = std::min(pieces.size(), vectors.size());
      for (std::size_t i = 0; i < count; ++i) {
        const std::string_view piece = pieces[i].substr(i == 0 ? skip : 0);
        vectors[i] = {const_cast<char*>(piece.data()), piece.size()};
      }
      const ssize_t got =
          Complete([&] { return pwritev(fd_, vectors.data(), static_cast<int>(count), offset); });
      if (got < 0) return Error("write");
      if (got == 0) return ErrnoError(EIO, "write", path_);  // no progress, no reason: not for ever
      offset += got;
      skip += static_cast<std::size_t>(got);
    }
  }

  absl::Status Allocate(int64_t offset, int64_t bytes) override {
    EVENTLOG_RETURN_IF_ERROR(CheckWritable());
    if (bytes == 0) return absl::OkStatus();
    EVENTLOG_RETURN_IF_ERROR(CheckSize("allocate", EndOf(offset, bytes)));
    if (Complete([&] { return fallocate(fd_, 0, offset, bytes); }) == 0) return absl::OkStatus();
    if (errno != EOPNOTSUPP) return Error("allocate");
    // It cannot reserve. What the file has already is left as it is.
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t file_bytes, Size());
    return WriteZeros(this, std::max(offset, file_bytes), offset + bytes);
  }

  absl::Status Truncate(int64_t bytes) override {
    EVENTLOG_RETURN_IF_ERROR(CheckWritable());
    EVENTLOG_RETURN_IF_ERROR(CheckSize("truncate", bytes));
    return Complete([&] { return ftruncate(fd_, bytes); }) == 0 ? absl::OkStatus()
                                                                : Error("truncate");
  }

  absl::Status SyncData() override {
    return Complete([&] { return fdatasync(fd_); }) == 0 ? absl::OkStatus() : Error("sync");
  }

  absl::StatusOr<int64_t> Size() override {
    struct stat status;
    if (fstat(fd_, &status) != 0) return Error("stat");
    return status.st_size;
  }

  absl::Status DropCache() override {
    const int error = posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED);
    return error == 0 ? absl::OkStatus() : ErrnoError(error, "advise", path_);
  }

  absl::StatusOr<absl::Span<char>> MapShared(int64_t bytes) override {
    EVENTLOG_RETURN_IF_ERROR(CheckWritable());
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t file_bytes, Size());
    // A store beyond the end would be a SIGBUS.
    if (!mapping_.empty() || bytes <= 0 || bytes > file_bytes) {
      return absl::FailedPreconditionError(
          fmt::format("{}: mapped already, or shorter than {} bytes", path_, bytes));
    }
    EVENTLOG_RETURN_IF_ERROR(CheckKeepsMappings());
    const auto size = static_cast<std::size_t>(bytes);
    void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (at == MAP_FAILED) {
      if (errno != ENODEV) return Error("map");
      return absl::UnimplementedError(fmt::format("{}: its file system does not map", path_));
    }
    mapping_ = absl::MakeSpan(static_cast<char*>(at), size);
    if (madvise(at, size, MADV_DONTFORK) != 0) return Error("map");
    return mapping_;
  }

 private:
  absl::Status Error(std::string_view call) const { return PathError(errno, call, path_); }
  absl::Status CheckWritable() const {
    if (writable_) return absl::OkStatus();
    return absl::PermissionDeniedError(fmt::format("{}: opened for reading", path_));
  }
  // Whether what is stored in a mapping never needs new space: elsewhere, where files are copied on
  // write, a full disk would be a SIGBUS.
  absl::Status CheckKeepsMappings() const {
    struct statfs system;
    if (fstatfs(fd_, &system) != 0) return Error("statfs");
    for (const auto magic :
         {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC}) {
      if (system.f_type == magic) return absl::OkStatus();
    }
    return absl::UnimplementedError(
        fmt::format("{}: not on ext4, XFS or tmpfs, but on a file system of type {:#x}", path_,
                    static_cast<unsigned long>(system.f_type)));
  }
  // Where no file ends the largest offset, which is refused in its turn.
  static int64_t EndOf(int64_t offset, int64_t bytes) {
    int64_t end = 0;
    return __builtin_add_overflow(offset, bytes, &end) ? INT64_MAX : end;
  }
  // Whether the file may reach so far. Writes ask only beyond what they were allowed before.
  absl::Status CheckSize(std::string_view call, int64_t bytes) {
    const int64_t limit = FileSizeLimit();
    size_limit_.store(limit, std::memory_order_relaxed);
    return bytes <= limit ? absl::OkStatus() : ErrnoError(EFBIG, call, path_);
  }

  const int fd_;
  const std::string path_;
  const bool writable_;
  std::atomic<int64_t> size_limit_{0};  // as last asked for
  absl::Span<char> mapping_;
};

class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> OpenFile(const std::string& path, Open how) override {
    // O_NONBLOCK is for what turns out to be a pipe; it means nothing to a regular file.
    int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    flags |= how == Open::kReadOnly ? O_RDONLY : O_RDWR;
    if (how == Open::kCreateNew) flags |= O_CREAT | O_EXCL;
    const int fd = Complete([&] { return open(path.c_str(), flags, 0600); });
    if (fd < 0) return PathError(errno, "open", path);
    auto file = std::make_unique<PosixFile>(fd, path, how != Open::kReadOnly);
    if (how == Open::kCreateNew) return file;
    struct stat status;
    if (fstat(fd, &status) != 0) return PathError(errno, "stat", path);
    if (!S_ISREG(status.st_mode)) {
      return absl::FailedPreconditionError(fmt::format("{} is not a regular file", path));
    }
    return file;
  }

  absl::Status CreateDirectory(const std::string& path) override {
    return mkdir(path.c_str(), 0700) == 0 ? absl::OkStatus() : PathError(errno, "mkdir", path);
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
    if (stream == nullptr) return PathError(errno, "list", directory);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return PathError(errno, "list", directory);
    return names;
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    return rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus()
                                                 : PathError(errno, "rename", from + " to " + to);
  }

  absl::Status Link(const std::string& from, const std::string& to) override {
    return link(from.c_str(), to.c_str()) == 0 ? absl::OkStatus()
                                               : PathError(errno, "link", from + " to " + to);
  }

  absl::Status Remove(const std::string& path) override {
    return remove(path.c_str()) == 0 ? absl::OkStatus() : PathError(errno, "remove", path);
  }

  absl::Status SyncDirectory(const std::string& path) override {
    const int fd = Complete([&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (fd < 0) return PathError(errno, "open", path);
    const int result = Complete([&] { return fsync(fd); });
    const absl::Status status =
        result == 0 ? absl::OkStatus() : PathError(errno, "sync directory", path);
    close(fd);
    return status;
  }

  absl::StatusOr<std::unique_ptr<File>> LockDirectory(const std::string& path) override {
    return LockPosixDirectory(path);
  }
};

}  // namespace
}  // namespace internal

FileSystem* FileSystem::Posix() {
  static FileSystem* const file_system = new internal::PosixFileSystem;
  return file_system;
}

}  // namespace eventlog::inline v1

#include "io/durable_file.h"

#include <utility>

#include "absl/types/span.h"
#include "base/error.h"
#include "fmt/format.h"

namespace eventlog::inline v1::internal {
namespace {

absl::Status WriteNewFile(FileSystem* file_system, const std::string& path,
                          std::string_view bytes) {
  EVENTLOG_ASSIGN_OR_RETURN(auto file, file_system->OpenFile(path, FileSystem::Open::kCreateNew));
  EVENTLOG_RETURN_IF_ERROR(file->WriteAt(0, absl::MakeConstSpan(&bytes, 1)));
  return file->SyncData();
}

// Makes what was renamed to `path` durable. Until then nobody knows which file the device has: that
// is no full disk, of which a caller takes it that nothing has changed.
absl::Status SyncName(FileSystem* file_system, const std::string& path) {
  const absl::Status synced = file_system->SyncDirectory(ParentDirectory(path));
  return IsDiskFull(synced) ? absl::InternalError(synced.message()) : synced;
}

std::string SparePath(const std::string& path) { return path + ".tmp"; }
std::string ReplacedPath(const std::string& path) { return path + ".old.tmp"; }

}  // namespace

absl::Status ReplaceFile(FileSystem* file_system, const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  EVENTLOG_RETURN_IF_ERROR(RemoveIfExists(file_system, temporary));  // a killed process left it
  absl::Status status = WriteNewFile(file_system, temporary, bytes);
  if (status.ok()) status = file_system->Rename(temporary, path);
  if (!status.ok()) {
    // What failed matters, not whether its litter could be removed as well.
    static_cast<void>(file_system->Remove(temporary));
    return status;
  }
  return SyncName(file_system, path);
}

ReplacedFile::ReplacedFile(FileSystem* file_system, std::string path)
    : file_system_(file_system),
      path_(std::move(path)),
      spare_(SparePath(path_)),
      replaced_(ReplacedPath(path_)) {}

absl::Status ReplacedFile::Replace(std::string_view bytes) {
  EVENTLOG_RETURN_IF_ERROR(WriteSpare(bytes));
  const bool linked = file_system_->Link(path_, replaced_).ok();
  has_spare_ = false;
  EVENTLOG_RETURN_IF_ERROR(DurableRename(file_system_, spare_, path_));
  KeepSpare(linked, static_cast<int64_t>(bytes.size()));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<File>> ReplacedFile::OpenSpare() {
  if (has_spare_) {
    auto file = file_system_->OpenFile(spare_, FileSystem::Open::kExisting);
    if (!absl::IsNotFound(file.status())) return file;
  }
  EVENTLOG_RETURN_IF_ERROR(RemoveSpares(file_system_, path_));
  auto file = file_system_->OpenFile(spare_, FileSystem::Open::kCreateNew);
  has_spare_ = file.ok();
  return file;
}

absl::Status ReplacedFile::WriteSpare(std::string_view bytes) {
  EVENTLOG_ASSIGN_OR_RETURN(auto file, OpenSpare());
  absl::Status written = file->WriteAt(0, absl::MakeConstSpan(&bytes, 1));
  if (IsDiskFull(written)) return written;
  if (written.ok()) written = file->Truncate(static_cast<int64_t>(bytes.size()));
  if (written.ok()) written = file->SyncData();
  has_spare_ = written.ok();  // nothing is known of a file whose sync failed
  return written;
}

// The replaced file: on the device, too, it has no name any more under which it would be read.
// Where a file has one name only, and the first time, a new one, if there is space.
void ReplacedFile::KeepSpare(bool linked, int64_t bytes) {
  has_spare_ = linked && file_system_->Rename(replaced_, spare_).ok();
  const auto file = OpenSpare();
  if (file.ok()) static_cast<void>((*file)->Allocate(0, bytes));
}

absl::Status RemoveSpares(FileSystem* file_system, const std::string& path) {
  EVENTLOG_RETURN_IF_ERROR(RemoveIfExists(file_system, SparePath(path)));
  return RemoveIfExists(file_system, ReplacedPath(path));
}

absl::Status DurableRename(FileSystem* file_system, const std::string& from,
                           const std::string& to) {
  EVENTLOG_RETURN_IF_ERROR(file_system->Rename(from, to));
  return SyncName(file_system, to);
}

absl::StatusOr<std::string> ReadWholeFile(FileSystem* file_system, const std::string& path,
                                          int64_t max_bytes) {
  EVENTLOG_ASSIGN_OR_RETURN(auto file, file_system->OpenFile(path, FileSystem::Open::kReadOnly));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t file_bytes, file->Size());
  if (file_bytes > max_bytes) {
    return MakeError(
        ErrorReason::kCorruptData,
        fmt::format("{} has {} bytes, more than the {} it can have", path, file_bytes, max_bytes));
  }
  std::string bytes(static_cast<std::size_t>(file_bytes), '\0');
  EVENTLOG_ASSIGN_OR_RETURN(const std::size_t got,
                            file->ReadAt(0, absl::MakeSpan(bytes.data(), bytes.size())));
  bytes.resize(got);
  return bytes;
}

absl::Status CreateDirectories(FileSystem* file_system, const std::string& path) {
  const std::string parent = ParentDirectory(path);
  absl::Status status = file_system->CreateDirectory(path);
  if (absl::IsNotFound(status) && parent != path) {
    EVENTLOG_RETURN_IF_ERROR(CreateDirectories(file_system, parent));
    status = file_system->CreateDirectory(path);
  }
  if (absl::IsAlreadyExists(status)) {
    // Whoever made it may have been killed before this sync. Where the parent is not ours to open,
    // it is not ours to have made anything in.
    status = file_system->SyncDirectory(parent);
    return absl::IsPermissionDenied(status) ? absl::OkStatus() : status;
  }
  EVENTLOG_RETURN_IF_ERROR(status);
  return file_system->SyncDirectory(parent);
}

absl::Status RemoveIfExists(FileSystem* file_system, const std::string& path) {
  absl::Status status = file_system->Remove(path);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

std::string ParentDirectory(const std::string& path) {
  const std::size_t last = path.find_last_not_of('/');
  if (last == std::string::npos) return path.empty() ? "." : "/";
  const std::size_t slash = path.find_last_of('/', last);
  if (slash == std::string::npos) return ".";
  const std::size_t end = path.find_last_not_of('/', slash);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

}  // namespace eventlog::inline v1::internal

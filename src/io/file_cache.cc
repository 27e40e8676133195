#include "io/file_cache.h"

#include <utility>

#include "eventlog/status_macros.h"

namespace eventlog::inline v1::internal {

FileCache::FileCache(FileSystem* file_system, std::size_t max_open_files,
                     std::size_t max_dirty_files)
    : file_system_(file_system),
      max_open_files_(max_open_files),
      max_dirty_files_(max_dirty_files) {}

absl::StatusOr<std::shared_ptr<File>> FileCache::Open(const std::string& path) {
  MutexLock lock(&mutex_);
  if (auto file = Find(path)) return file;
  MakeRoom();
  if (auto file = Find(path)) return file;  // another thread's, while the mutex was free
  return OpenNew(path, FileSystem::Open::kExisting);
}

absl::StatusOr<std::shared_ptr<File>> FileCache::Create(const std::string& path) {
  MutexLock lock(&mutex_);
  MakeRoom();
  return OpenNew(path, FileSystem::Open::kCreateNew);
}

absl::StatusOr<std::shared_ptr<File>> FileCache::OpenNew(const std::string& path,
                                                         FileSystem::Open how) {
  for (;;) {
    auto opened = file_system_->OpenFile(path, how);
    if (absl::IsResourceExhausted(opened.status()) && recent_.size() > max_open_files_ &&
        CloseVictim()) {
      continue;
    }
    EVENTLOG_RETURN_IF_ERROR(opened);
    if (how == FileSystem::Open::kExisting) {
      if (auto file = Find(path)) return file;  // another thread's, while the mutex was free
    }
    std::shared_ptr<File> file = *std::move(opened);
    Insert(path, file);
    return file;
  }
}

void FileCache::MarkDirty(const std::string& path) {
  MutexLock lock(&mutex_);
  entries_[path].dirty = true;
}

absl::Status FileCache::Sync(const std::string& path) {
  MutexLock lock(&mutex_);
  return SyncEntry(path);
}

bool FileCache::IsDirty(const std::string& path) const {
  MutexLock lock(&mutex_);
  const auto found = entries_.find(path);
  if (found == entries_.end()) return false;
  const Entry& entry = found->second;
  return entry.dirty || entry.syncing || !entry.failure.ok();
}

void FileCache::Forget(const std::string& path) {
  MutexLock lock(&mutex_);
  const auto found = entries_.find(path);
  if (found == entries_.end()) return;
  if (found->second.file != nullptr) recent_.erase(found->second.used);
  entries_.erase(found);
  sync_ended_.NotifyAll();
}

void FileCache::ForgetAll() {
  MutexLock lock(&mutex_);
  entries_.clear();
  recent_.clear();
  sync_ended_.NotifyAll();
}

std::size_t FileCache::open_files() const {
  MutexLock lock(&mutex_);
  return recent_.size();
}

std::shared_ptr<File> FileCache::Find(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end() || found->second.file == nullptr) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second.used);
  return found->second.file;
}

void FileCache::Insert(const std::string& path, std::shared_ptr<File> file) {
  Entry& entry = entries_[path];
  if (entry.file != nullptr) recent_.erase(entry.used);  // Create after a removal behind our back
  entry.file = std::move(file);
  entry.used = recent_.insert(recent_.begin(), path);
}

void FileCache::MakeRoom() {
  while (recent_.size() >= max_open_files_) {
    const std::string* victim = Victim();
    if (victim == nullptr) break;
    if (!IsClean(entries_.at(*victim)) && recent_.size() < max_dirty_files_) break;
    if (!CloseVictim()) break;
  }
}

bool FileCache::CloseVictim() {
  const std::string* victim = Victim();
  if (victim == nullptr) return false;
  const std::string path = *victim;
  static_cast<void>(SyncEntry(path));  // a failure is for whoever syncs that file
  CloseUnlessUsed(path);
  return true;
}

const std::string* FileCache::Victim() const {
  const std::string* dirty = nullptr;
  for (auto path = recent_.rbegin(); path != recent_.rend(); ++path) {
    const Entry& entry = entries_.at(*path);
    if (entry.file.use_count() > 1) continue;
    if (IsClean(entry)) return &*path;
    if (dirty == nullptr) dirty = &*path;
  }
  return dirty;
}

absl::Status FileCache::SyncEntry(const std::string& path) {
  auto found = entries_.find(path);
  while (found != entries_.end() && found->second.syncing) {
    sync_ended_.Wait(&mutex_);
    found = entries_.find(path);
  }
  if (found == entries_.end()) return absl::OkStatus();
  if (!found->second.failure.ok() || !found->second.dirty) return found->second.failure;
  if (found->second.file == nullptr) {  // marked by one who holds a file that was forgotten here
    EVENTLOG_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                              file_system_->OpenFile(path, FileSystem::Open::kExisting));
    Insert(path, std::move(file));
  }
  Entry& entry = found->second;
  entry.dirty = entry.file.use_count() > 1;  // a holder's write may come after this sync
  entry.syncing = true;
  const std::shared_ptr<File> file = entry.file;
  mutex_.Unlock();
  absl::Status status = file->SyncData();
  mutex_.Lock();
  found = entries_.find(path);
  if (found != entries_.end() && found->second.file == file) {
    found->second.syncing = false;
    found->second.failure = status;
    sync_ended_.NotifyAll();
  }
  return status;
}

void FileCache::CloseUnlessUsed(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end() || found->second.file == nullptr) return;
  Entry& entry = found->second;
  if (entry.file.use_count() > 1 || (entry.dirty && entry.failure.ok())) return;
  recent_.erase(entry.used);
  entry.file = nullptr;
  if (entry.failure.ok()) entries_.erase(found);
}

}  // namespace eventlog::inline v1::internal

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
    if (absl::IsResourceExhausted(opened.status()) && open_count() > max_open_files_ &&
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
  Named& named = *entries_.try_emplace(path).first;
  if (std::exchange(named.second.dirty, true)) return;
  if (named.second.file != nullptr) Use(&named);
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
  Leave(&found->second);
  entries_.erase(found);
  sync_ended_.NotifyAll();
}

void FileCache::ForgetAll() {
  MutexLock lock(&mutex_);
  entries_.clear();
  clean_.clear();
  dirty_.clear();
  sync_ended_.NotifyAll();
}

std::size_t FileCache::open_files() const {
  MutexLock lock(&mutex_);
  return open_count();
}

std::shared_ptr<File> FileCache::Find(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end() || found->second.file == nullptr) return nullptr;
  Use(&*found);
  return found->second.file;
}

void FileCache::Use(Named* named) {
  Entry& entry = named->second;
  Recent* const belongs = IsClean(entry) ? &clean_ : &dirty_;
  if (entry.recent == nullptr) {
    entry.used = belongs->insert(belongs->begin(), named);
  } else {
    belongs->splice(belongs->begin(), *entry.recent, entry.used);
  }
  entry.recent = belongs;
}

void FileCache::Leave(Entry* entry) {
  if (entry->recent != nullptr) entry->recent->erase(entry->used);
  entry->recent = nullptr;
}

void FileCache::Insert(const std::string& path, std::shared_ptr<File> file) {
  Named& named = *entries_.try_emplace(path).first;
  named.second.file = std::move(file);  // another one's after a removal behind our back
  Use(&named);
}

void FileCache::MakeRoom() {
  while (open_count() >= max_open_files_) {
    const Named* const victim = Victim();
    if (victim == nullptr) break;
    if (!IsClean(victim->second) && open_count() < max_dirty_files_) break;
    if (!CloseVictim()) break;
  }
}

bool FileCache::CloseVictim() {
  const Named* const victim = Victim();
  if (victim == nullptr) return false;
  const std::string path = victim->first;
  static_cast<void>(SyncEntry(path));  // a failure is for whoever syncs that file
  CloseUnlessUsed(path);
  return true;
}

const FileCache::Named* FileCache::Victim() const {
  for (const Recent* recent : {&clean_, &dirty_}) {
    for (auto named = recent->rbegin(); named != recent->rend(); ++named) {
      if ((*named)->second.file.use_count() == 1) return *named;
    }
  }
  return nullptr;
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
    Use(&*found);
    sync_ended_.NotifyAll();
  }
  return status;
}

void FileCache::CloseUnlessUsed(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end() || found->second.file == nullptr) return;
  Entry& entry = found->second;
  if (entry.file.use_count() > 1 || (entry.dirty && entry.failure.ok())) return;
  Leave(&entry);
  entry.file = nullptr;
  if (entry.failure.ok()) entries_.erase(found);
}

}  // namespace eventlog::inline v1::internal

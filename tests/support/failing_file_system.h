// A file system that fails when a test says so, over one that works.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "eventlog/file_system.h"
#include "eventlog/status_macros.h"

namespace eventlog::test {

// Forwards every call to `inner`, its Files' calls included, after it has counted it and asked the
// hook. Calls go by their method's name: "OpenFile", "WriteAt", "SyncData". The path is the one
// that the File was opened with, or the call's first. Thread-safe; Files may outlive the wrapper.
class FailingFileSystem final : public FileSystem {
 public:
  // An error is answered instead of the call. Runs without a lock, on the caller's thread.
  using Hook = std::function<absl::Status(std::string_view call, const std::string& path)>;

  explicit FailingFileSystem(FileSystem* inner)
      : inner_(inner), control_(std::make_shared<Control>()) {}

  // Replaces the hook; nullptr lets everything pass.
  void SetHook(Hook hook) {
    internal::MutexLock lock(&control_->mutex);
    control_->hook = std::move(hook);
  }

  // How often `call` was made since the start or the last ResetCounts, those that failed included.
  int Count(std::string_view call) const {
    internal::MutexLock lock(&control_->mutex);
    const auto found = control_->counts.find(call);
    return found == control_->counts.end() ? 0 : found->second;
  }
  void ResetCounts() {
    internal::MutexLock lock(&control_->mutex);
    control_->counts.clear();
  }

  absl::StatusOr<std::unique_ptr<File>> OpenFile(const std::string& path, Open how) override {
    EVENTLOG_RETURN_IF_ERROR(control_->Before("OpenFile", path));
    EVENTLOG_ASSIGN_OR_RETURN(auto file, inner_->OpenFile(path, how));
    return std::make_unique<FailingFile>(std::move(file), control_, path);
  }
  absl::Status CreateDirectory(const std::string& path) override {
    EVENTLOG_RETURN_IF_ERROR(control_->Before("CreateDirectory", path));
    return inner_->CreateDirectory(path);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    EVENTLOG_RETURN_IF_ERROR(control_->Before("List", directory));
    return inner_->List(directory);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    EVENTLOG_RETURN_IF_ERROR(control_->Before("Rename", from));
    return inner_->Rename(from, to);
  }
  absl::Status Link(const std::string& from, const std::string& to) override {
    EVENTLOG_RETURN_IF_ERROR(control_->Before("Link", from));
    return inner_->Link(from, to);
  }
  absl::Status Remove(const std::string& path) override {
    EVENTLOG_RETURN_IF_ERROR(control_->Before("Remove", path));
    return inner_->Remove(path);
  }
  absl::Status SyncDirectory(const std::string& path) override {
    EVENTLOG_RETURN_IF_ERROR(control_->Before("SyncDirectory", path));
    return inner_->SyncDirectory(path);
  }
  absl::StatusOr<std::unique_ptr<File>> LockDirectory(const std::string& path) override {
    EVENTLOG_RETURN_IF_ERROR(control_->Before("LockDirectory", path));
    return inner_->LockDirectory(path);
  }

 private:
  struct Control {
    absl::Status Before(std::string_view call, const std::string& path) {
      Hook copy;
      {
        internal::MutexLock lock(&mutex);
        ++counts[std::string(call)];
        copy = hook;
      }
      return copy ? copy(call, path) : absl::OkStatus();
    }

    internal::Mutex mutex;
    Hook hook ABSL_GUARDED_BY(mutex);
    std::map<std::string, int, std::less<>> counts ABSL_GUARDED_BY(mutex);
  };

  class FailingFile final : public File {
   public:
    FailingFile(std::unique_ptr<File> inner, std::shared_ptr<Control> control, std::string path)
        : inner_(std::move(inner)), control_(std::move(control)), path_(std::move(path)) {}

    absl::StatusOr<std::size_t> ReadAt(int64_t offset, absl::Span<char> to) override {
      EVENTLOG_RETURN_IF_ERROR(control_->Before("ReadAt", path_));
      return inner_->ReadAt(offset, to);
    }
    absl::Status WriteAt(int64_t offset, absl::Span<const std::string_view> pieces) override {
      EVENTLOG_RETURN_IF_ERROR(control_->Before("WriteAt", path_));
      return inner_->WriteAt(offset, pieces);
    }
    absl::Status Allocate(int64_t offset, int64_t bytes) override {
      EVENTLOG_RETURN_IF_ERROR(control_->Before("Allocate", path_));
      return inner_->Allocate(offset, bytes);
    }
    absl::Status Truncate(int64_t bytes) override {
      EVENTLOG_RETURN_IF_ERROR(control_->Before("Truncate", path_));
      return inner_->Truncate(bytes);
    }
    absl::Status SyncData() override {
      EVENTLOG_RETURN_IF_ERROR(control_->Before("SyncData", path_));
      return inner_->SyncData();
    }
    absl::StatusOr<int64_t> Size() override {
      EVENTLOG_RETURN_IF_ERROR(control_->Before("Size", path_));
      return inner_->Size();
    }
    absl::Status DropCache() override {
      EVENTLOG_RETURN_IF_ERROR(control_->Before("DropCache", path_));
      return inner_->DropCache();
    }
    absl::StatusOr<absl::Span<char>> MapShared(int64_t bytes) override {
      EVENTLOG_RETURN_IF_ERROR(control_->Before("MapShared", path_));
      return inner_->MapShared(bytes);
    }

   private:
    const std::unique_ptr<File> inner_;
    const std::shared_ptr<Control> control_;
    const std::string path_;
  };

  FileSystem* const inner_;
  const std::shared_ptr<Control> control_;
};

}  // namespace eventlog::test

// A file system that says it did what it did not: the disk that a campaign has to find out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/file_system.h"

namespace eventlog::test {

// Hands every call on to another file system, but for syncs and writes that are to be forgotten.
class ForgetfulFiles final : public FileSystem {
 public:
  // Whether "SyncData", "SyncDirectory" or "WriteAt" of that path is to be left out. Asked by the
  // threads that call.
  using Forgets = std::function<bool(std::string_view call, const std::string& path)>;

  ForgetfulFiles(FileSystem* inner, Forgets forgets)
      : inner_(inner), forgets_(std::move(forgets)) {}

  absl::StatusOr<std::unique_ptr<File>> OpenFile(const std::string& path, Open how) override;
  absl::Status CreateDirectory(const std::string& path) override {
    return inner_->CreateDirectory(path);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    return inner_->List(directory);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return inner_->Rename(from, to);
  }
  absl::Status Link(const std::string& from, const std::string& to) override {
    return inner_->Link(from, to);
  }
  absl::Status Remove(const std::string& path) override { return inner_->Remove(path); }
  absl::Status SyncDirectory(const std::string& path) override {
    return forgets_("SyncDirectory", path) ? absl::OkStatus() : inner_->SyncDirectory(path);
  }
  absl::StatusOr<std::unique_ptr<File>> LockDirectory(const std::string& path) override {
    return inner_->LockDirectory(path);
  }

 private:
  class ForgetfulFile;

  FileSystem* const inner_;
  const Forgets forgets_;
};

}  // namespace eventlog::test

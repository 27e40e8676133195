#include "lab/forgetful_files.h"

#include <utility>

#include "eventlog/status_macros.h"

namespace eventlog::test {

class ForgetfulFiles::ForgetfulFile final : public File {
 public:
  ForgetfulFile(std::unique_ptr<File> inner, const ForgetfulFiles* files, std::string path)
      : inner_(std::move(inner)), files_(files), path_(std::move(path)) {}

  absl::StatusOr<std::size_t> ReadAt(int64_t offset, absl::Span<char> to) override {
    return inner_->ReadAt(offset, to);
  }
  absl::Status WriteAt(int64_t offset, absl::Span<const std::string_view> pieces) override {
    if (files_->forgets_("WriteAt", path_)) return absl::OkStatus();
    return inner_->WriteAt(offset, pieces);
  }
  absl::Status Allocate(int64_t offset, int64_t bytes) override {
    return inner_->Allocate(offset, bytes);
  }
  absl::Status Truncate(int64_t bytes) override { return inner_->Truncate(bytes); }
  absl::Status SyncData() override {
    return files_->forgets_("SyncData", path_) ? absl::OkStatus() : inner_->SyncData();
  }
  absl::StatusOr<int64_t> Size() override { return inner_->Size(); }
  absl::Status DropCache() override { return inner_->DropCache(); }
  absl::StatusOr<absl::Span<char>> MapShared(int64_t bytes) override {
    return inner_->MapShared(bytes);
  }

 private:
  const std::unique_ptr<File> inner_;
  const ForgetfulFiles* const files_;
  const std::string path_;
};

absl::StatusOr<std::unique_ptr<File>> ForgetfulFiles::OpenFile(const std::string& path, Open how) {
  EVENTLOG_ASSIGN_OR_RETURN(auto file, inner_->OpenFile(path, how));
  return std::make_unique<ForgetfulFile>(std::move(file), this, path);
}

}  // namespace eventlog::test

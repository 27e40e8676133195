#include "eventlog/testing/fault_file_system.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "base/mutex.h"

namespace eventlog::inline v1 {
namespace {

constexpr std::string_view kCalls[] = {
    "OpenFile", "CreateDirectory", "List",          "Rename", "Link",
    "Remove",   "SyncDirectory",   "LockDirectory", "ReadAt", "WriteAt",
    "Allocate", "Truncate",        "SyncData",      "Size",   "DropCache",
    "MapShared"};

std::size_t IndexOf(std::string_view call) {
  std::size_t index = 0;
  while (index < std::size(kCalls) && kCalls[index] != call) ++index;
  const bool is_a_call = index < std::size(kCalls);
  EVENTLOG_ASSERT(is_a_call);
  return index;
}

}  // namespace

absl::Status FaultFileSystem::ErrorOf(Fault fault, const Call& call) {
  int error_number = EIO;
  if (fault == Fault::kDiskFull) error_number = ENOSPC;
  if (fault == Fault::kTooManyOpenFiles) error_number = EMFILE;
  return internal::ErrnoError(error_number, call.name, call.path);
}

struct FaultFileSystem::State {
  // A class, and hidden as such: what a template makes of an enum is as visible as the enum.
  struct Awaited {
    Fault fault;
  };
  struct Rule {
    int64_t count = 0;
    std::deque<Awaited> next;
    std::optional<Fault> all;
  };

  // What the call answers instead of being made; OK when it is to be made.
  absl::Status Before(std::string_view name, const std::string& path) {
    std::shared_ptr<const Interceptor> asked;
    Call call = {name, path, 0};
    {
      internal::MutexLock lock(&mutex);
      Rule& rule = rules[IndexOf(name)];
      ++rule.count;
      call.number = ++count;
      if (!rule.next.empty()) {
        const Fault fault = rule.next.front().fault;
        rule.next.pop_front();
        return ErrorOf(fault, call);
      }
      if (rule.all) return ErrorOf(*rule.all, call);
      asked = interceptor;
    }
    return asked == nullptr ? absl::OkStatus() : (*asked)(call);
  }

  internal::Mutex mutex;
  int64_t count ABSL_GUARDED_BY(mutex) = 0;
  std::array<Rule, std::size(kCalls)> rules ABSL_GUARDED_BY(mutex);
  std::shared_ptr<const Interceptor> interceptor ABSL_GUARDED_BY(mutex);
};

class FaultFileSystem::FaultFile final : public File {
 public:
  FaultFile(std::unique_ptr<File> inner, std::shared_ptr<State> state, std::string path)
      : inner_(std::move(inner)), state_(std::move(state)), path_(std::move(path)) {}

  absl::StatusOr<std::size_t> ReadAt(int64_t offset, absl::Span<char> to) override {
    EVENTLOG_RETURN_IF_ERROR(state_->Before("ReadAt", path_));
    return inner_->ReadAt(offset, to);
  }
  absl::Status WriteAt(int64_t offset, absl::Span<const std::string_view> pieces) override {
    EVENTLOG_RETURN_IF_ERROR(state_->Before("WriteAt", path_));
    return inner_->WriteAt(offset, pieces);
  }
  absl::Status Allocate(int64_t offset, int64_t bytes) override {
    EVENTLOG_RETURN_IF_ERROR(state_->Before("Allocate", path_));
    return inner_->Allocate(offset, bytes);
  }
  absl::Status Truncate(int64_t bytes) override {
    EVENTLOG_RETURN_IF_ERROR(state_->Before("Truncate", path_));
    return inner_->Truncate(bytes);
  }
  absl::Status SyncData() override {
    EVENTLOG_RETURN_IF_ERROR(state_->Before("SyncData", path_));
    return inner_->SyncData();
  }
  absl::StatusOr<int64_t> Size() override {
    EVENTLOG_RETURN_IF_ERROR(state_->Before("Size", path_));
    return inner_->Size();
  }
  absl::Status DropCache() override {
    EVENTLOG_RETURN_IF_ERROR(state_->Before("DropCache", path_));
    return inner_->DropCache();
  }
  absl::StatusOr<absl::Span<char>> MapShared(int64_t bytes) override {
    EVENTLOG_RETURN_IF_ERROR(state_->Before("MapShared", path_));
    return inner_->MapShared(bytes);
  }

 private:
  const std::unique_ptr<File> inner_;
  const std::shared_ptr<State> state_;
  const std::string path_;
};

FaultFileSystem::FaultFileSystem(FileSystem* inner)
    : inner_(inner), state_(std::make_shared<State>()) {}
FaultFileSystem::~FaultFileSystem() = default;

void FaultFileSystem::FailNext(std::string_view call, Fault fault) {
  internal::MutexLock lock(&state_->mutex);
  state_->rules[IndexOf(call)].next.push_back({fault});
}

void FaultFileSystem::FailAll(std::string_view call, Fault fault) {
  internal::MutexLock lock(&state_->mutex);
  state_->rules[IndexOf(call)].all = fault;
}

void FaultFileSystem::Intercept(Interceptor interceptor) {
  auto replacement =
      interceptor ? std::make_shared<const Interceptor>(std::move(interceptor)) : nullptr;
  internal::MutexLock lock(&state_->mutex);
  state_->interceptor.swap(replacement);  // the one before ends after the lock
}

void FaultFileSystem::Heal() {
  Intercept(nullptr);
  internal::MutexLock lock(&state_->mutex);
  for (State::Rule& rule : state_->rules) {
    rule.next.clear();
    rule.all.reset();
  }
}

int64_t FaultFileSystem::Count(std::string_view call) const {
  internal::MutexLock lock(&state_->mutex);
  return state_->rules[IndexOf(call)].count;
}

int64_t FaultFileSystem::Count() const {
  internal::MutexLock lock(&state_->mutex);
  return state_->count;
}

void FaultFileSystem::ResetCounts() {
  internal::MutexLock lock(&state_->mutex);
  state_->count = 0;
  for (State::Rule& rule : state_->rules) rule.count = 0;
}

absl::StatusOr<std::unique_ptr<File>> FaultFileSystem::OpenFile(const std::string& path, Open how) {
  EVENTLOG_RETURN_IF_ERROR(state_->Before("OpenFile", path));
  EVENTLOG_ASSIGN_OR_RETURN(auto file, inner_->OpenFile(path, how));
  return std::make_unique<FaultFile>(std::move(file), state_, path);
}
absl::Status FaultFileSystem::CreateDirectory(const std::string& path) {
  EVENTLOG_RETURN_IF_ERROR(state_->Before("CreateDirectory", path));
  return inner_->CreateDirectory(path);
}
absl::StatusOr<std::vector<std::string>> FaultFileSystem::List(const std::string& directory) {
  EVENTLOG_RETURN_IF_ERROR(state_->Before("List", directory));
  return inner_->List(directory);
}
absl::Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  EVENTLOG_RETURN_IF_ERROR(state_->Before("Rename", from));
  return inner_->Rename(from, to);
}
absl::Status FaultFileSystem::Link(const std::string& from, const std::string& to) {
  EVENTLOG_RETURN_IF_ERROR(state_->Before("Link", from));
  return inner_->Link(from, to);
}
absl::Status FaultFileSystem::Remove(const std::string& path) {
  EVENTLOG_RETURN_IF_ERROR(state_->Before("Remove", path));
  return inner_->Remove(path);
}
absl::Status FaultFileSystem::SyncDirectory(const std::string& path) {
  EVENTLOG_RETURN_IF_ERROR(state_->Before("SyncDirectory", path));
  return inner_->SyncDirectory(path);
}
absl::StatusOr<std::unique_ptr<File>> FaultFileSystem::LockDirectory(const std::string& path) {
  EVENTLOG_RETURN_IF_ERROR(state_->Before("LockDirectory", path));
  return inner_->LockDirectory(path);
}

}  // namespace eventlog::inline v1

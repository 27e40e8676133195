// Invariants:
// - Each directory has its names twice: as they are, and as of its last SyncDirectory. A power cut
//   goes from the root through the second ones; what it does not reach is gone.
// - A File works only in the power epoch it was opened in. CutPower moves the epoch first and then
//   takes each file's mutex to restore it, under which writers look at the epoch: no write of the
//   old epoch lands on restored bytes.
// - Lock order: State::mutex, then FileNode::mutex.
#include "eventlog/testing/memory_file_system.h"

#include <unistd.h>

#include <atomic>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "fmt/format.h"
#include "io/lock_handle.h"
#include "io/memory_contents.h"

namespace eventlog::inline v1 {
namespace internal {
namespace {

struct FileNode {
  Mutex mutex;
  MemoryContents contents ABSL_GUARDED_BY(mutex);
};

struct Directory;

struct Node {  // one of the two
  std::shared_ptr<FileNode> file;
  std::shared_ptr<Directory> directory;

  friend bool operator==(const Node&, const Node&) = default;
};

struct Directory {  // under State::mutex
  std::map<std::string, Node> names;
  std::map<std::string, Node> durable_names;
  const File* lock_holder = nullptr;
};

std::vector<std::string> Components(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (part == "..") {
      if (!components.empty()) components.pop_back();
    } else if (!part.empty() && part != ".") {
      components.emplace_back(part);
    }
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return components;
}

absl::Status Missing(std::string_view path) {
  return absl::NotFoundError(fmt::format("{}: No such file or directory", path));
}
absl::Status Exists(std::string_view path) {
  return absl::AlreadyExistsError(fmt::format("{}: File exists", path));
}
absl::Status WrongKind(std::string_view path, std::string_view what) {
  return absl::FailedPreconditionError(fmt::format("{}: {}", path, what));
}

}  // namespace
}  // namespace internal

struct MemoryFileSystem::State {
  // Where a path leads: its parent's entry for its last component, which may be missing. The root
  // has no parent and an empty name.
  struct Place {
    std::shared_ptr<internal::Directory> parent;
    std::string name;
    internal::Node node;

    bool exists() const { return node.file != nullptr || node.directory != nullptr; }
  };

  absl::StatusOr<Place> Find(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // NotFound and FailedPrecondition included.
  absl::StatusOr<std::shared_ptr<internal::Directory>> FindDirectory(const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Restore(internal::Directory* directory, std::set<internal::Directory*>* visited)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  internal::Mutex mutex;
  const std::shared_ptr<internal::Directory> root ABSL_GUARDED_BY(mutex) =
      std::make_shared<internal::Directory>();
  std::atomic<uint64_t> power_epoch{0};
};

absl::StatusOr<MemoryFileSystem::State::Place> MemoryFileSystem::State::Find(
    const std::string& path) {
  if (path.empty()) return internal::Missing(path);
  Place place;
  place.node.directory = root;
  for (std::string& name : internal::Components(path)) {
    if (place.node.file != nullptr) return internal::WrongKind(path, "Not a directory");
    if (place.node.directory == nullptr) return internal::Missing(path);
    place.parent = place.node.directory;
    place.name = std::move(name);
    const auto found = place.parent->names.find(place.name);
    place.node = found == place.parent->names.end() ? internal::Node{} : found->second;
  }
  return place;
}

absl::StatusOr<std::shared_ptr<internal::Directory>> MemoryFileSystem::State::FindDirectory(
    const std::string& path) {
  EVENTLOG_ASSIGN_OR_RETURN(Place place, Find(path));
  if (!place.exists()) return internal::Missing(path);
  if (place.node.directory == nullptr) return internal::WrongKind(path, "Not a directory");
  return std::move(place.node.directory);
}

void MemoryFileSystem::State::Restore(internal::Directory* directory,
                                      std::set<internal::Directory*>* visited) {
  if (!visited->insert(directory).second) return;
  directory->names = directory->durable_names;
  directory->lock_holder = nullptr;
  for (const auto& [name, node] : directory->names) {
    if (node.directory != nullptr) {
      Restore(node.directory.get(), visited);
    } else {
      internal::MutexLock lock(&node.file->mutex);
      node.file->contents.CutPower();
    }
  }
}

// Keeps the names' tree alive for its own file, and learns of power cuts from it.
class MemoryFileSystem::OpenedFile final : public File {
 public:
  OpenedFile(std::shared_ptr<State> state, std::shared_ptr<internal::FileNode> node,
             std::string path, bool writable)
      : state_(std::move(state)),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        epoch_(state_->power_epoch.load()) {}

  absl::StatusOr<std::size_t> ReadAt(int64_t offset, absl::Span<char> to) override {
    internal::MutexLock lock(&node_->mutex);
    EVENTLOG_RETURN_IF_ERROR(Check(offset, 0));
    return node_->contents.Read(offset, to);
  }

  absl::Status WriteAt(int64_t offset, absl::Span<const std::string_view> pieces) override {
    internal::MutexLock lock(&node_->mutex);
    for (const std::string_view piece : pieces) {
      EVENTLOG_RETURN_IF_ERROR(CheckWrite(offset, static_cast<int64_t>(piece.size())));
      node_->contents.Write(offset, piece);
      offset += static_cast<int64_t>(piece.size());
    }
    return absl::OkStatus();
  }

  absl::Status Allocate(int64_t offset, int64_t bytes) override {
    internal::MutexLock lock(&node_->mutex);
    EVENTLOG_RETURN_IF_ERROR(CheckWrite(offset, bytes));
    if (offset + bytes > node_->contents.size()) node_->contents.Resize(offset + bytes);
    return absl::OkStatus();
  }

  absl::Status Truncate(int64_t bytes) override {
    internal::MutexLock lock(&node_->mutex);
    EVENTLOG_RETURN_IF_ERROR(CheckWrite(0, bytes));
    node_->contents.Resize(bytes);
    return absl::OkStatus();
  }

  absl::Status SyncData() override {
    internal::MutexLock lock(&node_->mutex);
    EVENTLOG_RETURN_IF_ERROR(Check(0, 0));
    node_->contents.Sync();
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> Size() override {
    internal::MutexLock lock(&node_->mutex);
    EVENTLOG_RETURN_IF_ERROR(Check(0, 0));
    return node_->contents.size();
  }

  absl::Status DropCache() override {
    internal::MutexLock lock(&node_->mutex);
    return Check(0, 0);
  }

  absl::StatusOr<absl::Span<char>> MapShared(int64_t /*bytes*/) override {
    return absl::UnimplementedError("a file in memory is not mapped");
  }

 private:
  absl::Status Check(int64_t offset, int64_t bytes) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(node_->mutex) {
    if (state_->power_epoch.load() != epoch_) {
      return absl::UnavailableError(fmt::format("{}: the power was cut", path_));
    }
    if (offset < 0 || bytes < 0) {
      return absl::InternalError(fmt::format("{}: Invalid argument", path_));
    }
    return absl::OkStatus();
  }
  absl::Status CheckWrite(int64_t offset, int64_t bytes) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(node_->mutex) {
    EVENTLOG_RETURN_IF_ERROR(Check(offset, bytes));
    if (!writable_) {
      return absl::PermissionDeniedError(fmt::format("{}: opened for reading", path_));
    }
    constexpr int64_t kMaxBytes = internal::MemoryContents::kMaxBytes;
    if (bytes > kMaxBytes || offset > kMaxBytes - bytes) {
      return internal::MakeError(ErrorReason::kDiskFull, fmt::format("{}: File too large", path_));
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<State> state_;
  const std::shared_ptr<internal::FileNode> node_;
  const std::string path_;
  const bool writable_;
  const uint64_t epoch_;
};

class MemoryFileSystem::HeldLock final : public internal::LockHandle {
 public:
  HeldLock(std::shared_ptr<State> state, std::shared_ptr<internal::Directory> directory)
      : state_(std::move(state)), directory_(std::move(directory)) {}
  ~HeldLock() override {
    internal::MutexLock lock(&state_->mutex);
    if (directory_->lock_holder == this) directory_->lock_holder = nullptr;
  }

 private:
  const std::shared_ptr<State> state_;
  const std::shared_ptr<internal::Directory> directory_;
};

MemoryFileSystem::MemoryFileSystem() : state_(std::make_shared<State>()) {}
MemoryFileSystem::~MemoryFileSystem() = default;

void MemoryFileSystem::CutPower() {
  internal::MutexLock lock(&state_->mutex);
  state_->power_epoch.fetch_add(1);
  std::set<internal::Directory*> visited;
  state_->Restore(state_->root.get(), &visited);
}

absl::StatusOr<std::unique_ptr<File>> MemoryFileSystem::OpenFile(const std::string& path,
                                                                 Open how) {
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(State::Place place, state_->Find(path));
  if (how == Open::kCreateNew) {
    if (place.exists()) return internal::Exists(path);
    place.node.file = std::make_shared<internal::FileNode>();
    place.parent->names[place.name] = place.node;
  }
  if (!place.exists()) return internal::Missing(path);
  if (place.node.file == nullptr) return internal::WrongKind(path, "Is a directory");
  return std::make_unique<OpenedFile>(state_, place.node.file, path, how != Open::kReadOnly);
}

absl::Status MemoryFileSystem::CreateDirectory(const std::string& path) {
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(State::Place place, state_->Find(path));
  if (place.exists()) return internal::Exists(path);
  place.parent->names[place.name] = {.file = nullptr,
                                     .directory = std::make_shared<internal::Directory>()};
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> MemoryFileSystem::List(const std::string& directory) {
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(const auto found, state_->FindDirectory(directory));
  std::vector<std::string> names;
  names.reserve(found->names.size());
  for (const auto& [name, node] : found->names) names.push_back(name);
  return names;
}

absl::Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(const State::Place source, state_->Find(from));
  EVENTLOG_ASSIGN_OR_RETURN(const State::Place target, state_->Find(to));
  if (!source.exists()) return internal::Missing(from);
  if (source.node == target.node) return absl::OkStatus();
  if (source.parent == nullptr || target.parent == nullptr) {
    return internal::WrongKind(from, "the root is not renamed");
  }
  if (source.node.directory != nullptr) {
    const auto below = internal::Components(to);
    const auto above = internal::Components(from);
    if (below.size() > above.size() && std::equal(above.begin(), above.end(), below.begin())) {
      return absl::InternalError(fmt::format("{}: Invalid argument", to));
    }
    if (target.node.file != nullptr) return internal::WrongKind(to, "Not a directory");
    if (target.exists() && !target.node.directory->names.empty()) {
      return internal::WrongKind(to, "Directory not empty");
    }
  } else if (target.node.directory != nullptr) {
    return internal::WrongKind(to, "Is a directory");
  }
  target.parent->names[target.name] = source.node;
  source.parent->names.erase(source.name);
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::Link(const std::string& from, const std::string& to) {
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(const State::Place source, state_->Find(from));
  EVENTLOG_ASSIGN_OR_RETURN(const State::Place target, state_->Find(to));
  if (!source.exists()) return internal::Missing(from);
  if (source.node.file == nullptr) {
    return absl::PermissionDeniedError(fmt::format("{}: Operation not permitted", from));
  }
  if (target.exists()) return internal::Exists(to);
  target.parent->names[target.name] = source.node;
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::Remove(const std::string& path) {
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(const State::Place place, state_->Find(path));
  if (!place.exists()) return internal::Missing(path);
  if (place.parent == nullptr) return internal::WrongKind(path, "the root is not removed");
  if (place.node.directory != nullptr && !place.node.directory->names.empty()) {
    return internal::WrongKind(path, "Directory not empty");
  }
  place.parent->names.erase(place.name);
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::SyncDirectory(const std::string& path) {
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(const auto directory, state_->FindDirectory(path));
  directory->durable_names = directory->names;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<File>> MemoryFileSystem::LockDirectory(const std::string& path) {
  // Made first and destroyed last: a HeldLock's end takes the mutex.
  std::unique_ptr<HeldLock> held;
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(const auto directory, state_->FindDirectory(path));
  if (directory->lock_holder != nullptr) {
    return internal::MakeError(
        ErrorReason::kLocked,
        fmt::format("{} is open already, in this process (pid {})", path, getpid()));
  }
  held = std::make_unique<HeldLock>(state_, directory);
  directory->lock_holder = held.get();
  return held;
}

}  // namespace eventlog::inline v1

// One mutex guards everything; under it nothing is called but this disk's own parts. A FileNode
// stays while it has handles, names or a chance to have names again.
#include "lab/simulated_disk.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "base/mutex.h"
#include "fmt/format.h"
#include "io/lock_handle.h"
#include "lab/dice.h"
#include "lab/simulated_file.h"
#include "lab/simulated_names.h"
#include "lab/survivors.h"

namespace eventlog::test {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{1} << 40;

// Bytes that a program and a file share.
class Mapping {
 public:
  explicit Mapping(std::size_t bytes)
      : bytes_(static_cast<char*>(::operator new(bytes, kAlignment)), bytes) {}
  ~Mapping() { ::operator delete(bytes_.data(), kAlignment); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  absl::Span<char> bytes() const { return bytes_; }

 private:
  static constexpr std::align_val_t kAlignment{4096};
  const absl::Span<char> bytes_;
};

struct FileNode {
  SimulatedFile contents;
  int64_t handles = 0;
  std::unique_ptr<Mapping> mapping;  // while the File that made it is open
};

absl::Status Invalid(std::string_view path) {
  return absl::InternalError(fmt::format("{}: Invalid argument", path));
}
absl::Status Failed(std::string_view path) {
  return absl::InternalError(fmt::format("{}: Input/output error", path));
}
absl::Status Full(std::string_view path) {
  return internal::MakeError(ErrorReason::kDiskFull,
                             fmt::format("{}: No space left on device", path));
}

}  // namespace

struct SimulatedDisk::State {
  // A file that is there.
  FileNode* FileAt(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  absl::Status SyncNames(const std::string& directory) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  int64_t UsedBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // What the program has stored in the mapping, into the file; and the reverse.
  void ReadMapping(FileNode* node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void WriteMapping(FileNode* node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void ReadMappings() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Makes a new disk of names, and of the files that have any there.
  void Fill(SimulatedDisk* disk, SimulatedNames names_there,
            const std::function<SimulatedFile(SimulatedFile*)>& file_there)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void CutWithDice(SimulatedDisk* disk, uint64_t seed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  internal::Mutex mutex;
  SimulatedNames names ABSL_GUARDED_BY(mutex);
  std::map<int64_t, FileNode> files ABSL_GUARDED_BY(mutex);
  std::map<int64_t, const File*> lock_holders ABSL_GUARDED_BY(mutex);  // by directory
  int64_t last_sequence ABSL_GUARDED_BY(mutex) = 0;
  int64_t capacity ABSL_GUARDED_BY(mutex) = kNoCapacity;
  std::optional<std::pair<Survival, uint64_t>> failing_sync ABSL_GUARDED_BY(mutex);
  std::optional<int64_t> failing_write ABSL_GUARDED_BY(mutex);
};

FileNode* SimulatedDisk::State::FileAt(const std::string& path) {
  const auto found = names.FindFile(path);
  EVENTLOG_ASSERT(found.ok());
  FileNode* const node = &files.at(*found);
  ReadMapping(node);
  return node;
}

absl::Status SimulatedDisk::State::SyncNames(const std::string& directory) {
  EVENTLOG_RETURN_IF_ERROR(names.Sync(directory));
  const std::set<int64_t> reached = names.ReachableEver();
  std::erase_if(files, [&](const auto& file) {
    return file.second.handles == 0 && !reached.contains(file.first);
  });
  return absl::OkStatus();
}

int64_t SimulatedDisk::State::UsedBytes() const {
  const std::set<int64_t> reached = names.Reachable();
  int64_t bytes = 0;
  for (const auto& [number, node] : files) {
    if (node.handles > 0 || reached.contains(number)) bytes += node.contents.size();
  }
  return bytes;
}

void SimulatedDisk::State::ReadMapping(FileNode* node) {
  if (node->mapping == nullptr) return;
  const absl::Span<char> mapped = node->mapping->bytes();
  const auto end = std::min(mapped.size(), static_cast<std::size_t>(node->contents.size()));
  char stored[SimulatedFile::kSectorBytes];
  for (std::size_t at = 0; at < end; at += sizeof stored) {
    const std::size_t bytes = std::min(sizeof stored, end - at);
    node->contents.Read(static_cast<int64_t>(at), absl::MakeSpan(stored, bytes));
    const char* const now = mapped.data() + at;
    const char* const first = std::mismatch(now, now + bytes, stored).first;
    if (first == now + bytes) continue;
    std::size_t last = bytes;
    while (now[last - 1] == stored[last - 1]) --last;
    node->contents.Write(static_cast<int64_t>(at) + (first - now), {first, now + last},
                         ++last_sequence);
  }
}

void SimulatedDisk::State::WriteMapping(FileNode* node) {
  if (node->mapping == nullptr) return;
  node->contents.Read(0, node->mapping->bytes());
}

void SimulatedDisk::State::ReadMappings() {
  for (auto& [number, node] : files) ReadMapping(&node);
}

void SimulatedDisk::State::Fill(SimulatedDisk* disk, SimulatedNames names_there,
                                const std::function<SimulatedFile(SimulatedFile*)>& file_there) {
  State* const there = disk->state_.get();
  internal::MutexLock lock(&there->mutex);
  const std::set<int64_t> reached = names_there.ReachableEver();
  for (auto& [number, node] : files) {
    if (reached.contains(number)) there->files[number].contents = file_there(&node.contents);
  }
  there->names = std::move(names_there);
  there->last_sequence = last_sequence;
  there->capacity = capacity;
}

void SimulatedDisk::State::CutWithDice(SimulatedDisk* disk, uint64_t seed) {
  Dice dice(seed);
  std::vector<int64_t> of_contents;
  std::vector<int64_t> of_sizes;
  std::vector<int64_t> of_names;
  for (const auto& [number, node] : files) {
    for (const SimulatedFile::Pending& change : node.contents.pending()) {
      if (change.bytes != nullptr) of_contents.push_back(change.sequence);
      if (change.size != SimulatedFile::kSameSize) of_sizes.push_back(change.sequence);
    }
  }
  for (const auto& change : names.changes()) of_names.push_back(change.sequence);
  Survivors contents(&dice, of_contents);
  Survivors sizes(&dice, of_sizes);
  Survivors renames(&dice, of_names);
  if (dice.Below(6) == 0) {  // all of the disk as it was some changes ago
    std::vector<int64_t> all = of_contents;
    all.insert(all.end(), of_sizes.begin(), of_sizes.end());
    all.insert(all.end(), of_names.begin(), of_names.end());
    if (!all.empty()) {
      contents = sizes = renames = Survivors::Until(&dice, all[dice.Below(all.size())]);
    }
  }
  constexpr uint64_t kTorn[] = {0, 0, 16, 128};
  const SimulatedFile::Cut cut = {&dice, contents, sizes, kTorn[dice.Below(std::size(kTorn))]};
  Fill(disk, names.After(renames), [&](SimulatedFile* file) { return file->After(cut); });
}

// Shares the disk's state, and its methods lock it.
class SimulatedDisk::OpenedFile final : public File {
 public:
  OpenedFile(std::shared_ptr<State> state, FileNode* node, std::string path, bool writable)
      : state_(std::move(state)), node_(node), path_(std::move(path)), writable_(writable) {}
  ~OpenedFile() override {
    internal::MutexLock lock(&state_->mutex);
    if (is_mapped_) {
      state_->ReadMapping(node_);
      node_->mapping = nullptr;
    }
    --node_->handles;
  }

  absl::StatusOr<std::size_t> ReadAt(int64_t offset, absl::Span<char> to) override {
    internal::MutexLock lock(&state_->mutex);
    if (offset < 0) return Invalid(path_);
    state_->ReadMapping(node_);
    return node_->contents.Read(offset, to);
  }

  absl::Status WriteAt(int64_t offset, absl::Span<const std::string_view> pieces) override {
    internal::MutexLock lock(&state_->mutex);
    int64_t bytes = 0;
    for (const std::string_view piece : pieces) bytes += static_cast<int64_t>(piece.size());
    EVENTLOG_RETURN_IF_ERROR(CheckChange(offset, bytes));
    int64_t room = Room(offset, bytes);
    absl::Status status = room < bytes ? Full(path_) : absl::OkStatus();
    if (state_->failing_write) {
      room = std::min(room, *std::exchange(state_->failing_write, std::nullopt));
      status = Failed(path_);
    }
    std::string written;
    for (const std::string_view piece : pieces) written += piece;
    written.resize(static_cast<std::size_t>(std::min(room, bytes)));
    state_->ReadMapping(node_);
    node_->contents.Write(offset, written, ++state_->last_sequence);
    state_->WriteMapping(node_);
    return status;
  }

  absl::Status Allocate(int64_t offset, int64_t bytes) override {
    internal::MutexLock lock(&state_->mutex);
    EVENTLOG_RETURN_IF_ERROR(CheckChange(offset, bytes));
    if (Room(offset, bytes) < bytes) return Full(path_);
    if (offset + bytes > node_->contents.size()) Resize(offset + bytes);
    return absl::OkStatus();
  }

  absl::Status Truncate(int64_t bytes) override {
    internal::MutexLock lock(&state_->mutex);
    EVENTLOG_RETURN_IF_ERROR(CheckChange(0, bytes));
    Resize(bytes);
    return absl::OkStatus();
  }

  absl::Status SyncData() override {
    internal::MutexLock lock(&state_->mutex);
    state_->ReadMapping(node_);
    if (!state_->failing_sync) {
      node_->contents.Sync();
      return absl::OkStatus();
    }
    const auto [unsynced, seed] = *std::exchange(state_->failing_sync, std::nullopt);
    Dice dice(seed);
    std::vector<int64_t> sequences;
    for (const auto& change : node_->contents.pending()) sequences.push_back(change.sequence);
    const Survivors contents = unsynced == Survival::kSome      ? Survivors(&dice, sequences)
                               : unsynced == Survival::kNothing ? Survivors::None(&dice)
                                                                : Survivors::All(&dice);
    node_->contents.FailSync({&dice, contents, contents, 0});
    return Failed(path_);
  }

  absl::StatusOr<int64_t> Size() override {
    internal::MutexLock lock(&state_->mutex);
    return node_->contents.size();
  }

  absl::Status DropCache() override {
    internal::MutexLock lock(&state_->mutex);
    state_->ReadMapping(node_);
    node_->contents.DropCache();
    state_->WriteMapping(node_);
    return absl::OkStatus();
  }

  absl::StatusOr<absl::Span<char>> MapShared(int64_t bytes) override {
    internal::MutexLock lock(&state_->mutex);
    EVENTLOG_RETURN_IF_ERROR(CheckChange(0, std::max<int64_t>(bytes, 0)));
    if (is_mapped_ || bytes <= 0 || bytes > node_->contents.size()) {
      return absl::FailedPreconditionError(
          fmt::format("{}: mapped already, or shorter than {} bytes", path_, bytes));
    }
    if (node_->mapping != nullptr) {
      return absl::UnimplementedError(fmt::format("{}: another File maps it", path_));
    }
    node_->mapping = std::make_unique<Mapping>(static_cast<std::size_t>(bytes));
    is_mapped_ = true;
    state_->WriteMapping(node_);
    return node_->mapping->bytes();
  }

 private:
  absl::Status CheckChange(int64_t offset, int64_t bytes) const {
    if (!writable_) {
      return absl::PermissionDeniedError(fmt::format("{}: opened for reading", path_));
    }
    if (offset < 0 || bytes < 0) return Invalid(path_);
    if (bytes > kMaxFileBytes || offset > kMaxFileBytes - bytes) return Full(path_);
    return absl::OkStatus();
  }

  // How many of these bytes the disk has room for.
  int64_t Room(int64_t offset, int64_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    const int64_t size = node_->contents.size();
    if (state_->capacity == kNoCapacity || offset + bytes <= size) {
      return bytes;
    }
    const int64_t free = std::max<int64_t>(state_->capacity - state_->UsedBytes(), 0);
    return std::clamp<int64_t>(size + free - offset, 0, bytes);
  }

  void Resize(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    state_->ReadMapping(node_);
    node_->contents.SetSize(bytes, ++state_->last_sequence);
    state_->WriteMapping(node_);
  }

  const std::shared_ptr<State> state_;
  FileNode* const node_;  // of state_, which keeps it while it has handles
  const std::string path_;
  const bool writable_;
  bool is_mapped_ = false;
};

class SimulatedDisk::HeldLock final : public internal::LockHandle {
 public:
  HeldLock(std::shared_ptr<State> state, int64_t directory)
      : state_(std::move(state)), directory_(directory) {}
  ~HeldLock() override {
    internal::MutexLock lock(&state_->mutex);
    const auto held = state_->lock_holders.find(directory_);
    if (held != state_->lock_holders.end() && held->second == this) {
      state_->lock_holders.erase(held);
    }
  }

 private:
  const std::shared_ptr<State> state_;
  const int64_t directory_;
};

SimulatedDisk::SimulatedDisk() : SimulatedDisk(std::make_shared<State>()) {}
SimulatedDisk::SimulatedDisk(std::shared_ptr<State> state) : state_(std::move(state)) {}
SimulatedDisk::~SimulatedDisk() = default;

std::unique_ptr<SimulatedDisk> SimulatedDisk::AfterPowerCut(Survival unsynced,
                                                            uint64_t seed) const {
  auto disk = std::make_unique<SimulatedDisk>();
  Dice dice(seed);
  internal::MutexLock lock(&state_->mutex);
  state_->ReadMappings();
  switch (unsynced) {
    case Survival::kNothing:
      state_->Fill(disk.get(), state_->names.After(Survivors::None(&dice)),
                   [](SimulatedFile* file) { return file->AtDevice(); });
      break;
    case Survival::kEverything:
      state_->Fill(disk.get(), state_->names.After(Survivors::All(&dice)),
                   [](SimulatedFile* file) { return file->AsSynced(); });
      break;
    case Survival::kSome:
      state_->CutWithDice(disk.get(), seed);
      break;
  }
  return disk;
}

std::unique_ptr<SimulatedDisk> SimulatedDisk::AfterKill() const {
  auto disk = std::make_unique<SimulatedDisk>();
  internal::MutexLock lock(&state_->mutex);
  state_->ReadMappings();
  state_->Fill(disk.get(), state_->names, [](SimulatedFile* file) { return file->Copy(); });
  return disk;
}

void SimulatedDisk::FailNextSync(Survival unsynced, uint64_t seed) {
  internal::MutexLock lock(&state_->mutex);
  state_->failing_sync = {unsynced, seed};
}

void SimulatedDisk::FailNextWrite(int64_t bytes) {
  internal::MutexLock lock(&state_->mutex);
  state_->failing_write = bytes;
}

void SimulatedDisk::SetCapacity(int64_t bytes) {
  internal::MutexLock lock(&state_->mutex);
  state_->capacity = bytes;
}

int64_t SimulatedDisk::Bytes() const {
  internal::MutexLock lock(&state_->mutex);
  return state_->UsedBytes();
}

std::vector<std::string> SimulatedDisk::Files() const {
  internal::MutexLock lock(&state_->mutex);
  std::vector<std::string> paths;
  std::vector<std::pair<std::string, int64_t>> open = {{"", SimulatedNames::kRoot}};
  while (!open.empty()) {
    const auto [path, directory] = open.back();
    open.pop_back();
    for (const auto& [name, node] : state_->names.In(directory)) {
      if (state_->names.IsDirectory(node)) {
        open.push_back({path + "/" + name, node});
      } else {
        paths.push_back(path + "/" + name);
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string SimulatedDisk::Contents(const std::string& path) const {
  internal::MutexLock lock(&state_->mutex);
  const SimulatedFile& file = state_->FileAt(path)->contents;
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  file.Read(0, absl::MakeSpan(bytes));
  return bytes;
}

void SimulatedDisk::Replace(const std::string& path, std::string_view bytes) {
  internal::MutexLock lock(&state_->mutex);
  FileNode* const node = state_->FileAt(path);
  node->contents.SetSize(0, 0);
  node->contents.Write(0, bytes, 0);
  node->contents.MakeDurable();
  state_->WriteMapping(node);
}

void SimulatedDisk::Overwrite(const std::string& path, int64_t offset, std::string_view bytes) {
  internal::MutexLock lock(&state_->mutex);
  FileNode* const node = state_->FileAt(path);
  node->contents.Write(offset, bytes, 0);
  node->contents.MakeDurable();
  state_->WriteMapping(node);
}

void SimulatedDisk::FlipBit(const std::string& path, int64_t bit) {
  char byte = 0;
  {
    internal::MutexLock lock(&state_->mutex);
    const bool is_there =
        state_->FileAt(path)->contents.Read(bit / 8, absl::MakeSpan(&byte, 1)) == 1;
    EVENTLOG_ASSERT(is_there);
  }
  byte = static_cast<char>(byte ^ (1 << (bit % 8)));
  Overwrite(path, bit / 8, {&byte, 1});
}

void SimulatedDisk::Delete(const std::string& path) {
  internal::MutexLock lock(&state_->mutex);
  const absl::Status removed = state_->names.Remove(path, ++state_->last_sequence);
  EVENTLOG_ASSERT(removed.ok());
  const absl::Status synced = state_->SyncNames(path + "/..");
  EVENTLOG_ASSERT(synced.ok());
}

absl::StatusOr<std::unique_ptr<File>> SimulatedDisk::OpenFile(const std::string& path, Open how) {
  internal::MutexLock lock(&state_->mutex);
  if (how == Open::kCreateNew) {
    EVENTLOG_ASSIGN_OR_RETURN(const int64_t created,
                              state_->names.CreateFile(path, ++state_->last_sequence));
    state_->files[created];
  }
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t found, state_->names.FindFile(path));
  FileNode* const node = &state_->files.at(found);
  ++node->handles;
  return std::make_unique<OpenedFile>(state_, node, path, how != Open::kReadOnly);
}

absl::Status SimulatedDisk::CreateDirectory(const std::string& path) {
  internal::MutexLock lock(&state_->mutex);
  return state_->names.CreateDirectory(path, ++state_->last_sequence);
}

absl::StatusOr<std::vector<std::string>> SimulatedDisk::List(const std::string& directory) {
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t found, state_->names.FindDirectory(directory));
  std::vector<std::string> names;
  for (const auto& [name, node] : state_->names.In(found)) names.push_back(name);
  return names;
}

absl::Status SimulatedDisk::Rename(const std::string& from, const std::string& to) {
  internal::MutexLock lock(&state_->mutex);
  return state_->names.Rename(from, to, ++state_->last_sequence);
}

absl::Status SimulatedDisk::Link(const std::string& from, const std::string& to) {
  internal::MutexLock lock(&state_->mutex);
  return state_->names.Link(from, to, ++state_->last_sequence);
}

absl::Status SimulatedDisk::Remove(const std::string& path) {
  internal::MutexLock lock(&state_->mutex);
  return state_->names.Remove(path, ++state_->last_sequence);
}

absl::Status SimulatedDisk::SyncDirectory(const std::string& path) {
  internal::MutexLock lock(&state_->mutex);
  return state_->SyncNames(path);
}

absl::StatusOr<std::unique_ptr<File>> SimulatedDisk::LockDirectory(const std::string& path) {
  // Made first and destroyed last: a HeldLock's end takes the mutex.
  std::unique_ptr<HeldLock> held;
  internal::MutexLock lock(&state_->mutex);
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t directory, state_->names.FindDirectory(path));
  if (state_->lock_holders.contains(directory)) {
    return internal::MakeError(
        ErrorReason::kLocked,
        fmt::format("{} is open already, in this process (pid {})", path, getpid()));
  }
  held = std::make_unique<HeldLock>(state_, directory);
  state_->lock_holders[directory] = held.get();
  return held;
}

}  // namespace eventlog::test

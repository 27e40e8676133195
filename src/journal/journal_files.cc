#include "journal/journal_files.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "format/file_names.h"
#include "format/journal_group.h"
#include "io/durable_file.h"
#include "io/zeros.h"

namespace eventlog::inline v1::internal {
namespace {

bool Has(const JournalList& list, uint64_t number) {
  return std::any_of(list.files.begin(), list.files.end(),
                     [number](const JournalListEntry& file) { return file.number == number; });
}

static_assert(std::size(kZeros) >= kJournalBlockBytes);  // a padding is less than a block

int64_t RoundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

absl::Status FillWithZeros(File* file, int64_t bytes) {
  EVENTLOG_RETURN_IF_ERROR(file->Allocate(0, bytes));
  EVENTLOG_RETURN_IF_ERROR(WriteZeros(file, 0, bytes));
  return file->SyncData();
}

}  // namespace

JournalFiles::JournalFiles(FileSystem* file_system, std::string log_directory, int64_t max_bytes)
    : file_system_(file_system), log_directory_(std::move(log_directory)), max_bytes_(max_bytes) {}

absl::Status JournalFiles::Open(const Uuid& log_id) {
  Close();
  log_id_ = log_id;
  // What was killed, or failed to sync them, may have left names that are not durable yet (R14).
  const std::string directory = JournalDirectory(log_directory_);
  EVENTLOG_RETURN_IF_ERROR(file_system_->SyncDirectory(directory));
  // Recovery has looked at it: when it is damaged, it was told to go past that.
  const auto listed = ReadList();
  if (!listed.ok() && !absl::IsNotFound(listed.status()) && !absl::IsDataLoss(listed.status())) {
    return listed.status();
  }
  EVENTLOG_ASSIGN_OR_RETURN(auto names, file_system_->List(directory));
  std::vector<std::unique_ptr<JournalFile>> found;
  for (const std::string& name : names) {
    const auto number = ParseJournalName(name);
    if (!number.has_value()) continue;
    if (listed.ok() && !Has(*listed, *number)) {  // never used, and nobody else will remove it
      EVENTLOG_RETURN_IF_ERROR(file_system_->Remove(JournalPath(log_directory_, *number)));
      continue;
    }
    auto journal = std::make_unique<JournalFile>();
    journal->number = *number;
    EVENTLOG_ASSIGN_OR_RETURN(
        journal->file,
        file_system_->OpenFile(JournalPath(log_directory_, *number), FileSystem::Open::kExisting));
    EVENTLOG_ASSIGN_OR_RETURN(journal->bytes, journal->file->Size());
    found.push_back(std::move(journal));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a->number < b->number; });
  if (found.empty()) {  // the list follows
    EVENTLOG_ASSIGN_OR_RETURN(JournalFile first,
                              MakeUnlisted(0, std::min(kFirstJournalFileBytes, max_bytes_)));
    found.push_back(std::make_unique<JournalFile>(std::move(first)));
  }
  {
    MutexLock lock(&mutex_);
    files_ = std::move(found);
    current_ = files_.front().get();
    next_number_ = files_.back()->number + 1;
    position_ = 0;
    covered_ = 0;
    Account();
  }
  if (const auto files = Entries(); !listed.ok() || listed->files != files) {
    EVENTLOG_RETURN_IF_ERROR(SyncFiles());  // a creation that crashed may have left them
    EVENTLOG_RETURN_IF_ERROR(WriteList(files));
  }
  KeepReserve();
  return absl::OkStatus();
}

absl::Status JournalFiles::SyncFiles() {
  std::vector<File*> files;
  {
    MutexLock lock(&mutex_);
    for (const auto& file : files_) files.push_back(file->file.get());
  }
  for (File* file : files) EVENTLOG_RETURN_IF_ERROR(file->SyncData());
  return absl::OkStatus();
}

absl::StatusOr<JournalList> JournalFiles::ReadList() const {
  EVENTLOG_ASSIGN_OR_RETURN(
      const std::string bytes,
      ReadWholeFile(file_system_, JournalListPath(log_directory_), kMaxJournalListBytes));
  EVENTLOG_ASSIGN_OR_RETURN(JournalList list, DecodeJournalList(bytes));
  if (list.log_id != log_id_) return MakeError(ErrorReason::kCorruptData, "another log's list");
  return list;
}

absl::Status JournalFiles::WriteList(std::vector<JournalListEntry> files) {
  return ReplaceFile(file_system_, JournalListPath(log_directory_),
                     EncodeJournalList({log_id_, std::move(files)}));
}

std::vector<JournalListEntry> JournalFiles::Entries() const {
  MutexLock lock(&mutex_);
  std::vector<JournalListEntry> entries;
  for (const auto& file : files_) entries.push_back({file->number, file->bytes});
  return entries;
}

// As far as there is space: a log with less is better than none.
void JournalFiles::KeepReserve() {
  int64_t bytes = 0;
  {
    MutexLock lock(&mutex_);
    for (const auto& file : files_) bytes += file->bytes;
  }
  const std::string path = JournalReservePath(log_directory_);
  auto reserve = file_system_->OpenFile(path, FileSystem::Open::kExisting);
  if (absl::IsNotFound(reserve.status())) {
    reserve = file_system_->OpenFile(path, FileSystem::Open::kCreateNew);
  }
  if (reserve.ok()) static_cast<void>((*reserve)->Allocate(0, bytes));
}

bool JournalFiles::ReleaseReserve() {
  return file_system_->Remove(JournalReservePath(log_directory_)).ok();
}

void JournalFiles::Close() {
  MutexLock lock(&mutex_);
  files_.clear();
  current_ = nullptr;
  Account();
  unsynced_ = false;
  fresh_block_ = false;
}

absl::StatusOr<JournalFiles::JournalFile> JournalFiles::Make(uint64_t number, int64_t bytes) {
  EVENTLOG_ASSIGN_OR_RETURN(JournalFile made, MakeUnlisted(number, bytes));
  std::vector<JournalListEntry> files = Entries();
  files.push_back({number, bytes});
  absl::Status listed = WriteList(std::move(files));
  if (listed.ok()) return made;
  if (IsDiskFull(listed)) {
    made.file.reset();
    static_cast<void>(RemoveIfExists(file_system_, JournalPath(log_directory_, number)));
    return listed;
  }
  MutexLock lock(&mutex_);
  next_number_ = number + 1;  // the list may have this one: it stays
  return listed;
}

absl::StatusOr<JournalFiles::JournalFile> JournalFiles::MakeUnlisted(uint64_t number,
                                                                     int64_t bytes) {
  const std::string path = JournalPath(log_directory_, number);
  // What an attempt that failed or crashed left behind was never used: nothing names it.
  EVENTLOG_RETURN_IF_ERROR(RemoveIfExists(file_system_, path));
  JournalFile made;
  made.number = number;
  made.bytes = bytes;
  EVENTLOG_ASSIGN_OR_RETURN(made.file, file_system_->OpenFile(path, FileSystem::Open::kCreateNew));
  absl::Status filled = FillWithZeros(made.file.get(), bytes);
  if (filled.ok()) filled = file_system_->SyncDirectory(JournalDirectory(log_directory_));
  if (!filled.ok()) {
    made.file.reset();
    static_cast<void>(RemoveIfExists(file_system_, path));
    return filled;
  }
  return made;
}

int64_t JournalFiles::NextFileBytes(int64_t at_least) const {
  int64_t largest = kFirstJournalFileBytes / 2;
  for (const auto& file : files_) largest = std::max(largest, file->bytes);
  // No larger than recovery reads: kMaxGroupBytes and a little more.
  const int64_t doubled =
      std::min({largest * 2, std::max(kFirstJournalFileBytes, max_bytes_ / 4), kMaxGroupBytes});
  return RoundUp(std::max(doubled, at_least), kJournalBlockBytes);
}

JournalFiles::JournalFile* JournalFiles::FindFree(int64_t bytes) {
  for (const auto& file : files_) {
    if (file.get() != current_ && file->last_sequence == 0 && file->bytes >= bytes) {
      return file.get();
    }
  }
  return nullptr;
}

absl::StatusOr<JournalFiles::JournalFile*> JournalFiles::AddFile(int64_t bytes) {
  uint64_t number = 0;
  {
    MutexLock lock(&mutex_);
    number = next_number_;
  }
  EVENTLOG_ASSIGN_OR_RETURN(JournalFile made, Make(number, bytes));
  JournalFile* added = nullptr;
  {
    MutexLock lock(&mutex_);
    next_number_ = number + 1;
    files_.push_back(std::make_unique<JournalFile>(std::move(made)));
    added = files_.back().get();
    Account();
  }
  KeepReserve();
  return added;
}

absl::Status JournalFiles::Reserve(int64_t bytes, bool* left, bool* sync_failed) {
  *left = false;
  *sync_failed = false;
  const int64_t padded = RoundUp(bytes, kJournalBlockBytes) + kJournalBlockBytes;
  JournalFile* next = nullptr;
  {
    MutexLock lock(&mutex_);
    const int64_t start = RoundUp(position_, fresh_block_ ? kJournalBlockBytes : 8);
    if (start + RoundUp(bytes, kJournalBlockBytes) <= current_->bytes) {
      position_ = start;
      Account();
      return absl::OkStatus();
    }
    next = FindFree(padded);
  }
  if (next == nullptr) {
    MutexLock making(&make_mutex_);
    int64_t file_bytes = 0;
    {
      MutexLock lock(&mutex_);
      next = FindFree(padded);
      file_bytes = NextFileBytes(padded);
    }
    if (next == nullptr) {
      EVENTLOG_ASSIGN_OR_RETURN(next, AddFile(file_bytes));
    }
  }
  if (unsynced_) {
    if (absl::Status synced = Sync(); !synced.ok()) {
      *sync_failed = true;
      return synced;
    }
  }
  *left = true;
  MutexLock lock(&mutex_);
  current_ = next;
  position_ = 0;
  covered_ = 0;
  fresh_block_ = false;
  Account();
  return absl::OkStatus();
}

absl::Status JournalFiles::Write(std::string_view group, uint64_t sequence, bool pad) {
  File* file = nullptr;
  int64_t at = 0;
  {
    MutexLock lock(&mutex_);
    file = current_->file.get();
    at = position_;
    last_place_ = {current_->number, at};
    current_->last_sequence = sequence;
    position_ += static_cast<int64_t>(group.size());
    Account();
  }
  unsynced_ = true;
  fresh_block_ = false;
  const int64_t end = at + static_cast<int64_t>(group.size());
  const auto padding = static_cast<std::size_t>(pad ? RoundUp(end, kJournalBlockBytes) - end : 0);
  return file->WriteAt(at, {group, std::string_view(kZeros.data(), padding)});
}

absl::Status JournalFiles::Sync() {
  File* file = nullptr;
  {
    MutexLock lock(&mutex_);
    file = current_->file.get();
  }
  EVENTLOG_RETURN_IF_ERROR(file->SyncData());
  unsynced_ = false;
  fresh_block_ = true;
  return absl::OkStatus();
}

JournalPlace JournalFiles::place() const {
  MutexLock lock(&mutex_);
  return {current_->number, position_};
}

int64_t JournalFiles::room() const {
  MutexLock lock(&mutex_);
  return RoomLocked();
}

int64_t JournalFiles::RoomLocked() const {
  int64_t room = current_->bytes - RoundUp(position_, kJournalBlockBytes);
  for (const auto& file : files_) {
    const bool free = file.get() != current_ && file->last_sequence == 0;
    if (free) room = std::max(room, file->bytes - kJournalBlockBytes);
  }
  return room;
}

void JournalFiles::FreeBelow(uint64_t sequence, const JournalPlace& place) {
  MutexLock lock(&mutex_);
  if (current_->number == place.file) covered_ = place.position;
  for (const auto& file : files_) {
    if (file.get() != current_ && file->last_sequence < sequence) file->last_sequence = 0;
  }
  Account();
}

bool JournalFiles::WantsSpareLocked() const {
  if (current_ == nullptr || position_ < current_->bytes / 2) return false;
  int64_t total = 0;
  for (const auto& file : files_) {
    if (file.get() != current_ && file->last_sequence == 0) return false;
    total += file->bytes;
  }
  return total + NextFileBytes(0) <= max_bytes_;
}

void JournalFiles::Account() {
  int64_t live = position_ - covered_;
  for (const auto& file : files_) {
    if (file.get() != current_ && file->last_sequence != 0) live += file->bytes;
  }
  live_bytes_.store(live, std::memory_order_relaxed);
  wants_spare_.store(WantsSpareLocked(), std::memory_order_relaxed);
}

absl::Status JournalFiles::PrepareSpare() {
  MutexLock making(&make_mutex_);
  int64_t bytes = 0;
  {
    MutexLock lock(&mutex_);
    if (!WantsSpareLocked()) return absl::OkStatus();
    bytes = NextFileBytes(0);
  }
  return AddFile(bytes).status();
}

absl::Status JournalFiles::PrepareRoom(int64_t group_bytes) {
  MutexLock making(&make_mutex_);
  int64_t bytes = 0;
  {
    MutexLock lock(&mutex_);
    if (RoomLocked() >= group_bytes) return absl::OkStatus();
    bytes = NextFileBytes(RoundUp(group_bytes, kJournalBlockBytes) + kJournalBlockBytes);
  }
  return AddFile(bytes).status();
}

}  // namespace eventlog::inline v1::internal

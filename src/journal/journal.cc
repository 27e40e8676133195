#include "journal/journal.h"

#include <utility>

#include "base/error.h"

namespace eventlog::inline v1::internal {
namespace {

// Whoever would make a group much larger waits for the next one: far below kMaxGroupBytes, so that
// no single member gets there.
constexpr std::size_t kFullGroupBytes = 64 << 20;

}  // namespace

Journal::Journal(FileSystem* file_system, std::string log_directory, int64_t max_bytes,
                 Health* health)
    : max_bytes_(max_bytes),
      health_(health),
      files_(file_system, std::move(log_directory), max_bytes) {}

absl::Status Journal::Start(const Uuid& log_id, uint64_t generation) {
  EVENTLOG_RETURN_IF_ERROR(files_.Open(log_id));
  log_id_ = log_id;
  generation_ = generation;
  next_sequence_ = 1;
  synced_upto_.store(0, std::memory_order_release);
  return absl::OkStatus();
}

absl::Status Journal::Commit(absl::Span<const std::shared_ptr<GroupMember>> members, bool sync,
                             absl::FunctionRef<bool()> done) {
  Request request{members, sync, done};
  absl::Status status;
  bool waits = true;
  {
    Wakeups wakeups;
    MutexLock lock(&mutex_);
    request.place = requests_.insert(requests_.end(), &request);
    waits = Look(&request, &status, &wakeups);
  }
  while (waits) {
    if (request.word.Take() == kSettled) return absl::OkStatus();
    Wakeups wakeups;
    MutexLock lock(&mutex_);
    waits = Look(&request, &status, &wakeups);
  }
  return status;
}

bool Journal::Look(Request* request, absl::Status* status, Wakeups* wakeups) {
  while (!request->settled && !request->done()) {
    if (leading_) {  // and perhaps reading what this call's members point to
      request->called = false;
      return true;
    }
    *status = health_->Check();
    if (!status->ok()) break;
    Lead(request);
  }
  if (request->settled || request->done()) *status = absl::OkStatus();
  if (request->settled) return false;
  requests_.erase(request->place);
  CallNext(wakeups);  // if this one was called to lead and has nothing to do, another one leads
  return false;
}

void Journal::Lead(Request* own) {
  leading_ = true;
  GroupMembers members;
  bool sync = false;
  for (const Request* request : requests_) {
    if (request->done()) continue;
    for (const auto& member : request->members) {  // often they all have the same one
      if (members.empty() || members.back() != member) members.push_back(member);
    }
    sync = sync || request->sync;
  }
  mutex_.Unlock();
  RunGroup(members, sync);
  members.clear();  // perhaps the last to hold one of them
  {
    Wakeups wakeups;  // the next leader first
    MutexLock lock(&mutex_);
    leading_ = false;
    Settle(&wakeups);
    if (own->settled) CallNext(&wakeups);
  }
  mutex_.Lock();
}

void Journal::Settle(Wakeups* wakeups) {
  for (auto at = requests_.begin(); at != requests_.end();) {
    Request* const request = *at;
    if (!request->done()) {
      ++at;
      continue;
    }
    at = requests_.erase(at);
    request->settled = true;
    wakeups->Add(request->word.LeaveQuietly(kSettled));
  }
}

void Journal::CallNext(Wakeups* wakeups) {
  const bool poisoned = health_->poisoned();
  if (leading_ && !poisoned) return;
  for (Request* request : requests_) {
    if (!std::exchange(request->called, true)) wakeups->Add(request->word.LeaveQuietly(kLookAgain));
    if (!poisoned) return;
  }
}

void Journal::RunGroup(const GroupMembers& members, bool sync) {
  if (health_->poisoned()) return;
  if (!WriteGroup(members, sync).ok() || !sync) return;
  if (files_.unsynced()) {
    if (absl::Status synced = files_.Sync(); !synced.ok()) return PoisonWith(synced);
    synced_upto_.store(next_sequence_ - 1, std::memory_order_release);
  }
  for (const auto& member : members) member->OnSynced();
}

void Journal::Prepared(const absl::Status& prepared) {
  if (!prepared.ok() && !absl::IsResourceExhausted(prepared)) PoisonWith(prepared);
}

absl::Status Journal::WriteGroup(const GroupMembers& members, bool sync) {
  group_.Clear();
  for (const auto& member : members) {
    if (group_.bytes() >= kFullGroupBytes) break;
    member->Collect(&group_);
  }
  if (group_.empty()) return absl::OkStatus();

  bool left = false;
  bool sync_failed = false;
  absl::Status reserved = files_.Reserve(static_cast<int64_t>(group_.bytes()), &left, &sync_failed);
  // Who lacks space or descriptors can try again; what else fails is a broken device.
  if (sync_failed || !(reserved.ok() || absl::IsResourceExhausted(reserved))) {
    PoisonWith(reserved);
    return reserved;
  }
  if (!reserved.ok()) {
    for (const auto& member : members) member->OnRefused(reserved);
    return reserved;
  }
  if (left) synced_upto_.store(next_sequence_ - 1, std::memory_order_release);

  const uint64_t sequence = next_sequence_++;
  const std::string_view bytes = group_.Finish(generation_, sequence, synced_upto(), log_id_);
  if (absl::Status written = files_.Write(bytes, sequence, sync); !written.ok()) {
    PoisonWith(written);
    return written;
  }
  for (const auto& member : members) member->OnWritten(sequence);
  if (sync) {  // those whose durability is reached need not wait for the sync
    Wakeups wakeups;
    MutexLock lock(&mutex_);
    Settle(&wakeups);
  }
  return absl::OkStatus();
}

// A member without records of its own.
class Journal::Marker final : public GroupMember {
 public:
  Marker(Journal* journal, Carry carry) : journal_(journal), carry_(std::move(carry)) {}

  void Collect(GroupBuilder* group) override {
    if (carry_ == nullptr) return;
    const std::size_t before = group->bytes();
    carry_(group, journal_->files_.room());
    mark.carried = group->bytes() > before;
    carry_ = nullptr;
  }
  void OnWritten(uint64_t sequence) override {
    mark.sequence = sequence;
    mark.place = journal_->files_.last_place();
  }
  void OnSynced() override {
    if (!mark.carried) {
      mark.sequence = journal_->next_sequence_;
      mark.place = journal_->files_.place();
    }
    mark.synced_upto = journal_->synced_upto();
    marked.store(true, std::memory_order_release);
  }
  // The others' records were refused; what was written before is still to be synced.
  void OnRefused(const absl::Status&) override { mark.carried = false; }

  Mark mark;
  std::atomic<bool> marked{false};

 private:
  Journal* const journal_;
  Carry carry_;
};

absl::StatusOr<Journal::Mark> Journal::SyncAndMark(Carry carry) {
  const auto marker = std::make_shared<Marker>(this, std::move(carry));
  EVENTLOG_RETURN_IF_ERROR(Commit({marker}, true, [&] { return marker->marked.load(); }));
  return marker->mark;
}

void Journal::PoisonWith(const absl::Status& cause) {
  static_cast<void>(health_->Poison(Health::Failure::kJournal, cause));
}

}  // namespace eventlog::inline v1::internal

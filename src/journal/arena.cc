#include "journal/arena.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "format/file_names.h"
#include "io/durable_file.h"
#include "io/zeros.h"

namespace eventlog::inline v1::internal {
namespace {

constexpr std::size_t kLargeUnits = Arena::kLargeChunkBytes / kArenaUnitBytes;
constexpr uint64_t kLargeMask = (uint64_t{1} << kLargeUnits) - 1;

// The lowest place of so many free units in a row, at a multiple of as many; kArenaSlots: there is
// none. Low ones are taken again and again, so they are in the processor's cache.
std::size_t FindFree(uint64_t free, std::size_t units) {
  const uint64_t mask = (uint64_t{1} << units) - 1;
  for (std::size_t at = 0; at < kArenaSlots; at += units) {
    if ((free >> at & mask) == mask) return at;
  }
  return kArenaSlots;
}

// One unit where another of the same four is taken already, so that large chunks stay whole.
std::size_t FindRemainder(uint64_t free) {
  for (std::size_t at = 0; at < kArenaSlots; at += kLargeUnits) {
    const uint64_t four = free >> at & kLargeMask;
    if (four != 0 && four != kLargeMask) return at + FindFree(four, 1);
  }
  return kArenaSlots;
}

// Wherever a store may go there is space, in a file that was there before as well.
absl::StatusOr<absl::Span<char>> MapWhole(File* file) {
  constexpr auto kBytes = static_cast<int64_t>(kArenaFileBytes);
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  if (size > kBytes) EVENTLOG_RETURN_IF_ERROR(file->Truncate(kBytes));
  EVENTLOG_RETURN_IF_ERROR(file->Allocate(0, kBytes));
  EVENTLOG_ASSIGN_OR_RETURN(const absl::Span<char> bytes, file->MapShared(kBytes));
  if (size != kBytes) EVENTLOG_RETURN_IF_ERROR(WriteZeros(file, 0, kBytes));
  return bytes;
}

}  // namespace

ArenaChunk::ArenaChunk(Arena* arena, std::size_t file, std::size_t slot, std::size_t units)
    : arena_(arena), file_(file), slot_(slot), capacity_(units * kArenaUnitBytes) {}

ArenaChunk::~ArenaChunk() { arena_->GiveBack(this); }

void ArenaChunk::Begin(ArenaChunkHeader header) {
  published_word()->store(0, std::memory_order_relaxed);
  // A process may die between any two stores, which are seen in the order in which they were made;
  // it is for the compiler to leave that as it is.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  header.generation = arena_->generation_;
  header.chunk_bytes = static_cast<uint32_t>(capacity_);
  chain_ = StoreArenaChunkHeader(slot_bytes_, header, arena_->log_id_);
}

void Arena::Start(const Uuid& log_id, uint64_t generation) {
  MutexLock lock(&mutex_);
  log_id_ = log_id;
  generation_ = generation;
  why_off_.clear();
  off_.store(false, std::memory_order_relaxed);
}

void Arena::Close() {
  MutexLock lock(&mutex_);
  if (users_.empty()) files_.clear();
}

std::unique_ptr<ArenaChunk> Arena::Take(std::weak_ptr<ArenaUser> user) {
  MutexLock lock(&mutex_);
  std::unique_ptr<ArenaChunk> chunk;
  const bool scarce = is_scarce();
  while (chunk == nullptr) {
    chunk = TakeUnits(scarce ? 1 : kLargeUnits);
    if (chunk == nullptr && !Grow()) break;
  }
  if (chunk == nullptr && !scarce) chunk = TakeUnits(1);
  if (chunk == nullptr) return nullptr;
  chunk->user_ = users_.insert(users_.end(), std::move(user));
  return chunk;
}

std::unique_ptr<ArenaChunk> Arena::TakeUnits(std::size_t units) {
  for (const bool remainder : {true, false}) {
    if (remainder && units != 1) continue;
    for (std::size_t number = 0; number < files_.size(); ++number) {
      MappedFile& file = files_[number];
      const std::size_t slot = remainder ? FindRemainder(file.free) : FindFree(file.free, units);
      if (slot == kArenaSlots) continue;
      std::unique_ptr<ArenaChunk> chunk(new ArenaChunk(this, number, slot, units));
      chunk->slot_bytes_ = file.bytes.data() + slot * kArenaSlotBytes;
      chunk->bytes_ = file.bytes.data() + kArenaTableBytes + slot * kArenaUnitBytes;
      file.free &= ~(((uint64_t{1} << units) - 1) << slot);
      CountTaken(static_cast<std::ptrdiff_t>(units));
      return chunk;
    }
  }
  return nullptr;
}

void Arena::CountTaken(std::ptrdiff_t units) {
  taken_units_ += static_cast<std::size_t>(units);
  scarce_.store(taken_units_ * 2 > kMaxFiles * kArenaSlots, std::memory_order_relaxed);
}

void Arena::GiveBack(ArenaChunk* chunk) {
  MutexLock lock(&mutex_);
  const std::size_t units = chunk->capacity_ / kArenaUnitBytes;
  files_[chunk->file_].free |= ((uint64_t{1} << units) - 1) << chunk->slot_;
  users_.erase(chunk->user_);
  CountTaken(-static_cast<std::ptrdiff_t>(units));
}

std::shared_ptr<ArenaUser> Arena::LongestUser() const {
  MutexLock lock(&mutex_);
  for (const auto& weak : users_) {
    if (auto user = weak.lock(); user != nullptr) return user;
  }
  return nullptr;
}

std::string Arena::WhyOff() const {
  MutexLock lock(&mutex_);
  return why_off_;
}

bool Arena::Grow() {
  if (is_off() || files_.size() == kMaxFiles) return false;
  auto mapped = Map(files_.size());
  if (!mapped.ok()) {
    // Space and descriptors come back; what else there is stays.
    if (!absl::IsResourceExhausted(mapped.status()) && files_.empty()) {
      why_off_ = std::string(mapped.status().message());
      off_.store(true, std::memory_order_relaxed);
    }
    return false;
  }
  files_.push_back(*std::move(mapped));
  return true;
}

absl::StatusOr<Arena::MappedFile> Arena::Map(uint64_t number) const {
  const absl::Status made = file_system_->CreateDirectory(ArenaDirectory(log_directory_));
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  const std::string path = ArenaPath(log_directory_, number);
  auto file = file_system_->OpenFile(path, FileSystem::Open::kExisting);
  if (absl::IsNotFound(file.status())) {
    file = file_system_->OpenFile(path, FileSystem::Open::kCreateNew);
  }
  EVENTLOG_RETURN_IF_ERROR(file);
  auto bytes = MapWhole(file->get());
  if (bytes.ok()) return MappedFile{*std::move(file), *bytes};
  RemoveIfExists(file_system_, path).IgnoreError();  // it would only take space
  return bytes.status();
}

}  // namespace eventlog::inline v1::internal

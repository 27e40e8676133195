// The arena: memory that outlives the process. Records of `process` durability are encoded straight
// into chunks of it, which are shared mappings of files, so they survive SIGKILL without a system
// call. Its files are written whole before they are mapped, so that no store needs space, and are
// reused; none is ever synced, because nothing in them is promised to survive a power cut.
//
// Invariants:
// - a chunk has one user, from Take until it is destroyed, and one batch, from Begin on;
// - one store publishes a record, after its bytes; a slot's header changes only while nothing is
//   published in it;
// - a chunk is destroyed, and so may be taken anew, only when all that it has published is in a
//   segment (by a write that returned), in a checkpoint of a later generation, or of a topic that
//   is durably deleted;
// - until the checkpoint that begins a generation is durable no chunk is begun in it: what recovery
//   has read stays as it is (R16).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/assert.h"
#include "base/mutex.h"
#include "base/uuid.h"
#include "eventlog/file_system.h"
#include "format/arena_chunk.h"

namespace eventlog::inline v1::internal {

class Arena;

// Who has chunks.
class ArenaUser {
 public:
  virtual ~ArenaUser() = default;
  // Others have none left: writes what its chunks hold to a segment and gives them back. Called
  // without locks. An error leaves them where they are.
  virtual absl::Status SpillChunks() = 0;
};

// A part of the arena. One writer; readers look at bytes that are published only. Outlived by its
// arena.
class ArenaChunk {
 public:
  ~ArenaChunk();
  ArenaChunk(const ArenaChunk&) = delete;
  ArenaChunk& operator=(const ArenaChunk&) = delete;

  char* bytes() const { return bytes_; }
  std::size_t capacity() const { return capacity_; }
  // Says whose records follow. Once; topic_id, partition, base and epoch are the caller's.
  void Begin(ArenaChunkHeader header);
  // A record of so many bytes is encoded behind the last one.
  void Add(std::size_t record_bytes) {
    chain_ = ChainRecord(chain_, {bytes_ + end_, record_bytes});
    end_ += record_bytes;
  }
  // All that was added survives the process when this returns.
  void Publish() {
    EVENTLOG_ASSERT(end_ <= capacity_);
    published_word()->store(PublishedWord(end_, chain_), std::memory_order_release);
  }

 private:
  friend class Arena;
  using Users = std::list<std::weak_ptr<ArenaUser>>;
  ArenaChunk(Arena* arena, std::size_t file, std::size_t slot, std::size_t units);
  std::atomic<uint64_t>* published_word() const {
    static_assert(std::atomic<uint64_t>::is_always_lock_free, "whole, whenever the process dies");
    return reinterpret_cast<std::atomic<uint64_t>*>(slot_bytes_ + kPublishedAt);
  }

  Arena* const arena_;
  const std::size_t file_;
  const std::size_t slot_;
  const std::size_t capacity_;
  char* slot_bytes_ = nullptr;
  char* bytes_ = nullptr;
  std::size_t end_ = 0;  // of what was added
  uint64_t chain_ = 0;   // of the same
  Users::iterator user_;
};

// Thread-safe.
class Arena {
 public:
  // Every free chunk has room for this much, most for kLargeChunkBytes.
  static constexpr std::size_t kSmallChunkBytes = kArenaUnitBytes;
  static constexpr std::size_t kLargeChunkBytes = 4 * kArenaUnitBytes;
  static constexpr std::size_t kMaxFiles = 16;

  Arena(FileSystem* file_system, std::string log_directory)
      : file_system_(file_system), log_directory_(std::move(log_directory)) {}

  // Chunks are of this generation now, which a durable checkpoint names. None is out that was begun
  // in another.
  void Start(const Uuid& log_id, uint64_t generation);
  // Lets go of the files, if no chunk is out. Start takes them again, when they are needed.
  void Close();

  // A free chunk, or null: all are taken, or there can be none. Blocks on the disk when a file is
  // added.
  std::unique_ptr<ArenaChunk> Take(std::weak_ptr<ArenaUser> user);
  // Who has had a chunk for longest; null: nobody has one.
  std::shared_ptr<ArenaUser> LongestUser() const;
  // More than half of all that there can be is taken: who has some to give back does so soon.
  bool is_scarce() const { return scarce_.load(std::memory_order_relaxed); }
  // There is none, and WhyOff says why, for people; else there is one, or nobody has asked yet.
  bool is_off() const { return off_.load(std::memory_order_relaxed); }
  std::string WhyOff() const;

 private:
  friend class ArenaChunk;
  struct MappedFile {
    std::unique_ptr<File> file;
    absl::Span<char> bytes;
    uint64_t free = ~uint64_t{0};  // a bit for each unit
  };

  std::unique_ptr<ArenaChunk> TakeUnits(std::size_t units) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Grow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<MappedFile> Map(uint64_t number) const;
  void CountTaken(std::ptrdiff_t units) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBack(ArenaChunk* chunk);

  FileSystem* const file_system_;
  const std::string log_directory_;
  Uuid log_id_;              // constant from Start to Start
  uint64_t generation_ = 0;  // the same
  mutable Mutex mutex_;
  std::vector<MappedFile> files_ ABSL_GUARDED_BY(mutex_);
  ArenaChunk::Users users_ ABSL_GUARDED_BY(mutex_);  // of each chunk that is out, longest first
  std::size_t taken_units_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string why_off_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> scarce_{false};
  std::atomic<bool> off_{false};
};

}  // namespace eventlog::inline v1::internal

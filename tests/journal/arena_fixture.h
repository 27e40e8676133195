// An arena in a directory of its own, and what recovery would make of it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "format/record.h"
#include "journal/arena.h"
#include "journal/arena_reader.h"
#include "support/temp_dir.h"

namespace eventlog::test {

// Counts how often it is asked for its chunks, and keeps them.
class TestUser final : public internal::ArenaUser {
 public:
  absl::Status SpillChunks() override {
    ++asked;
    return absl::OkStatus();
  }
  int asked = 0;
};

struct ArenaFixture {
  explicit ArenaFixture(FileSystem* file_system = FileSystem::Posix())
      : arena(file_system, directory.path()) {
    log_id.bytes.fill('l');
    arena.Start(log_id, 1);
  }

  TempDir directory;
  internal::Uuid log_id;
  std::shared_ptr<TestUser> user = std::make_shared<TestUser>();
  internal::Arena arena;

  std::unique_ptr<internal::ArenaChunk> Take() { return arena.Take(user); }
  // A chunk that was begun, with these values published one by one.
  std::unique_ptr<internal::ArenaChunk> Publish(int64_t base_offset,
                                                const std::vector<std::string>& values) {
    auto chunk = Take();
    EVENTLOG_ASSERT(chunk != nullptr);
    chunk->Begin({.topic_id = 1, .base_offset = base_offset});
    std::size_t end = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t begin = end;
      end = Encode(chunk.get(), end, values[i], static_cast<int32_t>(i));
      chunk->Add(end - begin);
      chunk->Publish();
    }
    return chunk;
  }
  static std::size_t Encode(internal::ArenaChunk* chunk, std::size_t at, const std::string& value,
                            int32_t offset_delta) {
    char* const end =
        internal::EncodeRecord(chunk->bytes() + at, {.value = value}, 0, offset_delta);
    return static_cast<std::size_t>(end - chunk->bytes());
  }

  internal::ArenaContents Read(uint64_t generation = 1) const {
    auto contents = TryRead(generation);
    EVENTLOG_ASSERT(contents.ok());
    return *std::move(contents);
  }
  absl::StatusOr<internal::ArenaContents> TryRead(uint64_t generation) const {
    internal::Checkpoint checkpoint;
    checkpoint.log_id = log_id;
    checkpoint.generation = generation;
    return internal::ReadArena(FileSystem::Posix(), directory.path(), checkpoint);
  }
};

}  // namespace eventlog::test

#include "journal/arena.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "arena_fixture.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"

namespace eventlog::test {
namespace {

using internal::Arena;
using internal::ArenaChunk;

std::vector<std::unique_ptr<ArenaChunk>> TakeAll(ArenaFixture* fixture) {
  std::vector<std::unique_ptr<ArenaChunk>> chunks;
  while (auto chunk = fixture->Take()) chunks.push_back(std::move(chunk));
  return chunks;
}

TEST_CASE("an arena has no file before it is asked for a chunk", "[journal]") {
  ArenaFixture fixture;
  CHECK_FALSE(std::filesystem::exists(internal::ArenaDirectory(fixture.directory.path())));
  const auto chunk = fixture.Take();
  REQUIRE(chunk != nullptr);
  CHECK(std::filesystem::file_size(internal::ArenaPath(fixture.directory.path(), 0)) ==
        internal::kArenaFileBytes);
}

TEST_CASE("chunks that are out never overlap and all of them are given out", "[journal]") {
  ArenaFixture fixture;
  const auto chunks = TakeAll(&fixture);
  std::size_t bytes = 0;
  std::set<std::pair<char*, char*>> ranges;
  for (const auto& chunk : chunks) {
    bytes += chunk->capacity();
    ranges.emplace(chunk->bytes(), chunk->bytes() + chunk->capacity());
  }
  CHECK(bytes == Arena::kMaxFiles * internal::kArenaSlots * internal::kArenaUnitBytes);
  char* end = nullptr;
  for (const auto& [begin, after] : ranges) {
    CHECK(begin >= end);
    end = after;
  }
}

TEST_CASE("chunks are large until half is taken and small from then on", "[journal]") {
  ArenaFixture fixture;
  const auto chunks = TakeAll(&fixture);
  const std::size_t half = Arena::kMaxFiles * internal::kArenaSlots * internal::kArenaUnitBytes / 2;
  std::size_t before = 0;
  for (const auto& chunk : chunks) {
    CHECK(chunk->capacity() ==
          (before <= half ? Arena::kLargeChunkBytes : Arena::kSmallChunkBytes));
    before += chunk->capacity();
  }
  CHECK(fixture.arena.is_scarce());
}

TEST_CASE("a chunk that is given back can be taken again", "[journal]") {
  ArenaFixture fixture;
  auto chunks = TakeAll(&fixture);
  REQUIRE(fixture.Take() == nullptr);
  char* const bytes = chunks[10]->bytes();
  chunks[10].reset();
  const auto again = fixture.Take();
  REQUIRE(again != nullptr);
  CHECK(again->bytes() == bytes);
  chunks.clear();
  CHECK_FALSE(fixture.arena.is_scarce());
  CHECK(fixture.Take()->capacity() == Arena::kLargeChunkBytes);
}

TEST_CASE("who has had a chunk for longest is known", "[journal]") {
  ArenaFixture fixture;
  CHECK(fixture.arena.LongestUser() == nullptr);
  const auto other = std::make_shared<TestUser>();
  auto first = fixture.Take();
  const auto second = fixture.arena.Take(other);
  CHECK(fixture.arena.LongestUser() == fixture.user);
  first.reset();
  CHECK(fixture.arena.LongestUser() == other);
}

TEST_CASE("published records are found by recovery and others are not", "[journal]") {
  ArenaFixture fixture;
  const auto chunk = fixture.Publish(7, {"a", "bb"});
  const std::size_t end = ArenaFixture::Encode(chunk.get(), 0, "a", 0);
  ArenaFixture::Encode(chunk.get(), ArenaFixture::Encode(chunk.get(), end, "bb", 1), "unseen", 2);
  const auto contents = fixture.Read();
  REQUIRE(contents.frames.size() == 1);
  CHECK(contents.frames[0].first_offset == 7);
  CHECK(contents.frames[0].record_count == 2);
}

TEST_CASE("a chunk that is begun anew has nothing of before", "[journal]") {
  ArenaFixture fixture;
  fixture.Publish(7, {"a", "bb"}).reset();
  CHECK(fixture.Read().frames.size() == 1);  // given back is not gone
  const auto chunk = fixture.Take();
  chunk->Begin({.topic_id = 1, .base_offset = 9});
  CHECK(fixture.Read().frames.empty());
  CHECK(fixture.Read().damaged.empty());
}

TEST_CASE("chunks of a generation count in that one only", "[journal]") {
  ArenaFixture fixture;
  fixture.Publish(7, {"a"}).reset();
  fixture.arena.Start(fixture.log_id, 2);
  CHECK(fixture.Read(2).frames.empty());
  const auto chunk = fixture.Publish(8, {"b"});
  CHECK(fixture.Read(2).frames.size() == 1);
  CHECK(absl::IsDataLoss(fixture.TryRead(1).status()));
}

TEST_CASE("an arena that is opened again takes the files that are there", "[journal]") {
  ArenaFixture fixture;
  fixture.Publish(7, {"a"}).reset();
  fixture.arena.Close();
  CHECK(fixture.Read().frames.size() == 1);
  fixture.arena.Start(fixture.log_id, 2);
  const auto chunk = fixture.Publish(8, {"b"});
  CHECK(fixture.Read(2).frames.size() == 1);
  CHECK_FALSE(std::filesystem::exists(internal::ArenaPath(fixture.directory.path(), 1)));
}

TEST_CASE("a file of another size is made as large as it has to be", "[journal]") {
  ArenaFixture fixture;
  REQUIRE(fixture.Take() != nullptr);
  fixture.arena.Close();
  const std::string path = internal::ArenaPath(fixture.directory.path(), 0);
  for (const std::size_t size : {std::size_t{100}, internal::kArenaFileBytes + 5}) {
    std::filesystem::resize_file(path, size);
    REQUIRE(fixture.Publish(7, {"a"}) != nullptr);
    fixture.arena.Close();
    CHECK(std::filesystem::file_size(path) == internal::kArenaFileBytes);
  }
}

TEST_CASE("a file system that maps nothing has no arena and says why", "[journal]") {
  MemoryFileSystem memory;
  REQUIRE(memory.CreateDirectory("/log").ok());
  Arena arena(&memory, "/log");
  arena.Start({}, 1);
  CHECK(arena.WhyOff().empty());
  CHECK(arena.Take(std::weak_ptr<TestUser>()) == nullptr);
  CHECK(arena.is_off());
  CHECK_FALSE(arena.WhyOff().empty());
  CHECK(memory.List(internal::ArenaDirectory("/log"))->empty());
}

TEST_CASE("a full disk is no reason to do without for ever", "[journal]") {
  FaultFileSystem disk(FileSystem::Posix());
  ArenaFixture fixture(&disk);
  disk.FailNext("Allocate", FaultFileSystem::Fault::kDiskFull);
  CHECK(fixture.Take() == nullptr);
  CHECK_FALSE(fixture.arena.is_off());
  CHECK(fixture.Take() != nullptr);
}

}  // namespace
}  // namespace eventlog::test

#include "journal/arena_reader.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "arena_fixture.h"
#include "format/file_names.h"

namespace eventlog::test {
namespace {

void Overwrite(const std::string& path, std::size_t at, std::string_view bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

TEST_CASE("a log without an arena has nothing in it", "[journal]") {
  const ArenaFixture fixture;
  CHECK(fixture.Read().frames.empty());
  CHECK(fixture.Read().files.empty());
}

TEST_CASE("a chunk whose records are damaged is told of with its place", "[journal]") {
  ArenaFixture fixture;
  const auto good = fixture.Publish(7, {"a"});
  const auto bad = fixture.Publish(30, {"b"});
  bad->bytes()[6] ^= 1;  // its value
  const auto contents = fixture.Read();
  REQUIRE(contents.frames.size() == 1);
  CHECK(contents.frames[0].first_offset == 7);
  REQUIRE(contents.damaged.size() == 1);
  CHECK(contents.damaged[0].header.base_offset == 30);
  CHECK(contents.damaged[0].header.topic_id == 1);
  CHECK_THAT(contents.damaged[0].what, Catch::Contains("00000000.arena: slot 4"));
}

TEST_CASE("a slot that cannot be read belongs to nobody", "[journal]") {
  ArenaFixture fixture;
  const auto chunk = fixture.Publish(7, {"a"});
  Overwrite(internal::ArenaPath(fixture.directory.path(), 0), 20, "x");
  const auto contents = fixture.Read();
  CHECK(contents.frames.empty());
  REQUIRE(contents.damaged.size() == 1);
  CHECK(contents.damaged[0].header.topic_id == 0);
}

TEST_CASE("a file that was cut is told of and has the chunks that are whole", "[journal]") {
  ArenaFixture fixture;
  const auto kept = fixture.Publish(7, {"a"});
  const auto cut = fixture.Publish(30, {"b"});
  const std::string path = internal::ArenaPath(fixture.directory.path(), 0);
  std::filesystem::resize_file(path, internal::kArenaTableBytes + 1000);
  const auto contents = fixture.Read();
  REQUIRE(contents.frames.size() == 1);
  CHECK(contents.frames[0].first_offset == 7);
  REQUIRE(contents.damaged.size() == 2);
  CHECK_THAT(contents.damaged[0].what, Catch::Contains("5096 bytes long"));
  CHECK(contents.damaged[1].header.base_offset == 30);
}

TEST_CASE("a file that was made longer has all its chunks", "[journal]") {
  ArenaFixture fixture;
  const auto chunk = fixture.Publish(7, {"a"});
  const std::string path = internal::ArenaPath(fixture.directory.path(), 0);
  std::filesystem::resize_file(path, 3 * internal::kArenaFileBytes);
  CHECK(fixture.Read().frames.size() == 1);
  CHECK(fixture.Read().damaged.empty());
}

TEST_CASE("a file that was being made is no damage", "[journal]") {
  const ArenaFixture fixture;
  std::filesystem::create_directory(internal::ArenaDirectory(fixture.directory.path()));
  std::ofstream(internal::ArenaPath(fixture.directory.path(), 0)) << std::string(5000, '\0');
  CHECK(fixture.Read().frames.empty());
  CHECK(fixture.Read().damaged.empty());
}

TEST_CASE("other files beside the arena's are left alone", "[journal]") {
  ArenaFixture fixture;
  const auto chunk = fixture.Publish(7, {"a"});
  const std::string directory = internal::ArenaDirectory(fixture.directory.path());
  std::ofstream(directory + "/0.arena") << "x";
  CHECK(fixture.Read().frames.size() == 1);
  CHECK(fixture.Read().damaged.empty());
}

}  // namespace
}  // namespace eventlog::test

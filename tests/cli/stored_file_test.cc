#include "cli/stored_file.h"

#include <catch2/catch.hpp>
#include <string>

#include "cli/tool.h"
#include "eventlog/testing/fault_file_system.h"
#include "fmt/format.h"
#include "support/batch_factory.h"

namespace eventlog::cli {
namespace {

TEST_CASE("a stored file is read whole up to a bound", "[cli]") {
  const test::TempDir directory;
  test::WriteFileText(directory / "file", "12345");
  const auto bytes = ReadStoredFile(FileSystem::Posix(), directory / "file", 5);
  REQUIRE(bytes.ok());
  CHECK(*bytes == "12345");
  CHECK(absl::IsDataLoss(ReadStoredFile(FileSystem::Posix(), directory / "file", 4).status()));
  CHECK(absl::IsNotFound(ReadStoredFile(FileSystem::Posix(), directory / "other", 4).status()));
}

TEST_CASE("a file that changes while it is read is read again", "[cli]") {
  const test::TempDir directory;
  const std::string path = directory / "file";
  test::WriteFileText(path, "old");
  FaultFileSystem files(FileSystem::Posix());
  int reads = 0;
  files.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "ReadAt" && ++reads <= 3)
      test::WriteFileText(path, fmt::format("ne{}", reads));
    return absl::OkStatus();
  });
  const auto bytes = ReadReplacedFile(&files, path, 5);
  REQUIRE(bytes.ok());
  CHECK(*bytes == "ne3");
  CHECK(reads == 4);
}

TEST_CASE("segments are listed in the order of their offsets", "[cli]") {
  const test::TempDir directory;
  for (const char* name : {"00000000000000000100.log", "00000000000000000007.log",
                           "00000000000000000007.index", "7.log"}) {
    test::WriteFileText(directory / name, "");
  }
  const auto bases = ListSegments(FileSystem::Posix(), directory.path());
  REQUIRE(bases.ok());
  CHECK(*bases == std::vector<int64_t>{7, 100});
}

TEST_CASE("records decode only when they are all of the bytes", "[cli]") {
  const std::string records = test::MakeCountedBatch(test::TestIdentity(), 0, 3).records;
  const auto decoded = DecodeRecords(records, 3);
  REQUIRE(decoded.ok());
  CHECK(std::string((*decoded)[2].key, (*decoded)[2].key_size) == "2");
  CHECK_FALSE(DecodeRecords(records, 2).ok());
  CHECK_FALSE(DecodeRecords(records, 4).ok());
  CHECK_FALSE(DecodeRecords(records, -1).ok());
  CHECK_FALSE(DecodeRecords(records, 1 << 30).ok());
}

TEST_CASE("quoted text holds nothing that a terminal obeys", "[cli]") {
  CHECK(Quoted("a\n\t\"\\\x1b\xff") == "\"a\\n\\t\\\"\\\\\\x1b\\xff\"");
}

}  // namespace
}  // namespace eventlog::cli

#include "log/destroy.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "io/durable_file.h"
#include "support/temp_dir.h"

namespace eventlog::internal {
namespace {

void MakeLog(FileSystem* files, const std::string& directory) {
  auto log = Log::Open({.directory = directory, .file_system = files});
  REQUIRE(log.ok());
  auto topic = log->OpenTopic("orders", {.partitions = 2});
  REQUIRE(topic.ok());
  REQUIRE(topic->Append({.value = "placed", .partition = 1}).ok());
  REQUIRE(log->Close().ok());
}

TEST_CASE("a destroyed log is gone with its directory", "[log]") {
  MemoryFileSystem files;
  MakeLog(&files, "data/log");
  CHECK(DestroyLog(&files, "data/log").ok());
  CHECK(absl::IsNotFound(files.List("data/log").status()));
  CHECK(files.List("data").ok());
  CHECK(ReasonOf(DestroyLog(&files, "data/log")) == ErrorReason::kDirectoryNotFound);
}

TEST_CASE("a destroyed log stays away after a power cut", "[log]") {
  MemoryFileSystem files;
  MakeLog(&files, "log");
  REQUIRE(DestroyLog(&files, "log").ok());
  files.CutPower();
  const absl::Status opened =
      Log::Open({.directory = "log", .open_mode = OpenMode::kExisting, .file_system = &files})
          .status();
  CHECK(ReasonOf(opened) == ErrorReason::kDirectoryNotFound);
}

TEST_CASE("what else is in the directory stays", "[log]") {
  MemoryFileSystem files;
  MakeLog(&files, "log");
  REQUIRE(ReplaceFile(&files, "log/notes.txt", "mine").ok());
  CHECK(DestroyLog(&files, "log").ok());
  CHECK(*files.List("log") == std::vector<std::string>{"notes.txt"});
}

TEST_CASE("a directory that is no log is refused and untouched", "[log]") {
  MemoryFileSystem files;
  REQUIRE(CreateDirectories(&files, "project/segments").ok());
  REQUIRE(CreateDirectories(&files, "project/journal").ok());
  REQUIRE(ReplaceFile(&files, "project/segments/video", "mine").ok());
  CHECK(absl::IsFailedPrecondition(DestroyLog(&files, "project")));
  CHECK(files.List("project/segments")->size() == 1);
  CHECK(files.List("project")->size() == 2);  // no lock was left there either
  REQUIRE(ReplaceFile(&files, "project/catalog", "of my own garden").ok());
  CHECK(absl::IsFailedPrecondition(DestroyLog(&files, "project")));
  CHECK(files.List("project")->size() == 3);
}

TEST_CASE("a log that is open is not destroyed", "[log]") {
  MemoryFileSystem files;
  auto log = Log::Open({.directory = "log", .file_system = &files});
  REQUIRE(log.ok());
  CHECK(ReasonOf(DestroyLog(&files, "log")) == ErrorReason::kLocked);
  CHECK(log->OpenTopic("orders").ok());
}

TEST_CASE("a destruction that fails at any call says so and is finished by the next", "[log]") {
  int refused = 0;
  for (int64_t failed_call = 1;; ++failed_call) {
    INFO("call " << failed_call);
    MemoryFileSystem memory;
    MakeLog(&memory, "log");
    FaultFileSystem files(&memory);
    files.Intercept([&](const FaultFileSystem::Call& call) {
      return call.number == failed_call ? absl::InternalError("EIO") : absl::OkStatus();
    });
    const absl::Status failed = DestroyLog(&files, "log");
    if (files.Count() < failed_call) break;
    files.Heal();
    if (failed.ok()) {  // it was the directory's own removal, and others may have files in it
      CHECK(memory.List("log")->empty());
      continue;
    }
    ++refused;
    const absl::Status again = DestroyLog(&files, "log");
    INFO(again);
    CHECK((again.ok() || memory.List("log")->empty()));
    CHECK_FALSE(memory.OpenFile("log/catalog", FileSystem::Open::kReadOnly).ok());
  }
  CHECK(refused > 20);
}

TEST_CASE("a destruction that was cut short is finished by the next call", "[log]") {
  const test::TempDir temp;
  const std::string directory = temp / "log";
  FileSystem* const disk = FileSystem::Posix();
  FaultFileSystem files(disk);
  MakeLog(disk, directory);
  int removals = 0;
  files.Intercept([&](const FaultFileSystem::Call& call) {
    return call.name == "Remove" ? (++removals, absl::OkStatus()) : absl::OkStatus();
  });
  REQUIRE(DestroyLog(&files, directory).ok());
  const int all = removals;
  REQUIRE(all > 6);
  for (int cut = 0; cut + 1 < all; ++cut) {
    INFO("after " << cut << " removals");
    MakeLog(disk, directory);
    int left = cut;
    files.Intercept([&](const FaultFileSystem::Call& call) {
      if (call.name != "Remove" || left-- > 0) return absl::OkStatus();
      return MakeError(absl::StatusCode::kInternal, "cut short");
    });
    const absl::Status first = DestroyLog(&files, directory);
    files.Heal();
    CHECK_FALSE(first.ok());
    CHECK(DestroyLog(&files, directory).ok());
    CHECK(absl::IsNotFound(disk->List(directory).status()));
  }
}

}  // namespace
}  // namespace eventlog::internal

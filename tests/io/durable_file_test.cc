#include "io/durable_file.h"

#include <catch2/catch.hpp>

#include "eventlog/errors.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "io/file_io.h"

namespace eventlog::internal {
namespace {

using test::Contents;

FaultFileSystem::Interceptor FailAt(std::string_view failing, int nth = 1) {
  return [failing, left = nth](const FaultFileSystem::Call& call) mutable {
    return call.name == failing && --left == 0 ? absl::InternalError("broken") : absl::OkStatus();
  };
}

}  // namespace

TEST_CASE("a replaced file is durable when the call returns", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(ReplaceFile(&disk, "/a", "one").ok());
  disk.CutPower();
  CHECK(Contents(&disk, "/a") == "one");
  REQUIRE(ReplaceFile(&disk, "/a", "two").ok());
  disk.CutPower();
  CHECK(Contents(&disk, "/a") == "two");
  CHECK(disk.List("/")->size() == 1);
}

TEST_CASE("a file is whole whichever step of its replacement fails", "[io]") {
  MemoryFileSystem disk;
  FaultFileSystem failing(&disk);
  REQUIRE(ReplaceFile(&failing, "/a", "old").ok());
  for (const char* call : {"OpenFile", "WriteAt", "SyncData", "Rename"}) {
    CAPTURE(call);
    failing.Intercept(FailAt(call));
    CHECK(absl::IsInternal(ReplaceFile(&failing, "/a", "new")));
    CHECK(Contents(&disk, "/a") == "old");
    CHECK(disk.List("/")->size() == 1);  // no litter
  }
  failing.Intercept(FailAt("SyncDirectory"));
  CHECK(absl::IsInternal(ReplaceFile(&failing, "/a", "new")));
  CHECK(Contents(&disk, "/a") == "new");
  disk.CutPower();
  CHECK(Contents(&disk, "/a") == "old");
}

TEST_CASE("what a killed replacement left does not hinder the next", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(test::MakeFile(&disk, "/a.tmp", "a longer text of before") != nullptr);
  REQUIRE(ReplaceFile(&disk, "/a", "new").ok());
  CHECK(Contents(&disk, "/a") == "new");
  CHECK(disk.List("/")->size() == 1);
}

TEST_CASE("a whole file is read up to its bound", "[io]") {
  MemoryFileSystem disk;
  CHECK(absl::IsNotFound(ReadWholeFile(&disk, "/a", 10).status()));
  REQUIRE(ReplaceFile(&disk, "/a", "12345").ok());
  REQUIRE(ReplaceFile(&disk, "/empty", "").ok());
  CHECK(ReadWholeFile(&disk, "/a", 5).value() == "12345");
  CHECK(ReadWholeFile(&disk, "/empty", 0).value().empty());
  const auto larger = ReadWholeFile(&disk, "/a", 4).status();
  CHECK(ReasonOf(larger) == ErrorReason::kCorruptData);
  CHECK(absl::IsFailedPrecondition(ReadWholeFile(&disk, "/", 10).status()));
}

TEST_CASE("directories are created with their parents and durably", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(CreateDirectories(&disk, "/a/b/c").ok());
  disk.CutPower();
  CHECK(disk.List("/a/b/c").ok());
  CHECK(CreateDirectories(&disk, "/a/b/c").ok());
  CHECK(CreateDirectories(&disk, "/a/b/d/").ok());
  CHECK(CreateDirectories(&disk, "relative/e").ok());
  CHECK(CreateDirectories(&disk, "/").ok());
  disk.CutPower();
  CHECK(disk.List("/a/b")->size() == 2);
  CHECK(disk.List("/relative/e").ok());
}

TEST_CASE("a directory that a killed process made becomes durable", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(disk.CreateDirectory("/a").ok());  // and killed before the sync
  REQUIRE(CreateDirectories(&disk, "/a").ok());
  disk.CutPower();
  CHECK(disk.List("/a").ok());
}

TEST_CASE("a directory is created under a parent that may not be opened", "[io]") {
  MemoryFileSystem disk;
  FaultFileSystem failing(&disk);
  REQUIRE(CreateDirectories(&failing, "/a").ok());
  const auto deny = [](const FaultFileSystem::Call& call) {
    return call.name == "SyncDirectory" ? absl::PermissionDeniedError("not ours")
                                        : absl::OkStatus();
  };
  failing.Intercept(deny);
  CHECK(CreateDirectories(&failing, "/a").ok());
  CHECK(absl::IsPermissionDenied(CreateDirectories(&failing, "/b")));  // not durable: say so
  failing.Intercept(FailAt("SyncDirectory"));
  CHECK(absl::IsInternal(CreateDirectories(&failing, "/a")));
}

TEST_CASE("a file that may be missing is removed", "[io]") {
  MemoryFileSystem disk;
  FaultFileSystem failing(&disk);
  CHECK(RemoveIfExists(&failing, "/a").ok());
  REQUIRE(test::MakeFile(&disk, "/a", "") != nullptr);
  CHECK(RemoveIfExists(&failing, "/a").ok());
  CHECK(disk.List("/")->empty());
  failing.Intercept(FailAt("Remove"));
  CHECK(absl::IsInternal(RemoveIfExists(&failing, "/a")));
}

TEST_CASE("a parent is what comes before the last name", "[io]") {
  CHECK(ParentDirectory("a/b/c") == "a/b");
  CHECK(ParentDirectory("a/b/c/") == "a/b");
  CHECK(ParentDirectory("a//b") == "a");
  CHECK(ParentDirectory("c") == ".");
  CHECK(ParentDirectory("c/") == ".");
  CHECK(ParentDirectory("/c") == "/");
  CHECK(ParentDirectory("//c") == "/");
  CHECK(ParentDirectory("/") == "/");
  CHECK(ParentDirectory("") == ".");
  CHECK(ParentDirectory(".") == ".");
}

}  // namespace eventlog::internal

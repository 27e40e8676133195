#include "io/durable_file.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "io/file_io.h"

namespace eventlog::internal {
namespace {

using test::Contents;

constexpr auto kFind = FileSystem::Open::kReadOnly;

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

TEST_CASE("a file that is replaced keeps the space for its next replacement", "[io]") {
  MemoryFileSystem disk;
  FaultFileSystem failing(&disk);
  ReplacedFile file(&failing, "/a");
  REQUIRE(file.Replace("one").ok());
  REQUIRE(file.Replace("second").ok());
  disk.CutPower();
  CHECK(Contents(&disk, "/a") == "second");
  REQUIRE(file.Replace("third").ok());
  CHECK(Contents(&disk, "/a") == "third");
  CHECK(Contents(&disk, "/a.tmp") == "second");  // the space of the one before
  CHECK(disk.List("/")->size() == 2);

  // No byte more: a file cannot be made nor grow.
  failing.Intercept([&](const FaultFileSystem::Call& call) {
    const bool full = call.name == "Allocate" ||
                      (call.name == "OpenFile" && !disk.OpenFile(call.path, kFind).ok());
    return full ? MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
  });
  for (const char* text : {"4", "fifth", "6", "7th", "eighth"}) {
    REQUIRE(file.Replace(text).ok());
    CHECK(Contents(&disk, "/a") == text);
    CHECK(disk.List("/")->size() == 2);
  }
  failing.Heal();
  REQUIRE(RemoveSpares(&disk, "/a").ok());
  CHECK(disk.List("/")->size() == 1);
}

TEST_CASE("a replacement for which there is no space changes nothing and later succeeds", "[io]") {
  MemoryFileSystem disk;
  FaultFileSystem failing(&disk);
  ReplacedFile file(&failing, "/a");
  REQUIRE(file.Replace("old").ok());
  failing.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "WriteAt" ? MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
  });
  CHECK(IsDiskFull(file.Replace("new")));
  CHECK(Contents(&disk, "/a") == "old");
  CHECK(failing.Count("Rename") == 1);
  failing.Heal();
  CHECK(file.Replace("new").ok());
  CHECK(Contents(&disk, "/a") == "new");
}

// What its blocks hold nobody knows: a sync of them that succeeds says nothing.
TEST_CASE("a spare whose sync failed is made anew", "[io]") {
  MemoryFileSystem disk;
  FaultFileSystem failing(&disk);
  ReplacedFile file(&failing, "/a");
  REQUIRE(file.Replace("one").ok());
  REQUIRE(file.Replace("two").ok());
  failing.ResetCounts();
  REQUIRE(file.Replace("three").ok());
  CHECK(failing.Count("Remove") == 0);
  failing.FailNext("SyncData", FaultFileSystem::Fault::kIoError);
  CHECK_FALSE(file.Replace("lost").ok());
  CHECK(Contents(&disk, "/a") == "three");
  REQUIRE(file.Replace("four").ok());
  CHECK(failing.Count("Remove") == 2);  // the spare, and what it is made of
  CHECK(Contents(&disk, "/a") == "four");
}

TEST_CASE("where a file has one name only its replacement takes new space", "[io]") {
  MemoryFileSystem disk;
  FaultFileSystem failing(&disk);
  failing.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Link" ? absl::PermissionDeniedError("vfat") : absl::OkStatus();
  });
  ReplacedFile file(&failing, "/a");
  for (const char* text : {"one", "two", "three"}) {
    REQUIRE(file.Replace(text).ok());
    CHECK(Contents(&disk, "/a") == text);
    CHECK(Contents(&disk, "/a.tmp") == std::string(std::string(text).size(), '\0'));
  }
}

TEST_CASE("what somebody did to a spare does not hinder the next replacement", "[io]") {
  MemoryFileSystem disk;
  {
    ReplacedFile file(&disk, "/a");
    REQUIRE(file.Replace("one").ok());
    REQUIRE(disk.Remove("/a.tmp").ok());
    REQUIRE(file.Replace("two").ok());
  }
  REQUIRE(disk.Remove("/a.tmp").ok());
  REQUIRE(disk.Link("/a", "/a.tmp").ok());  // of a rename that a crash kept by half
  REQUIRE(disk.Link("/a", "/a.old.tmp").ok());
  FaultFileSystem failing(&disk);
  ReplacedFile file(&failing, "/a");
  failing.FailNext("SyncData", FaultFileSystem::Fault::kIoError);
  CHECK_FALSE(file.Replace("half").ok());
  CHECK(Contents(&disk, "/a") == "two");
  REQUIRE(file.Replace("three").ok());
  CHECK(Contents(&disk, "/a") == "three");
  CHECK(disk.List("/")->size() == 2);
}

TEST_CASE("a replaced file is whole after a crash at any call", "[io]") {
  const bool power = GENERATE(false, true);
  int calls = -1;
  for (int failing_from = 0; calls < 0 || failing_from <= calls; ++failing_from) {
    CAPTURE(power, failing_from);
    MemoryFileSystem disk;
    FaultFileSystem failing(&disk);
    std::string written = "0";
    REQUIRE(ReplacedFile(&disk, "/a").Replace(written).ok());
    {
      ReplacedFile file(&failing, "/a");
      int call = 0;
      failing.Intercept([&](const FaultFileSystem::Call&) {
        return call++ >= failing_from ? absl::InternalError("dead") : absl::OkStatus();
      });
      std::string next = "a first one";
      while (written.size() < 20 && file.Replace(next).ok()) {
        written = next;
        next += " more";
      }
      if (call <= failing_from) calls = call;
      if (power) disk.CutPower();
      const std::string found = Contents(&disk, "/a");
      CHECK((found == written || found == next));
    }
    ReplacedFile file(&disk, "/a");
    REQUIRE(disk.SyncDirectory("/").ok());  // R14
    REQUIRE(file.Replace("last").ok());
    REQUIRE(file.Replace("very last").ok());
    disk.CutPower();
    CHECK(Contents(&disk, "/a") == "very last");
  }
  CHECK(calls > 20);
}

TEST_CASE("a rename in doubt is no full disk that changed nothing", "[io]") {
  MemoryFileSystem disk;
  FaultFileSystem failing(&disk);
  ReplacedFile file(&failing, "/a");
  REQUIRE(file.Replace("old").ok());
  failing.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "SyncDirectory" ? MakeError(ErrorReason::kDiskFull, "full")
                                        : absl::OkStatus();
  });
  CHECK(absl::IsInternal(file.Replace("new")));
  CHECK(absl::IsInternal(ReplaceFile(&failing, "/a", "newer")));
  REQUIRE(test::MakeFile(&disk, "/b", "") != nullptr);
  CHECK(absl::IsInternal(DurableRename(&failing, "/b", "/c")));
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

#include "eventlog/testing/memory_file_system.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "eventlog/errors.h"
#include "io/file_io.h"

namespace eventlog::test {

using Open = FileSystem::Open;

TEST_CASE("a power cut forgets the bytes that were not synced", "[io]") {
  MemoryFileSystem disk;
  auto file = MakeFile(&disk, "/a", "synced");
  REQUIRE(file != nullptr);
  REQUIRE(file->SyncData().ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  REQUIRE(Write(file.get(), 0, "SYNCED and more").ok());
  disk.CutPower();
  CHECK(Contents(&disk, "/a") == "synced");
}

TEST_CASE("a power cut forgets a size that was not synced", "[io]") {
  MemoryFileSystem disk;
  auto file = MakeFile(&disk, "/a", "synced");
  REQUIRE(file->SyncData().ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  SECTION("cut") { REQUIRE(file->Truncate(1).ok()); }
  SECTION("grown") { REQUIRE(file->Truncate(100000).ok()); }
  SECTION("allocated") { REQUIRE(file->Allocate(0, 100000).ok()); }
  disk.CutPower();
  CHECK(Contents(&disk, "/a") == "synced");
}

TEST_CASE("a power cut empties a file that has a durable name only", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(MakeFile(&disk, "/a", "never synced") != nullptr);
  REQUIRE(disk.SyncDirectory("/").ok());
  disk.CutPower();
  CHECK(Contents(&disk, "/a").empty());
}

TEST_CASE("a power cut forgets names that were not synced", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(disk.CreateDirectory("/d").ok());
  for (const char* path : {"/d/removed", "/d/old", "/d/replaced", "/d/linked"}) {
    auto file = MakeFile(&disk, path, path);
    REQUIRE((file != nullptr && file->SyncData().ok()));
  }
  REQUIRE(disk.SyncDirectory("/d").ok());
  REQUIRE(disk.SyncDirectory("/").ok());

  REQUIRE(disk.Remove("/d/removed").ok());
  REQUIRE(disk.Rename("/d/old", "/d/replaced").ok());
  REQUIRE(disk.Link("/d/linked", "/d/second").ok());
  REQUIRE(MakeFile(&disk, "/d/created", "x")->SyncData().ok());
  REQUIRE(disk.CreateDirectory("/d/made").ok());
  SECTION("without a sync the old names are back") {
    disk.CutPower();
    CHECK(Contents(&disk, "/d/removed") == "/d/removed");
    CHECK(Contents(&disk, "/d/old") == "/d/old");
    CHECK(Contents(&disk, "/d/replaced") == "/d/replaced");
    CHECK(disk.List("/d")->size() == 4);
  }
  SECTION("with one the new names are there") {
    REQUIRE(disk.SyncDirectory("/d").ok());
    disk.CutPower();
    CHECK(*disk.List("/d") ==
          std::vector<std::string>{"created", "linked", "made", "replaced", "second"});
    CHECK(Contents(&disk, "/d/replaced") == "/d/old");
    CHECK(Contents(&disk, "/d/second") == "/d/linked");
  }
}

TEST_CASE("a power cut takes a directory whose own name was not synced", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(disk.CreateDirectory("/d").ok());
  REQUIRE(MakeFile(&disk, "/d/a", "x")->SyncData().ok());
  REQUIRE(disk.SyncDirectory("/d").ok());
  disk.CutPower();
  CHECK(disk.List("/")->empty());
}

TEST_CASE("files open at a power cut are unavailable and new ones are not", "[io]") {
  MemoryFileSystem disk;
  auto file = MakeFile(&disk, "/a", "text");
  REQUIRE(file->SyncData().ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  disk.CutPower();
  CHECK(absl::IsUnavailable(Write(file.get(), 0, "x")));
  CHECK(absl::IsUnavailable(file->SyncData()));
  CHECK(absl::IsUnavailable(file->Truncate(0)));
  CHECK(absl::IsUnavailable(file->Allocate(0, 100)));
  CHECK(absl::IsUnavailable(file->DropCache()));
  CHECK(absl::IsUnavailable(file->Size().status()));
  char byte;
  CHECK(absl::IsUnavailable(file->ReadAt(0, absl::MakeSpan(&byte, 1)).status()));
  file = *disk.OpenFile("/a", Open::kExisting);
  CHECK(Read(file.get(), 0, 9) == "text");
  CHECK(Write(file.get(), 0, "next").ok());
}

TEST_CASE("a power cut releases locks and an old one's end does not", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(disk.CreateDirectory("/d").ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  auto old = disk.LockDirectory("/d");
  REQUIRE(old.ok());
  disk.CutPower();
  auto next = disk.LockDirectory("/d");
  REQUIRE(next.ok());
  old->reset();
  CHECK(ReasonOf(disk.LockDirectory("/d").status()) == ErrorReason::kLocked);
}

TEST_CASE("paths start at the root with or without a slash", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(disk.CreateDirectory("d").ok());
  REQUIRE(MakeFile(&disk, "d/a", "text") != nullptr);
  CHECK(Contents(&disk, "/d//./a") == "text");
  CHECK(Contents(&disk, "/d/../d/a") == "text");
  CHECK(Contents(&disk, "./d/a") == "text");
  CHECK(absl::IsNotFound(disk.OpenFile("", Open::kExisting).status()));
}

TEST_CASE("the root is neither renamed nor removed", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(disk.CreateDirectory("/d").ok());
  CHECK_FALSE(disk.Rename("/", "/d/e").ok());
  CHECK_FALSE(disk.Rename("/d", "/").ok());
  CHECK_FALSE(disk.Remove("/").ok());
  CHECK(disk.List("/")->size() == 1);
}

TEST_CASE("a file larger than memory files get is a full disk", "[io]") {
  MemoryFileSystem disk;
  auto file = MakeFile(&disk, "/a", "text");
  CHECK(ReasonOf(file->Truncate(int64_t{1} << 50)) == ErrorReason::kDiskFull);
  CHECK(ReasonOf(Write(file.get(), int64_t{1} << 50, "x")) == ErrorReason::kDiskFull);
  CHECK(file->Size().value() == 4);
}

TEST_CASE("a file in memory is not mapped", "[io]") {
  MemoryFileSystem disk;
  auto file = MakeFile(&disk, "/a", "text");
  CHECK(absl::IsUnimplemented(file->MapShared(4).status()));
}

TEST_CASE("no write of before lands after a power cut", "[io]") {
  MemoryFileSystem disk;
  REQUIRE(MakeFile(&disk, "/a", "old")->SyncData().ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  for (int round = 0; round < 200; ++round) {
    auto file = *disk.OpenFile("/a", Open::kExisting);
    std::atomic<bool> started{false};
    std::thread writer([&] {
      while (Write(file.get(), 0, "new").ok()) started = true;
    });
    while (!started) std::this_thread::yield();
    disk.CutPower();
    const std::string left = Contents(&disk, "/a");
    writer.join();
    if (left != "old" || Contents(&disk, "/a") != "old") FAIL("round " << round);
  }
}

TEST_CASE("files and locks may outlive their file system", "[io]") {
  auto disk = std::make_unique<MemoryFileSystem>();
  auto file = MakeFile(disk.get(), "/a", "text");
  auto lock = disk->LockDirectory("/");
  REQUIRE(lock.ok());
  disk.reset();
  CHECK(Read(file.get(), 0, 9) == "text");
}

}  // namespace eventlog::test

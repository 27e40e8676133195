// What include/eventlog/file_system.h promises, of both file systems of the library and of the
// laboratory's.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "eventlog/errors.h"
#include "eventlog/testing/memory_file_system.h"
#include "io/file_io.h"
#include "lab/simulated_disk.h"
#include "support/temp_dir.h"

namespace eventlog::test {
namespace {

using Open = FileSystem::Open;

class PosixForTest {
 public:
  FileSystem* file_system() { return FileSystem::Posix(); }
  std::string operator/(std::string_view name) const { return directory_ / name; }
  const std::string& root() const { return directory_.path(); }

 private:
  TempDir directory_;
};

template <typename Disk>
class InMemory {
 public:
  InMemory() { REQUIRE(file_system_.CreateDirectory(root_).ok()); }
  FileSystem* file_system() { return &file_system_; }
  std::string operator/(std::string_view name) const { return root_ + "/" + std::string(name); }
  const std::string& root() const { return root_; }

 private:
  Disk file_system_;
  const std::string root_ = "/disk";
};
using MemoryForTest = InMemory<MemoryFileSystem>;
using SimulatedForTest = InMemory<SimulatedDisk>;

std::vector<std::string> SortedList(FileSystem* file_system, const std::string& path) {
  auto names = file_system->List(path);
  if (!names.ok()) return {"error: " + names.status().ToString()};
  std::sort(names->begin(), names->end());
  return *names;
}

using Names = std::vector<std::string>;

}  // namespace

TEMPLATE_TEST_CASE("a file reads back what was written to it", "[io]", PosixForTest, MemoryForTest,
                   SimulatedForTest) {
  TestType disk;
  auto file = MakeFile(disk.file_system(), disk / "a", "hello world");
  REQUIRE(file != nullptr);
  CHECK(Read(file.get(), 0, 11) == "hello world");
  CHECK(Read(file.get(), 6, 100) == "world");
  CHECK(Read(file.get(), 11, 1).empty());
  CHECK(Read(file.get(), 1 << 20, 1).empty());
  CHECK(Read(file.get(), 0, 0).empty());
  CHECK(Write(file.get(), 6, "there").ok());
  CHECK(Contents(disk.file_system(), disk / "a") == "hello there");
  CHECK(file->SyncData().ok());
  CHECK(file->DropCache().ok());
  CHECK(Read(file.get(), 0, 5) == "hello");
}

TEMPLATE_TEST_CASE("pieces are written one after another however many", "[io]", PosixForTest,
                   MemoryForTest, SimulatedForTest) {
  TestType disk;
  auto file = MakeFile(disk.file_system(), disk / "a", "");
  REQUIRE(file != nullptr);
  std::vector<std::string> texts;
  std::string all = std::string(3, '\0');
  for (std::size_t i = 0; i < 3000; ++i) {  // more than IOV_MAX, and the first hundred are empty
    texts.push_back(std::string(i < 100 ? 0 : i % 97, static_cast<char>('a' + i % 26)));
    all += texts.back();
  }
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  CHECK(file->WriteAt(3, pieces).ok());
  CHECK(Contents(disk.file_system(), disk / "a") == all);
  CHECK(file->WriteAt(0, {}).ok());
  CHECK(file->Size().value() == static_cast<int64_t>(all.size()));
}

TEMPLATE_TEST_CASE("a gap and a grown end read as zeros", "[io]", PosixForTest, MemoryForTest,
                   SimulatedForTest) {
  TestType disk;
  auto file = MakeFile(disk.file_system(), disk / "a", "x");
  REQUIRE(file != nullptr);
  CHECK(Write(file.get(), 200000, "y").ok());
  CHECK(Read(file.get(), 0, 300000) == "x" + std::string(199999, '\0') + "y");
  CHECK(file->Truncate(100000).ok());
  CHECK(file->Size().value() == 100000);
  CHECK(file->Truncate(1).ok());
  CHECK(file->Truncate(4).ok());
  CHECK(Contents(disk.file_system(), disk / "a") == std::string("x\0\0\0", 4));
}

TEMPLATE_TEST_CASE("bytes that were cut do not come back", "[io]", PosixForTest, MemoryForTest,
                   SimulatedForTest) {
  TestType disk;
  auto file = MakeFile(disk.file_system(), disk / "a", std::string(150000, 'x'));
  REQUIRE(file != nullptr);
  CHECK(file->Truncate(70000).ok());
  CHECK(Write(file.get(), 80000, "y").ok());
  CHECK(Read(file.get(), 69999, 100000) == "x" + std::string(10000, '\0') + "y");
  CHECK(file->Truncate(0).ok());
  CHECK(file->Truncate(70000).ok());
  CHECK(Read(file.get(), 0, 70000) == std::string(70000, '\0'));
}

TEMPLATE_TEST_CASE("allocation grows a file and keeps what it has", "[io]", PosixForTest,
                   MemoryForTest, SimulatedForTest) {
  TestType disk;
  auto file = MakeFile(disk.file_system(), disk / "a", "abc");
  REQUIRE(file != nullptr);
  CHECK(file->Allocate(1, 9).ok());
  CHECK(Contents(disk.file_system(), disk / "a") == "abc" + std::string(7, '\0'));
  CHECK(file->Allocate(0, 2).ok());
  CHECK(file->Allocate(5, 0).ok());
  CHECK(file->Size().value() == 10);
}

TEMPLATE_TEST_CASE("a file opens as it was asked to", "[io]", PosixForTest, MemoryForTest,
                   SimulatedForTest) {
  TestType disk;
  FileSystem* const fs = disk.file_system();
  CHECK(absl::IsNotFound(fs->OpenFile(disk / "a", Open::kExisting).status()));
  CHECK(absl::IsNotFound(fs->OpenFile(disk / "a", Open::kReadOnly).status()));
  CHECK(absl::IsNotFound(fs->OpenFile(disk / "no/a", Open::kCreateNew).status()));
  REQUIRE(MakeFile(fs, disk / "a", "text") != nullptr);
  CHECK(absl::IsAlreadyExists(fs->OpenFile(disk / "a", Open::kCreateNew).status()));
  CHECK(absl::IsFailedPrecondition(fs->OpenFile(disk / "a/b", Open::kExisting).status()));
  CHECK(absl::IsFailedPrecondition(fs->OpenFile(disk.root(), Open::kExisting).status()));
  CHECK(absl::IsFailedPrecondition(fs->OpenFile(disk.root(), Open::kReadOnly).status()));

  auto writable = fs->OpenFile(disk / "a", Open::kExisting);
  REQUIRE(writable.ok());
  CHECK(Write(writable->get(), 0, "T").ok());
  auto readable = fs->OpenFile(disk / "a", Open::kReadOnly);
  REQUIRE(readable.ok());
  CHECK(Read(readable->get(), 0, 9) == "Text");
  CHECK(absl::IsPermissionDenied(Write(readable->get(), 0, "t")));
  CHECK(absl::IsPermissionDenied((*readable)->Truncate(0)));
  CHECK(absl::IsPermissionDenied((*readable)->Allocate(0, 1)));
  CHECK(Contents(fs, disk / "a") == "Text");
}

TEMPLATE_TEST_CASE("offsets that no file has are refused", "[io]", PosixForTest, MemoryForTest,
                   SimulatedForTest) {
  TestType disk;
  auto file = MakeFile(disk.file_system(), disk / "a", "abc");
  REQUIRE(file != nullptr);
  char byte;
  CHECK_FALSE(file->ReadAt(-1, absl::MakeSpan(&byte, 1)).ok());
  CHECK_FALSE(Write(file.get(), -1, "x").ok());
  CHECK_FALSE(Write(file.get(), INT64_MAX - 1, "xyz").ok());
  CHECK_FALSE(file->Allocate(INT64_MAX, 1).ok());
  CHECK_FALSE(file->Allocate(-1, 1).ok());
  CHECK_FALSE(file->Truncate(-1).ok());
  CHECK(Contents(disk.file_system(), disk / "a") == "abc");
}

TEMPLATE_TEST_CASE("directories are made and listed and removed", "[io]", PosixForTest,
                   MemoryForTest, SimulatedForTest) {
  TestType disk;
  FileSystem* const fs = disk.file_system();
  CHECK(fs->CreateDirectory(disk / "d").ok());
  CHECK(absl::IsAlreadyExists(fs->CreateDirectory(disk / "d")));
  CHECK(absl::IsAlreadyExists(fs->CreateDirectory("/")));
  CHECK(absl::IsNotFound(fs->CreateDirectory(disk / "no/d")));
  REQUIRE(MakeFile(fs, disk / "d/f", "") != nullptr);
  CHECK(absl::IsAlreadyExists(fs->CreateDirectory(disk / "d/f")));
  CHECK(fs->CreateDirectory(disk / "d/e").ok());
  CHECK(SortedList(fs, disk.root()) == Names{"d"});
  CHECK(SortedList(fs, (disk / "d") + "/") == Names{"e", "f"});
  CHECK(absl::IsNotFound(fs->List(disk / "no").status()));
  CHECK(absl::IsFailedPrecondition(fs->List(disk / "d/f").status()));
  CHECK(absl::IsFailedPrecondition(fs->Remove(disk / "d")));
  CHECK(fs->Remove(disk / "d/e").ok());
  CHECK(fs->Remove(disk / "d/f").ok());
  CHECK(absl::IsNotFound(fs->Remove(disk / "d/f")));
  CHECK(fs->Remove(disk / "d").ok());
  CHECK(SortedList(fs, disk.root()).empty());
}

TEMPLATE_TEST_CASE("a directory syncs and what is none does not", "[io]", PosixForTest,
                   MemoryForTest, SimulatedForTest) {
  TestType disk;
  CHECK(disk.file_system()->SyncDirectory(disk.root()).ok());
  CHECK(absl::IsNotFound(disk.file_system()->SyncDirectory(disk / "no")));
  REQUIRE(MakeFile(disk.file_system(), disk / "f", "") != nullptr);
  CHECK(absl::IsFailedPrecondition(disk.file_system()->SyncDirectory(disk / "f")));
}

TEMPLATE_TEST_CASE("a rename replaces and leaves open files open", "[io]", PosixForTest,
                   MemoryForTest, SimulatedForTest) {
  TestType disk;
  FileSystem* const fs = disk.file_system();
  auto from = MakeFile(fs, disk / "from", "new");
  auto to = MakeFile(fs, disk / "to", "old");
  REQUIRE((from != nullptr && to != nullptr));
  CHECK(fs->Rename(disk / "from", disk / "to").ok());
  CHECK(SortedList(fs, disk.root()) == Names{"to"});
  CHECK(Contents(fs, disk / "to") == "new");
  CHECK(Read(to.get(), 0, 9) == "old");
  CHECK(Write(from.get(), 3, "er").ok());
  CHECK(Contents(fs, disk / "to") == "newer");
  CHECK(absl::IsNotFound(fs->Rename(disk / "from", disk / "to")));
  CHECK(fs->Rename(disk / "to", disk / "to").ok());
  CHECK(absl::IsNotFound(fs->Rename(disk / "to", disk / "no/to")));
  CHECK(Contents(fs, disk / "to") == "newer");
}

TEMPLATE_TEST_CASE("directories are renamed as POSIX has it", "[io]", PosixForTest, MemoryForTest,
                   SimulatedForTest) {
  TestType disk;
  FileSystem* const fs = disk.file_system();
  for (const char* name : {"a", "empty", "full"}) REQUIRE(fs->CreateDirectory(disk / name).ok());
  REQUIRE(MakeFile(fs, disk / "a/f", "text") != nullptr);
  REQUIRE(MakeFile(fs, disk / "full/f", "") != nullptr);
  REQUIRE(MakeFile(fs, disk / "file", "") != nullptr);
  CHECK(absl::IsFailedPrecondition(fs->Rename(disk / "a", disk / "full")));
  CHECK(absl::IsFailedPrecondition(fs->Rename(disk / "a", disk / "file")));
  CHECK(absl::IsFailedPrecondition(fs->Rename(disk / "file", disk / "empty")));
  CHECK(absl::IsInternal(fs->Rename(disk / "a", disk / "a/b")));
  CHECK(fs->Rename(disk / "a", disk / "empty").ok());
  CHECK(Contents(fs, disk / "empty/f") == "text");
  CHECK(fs->Rename(disk / "empty", disk / "full/a").ok());
  CHECK(Contents(fs, disk / "full/a/f") == "text");
  CHECK(SortedList(fs, disk.root()) == Names{"file", "full"});
}

TEMPLATE_TEST_CASE("a link is a second name for the same file", "[io]", PosixForTest, MemoryForTest,
                   SimulatedForTest) {
  TestType disk;
  FileSystem* const fs = disk.file_system();
  auto file = MakeFile(fs, disk / "a", "one");
  REQUIRE(file != nullptr);
  CHECK(fs->Link(disk / "a", disk / "b").ok());
  CHECK(absl::IsAlreadyExists(fs->Link(disk / "a", disk / "b")));
  CHECK(absl::IsNotFound(fs->Link(disk / "no", disk / "c")));
  CHECK(absl::IsPermissionDenied(fs->Link(disk.root(), disk / "c")));
  CHECK(Write(file.get(), 0, "two").ok());
  CHECK(Contents(fs, disk / "b") == "two");
  CHECK(fs->Rename(disk / "a", disk / "b").ok());  // the same file: nothing happens
  CHECK(SortedList(fs, disk.root()) == Names{"a", "b"});
  CHECK(fs->Remove(disk / "a").ok());
  CHECK(Contents(fs, disk / "b") == "two");
}

TEMPLATE_TEST_CASE("a removed file stays readable while it is open", "[io]", PosixForTest,
                   MemoryForTest, SimulatedForTest) {
  TestType disk;
  auto file = MakeFile(disk.file_system(), disk / "a", "text");
  REQUIRE(file != nullptr);
  CHECK(disk.file_system()->Remove(disk / "a").ok());
  REQUIRE(MakeFile(disk.file_system(), disk / "a", "other") != nullptr);
  CHECK(Read(file.get(), 0, 9) == "text");
  CHECK(Contents(disk.file_system(), disk / "a") == "other");
}

TEMPLATE_TEST_CASE("a lock holds off a second one until it is dropped", "[io]", PosixForTest,
                   MemoryForTest, SimulatedForTest) {
  TestType disk;
  FileSystem* const fs = disk.file_system();
  REQUIRE(fs->CreateDirectory(disk / "other").ok());
  auto lock = fs->LockDirectory(disk.root());
  REQUIRE(lock.ok());
  const auto second = fs->LockDirectory(disk.root() + "/.");
  CHECK(ReasonOf(second.status()) == ErrorReason::kLocked);
  CHECK(second.status().ToString().find(std::to_string(getpid())) != std::string::npos);
  CHECK(fs->LockDirectory(disk / "other").ok());
  lock->reset();
  CHECK(fs->LockDirectory(disk.root()).ok());
  CHECK(fs->LockDirectory(disk.root()).ok());

  REQUIRE(MakeFile(fs, disk / "f", "") != nullptr);
  CHECK(absl::IsFailedPrecondition(fs->LockDirectory(disk / "f").status()));
  CHECK(absl::IsNotFound(fs->LockDirectory(disk / "no").status()));
}

TEMPLATE_TEST_CASE("threads read and write and sync one file at once", "[io]", PosixForTest,
                   MemoryForTest, SimulatedForTest) {
  TestType disk;
  auto file = MakeFile(disk.file_system(), disk / "a", std::string(400000, '-'));
  REQUIRE(file != nullptr);
  const auto write = [&](int64_t begin, char fill, bool* ok) {
    for (int64_t at = begin; at < begin + 100000; at += 1000) {
      *ok = *ok && Write(file.get(), at, std::string(1000, fill)).ok();
      *ok = *ok && file->SyncData().ok();
    }
  };
  bool ok[3] = {true, true, true};
  std::thread first([&] { write(0, 'a', &ok[0]); });
  std::thread second([&] { write(100000, 'b', &ok[1]); });
  std::thread reader([&] {
    for (int i = 0; i < 100; ++i) {
      ok[2] = ok[2] && Read(file.get(), 300000, 1000) == std::string(1000, '-');
    }
  });
  first.join();
  second.join();
  reader.join();
  CHECK((ok[0] && ok[1] && ok[2]));
  CHECK(Read(file.get(), 0, 200000) == std::string(100000, 'a') + std::string(100000, 'b'));
}

}  // namespace eventlog::test

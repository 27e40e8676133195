#include "support/failing_file_system.h"

#include <catch2/catch.hpp>
#include <set>

#include "eventlog/testing/memory_file_system.h"
#include "io/file_io.h"

namespace eventlog::test {
namespace {

using Open = FileSystem::Open;

// Every call of both interfaces once; true for those that succeeded.
std::map<std::string, bool> CallEverything(FileSystem* fs, File* file) {
  char byte = 'x';
  const std::string_view piece(&byte, 1);
  return {
      {"OpenFile", fs->OpenFile("/a", Open::kExisting).ok()},
      {"CreateDirectory", fs->CreateDirectory("/d").ok()},
      {"List", fs->List("/").ok()},
      {"Rename", fs->Rename("/a", "/b").ok()},
      {"Link", fs->Link("/b", "/a").ok()},
      {"Remove", fs->Remove("/b").ok()},
      {"SyncDirectory", fs->SyncDirectory("/").ok()},
      {"LockDirectory", fs->LockDirectory("/").ok()},
      {"ReadAt", file->ReadAt(0, absl::MakeSpan(&byte, 1)).ok()},
      {"WriteAt", file->WriteAt(0, absl::MakeConstSpan(&piece, 1)).ok()},
      {"Allocate", file->Allocate(0, 1).ok()},
      {"Truncate", file->Truncate(1).ok()},
      {"SyncData", file->SyncData().ok()},
      {"Size", file->Size().ok()},
      {"DropCache", file->DropCache().ok()},
  };
}

}  // namespace

TEST_CASE("without a hook every call passes and is counted", "[io]") {
  MemoryFileSystem disk;
  FailingFileSystem failing(&disk);
  auto file = MakeFile(&failing, "/a", "");
  failing.ResetCounts();
  for (const auto& [call, ok] : CallEverything(&failing, file.get())) {
    CAPTURE(call);
    CHECK(ok);
    CHECK(failing.Count(call) == 1);
  }
  CHECK(failing.Count("Nonsense") == 0);
}

TEST_CASE("a hook sees every call with its path and can fail it", "[io]") {
  MemoryFileSystem disk;
  FailingFileSystem failing(&disk);
  auto file = MakeFile(&failing, "/a", "");
  std::set<std::string> seen;
  failing.SetHook([&](std::string_view call, const std::string& path) {
    seen.insert(std::string(call) + " " + path);
    return absl::UnavailableError("no");
  });
  for (const auto& [call, ok] : CallEverything(&failing, file.get())) {
    CAPTURE(call);
    CHECK_FALSE(ok);
  }
  CHECK(absl::IsUnavailable(file->MapShared(1).status()));
  CHECK(seen.size() == 16);
  CHECK(seen.count("WriteAt /a") == 1);
  CHECK(seen.count("SyncDirectory /") == 1);
  failing.SetHook(nullptr);
  CHECK(disk.List("/")->size() == 1);  // nothing has come through
  CHECK(file->SyncData().ok());
}

}  // namespace eventlog::test

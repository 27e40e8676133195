#include "eventlog/testing/fault_file_system.h"

#include <signal.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "eventlog/errors.h"
#include "eventlog/testing/memory_file_system.h"
#include "io/file_io.h"
#include "support/child_process.h"

namespace eventlog::test {
namespace {

using Call = FaultFileSystem::Call;
using Fault = FaultFileSystem::Fault;
using Open = FileSystem::Open;

// Every call of both interfaces once, as it answered.
std::map<std::string, absl::Status> CallEverything(FileSystem* fs, File* file) {
  char byte = 'x';
  const std::string_view piece(&byte, 1);
  return {
      {"OpenFile", fs->OpenFile("/a", Open::kExisting).status()},
      {"CreateDirectory", fs->CreateDirectory("/d")},
      {"List", fs->List("/").status()},
      {"Rename", fs->Rename("/a", "/b")},
      {"Link", fs->Link("/b", "/a")},
      {"Remove", fs->Remove("/b")},
      {"SyncDirectory", fs->SyncDirectory("/")},
      {"LockDirectory", fs->LockDirectory("/").status()},
      {"ReadAt", file->ReadAt(0, absl::MakeSpan(&byte, 1)).status()},
      {"WriteAt", file->WriteAt(0, absl::MakeConstSpan(&piece, 1))},
      {"Allocate", file->Allocate(0, 1)},
      {"Truncate", file->Truncate(1)},
      {"SyncData", file->SyncData()},
      {"Size", file->Size().status()},
      {"DropCache", file->DropCache()},
      {"MapShared", file->MapShared(1).status()},
  };
}

}  // namespace

TEST_CASE("without a fault every call is made and counted", "[testing]") {
  MemoryFileSystem disk;
  FaultFileSystem faulty(&disk);
  auto file = MakeFile(&faulty, "/a", "");
  faulty.ResetCounts();
  const auto answers = CallEverything(&faulty, file.get());
  for (const auto& [call, status] : answers) {
    CAPTURE(call, status.ToString());
    CHECK(status.ok() == (call != "MapShared"));  // which a memory file system cannot
    CHECK(faulty.Count(call) == 1);
  }
  CHECK(faulty.Count() == static_cast<int64_t>(answers.size()));
  CHECK(Contents(&disk, "/a") == "x");
}

TEST_CASE("every call can fail and is not made then", "[testing]") {
  MemoryFileSystem disk;
  FaultFileSystem faulty(&disk);
  auto file = MakeFile(&faulty, "/a", "");
  for (const auto& [call, status] : CallEverything(&disk, file.get())) {
    faulty.FailAll(call, Fault::kIoError);
  }
  faulty.ResetCounts();
  for (const auto& [call, status] : CallEverything(&faulty, file.get())) {
    CAPTURE(call, status.ToString());
    CHECK(absl::IsInternal(status));
    CHECK(status.ToString().find(call) != std::string::npos);
    CHECK(faulty.Count(call) == 1);
  }
  CHECK(disk.List("/")->size() == 2);  // of the first round
  faulty.Heal();
  CHECK(file->SyncData().ok());
}

TEST_CASE("a fault is the error that a file system has for it", "[testing]") {
  MemoryFileSystem disk;
  FaultFileSystem faulty(&disk);
  auto file = MakeFile(&faulty, "/a", "");
  const auto error_of = [&](Fault fault) {
    faulty.FailNext("WriteAt", fault);
    return Write(file.get(), 0, "x");
  };
  CHECK(error_of(Fault::kIoError).ToString() == "INTERNAL: WriteAt /a: Input/output error");
  CHECK(absl::IsResourceExhausted(error_of(Fault::kDiskFull)));
  CHECK(ReasonOf(error_of(Fault::kDiskFull)) == ErrorReason::kDiskFull);
  CHECK(absl::IsResourceExhausted(error_of(Fault::kTooManyOpenFiles)));
  CHECK(ReasonOf(error_of(Fault::kTooManyOpenFiles)) == ErrorReason::kNone);
  CHECK(FaultFileSystem::ErrorOf(Fault::kDiskFull, {"WriteAt", "/a", 1}) ==
        error_of(Fault::kDiskFull));
  CHECK(Write(file.get(), 0, "x").ok());
}

TEST_CASE("the next calls fail as often as they were told to", "[testing]") {
  MemoryFileSystem disk;
  FaultFileSystem faulty(&disk);
  auto file = MakeFile(&faulty, "/a", "");
  faulty.FailNext("SyncData", Fault::kIoError);
  faulty.FailNext("SyncData", Fault::kDiskFull);
  CHECK(Write(file.get(), 0, "x").ok());
  CHECK(absl::IsInternal(file->SyncData()));
  CHECK(absl::IsResourceExhausted(file->SyncData()));
  CHECK(file->SyncData().ok());

  faulty.FailAll("SyncData", Fault::kDiskFull);
  faulty.FailNext("SyncData", Fault::kIoError);
  CHECK(absl::IsInternal(file->SyncData()));  // first what was to come next
  for (int i = 0; i < 3; ++i) CHECK(absl::IsResourceExhausted(file->SyncData()));
  faulty.FailNext("SyncData", Fault::kIoError);
  faulty.Heal();
  CHECK(file->SyncData().ok());
  CHECK(faulty.Count("SyncData") == 8);
}

TEST_CASE("a call that no file system has aborts the program", "[testing]") {
  const auto count = [](const char* call) {
    return RunInChild([call] {
      signal(SIGABRT, SIG_DFL);  // Catch2 would report it as a failure of its own
      close(STDERR_FILENO);
      MemoryFileSystem disk;
      return static_cast<int>(FaultFileSystem(&disk).Count(call));
    });
  };
  CHECK(count("WriteAt") == 0);
  CHECK(count("Write") == kDiedOfSignal);
}

TEST_CASE("an interceptor sees every call and can answer it", "[testing]") {
  MemoryFileSystem disk;
  FaultFileSystem faulty(&disk);
  auto file = MakeFile(&faulty, "/a", "");
  faulty.ResetCounts();
  std::set<std::string> seen;
  int64_t last = 0;
  faulty.Intercept([&](const Call& call) {
    seen.insert(std::string(call.name) + " " + call.path);
    last = call.number;
    return absl::UnavailableError("no");
  });
  for (const auto& [call, status] : CallEverything(&faulty, file.get())) {
    CAPTURE(call);
    CHECK(absl::IsUnavailable(status));
  }
  CHECK(seen.size() == 16);
  CHECK(last == 16);
  CHECK(seen.count("WriteAt /a") == 1);
  CHECK(seen.count("Link /b") == 1);
  CHECK(disk.List("/")->size() == 1);  // nothing has come through
  faulty.ResetCounts();
  faulty.FailNext("Size", Fault::kIoError);
  CHECK(absl::IsInternal(file->Size().status()));
  CHECK(last == 16);  // not asked: it would have failed anyway
  CHECK(absl::IsUnavailable(file->Size().status()));
  CHECK(last == 2);
  faulty.Intercept(nullptr);
  CHECK(file->Size().ok());
}

TEST_CASE("an interceptor may heal what it intercepts", "[testing]") {
  MemoryFileSystem disk;
  FaultFileSystem faulty(&disk);
  faulty.Intercept([&](const Call& call) {
    faulty.Heal();
    return FaultFileSystem::ErrorOf(Fault::kIoError, call);
  });
  CHECK(absl::IsInternal(faulty.SyncDirectory("/")));
  CHECK(faulty.SyncDirectory("/").ok());
}

}  // namespace eventlog::test

#include "journal/journal_files.h"

#include <catch2/catch.hpp>

#include "base/assert.h"
#include "base/error.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "format/file_names.h"
#include "format/journal_list.h"
#include "io/durable_file.h"

namespace eventlog::test {
namespace {

using internal::JournalFiles;
using internal::JournalListPath;
using internal::JournalPath;
using internal::JournalReservePath;
using internal::kFirstJournalFileBytes;

const internal::Uuid kLogId = {{'l', 'o', 'g'}};

struct FilesFixture {
  explicit FilesFixture(int64_t max_bytes = 64 << 20) : files(&disk, "/log", max_bytes) {
    EVENTLOG_ASSERT(memory.CreateDirectory("/log").ok());
    EVENTLOG_ASSERT(memory.CreateDirectory("/log/journal").ok());
    EVENTLOG_ASSERT(memory.SyncDirectory("/").ok() && memory.SyncDirectory("/log").ok());
    EVENTLOG_ASSERT(files.Open(kLogId).ok());
  }

  MemoryFileSystem memory;
  FaultFileSystem disk{&memory};
  JournalFiles files;
  uint64_t sequence = 0;

  // Whether the current file was left for this group.
  bool Write(int64_t bytes, bool sync = false) {
    bool left = false;
    bool sync_failed = false;
    EVENTLOG_ASSERT(files.Reserve(bytes, &left, &sync_failed).ok());
    const std::string group(static_cast<std::size_t>(bytes), 'g');
    EVENTLOG_ASSERT(files.Write(group, ++sequence, sync).ok());
    if (sync) EVENTLOG_ASSERT(files.Sync().ok());
    return left;
  }
  int64_t Size(uint64_t number) { return Size(JournalPath("/log", number)); }
  int64_t Size(const std::string& path) {
    auto file = memory.OpenFile(path, FileSystem::Open::kReadOnly);
    return file.ok() ? (*file)->Size().value() : -1;
  }
  // The numbers and sizes of the files in the list.
  std::vector<std::pair<uint64_t, int64_t>> Listed() {
    const auto bytes = internal::ReadWholeFile(&memory, JournalListPath("/log"), 1 << 20);
    EVENTLOG_ASSERT(bytes.ok());
    const auto list = internal::DecodeJournalList(*bytes);
    EVENTLOG_ASSERT(list.ok() && list->log_id == kLogId);
    std::vector<std::pair<uint64_t, int64_t>> files_listed;
    for (const auto& file : list->files) files_listed.emplace_back(file.number, file.bytes);
    return files_listed;
  }
};

TEST_CASE("the first file is whole and durable before its use", "[journal]") {
  FilesFixture fixture;
  fixture.memory.CutPower();
  CHECK(fixture.Size(0) == kFirstJournalFileBytes);
}

using Files = std::vector<std::pair<uint64_t, int64_t>>;

TEST_CASE("a file is durably in the list before its use", "[journal]") {
  FilesFixture fixture;
  CHECK(fixture.Listed() == Files{{0, kFirstJournalFileBytes}});
  while (!fixture.Write(100 << 10)) {
  }
  fixture.memory.CutPower();
  const Files both = {{0, kFirstJournalFileBytes}, {1, 2 * kFirstJournalFileBytes}};
  CHECK(fixture.Listed() == both);
  CHECK(fixture.Size(1) == 2 * kFirstJournalFileBytes);
}

// A list of what is not there would keep the log from opening.
TEST_CASE("a file is whole and durable before the list has it", "[journal]") {
  FilesFixture fixture;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "Rename") fixture.memory.CutPower();
    return absl::OkStatus();
  });
  bool left = false;
  bool sync_failed = false;
  CHECK_FALSE(fixture.files.Reserve(300 << 10, &left, &sync_failed).ok());
  CHECK(fixture.Size(1) == 2 * kFirstJournalFileBytes);
}

TEST_CASE("a file that is not in the list was never used and is made anew", "[journal]") {
  FilesFixture fixture;
  const auto full = GENERATE(true, false);  // of an error that leaves either list, or the old one
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != "Rename" || call.path != JournalListPath("/log") + ".tmp") {
      return absl::OkStatus();
    }
    return full ? internal::MakeError(ErrorReason::kDiskFull, "full")
                : absl::InternalError("broken");
  });
  bool left = false;
  bool sync_failed = false;
  CHECK_FALSE(fixture.files.Reserve(300 << 10, &left, &sync_failed).ok());
  CHECK(fixture.Size(1) == (full ? -1 : 2 * kFirstJournalFileBytes));
  CHECK(fixture.Listed() == Files{{0, kFirstJournalFileBytes}});
  fixture.disk.Heal();
  CHECK(fixture.Write(300 << 10));
  CHECK(fixture.Listed().back().first == (full ? 1 : 2));
  REQUIRE(fixture.files.Open(kLogId).ok());
  CHECK(fixture.Listed().size() == 2);
}

// Else each attempt to list one that failed would leave a file for ever.
TEST_CASE("an opening removes files that are not in the list", "[journal]") {
  FilesFixture fixture;
  auto unlisted = fixture.memory.OpenFile(JournalPath("/log", 3), FileSystem::Open::kCreateNew);
  REQUIRE((*unlisted)->Truncate(8192).ok());
  REQUIRE(fixture.files.Open(kLogId).ok());
  CHECK(fixture.Size(3) == -1);
  CHECK(fixture.Size(0) == kFirstJournalFileBytes);
}

TEST_CASE("a list that cannot be read for a moment is not taken for a missing one", "[journal]") {
  FilesFixture fixture;
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "OpenFile" && call.path == JournalListPath("/log")
               ? absl::ResourceExhaustedError("many open files")
               : absl::OkStatus();
  });
  CHECK(absl::IsResourceExhausted(fixture.files.Open(kLogId)));
  fixture.disk.Heal();
  REQUIRE(fixture.files.Open(kLogId).ok());
  CHECK(fixture.Listed() == Files{{0, kFirstJournalFileBytes}});
}

TEST_CASE("a list that is missing or another log's is written from what is there", "[journal]") {
  FilesFixture fixture;
  const std::string path = JournalListPath("/log");
  const std::string other = internal::EncodeJournalList({{}, {{0, kFirstJournalFileBytes}}});
  REQUIRE(fixture.memory.Remove(path).ok());
  if (GENERATE(true, false)) REQUIRE(internal::ReplaceFile(&fixture.memory, path, other).ok());
  REQUIRE(fixture.files.Open(kLogId).ok());
  CHECK(fixture.Listed() == Files{{0, kFirstJournalFileBytes}});
}

TEST_CASE("files that a killed creation left are durable before they are listed", "[journal]") {
  FilesFixture fixture;
  REQUIRE(fixture.memory.Remove(JournalListPath("/log")).ok());
  auto left = fixture.memory.OpenFile(JournalPath("/log", 1), FileSystem::Open::kCreateNew);
  REQUIRE((*left)->Truncate(8192).ok());
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "Rename") fixture.memory.CutPower();
    return absl::OkStatus();
  });
  CHECK_FALSE(fixture.files.Open(kLogId).ok());
  CHECK(fixture.disk.Count("Rename") > 1);
  CHECK(fixture.Size(1) == 8192);
}

TEST_CASE("a list that is right is left alone", "[journal]") {
  FilesFixture fixture;
  fixture.disk.ResetCounts();
  REQUIRE(fixture.files.Open(kLogId).ok());
  CHECK(fixture.disk.Count("Rename") == 0);
}

TEST_CASE("each new file is twice as large as the largest", "[journal]") {
  FilesFixture fixture;
  for (int i = 0; i < 3; ++i) {
    while (!fixture.Write(60 << 10)) {
    }
  }
  CHECK(fixture.Size(1) == 2 * kFirstJournalFileBytes);
  CHECK(fixture.Size(2) == 4 * kFirstJournalFileBytes);
  CHECK(fixture.Size(3) == 8 * kFirstJournalFileBytes);
}

TEST_CASE("files stop growing at a quarter of the journal but for a larger group", "[journal]") {
  FilesFixture fixture(2 << 20);
  for (int i = 0; i < 3; ++i) {
    while (!fixture.Write(60 << 10)) {
    }
  }
  CHECK(fixture.Size(3) == 512 << 10);
  CHECK(fixture.Write(1 << 20));
  CHECK(fixture.Size(4) >= 1 << 20);
  CHECK(fixture.Size(4) % 4096 == 0);
}

TEST_CASE("a file with unsynced bytes is synced before another is written", "[journal]") {
  FilesFixture fixture;
  fixture.Write(200 << 10);
  std::vector<std::string> calls;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.path == JournalPath("/log", 0)) calls.emplace_back(call.name);
    return absl::OkStatus();
  });
  REQUIRE(fixture.Write(200 << 10));
  CHECK(calls == std::vector<std::string>{"SyncData"});
  fixture.memory.CutPower();
  auto file = fixture.memory.OpenFile(JournalPath("/log", 0), FileSystem::Open::kReadOnly);
  char byte = 0;
  REQUIRE((*file)->ReadAt(0, absl::MakeSpan(&byte, 1)).ok());
  CHECK(byte == 'g');
}

TEST_CASE("a file whose bytes are synced is left without another sync", "[journal]") {
  FilesFixture fixture;
  fixture.Write(200 << 10, /*sync=*/true);
  int syncs = 0;
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && call.path == JournalPath("/log", 0)) ++syncs;
    return absl::OkStatus();
  });
  REQUIRE(fixture.Write(200 << 10));
  CHECK(syncs == 0);
}

TEST_CASE("a sync that fails while a file is left is told from a full disk", "[journal]") {
  FilesFixture fixture;
  fixture.Write(200 << 10);
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    return call.name == "SyncData" && call.path == JournalPath("/log", 0)
               ? absl::InternalError("broken")
               : absl::OkStatus();
  });
  bool left = false;
  bool sync_failed = false;
  CHECK_FALSE(fixture.files.Reserve(200 << 10, &left, &sync_failed).ok());
  CHECK(sync_failed);
  CHECK_FALSE(left);
}

TEST_CASE("a file that cannot be made changes nothing and leaves nothing behind", "[journal]") {
  const std::string full =
      GENERATE(as<std::string>{}, "OpenFile", "Allocate", "WriteAt", "SyncData", "SyncDirectory");
  CAPTURE(full);
  FilesFixture fixture;
  fixture.Write(200 << 10, /*sync=*/true);
  const auto before = fixture.files.place();
  fixture.disk.Intercept([&](const FaultFileSystem::Call& call) {
    const bool fails = call.name == full && call.path != JournalPath("/log", 0);
    return fails ? internal::MakeError(ErrorReason::kDiskFull, "full") : absl::OkStatus();
  });
  bool left = false;
  bool sync_failed = false;
  CHECK(internal::IsDiskFull(fixture.files.Reserve(200 << 10, &left, &sync_failed)));
  CHECK_FALSE(sync_failed);
  CHECK(fixture.files.place().file == before.file);
  CHECK(fixture.files.place().position == before.position);
  CHECK(fixture.Size(1) == -1);
  CHECK_FALSE(fixture.Write(8 << 10));  // smaller groups still fit
  fixture.disk.Heal();
  CHECK(fixture.Write(200 << 10));
}

TEST_CASE("a file is used again when a checkpoint covers its last group and not before",
          "[journal]") {
  FilesFixture fixture;
  fixture.Write(200 << 10);  // 1, file 0
  fixture.Write(200 << 10);  // 2, file 1
  fixture.Write(200 << 10);  // 3, file 1
  const auto place = fixture.files.place();
  fixture.files.FreeBelow(1, {0, 0});  // covers nothing
  fixture.Write(200 << 10);            // 4, file 2: file 0 is not free
  CHECK(fixture.files.place().file == 2);
  fixture.files.FreeBelow(2, place);
  fixture.Write(1000 << 10);  // 5, too large for file 0: file 3
  CHECK(fixture.files.place().file == 3);
  fixture.Write(900 << 10);
  CHECK(fixture.Write(200 << 10));
  CHECK(fixture.files.place().file == 0);
  CHECK(fixture.files.place().position == 200 << 10);
}

TEST_CASE("the current file is never free", "[journal]") {
  FilesFixture fixture;
  fixture.Write(10 << 10);
  fixture.files.FreeBelow(100, fixture.files.place());
  CHECK(fixture.files.live_bytes() == 0);
  CHECK_FALSE(fixture.Write(10 << 10));
  CHECK(fixture.files.place().position == 20 << 10);
  CHECK(fixture.files.live_bytes() == 10 << 10);
  fixture.files.FreeBelow(100, fixture.files.place());
  CHECK(fixture.Write(250 << 10));
  CHECK(fixture.files.place().file == 1);
}

TEST_CASE("live bytes are those that no checkpoint covers", "[journal]") {
  FilesFixture fixture;
  fixture.Write(200 << 10);
  CHECK(fixture.files.live_bytes() == 200 << 10);
  fixture.Write(200 << 10);
  CHECK(fixture.files.live_bytes() == kFirstJournalFileBytes + (200 << 10));
  fixture.files.FreeBelow(2, {1, 0});
  CHECK(fixture.files.live_bytes() == 200 << 10);
}

TEST_CASE("a spare is made when half of the current file is used and none is there", "[journal]") {
  FilesFixture fixture;
  CHECK_FALSE(fixture.files.WantsSpare());
  REQUIRE(fixture.files.PrepareSpare().ok());
  CHECK(fixture.Size(1) == -1);
  fixture.Write(130 << 10);
  CHECK(fixture.files.WantsSpare());
  REQUIRE(fixture.files.PrepareSpare().ok());
  CHECK(fixture.Size(1) == 2 * kFirstJournalFileBytes);
  CHECK_FALSE(fixture.files.WantsSpare());
  REQUIRE(fixture.files.PrepareSpare().ok());
  CHECK(fixture.Size(2) == -1);

  fixture.disk.ResetCounts();
  CHECK(fixture.Write(200 << 10));
  CHECK(fixture.files.place().file == 1);
  CHECK(fixture.disk.Count("OpenFile") == 0);
}

TEST_CASE("no spare is made beyond the journal's size or on a full disk", "[journal]") {
  FilesFixture small(512 << 10);
  small.Write(200 << 10);
  small.Write(200 << 10);
  CHECK_FALSE(small.files.WantsSpare());

  FilesFixture full;
  full.Write(200 << 10);
  full.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Allocate" ? internal::MakeError(ErrorReason::kDiskFull, "full")
                                   : absl::OkStatus();
  });
  CHECK(internal::IsDiskFull(full.files.PrepareSpare()));
  CHECK(full.Size(1) == -1);
  CHECK_FALSE(full.Write(8 << 10));
}

TEST_CASE("a file is made for a group that would need one", "[journal]") {
  FilesFixture fixture;
  fixture.Write(100 << 10);
  CHECK(fixture.files.room() == (256 - 100) << 10);
  REQUIRE(fixture.files.PrepareRoom((256 - 100) << 10).ok());
  CHECK(fixture.Size(1) == -1);
  REQUIRE(fixture.files.PrepareRoom(157 << 10).ok());
  CHECK(fixture.Size(1) == 2 * kFirstJournalFileBytes);
  REQUIRE(fixture.files.PrepareRoom(600 << 10).ok());  // no file of the usual size has it
  CHECK(fixture.files.room() >= 600 << 10);
  fixture.disk.ResetCounts();
  CHECK(fixture.Write(600 << 10));
  CHECK(fixture.disk.Count("OpenFile") == 0);
}

TEST_CASE("a reserve as large as the journal is kept until it is released", "[journal]") {
  FilesFixture fixture;
  const std::string reserve = JournalReservePath("/log");
  CHECK(fixture.Size(reserve) == kFirstJournalFileBytes);
  while (!fixture.Write(100 << 10)) {
  }
  CHECK(fixture.Size(reserve) == 3 * kFirstJournalFileBytes);
  fixture.Write(300 << 10);
  REQUIRE(fixture.files.PrepareSpare().ok());
  CHECK(fixture.Size(reserve) == 7 * kFirstJournalFileBytes);

  CHECK(fixture.files.ReleaseReserve());
  CHECK(fixture.Size(reserve) == -1);
  CHECK_FALSE(fixture.files.ReleaseReserve());
  REQUIRE(fixture.files.Open(kLogId).ok());
  CHECK(fixture.Size(reserve) == 7 * kFirstJournalFileBytes);
}

TEST_CASE("a journal without space for its reserve does without", "[journal]") {
  FilesFixture fixture;
  REQUIRE(fixture.files.ReleaseReserve());
  fixture.disk.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Allocate" && call.path == JournalReservePath("/log")
               ? internal::MakeError(ErrorReason::kDiskFull, "full")
               : absl::OkStatus();
  });
  REQUIRE(fixture.files.Open(kLogId).ok());
  while (!fixture.Write(100 << 10)) {
  }
  CHECK(fixture.Size(1) == 2 * kFirstJournalFileBytes);
}

TEST_CASE("files that are there are all free and the lowest comes first", "[journal]") {
  FilesFixture fixture;
  fixture.Write(200 << 10);
  fixture.Write(200 << 10);
  fixture.files.Close();
  REQUIRE(fixture.files.Open(kLogId).ok());
  CHECK(fixture.files.place().file == 0);
  CHECK(fixture.files.place().position == 0);
  CHECK(fixture.files.live_bytes() == 0);
  fixture.Write(200 << 10);
  CHECK(fixture.Write(200 << 10));
  CHECK(fixture.files.place().file == 1);
  CHECK(fixture.Size(2) == -1);
}

TEST_CASE("a file too short for a group is not used", "[journal]") {
  FilesFixture fixture;
  fixture.files.Close();
  auto file = fixture.memory.OpenFile(JournalPath("/log", 0), FileSystem::Open::kExisting);
  REQUIRE((*file)->Truncate(100).ok());
  REQUIRE(fixture.files.Open(kLogId).ok());
  fixture.Write(100 << 10);
  CHECK(fixture.Size(fixture.files.place().file) == kFirstJournalFileBytes);
}

}  // namespace
}  // namespace eventlog::test

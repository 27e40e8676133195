#include "io/file_cache.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "fmt/format.h"
#include "io/file_io.h"

namespace eventlog::internal {
namespace {

using test::Contents;
using test::Write;

// A cache of two places over a disk that counts, fails and forgets.
struct Fixture {
  explicit Fixture(std::size_t max_open_files = 2) : cache(&failing, max_open_files) {}
  Fixture(std::size_t max_open_files, std::size_t max_dirty_files)
      : cache(&failing, max_open_files, max_dirty_files) {}

  std::string Path(int number) const { return fmt::format("/{}", number); }

  // Makes an empty file of that name, durably, and closes it.
  std::string Make(int number) {
    REQUIRE(test::MakeFile(&disk, Path(number), "")->SyncData().ok());
    REQUIRE(disk.SyncDirectory("/").ok());
    return Path(number);
  }
  // As a segment writes: the file is held from the mark to the write's end.
  void WriteDirty(const std::string& path, std::string_view bytes) {
    auto file = cache.Open(path);
    REQUIRE(file.ok());
    cache.MarkDirty(path);
    REQUIRE(Write(file->get(), 0, bytes).ok());
  }
  void FailSyncs(const std::string& of) {
    failing.Intercept([of](const FaultFileSystem::Call& call) {
      return call.name == "SyncData" && call.path == of ? absl::InternalError("broken")
                                                        : absl::OkStatus();
    });
  }
  int64_t syncs() const { return failing.Count("SyncData"); }

  MemoryFileSystem disk;
  FaultFileSystem failing{&disk};
  FileCache cache;
};

}  // namespace

TEST_CASE("a file is opened once while it has a place", "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  CHECK(f.cache.Open(a).ok());
  CHECK(f.cache.Open(a).ok());
  CHECK(f.failing.Count("OpenFile") == 1);
  CHECK(f.cache.open_files() == 1);
  CHECK(f.cache.file_system() == &f.failing);
  CHECK(absl::IsNotFound(f.cache.Open("/none").status()));
  CHECK(f.cache.open_files() == 1);
}

TEST_CASE("a file is created once and stays open", "[io]") {
  Fixture f;
  CHECK(f.cache.Create("/a").ok());
  CHECK(absl::IsAlreadyExists(f.cache.Create("/a").status()));
  CHECK(f.cache.Open("/a").ok());
  CHECK(f.failing.Count("OpenFile") == 2);
  CHECK(f.cache.open_files() == 1);
}

TEST_CASE("the file that was not used for longest makes room", "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  const std::string b = f.Make(2);
  const std::string c = f.Make(3);
  REQUIRE((f.cache.Open(a).ok() && f.cache.Open(b).ok() && f.cache.Open(a).ok()));
  REQUIRE(f.cache.Open(c).ok());
  CHECK(f.cache.open_files() == 2);
  f.failing.ResetCounts();
  CHECK(f.cache.Open(a).ok());
  CHECK(f.failing.Count("OpenFile") == 0);
  CHECK(f.cache.Open(b).ok());
  CHECK(f.failing.Count("OpenFile") == 1);
  CHECK(f.cache.open_files() == 2);
  CHECK(f.syncs() == 0);
}

TEST_CASE("held files are not closed and count beyond the bound", "[io]") {
  Fixture f;
  std::vector<std::shared_ptr<File>> held;
  for (int i = 0; i < 4; ++i) held.push_back(*f.cache.Open(f.Make(i)));
  CHECK(f.cache.open_files() == 4);
  held.clear();
  REQUIRE(f.cache.Open(f.Make(4)).ok());
  CHECK(f.cache.open_files() == 2);
}

TEST_CASE("a dirty file is synced before it is closed", "[io]") {
  Fixture f(1);
  const std::string a = f.Make(1);
  f.WriteDirty(a, "text");
  CHECK(f.cache.IsDirty(a));
  REQUIRE(f.cache.Open(f.Make(2)).ok());
  CHECK(f.cache.open_files() == 1);
  CHECK_FALSE(f.cache.IsDirty(a));
  CHECK(f.cache.Sync(a).ok());
  CHECK(f.syncs() == 1);
  f.disk.CutPower();
  CHECK(Contents(&f.disk, a) == "text");
}

TEST_CASE("dirty files have places of their own until they are synced", "[io]") {
  Fixture f(1, 3);
  for (int i = 1; i <= 3; ++i) f.WriteDirty(f.Make(i), "text");
  CHECK(f.cache.open_files() == 3);
  CHECK(f.syncs() == 0);
  f.WriteDirty(f.Make(4), "text");
  CHECK(f.cache.open_files() == 3);
  CHECK(f.syncs() == 1);
  for (int i = 2; i <= 4; ++i) REQUIRE(f.cache.Sync(f.Path(i)).ok());
  REQUIRE(f.cache.Open(f.Make(5)).ok());
  CHECK(f.cache.open_files() == 1);
}

TEST_CASE("a process without descriptors gives up those of dirty files", "[io]") {
  Fixture f(1, 3);
  for (int i = 1; i <= 2; ++i) f.WriteDirty(f.Make(i), "text");
  f.failing.FailNext("OpenFile", FaultFileSystem::Fault::kTooManyOpenFiles);
  f.WriteDirty(f.Make(3), "text");
  CHECK(f.cache.open_files() == 2);
  CHECK(f.syncs() == 1);
}

TEST_CASE("a dirty file is synced before a created one takes its place", "[io]") {
  Fixture f(1);
  const std::string a = f.Make(1);
  f.WriteDirty(a, "text");
  REQUIRE(f.cache.Create("/b").ok());
  f.disk.CutPower();
  CHECK(Contents(&f.disk, a) == "text");
}

TEST_CASE("a clean file makes room before a dirty one", "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  f.WriteDirty(a, "text");
  REQUIRE(f.cache.Open(f.Make(2)).ok());
  REQUIRE(f.cache.Open(f.Make(3)).ok());
  CHECK(f.syncs() == 0);
  CHECK(f.cache.IsDirty(a));
}

TEST_CASE("a sync covers what was written and a clean file needs none", "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  CHECK(f.cache.Sync(a).ok());
  CHECK(f.syncs() == 0);
  f.WriteDirty(a, "text");
  CHECK(f.cache.Sync(a).ok());
  CHECK(f.cache.Sync(a).ok());
  CHECK(f.syncs() == 1);
  CHECK_FALSE(f.cache.IsDirty(a));
  f.disk.CutPower();
  CHECK(Contents(&f.disk, a) == "text");
}

TEST_CASE("a write that was announced before a sync and made after it is synced by the next",
          "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  {
    auto file = f.cache.Open(a);
    f.cache.MarkDirty(a);
    CHECK(f.cache.Sync(a).ok());  // another thread's
    REQUIRE(Write(file->get(), 0, "text").ok());
  }
  CHECK(f.cache.IsDirty(a));
  CHECK(f.cache.Sync(a).ok());
  CHECK_FALSE(f.cache.IsDirty(a));
  f.disk.CutPower();
  CHECK(Contents(&f.disk, a) == "text");
}

TEST_CASE("a failed sync fails the later ones without another try", "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  const std::string b = f.Make(2);
  f.WriteDirty(a, "text");
  f.WriteDirty(b, "text");
  f.FailSyncs(a);
  CHECK(absl::IsInternal(f.cache.Sync(a)));
  f.failing.Heal();
  CHECK(absl::IsInternal(f.cache.Sync(a)));
  CHECK(f.cache.IsDirty(a));
  CHECK(f.syncs() == 1);
  CHECK(f.cache.Sync(b).ok());
  f.WriteDirty(a, "more");  // dirt on top of it does not help either
  CHECK(absl::IsInternal(f.cache.Sync(a)));
  f.cache.Forget(a);
  CHECK(f.cache.Sync(a).ok());
  f.WriteDirty(a, "again");
  CHECK(f.cache.Sync(a).ok());
}

TEST_CASE("a failure to make room fails the file's own syncs and nothing else", "[io]") {
  Fixture f(1);
  const std::string a = f.Make(1);
  const std::string b = f.Make(2);
  f.WriteDirty(a, "text");
  f.FailSyncs(a);
  CHECK(f.cache.Open(b).ok());
  CHECK(f.syncs() == 1);
  CHECK(f.cache.open_files() == 1);
  CHECK(f.cache.IsDirty(a));
  f.failing.Heal();
  CHECK(absl::IsInternal(f.cache.Sync(a)));
  CHECK(f.cache.Open(a).ok());  // it can be read
  CHECK(absl::IsInternal(f.cache.Sync(a)));
}

TEST_CASE("a failure that Sync has answered does not fail an Open", "[io]") {
  Fixture f(1);
  const std::string a = f.Make(1);
  f.WriteDirty(a, "text");
  f.FailSyncs(a);
  CHECK(absl::IsInternal(f.cache.Sync(a)));
  CHECK(f.cache.Open(f.Make(2)).ok());
  CHECK(f.cache.open_files() == 1);
  CHECK(absl::IsInternal(f.cache.Sync(a)));
}

TEST_CASE("a forgotten file is closed without a sync", "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  const std::string b = f.Make(2);
  f.WriteDirty(a, "text");
  f.WriteDirty(b, "text");
  f.cache.Forget(a);
  CHECK(f.cache.open_files() == 1);
  CHECK_FALSE(f.cache.IsDirty(a));
  f.cache.Forget("/none");
  f.cache.ForgetAll();
  CHECK(f.cache.open_files() == 0);
  CHECK(f.cache.Sync(b).ok());
  CHECK(f.syncs() == 0);
}

TEST_CASE("a file made anew under a removed one's name is the one that is opened", "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  REQUIRE(f.cache.Open(a).ok());
  REQUIRE(f.failing.Remove(a).ok());
  f.cache.Forget(a);
  auto created = f.cache.Create(a);
  REQUIRE(created.ok());
  CHECK(f.cache.Open(a)->get() == created->get());
  CHECK(f.cache.open_files() == 1);
}

TEST_CASE("dirt on a file that is not open is synced all the same", "[io]") {
  Fixture f;
  const std::string a = f.Make(1);
  {
    auto file = f.cache.Open(a);
    f.cache.ForgetAll();
    f.cache.MarkDirty(a);
    REQUIRE(Write(file->get(), 0, "text").ok());
  }
  CHECK(f.cache.Sync(a).ok());
  f.disk.CutPower();
  CHECK(Contents(&f.disk, a) == "text");
}

TEST_CASE("a sync waits for one that is under way and others do not", "[io]") {
  Fixture f(4);
  const std::string a = f.Make(1);
  const std::string b = f.Make(2);
  f.WriteDirty(a, "text");
  f.WriteDirty(b, "text");
  std::atomic<bool> in_sync{false};
  std::atomic<bool> let_go{false};
  f.failing.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && call.path == a) {
      in_sync = true;
      while (!let_go) std::this_thread::yield();
    }
    return absl::OkStatus();
  });
  std::thread first([&] { static_cast<void>(f.cache.Sync(a)); });
  while (!in_sync) std::this_thread::yield();
  std::atomic<bool> second_ended{false};
  std::thread second([&] {
    static_cast<void>(f.cache.Sync(a));
    second_ended = true;
  });
  CHECK(f.cache.IsDirty(a));
  CHECK(f.cache.Sync(b).ok());  // neither of these waits
  CHECK(f.cache.Open(a).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(second_ended);
  let_go = true;
  first.join();
  second.join();
  CHECK_FALSE(f.cache.IsDirty(a));
  CHECK(f.syncs() == 2);
}

TEST_CASE("threads that open and write and sync lose nothing", "[io]") {
  constexpr int kFiles = 6;
  constexpr int kRounds = 300;
  Fixture f(2);
  for (int i = 0; i < kFiles; ++i) f.Make(i);
  std::atomic<int> failures{0};
  const auto work = [&](int thread) {
    for (int round = 1; round <= kRounds; ++round) {
      const std::string path = f.Path((thread + round) % kFiles);
      {
        auto file = f.cache.Open(path);
        f.cache.MarkDirty(path);
        if (!file.ok() || !Write(file->get(), thread * 4, std::to_string(1000 + round)).ok()) {
          ++failures;
        }
      }
      if (round % 3 == 0 && !f.cache.Sync(path).ok()) ++failures;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(f.cache.open_files() <= 2 + 3);
  std::vector<std::string> before;
  for (int i = 0; i < kFiles; ++i) {
    CHECK(f.cache.Sync(f.Path(i)).ok());
    before.push_back(Contents(&f.disk, f.Path(i)));
  }
  f.disk.CutPower();
  for (int i = 0; i < kFiles; ++i) {
    CHECK(Contents(&f.disk, f.Path(i)) == before[static_cast<std::size_t>(i)]);
  }
}

}  // namespace eventlog::internal

#include "lab/simulated_disk.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <functional>
#include <set>

#include "eventlog/errors.h"
#include "io/file_io.h"

namespace eventlog::test {
namespace {

using Open = FileSystem::Open;
using Survival = SimulatedDisk::Survival;

constexpr uint64_t kSeeds = 300;

// A file whose contents and name are on the device.
std::unique_ptr<File> MakeSynced(SimulatedDisk* disk, const std::string& path,
                                 std::string_view bytes) {
  auto file = MakeFile(disk, path, bytes);
  REQUIRE(file != nullptr);
  REQUIRE(file->SyncData().ok());
  REQUIRE(disk->SyncDirectory("/").ok());
  return file;
}

std::string Pattern(std::size_t sectors, char fill) { return std::string(512 * sectors, fill); }

// What power cuts leave of a file, for many seeds; "none" where it is gone.
std::multiset<std::string> Fates(const SimulatedDisk& disk, const std::string& path) {
  std::multiset<std::string> fates;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto after = disk.AfterPowerCut(Survival::kSome, seed);
    const auto files = after->Files();
    const bool is_there = std::find(files.begin(), files.end(), path) != files.end();
    fates.insert(is_there ? after->Contents(path) : "none");
  }
  return fates;
}

bool Any(const std::multiset<std::string>& fates,
         const std::function<bool(const std::string&)>& is_it) {
  return std::any_of(fates.begin(), fates.end(), is_it);
}

bool All(const std::multiset<std::string>& fates,
         const std::function<bool(const std::string&)>& is_it) {
  return std::all_of(fates.begin(), fates.end(), is_it);
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("a power cut that takes everything leaves what was synced", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", "synced");
  REQUIRE(Write(file.get(), 0, "SYNCED and longer").ok());
  auto nameless = MakeFile(&disk, "/b", "b");
  REQUIRE(nameless->SyncData().ok());
  REQUIRE(disk.Rename("/a", "/c").ok());

  const auto after = disk.AfterPowerCut(Survival::kNothing, 0);
  CHECK(after->Files() == Paths{"/a"});
  CHECK(after->Contents("/a") == "synced");
  // The disk itself goes on.
  CHECK(disk.Files() == Paths{"/b", "/c"});
  CHECK(Read(file.get(), 0, 100) == "SYNCED and longer");
  // What it left is durable.
  const auto again = after->AfterPowerCut(Survival::kNothing, 0);
  CHECK(again->Contents("/a") == "synced");
}

TEST_CASE("a power cut that takes nothing leaves what was written", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", std::string(5000, 'a'));
  REQUIRE(file->Truncate(100).ok());
  REQUIRE(file->Truncate(9000).ok());
  REQUIRE(Write(file.get(), 8000, "bb").ok());
  REQUIRE(disk.CreateDirectory("/d").ok());
  REQUIRE(disk.Link("/a", "/d/a").ok());
  REQUIRE(disk.Remove("/a").ok());
  const std::string written = disk.Contents("/d/a");
  const auto after = disk.AfterPowerCut(Survival::kEverything, 0);
  CHECK(after->Files() == Paths{"/d/a"});
  CHECK(after->Contents("/d/a") == written);
  CHECK(after->AfterPowerCut(Survival::kNothing, 0)->Contents("/d/a") == written);
}

TEST_CASE("two files of one name are one file after a power cut", "[lab]") {
  SimulatedDisk disk;
  MakeSynced(&disk, "/a", "text");
  REQUIRE(disk.Link("/a", "/b").ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  const auto after = disk.AfterPowerCut(Survival::kNothing, 0);
  after->Overwrite("/a", 0, "T");
  CHECK(after->Contents("/b") == "Text");
}

TEST_CASE("a seed is one power cut", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(40, 'a'));
  for (int i = 0; i < 20; ++i) REQUIRE(Write(file.get(), i * 1000, std::string(900, 'b')).ok());
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string after = disk.AfterPowerCut(Survival::kSome, seed)->Contents("/a");
    CHECK(disk.AfterPowerCut(Survival::kSome, seed)->Contents("/a") == after);
    seen.insert(after);
  }
  CHECK(seen.size() > kSeeds / 3);
}

TEST_CASE("unsynced sectors are kept and lost and torn one by one", "[lab]") {
  SimulatedDisk disk;
  const std::string old = Pattern(8, 'a');
  auto file = MakeSynced(&disk, "/a", old);
  REQUIRE(Write(file.get(), 0, Pattern(8, 'b')).ok());
  const auto fates = Fates(disk, "/a");

  const auto sector_is = [](const std::string& bytes, std::size_t sector, char fill) {
    return bytes.substr(512 * sector, 512) == Pattern(1, fill);
  };
  CHECK(Any(fates, [&](const auto& bytes) { return bytes == old; }));
  CHECK(Any(fates, [&](const auto& bytes) { return bytes == Pattern(8, 'b'); }));
  CHECK(Any(fates, [&](const auto& bytes) {  // a lost one between two that were kept
    return sector_is(bytes, 2, 'b') && sector_is(bytes, 3, 'a') && sector_is(bytes, 4, 'b');
  }));
  const auto torn = [&](const std::string& bytes, char first, char last) {
    for (std::size_t i = 0; i < 8; ++i) {
      if (bytes[512 * i] == first && bytes[512 * i + 511] == last) return true;
    }
    return false;
  };
  CHECK(Any(fates, [&](const auto& bytes) { return torn(bytes, 'b', 'a'); }));
  CHECK(Any(fates, [&](const auto& bytes) { return torn(bytes, 'a', 'b'); }));
  CHECK(All(fates, [&](const auto& bytes) {  // within a sector at most one seam
    for (std::size_t i = 0; i < 8; ++i) {
      int seams = 0;
      for (std::size_t at = 512 * i + 1; at < 512 * (i + 1); ++at) {
        seams += bytes[at] != bytes[at - 1];
      }
      if (seams > 1) return false;
    }
    return bytes.size() == old.size();
  }));
}

TEST_CASE("no power cut changes a byte that no unsynced write has", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(4, 'a'));
  auto other = MakeSynced(&disk, "/b", "other");
  REQUIRE(Write(file.get(), 700, std::string(600, 'b')).ok());
  REQUIRE(Write(file.get(), 900, std::string(10, 'c')).ok());
  int changed = 0;
  for (const std::string& bytes : Fates(disk, "/a")) {
    CHECK(bytes.substr(0, 700) == std::string(700, 'a'));
    CHECK(bytes.substr(1300) == std::string(2048 - 1300, 'a'));
    changed += bytes != Pattern(4, 'a');
  }
  CHECK(changed > 0);
  CHECK(Fates(disk, "/b").count("other") == kSeeds);
}

TEST_CASE("of two writes to a sector either may be what is left", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(1, 'a'));
  REQUIRE(Write(file.get(), 0, Pattern(1, 'b')).ok());
  REQUIRE(Write(file.get(), 0, Pattern(1, 'c')).ok());
  const auto fates = Fates(disk, "/a");
  for (const char fill : {'a', 'b', 'c'}) CHECK(fates.count(Pattern(1, fill)) > 0);
}

TEST_CASE("a size survives without its bytes and bytes without their size", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", "x");
  REQUIRE(Write(file.get(), 512, Pattern(2, 'b')).ok());
  const auto fates = Fates(disk, "/a");
  CHECK(fates.count("x") > 0);
  CHECK(fates.count("x" + std::string(512 + 1024 - 1, '\0')) > 0);
  CHECK(All(fates, [](const auto& bytes) {
    return bytes == "x" || bytes.substr(0, 512) == "x" + std::string(511, '\0');
  }));
  // Bytes that were kept beyond the size are not seen when the file grows again.
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto after = disk.AfterPowerCut(Survival::kSome, seed);
    if (after->Contents("/a") != "x") continue;
    REQUIRE((*after->OpenFile("/a", Open::kExisting))->Truncate(2000).ok());
    CHECK(after->Contents("/a") == "x" + std::string(1999, '\0'));
  }
}

TEST_CASE("an unsynced truncation is kept or not", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(2, 'a'));
  REQUIRE(file->Truncate(100).ok());
  auto fates = Fates(disk, "/a");
  CHECK(fates.count(Pattern(2, 'a')) > 0);
  CHECK(fates.count(std::string(100, 'a')) > 0);
  CHECK(std::set(fates.begin(), fates.end()).size() == 2);
  REQUIRE(file->SyncData().ok());
  fates = Fates(disk, "/a");
  CHECK(fates.count(std::string(100, 'a')) == kSeeds);
}

TEST_CASE("a synced file is the same after every power cut", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(3, 'a'));
  REQUIRE(Write(file.get(), 100, Pattern(3, 'b')).ok());
  REQUIRE(file->SyncData().ok());
  const std::string synced = disk.Contents("/a");
  CHECK(Fates(disk, "/a").count(synced) == kSeeds);
}

TEST_CASE("a name survives without its data and data without their name", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeFile(&disk, "/a", Pattern(1, 'a'));
  const auto fates = Fates(disk, "/a");
  CHECK(fates.count("none") > 0);
  CHECK(fates.count("") > 0);
  CHECK(fates.count(Pattern(1, '\0')) > 0);
  CHECK(fates.count(Pattern(1, 'a')) > 0);
  REQUIRE(file->SyncData().ok());
  const auto synced = Fates(disk, "/a");
  CHECK(std::set(synced.begin(), synced.end()) == std::set<std::string>{Pattern(1, 'a'), "none"});
}

TEST_CASE("a rename is kept or lost whole and a removed file comes back", "[lab]") {
  SimulatedDisk disk;
  MakeSynced(&disk, "/a", "a");
  MakeSynced(&disk, "/b", "b");
  MakeSynced(&disk, "/old", "old");
  REQUIRE(disk.Rename("/a", "/b").ok());
  REQUIRE(disk.Remove("/old").ok());
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto after = disk.AfterPowerCut(Survival::kSome, seed);
    std::string all;
    for (const std::string& path : after->Files()) all += path + "=" + after->Contents(path) + " ";
    seen.insert(all);
  }
  CHECK(seen ==
        std::set<std::string>{"/a=a /b=b ", "/a=a /b=b /old=old ", "/b=a ", "/b=a /old=old "});
  REQUIRE(disk.SyncDirectory("/").ok());
  CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Files() == Paths{"/b"});
}

TEST_CASE("a change of names that needs a lost one is lost too", "[lab]") {
  SimulatedDisk disk;
  MakeSynced(&disk, "/b", "old");
  auto file = MakeFile(&disk, "/tmp", "new");
  REQUIRE(file->SyncData().ok());
  REQUIRE(disk.Rename("/tmp", "/b").ok());
  REQUIRE(disk.CreateDirectory("/d").ok());
  REQUIRE(MakeFile(&disk, "/d/f", "") != nullptr);
  std::set<std::string> of_b;
  bool lost_file = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto after = disk.AfterPowerCut(Survival::kSome, seed);
    for (const std::string& path : after->Files()) {
      if (path == "/b") of_b.insert(after->Contents(path));
      CHECK((path == "/b" || path == "/tmp" || path == "/d/f"));
    }
    const auto inside = after->List("/d");
    lost_file = lost_file || (inside.ok() && inside->empty());
  }
  CHECK(of_b == std::set<std::string>{"old", "new"});
  CHECK(lost_file);
}

TEST_CASE("a file that was moved is somewhere after every power cut", "[lab]") {
  SimulatedDisk disk;
  MakeSynced(&disk, "/a", "kept");
  REQUIRE(disk.CreateDirectory("/d").ok());
  MakeSynced(&disk, "/d/f", "moved");
  REQUIRE(disk.SyncDirectory("/d").ok());
  REQUIRE(disk.Rename("/a", "/c").ok());
  REQUIRE(MakeFile(&disk, "/a", "other") != nullptr);  // in its place
  REQUIRE(disk.Rename("/a", "/b").ok());
  REQUIRE(disk.Rename("/c", "/e").ok());
  REQUIRE(disk.Rename("/d/f", "/f").ok());
  REQUIRE(disk.Remove("/d").ok());  // empty only if the rename survives
  REQUIRE(MakeFile(&disk, "/c", "") != nullptr);
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto after = disk.AfterPowerCut(Survival::kSome, seed);
    std::set<std::string> found;
    for (const std::string& path : after->Files()) found.insert(after->Contents(path));
    CHECK(found.count("kept") == 1);
    CHECK(found.count("moved") == 1);
  }
}

TEST_CASE("a directory that is synced makes no other one durable", "[lab]") {
  SimulatedDisk disk;
  REQUIRE(disk.CreateDirectory("/d").ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  REQUIRE(MakeFile(&disk, "/a", "") != nullptr);
  REQUIRE(MakeFile(&disk, "/d/b", "") != nullptr);
  REQUIRE(disk.SyncDirectory("/d").ok());
  CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Files() == Paths{"/d/b"});
  CHECK(disk.AfterPowerCut(Survival::kEverything, 0)->Files() == Paths{"/a", "/d/b"});
}

TEST_CASE("a rename between directories needs both to be synced", "[lab]") {
  SimulatedDisk disk;
  REQUIRE(disk.CreateDirectory("/d").ok());
  MakeSynced(&disk, "/a", "a");
  REQUIRE(disk.Rename("/a", "/d/a").ok());
  REQUIRE(disk.SyncDirectory("/d").ok());
  CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Files() == Paths{"/a", "/d/a"});
  REQUIRE(disk.SyncDirectory("/").ok());
  CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Files() == Paths{"/d/a"});
}

TEST_CASE("some seeds lose one write alone and some keep one alone", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(32, 'a'));
  for (int i = 0; i < 32; ++i) REQUIRE(Write(file.get(), i * 512, Pattern(1, 'b')).ok());
  int kept_one = 0;
  int lost_one = 0;
  int in_order = 0;  // what came first was kept, what came later was lost
  for (const std::string& bytes : Fates(disk, "/a")) {
    const auto kept = std::count(bytes.begin(), bytes.end(), 'b');
    kept_one += kept == 512;
    lost_one += kept == 31 * 512;
    in_order +=
        kept > 1024 && kept < 30 * 512 && bytes.find("ab") == std::string::npos && kept % 512 == 0;
  }
  CHECK(kept_one > 16);
  CHECK(lost_one > 8);
  CHECK(in_order > 35);
}

TEST_CASE("some power cuts leave the whole disk as it was some changes ago", "[lab]") {
  SimulatedDisk disk;
  auto first = MakeSynced(&disk, "/a", Pattern(1, '0'));
  auto second = MakeSynced(&disk, "/b", Pattern(1, '0'));
  for (char i = '1'; i <= '9'; ++i) {  // /a, then a name, then /b
    REQUIRE(Write(first.get(), 0, Pattern(1, i)).ok());
    REQUIRE(MakeFile(&disk, std::string("/") + i, "") != nullptr);
    REQUIRE(Write(second.get(), 0, Pattern(1, i)).ok());
  }
  std::set<std::string> moments;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto after = disk.AfterPowerCut(Survival::kSome, seed);
    const std::string a = after->Contents("/a");
    const std::string b = after->Contents("/b");
    const auto names = static_cast<char>('0' + after->Files().size() - 2);
    if (a != Pattern(1, a[0]) || b != a || names != a[0]) continue;
    moments.insert(a);
  }
  CHECK(moments.size() >= 8);  // of ten
}

TEST_CASE("a kill keeps what was written and what was unsynced stays so", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", "a");
  REQUIRE(Write(file.get(), 1, "b").ok());
  REQUIRE(MakeFile(&disk, "/new", "new") != nullptr);
  auto lock = disk.LockDirectory("/");
  REQUIRE(lock.ok());

  const auto after = disk.AfterKill();
  CHECK(after->Files() == Paths{"/a", "/new"});
  CHECK(after->Contents("/a") == "ab");
  CHECK(after->LockDirectory("/").ok());
  CHECK(after->AfterPowerCut(Survival::kNothing, 0)->Files() == Paths{"/a"});
  CHECK(after->AfterPowerCut(Survival::kNothing, 0)->Contents("/a") == "a");
  REQUIRE((*after->OpenFile("/a", Open::kExisting))->SyncData().ok());
  CHECK(after->AfterPowerCut(Survival::kNothing, 0)->Contents("/a") == "ab");
  CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Contents("/a") == "a");
}

TEST_CASE("disks that were one write apart from each other", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", std::string(10000, 'a'));
  const auto left = disk.AfterKill();
  const auto right = left->AfterPowerCut(Survival::kEverything, 0);
  REQUIRE(Write(file.get(), 0, "0").ok());
  REQUIRE(Write((*left->OpenFile("/a", Open::kExisting)).get(), 5000, "1").ok());
  REQUIRE(Write((*right->OpenFile("/a", Open::kExisting)).get(), 9999, "22").ok());
  CHECK(disk.Contents("/a") == "0" + std::string(9999, 'a'));
  CHECK(left->Contents("/a") == std::string(5000, 'a') + "1" + std::string(4999, 'a'));
  CHECK(right->Contents("/a") == std::string(9999, 'a') + "22");
}

TEST_CASE("a failed sync loses what it did not write without another word", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(16, 'a'));
  REQUIRE(Write(file.get(), 0, Pattern(16, 'b')).ok());
  disk.FailNextSync(Survival::kNothing, 0);
  CHECK(absl::IsInternal(file->SyncData()));
  CHECK(file->SyncData().ok());  // clean, as Linux has it
  CHECK(disk.Contents("/a") == Pattern(16, 'b'));
  CHECK(disk.AfterKill()->Contents("/a") == Pattern(16, 'b'));
  for (const Survival survival : {Survival::kNothing, Survival::kEverything, Survival::kSome}) {
    CHECK(disk.AfterPowerCut(survival, 1)->Contents("/a") == Pattern(16, 'a'));
  }
  SECTION("until the cache is dropped") {
    CHECK(file->DropCache().ok());
    CHECK(disk.Contents("/a") == Pattern(16, 'a'));
  }
  SECTION("but for a page that is written again") {
    REQUIRE(Write(file.get(), 4096 + 100, "c").ok());
    CHECK(file->SyncData().ok());
    const std::string expected =
        Pattern(8, 'a') + std::string(100, 'b') + "c" + std::string(4096 - 101, 'b');
    CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Contents("/a") == expected);
    CHECK(file->DropCache().ok());
    CHECK(disk.Contents("/a") == expected);
  }
  SECTION("nor does the next process") {
    const auto after = disk.AfterKill();
    auto again = after->OpenFile("/a", Open::kExisting);
    REQUIRE(Write(again->get(), 0, Pattern(8, 'c')).ok());
    CHECK((*again)->SyncData().ok());
    CHECK(after->Contents("/a") == Pattern(8, 'c') + Pattern(8, 'b'));
    CHECK(after->AfterPowerCut(Survival::kNothing, 0)->Contents("/a") ==
          Pattern(8, 'c') + Pattern(8, 'a'));
  }
  SECTION("and a truncation leaves no way back") {
    REQUIRE(file->Truncate(10).ok());
    REQUIRE(file->Truncate(8192).ok());
    const std::string expected = std::string(10, 'b') + std::string(8182, '\0');
    CHECK(Fates(disk, "/a").count(expected) > 0);
    CHECK(file->SyncData().ok());
    CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Contents("/a") == expected);
  }
}

TEST_CASE("a failed sync leaves some of its bytes on the device", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(8, 'a'));
  REQUIRE(Write(file.get(), 0, Pattern(16, 'b')).ok());
  std::set<std::string> left;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto copy = disk.AfterKill();
    copy->FailNextSync(Survival::kSome, seed);
    CHECK_FALSE((*copy->OpenFile("/a", Open::kExisting))->SyncData().ok());
    CHECK(copy->Contents("/a") == Pattern(16, 'b'));
    left.insert(copy->AfterPowerCut(Survival::kEverything, 0)->Contents("/a"));
    CHECK(left.rbegin()->size() == Pattern(16, 'b').size());
  }
  CHECK(left.count(Pattern(8, 'a') + Pattern(8, '\0')) == 1);
  CHECK(left.count(Pattern(16, 'b')) == 1);
  CHECK(left.size() > 20);
}

TEST_CASE("a write fails half way", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", "aaaa");
  disk.FailNextWrite(2);
  CHECK(absl::IsInternal(Write(file.get(), 1, "bbbb")));
  CHECK(disk.Contents("/a") == "abba");
  CHECK(Write(file.get(), 4, "c").ok());
  CHECK(disk.Contents("/a") == "abbac");
}

TEST_CASE("a mapping and its file are the same bytes", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", std::string(6000, 'a'));
  CHECK(absl::IsFailedPrecondition(file->MapShared(6001).status()));
  CHECK(absl::IsFailedPrecondition(file->MapShared(0).status()));
  CHECK(absl::IsPermissionDenied((*disk.OpenFile("/a", Open::kReadOnly))->MapShared(10).status()));
  const auto mapped = file->MapShared(5000);
  REQUIRE(mapped.ok());
  CHECK(absl::IsFailedPrecondition(file->MapShared(5000).status()));
  auto other = disk.OpenFile("/a", Open::kExisting);
  REQUIRE(other.ok());
  CHECK(absl::IsUnimplemented((*other)->MapShared(5000).status()));
  CHECK(reinterpret_cast<uintptr_t>(mapped->data()) % 4096 == 0);
  CHECK(mapped->size() == 5000);

  REQUIRE(Write(other->get(), 10, "b").ok());
  CHECK((*mapped)[10] == 'b');
  (*mapped)[11] = 'c';
  CHECK(Read(other->get(), 9, 4) == "abca");
  disk.Overwrite("/a", 4000, "d");
  CHECK((*mapped)[4000] == 'd');
  REQUIRE((*other)->Truncate(100).ok());
  REQUIRE((*other)->Truncate(6000).ok());
  CHECK((*mapped)[4000] == '\0');
  (*mapped)[4999] = 'e';
  file.reset();
  CHECK(disk.Contents("/a").substr(4998, 3) == std::string("\0e\0", 3));
  CHECK((*other)->MapShared(100).ok());
}

TEST_CASE("a mapping survives a kill and by sectors a power cut", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", Pattern(8, 'a'));
  const auto mapped = file->MapShared(4096);
  REQUIRE(mapped.ok());
  (*mapped)[0] = 'b';
  REQUIRE(file->SyncData().ok());
  const std::string synced = "b" + std::string(4095, 'a');
  for (std::size_t i = 1; i < 4096; ++i) (*mapped)[i] = 'c';
  const std::string stored = "b" + std::string(4095, 'c');
  CHECK(disk.AfterKill()->Contents("/a") == stored);
  CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Contents("/a") == synced);
  CHECK(disk.AfterPowerCut(Survival::kEverything, 0)->Contents("/a") == stored);
  const auto fates = Fates(disk, "/a");
  CHECK(All(fates, [](const auto& bytes) { return bytes[0] == 'b'; }));
  CHECK(Any(fates, [](const auto& bytes) {  // some sectors
    return bytes.substr(512, 512) == Pattern(1, 'c') && bytes.substr(1024, 512) == Pattern(1, 'a');
  }));
  CHECK(Any(fates, [](const auto& bytes) { return bytes[512] == 'c' && bytes[1023] == 'a'; }));
  (*mapped)[0] = 'd';
  CHECK(disk.AfterKill()->Contents("/a")[0] == 'd');
}

TEST_CASE("damage is durable and seen by those who have the file open", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", "abc");
  REQUIRE(disk.CreateDirectory("/d").ok());
  MakeSynced(&disk, "/d/b", "b");
  const auto durable = [&](const std::string& path) {
    return disk.AfterPowerCut(Survival::kNothing, 0)->Contents(path);
  };
  disk.FlipBit("/a", 8 + 5);
  CHECK(Read(file.get(), 0, 9) == "aBc");
  CHECK(durable("/a") == "aBc");
  disk.Overwrite("/a", 2, "CD");
  CHECK(Read(file.get(), 0, 9) == "aBCD");
  CHECK(durable("/a") == "aBCD");
  disk.Replace("/a", "x");
  CHECK(Read(file.get(), 0, 9) == "x");
  CHECK(durable("/a") == "x");
  disk.Delete("/d/b");
  CHECK(disk.Files() == Paths{"/a"});
  CHECK(disk.AfterPowerCut(Survival::kNothing, 0)->Files() == Paths{"/a"});
  disk.Delete("/a");
  CHECK(Read(file.get(), 0, 9) == "x");
  CHECK(disk.AfterPowerCut(Survival::kEverything, 0)->Files().empty());
}

TEST_CASE("a disk that is full says so until something goes", "[lab]") {
  SimulatedDisk disk;
  auto file = MakeSynced(&disk, "/a", "1234");
  auto other = MakeSynced(&disk, "/b", "1234");
  disk.SetCapacity(10);
  CHECK(Write(file.get(), 0, "12345").ok());
  CHECK(ReasonOf(file->Allocate(5, 2)) == ErrorReason::kDiskFull);
  CHECK(ReasonOf(Write(file.get(), 5, "67")) == ErrorReason::kDiskFull);
  CHECK(disk.Contents("/a") == "123456");  // as far as there was room
  CHECK(Write(file.get(), 0, "abcdef").ok());
  CHECK(ReasonOf(Write(other.get(), 4, "5")) == ErrorReason::kDiskFull);
  CHECK(ReasonOf(disk.AfterKill()->OpenFile("/b", Open::kExisting).value()->Allocate(4, 1)) ==
        ErrorReason::kDiskFull);
  REQUIRE(disk.Remove("/a").ok());
  CHECK(ReasonOf(other->Allocate(4, 6)) == ErrorReason::kDiskFull);  // it is open still
  file.reset();
  CHECK(other->Allocate(4, 6).ok());
  CHECK(ReasonOf(other->Allocate(10, 1)) == ErrorReason::kDiskFull);
  REQUIRE(other->Truncate(0).ok());
  CHECK(Write(other.get(), 0, "1234567890").ok());
}

// Copies of all bytes would take far longer than this may, and sharing them a small part of it.
TEST_CASE("a power cut copies no bytes that were synced", "[lab]") {
  SimulatedDisk disk;
  std::vector<std::unique_ptr<File>> files;
  for (int i = 0; i < 8; ++i) {
    files.push_back(MakeSynced(&disk, "/" + std::to_string(i), std::string(4 << 20, 'a')));
  }
  REQUIRE(Write(files.back().get(), 100, std::string(300, 'b')).ok());
  constexpr int kCuts = 300;
  std::size_t left = 0;
  const std::clock_t begin = std::clock();
  for (uint64_t seed = 0; seed < kCuts; ++seed) {
    left += disk.AfterPowerCut(Survival::kSome, seed)->Files().size();
  }
  const std::clock_t spent = std::clock() - begin;  // of the processor, whoever else uses it
  CHECK(left == 8 * kCuts);
  CHECK(spent < CLOCKS_PER_SEC);
}

}  // namespace eventlog::test

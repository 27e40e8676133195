// What is left of acknowledged records after a power cut, after a killed process, and of a write.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "support/child_process.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

TEST_CASE("acknowledged records of disk topics survive power cuts", "[scenario]") {
  Place place(World::kMemoryFileSystem);
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 4; ++round) {
    Log log = OpenLog(place.options());
    auto topic = log.OpenTopic("t");
    REQUIRE(topic.ok());
    CHECK(ReadTopic(&log, "t") == acknowledged);
    for (int i = 0; i < 20; ++i) {
      // Small records go through the journal, large ones past it.
      const auto dots = static_cast<std::size_t>(i % 7 * 60'000);
      const std::string value = std::to_string(round * 100 + i) + std::string(dots, '.');
      REQUIRE(topic->Append({.value = value}).ok());
      acknowledged.push_back(value);
    }
    acknowledged.push_back("last of " + std::to_string(round));
    REQUIRE(topic->Append({.value = acknowledged.back()}).ok());
    place.file_system()->CutPower();
    CHECK_FALSE(log.Close().ok());
  }
  Log log = OpenLog(place.options());
  CHECK(ReadTopic(&log, "t") == acknowledged);
  CHECK_FALSE(log.recovery_report().clean);
  CHECK(log.recovery_report().records_replayed > 0);
  CHECK(log.recovery_report().cut.empty());
}

TEST_CASE("a power cut takes what nobody synced though its log is closed behind it", "[scenario]") {
  Place place(World::kMemoryFileSystem);
  {
    Log log = OpenLog(place.options());
    auto topic = log.OpenTopic("t", {.durability = Durability::kProcess});
    REQUIRE(topic.ok());
    REQUIRE(topic->Append({.value = "v"}).ok());
    place.file_system()->CutPower();
    CHECK_FALSE(log.Close().ok());
  }
  Log log = OpenLog(place.options());
  CHECK(ReadTopic(&log, "t").empty());
}

TEST_CASE("what is acknowledged while others append survives a power cut", "[scenario]") {
  Place place(World::kMemoryFileSystem);
  std::vector<int> acknowledged(4, 0);
  {
    Log log = OpenLog(place.options());
    auto topic = log.OpenTopic("t", {.partitions = 4, .batch_bytes = 1024});
    std::vector<std::thread> threads;
    std::atomic<bool> cut{false};
    for (int32_t partition = 0; partition < 4; ++partition) {
      threads.emplace_back([&, partition] {
        while (!cut) {
          int& count = acknowledged[static_cast<std::size_t>(partition)];
          if (!topic->Append({.value = std::to_string(count), .partition = partition}).ok()) break;
          if (!cut) ++count;  // else it may have been acknowledged by what the cut then took
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cut = true;
    for (std::thread& thread : threads) thread.join();
    place.file_system()->CutPower();
  }
  Log log = OpenLog(place.options());
  auto topic = log.OpenTopic("t");
  for (int32_t partition = 0; partition < 4; ++partition) {
    const int count = acknowledged[static_cast<std::size_t>(partition)];
    CHECK(count > 0);
    CHECK(topic->GetWatermarks(partition)->high_watermark >= count);
  }
}

TEST_CASE("acknowledged records survive the end of a process that closed nothing", "[scenario]") {
  Place place(World::kDirectory);
  const Durability durability = GENERATE(Durability::kProcess, Durability::kDisk);
  const auto append = [&] {
    auto log = Log::Open(place.options());
    if (!log.ok()) return 1;
    auto topic = log->OpenTopic("t", {.durability = durability});
    auto consumer = log->NewConsumer({.group = "g", .topics = {"t"}});
    if (!topic.ok() || !consumer.ok()) return 2;
    for (int i = 0; i < 50; ++i) {
      const std::string value = std::to_string(i) + std::string(i == 30 ? 900'000 : 10, '.');
      if (!topic->Append({.value = value}).ok()) return 3;
    }
    ConsumerRecords records;
    if (!consumer->Poll(absl::ZeroDuration(), &records).ok()) return 4;
    if (!consumer->Commit().ok()) return 5;
    _exit(0);  // no destructor runs
  };
  REQUIRE(RunInChild(append) == 0);
  REQUIRE(RunInChild(append) == 0);
  Log log = OpenLog(place.options());
  const std::vector<std::string> values = ReadTopic(&log, "t");
  REQUIRE(values.size() == 100);
  for (std::size_t i = 0; i < 100; ++i) CHECK(values[i].starts_with(std::to_string(i % 50) + "."));
  CHECK_FALSE(log.CommittedOffsets("g")->empty());
}

TEST_CASE("of a write everything is there after a power cut or nothing", "[scenario]") {
  MemoryFileSystem memory;
  int kept = 0;
  int lost = 0;
  for (int cut_at = 0; cut_at < 12; ++cut_at) {
    const std::string directory = "log-" + std::to_string(cut_at);
    FaultFileSystem files(&memory);
    LogOptions options;
    options.directory = directory;
    options.file_system = &files;
    options.background_thread = false;
    bool acknowledged = false;
    {
      Log log = OpenLog(options);
      auto a = log.OpenTopic("a", {.partitions = 2});
      auto b = log.OpenTopic("b", {.durability = Durability::kProcess});
      REQUIRE(log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{"x", 0, 1}})).ok());
      int calls = 0;
      files.Intercept([&](const FaultFileSystem::Call&) {
        if (calls++ == cut_at) memory.CutPower();
        return absl::OkStatus();
      });
      WriteBatch batch;
      batch.Append(*a, {.value = std::string(3000, 'a'), .partition = 0})
          .Append(*a, {.value = std::string(100'000, 'a'), .partition = 1})
          .Append(*b, {.value = "b"})
          .CommitOffsets({.group = "g"}, {{"x", 0, 2}});
      acknowledged = log.Write(batch).ok();
      files.Heal();
      memory.CutPower();
    }
    Log log = OpenLog(options);
    auto a = log.OpenTopic("a");
    auto b = log.OpenTopic("b");
    const int64_t there =
        a->GetWatermarks(0)->high_watermark + a->GetWatermarks(1)->high_watermark +
        b->GetWatermarks(0)->high_watermark + log.CommittedOffsets("g")->front().offset - 1;
    INFO("cut at call " << cut_at << ", acknowledged: " << acknowledged);
    CHECK((there == 0 || there == 4));
    if (acknowledged) CHECK(there == 4);
    ++(there == 4 ? kept : lost);
  }
  CHECK(kept > 0);
  CHECK(lost > 0);
}

TEST_CASE("the log says what recovery found", "[scenario]") {
  Place place(World::kDirectory);
  std::vector<std::string> told;
  LogOptions options = place.options();
  options.observer = [&](const LogEvent& event) {
    if (event.kind == LogEvent::Kind::kRecovered) told.emplace_back(event.message);
  };
  {
    Log log = OpenLog(options);
    CHECK(log.recovery_report().clean);
    REQUIRE(log.OpenTopic("t")->Append({.value = "v"}).ok());
    REQUIRE(log.Close().ok());
  }
  CHECK(told.size() == 1);
  {
    Log log = OpenLog(options);
    CHECK(log.recovery_report().clean);
    CHECK(log.recovery_report().records_replayed == 0);
    CHECK(log.Reopen().ok());  // nothing was wrong: nothing is done
  }
  CHECK(told.size() == 2);
  const int answer = RunInChild([&] {
    auto log = Log::Open(place.options());
    if (log.ok() && log->OpenTopic("t")->Append({.value = "w"}).ok()) _exit(0);
    return 1;
  });
  REQUIRE(answer == 0);
  Log log = OpenLog(options);
  CHECK_FALSE(log.recovery_report().clean);
  CHECK(log.recovery_report().records_replayed == 1);
  CHECK(log.recovery_report().bytes_cut == 0);
}

TEST_CASE("a log with one durable record takes no more than a mebibyte", "[scenario]") {
  Place place(World::kDirectory);
  const auto bytes_on_disk = [&] {
    int64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(place.directory())) {
      struct stat found {};
      REQUIRE(stat(entry.path().c_str(), &found) == 0);
      bytes += int64_t{found.st_blocks} * 512;
    }
    return bytes;
  };
  Log log = OpenLog(place.options());
  REQUIRE(log.OpenTopic("t")->Append({.value = "v"}).ok());
  CHECK(bytes_on_disk() <= 1 << 20);
  REQUIRE(log.Close().ok());
  CHECK(bytes_on_disk() <= 1 << 20);
}

TEST_CASE("the directory may be left after the log was opened by a relative path", "[scenario]") {
  TempDir temp;
  const int answer = RunInChild([&] {
    if (chdir(temp.path().c_str()) != 0) return 2;
    auto log = Log::Open({.directory = "shop/"});
    if (!log.ok() || chdir("/") != 0) return 3;
    auto topic = log->OpenTopic("t", {.segment_bytes = 64 << 10});
    for (int i = 0; i < 10; ++i) {
      if (!topic->Append({.value = std::string(40'000, 'x')}).ok()) return 4;
    }
    return log->Close().ok() ? 0 : 5;
  });
  CHECK(answer == 0);
  CHECK(std::filesystem::exists(temp / "shop"));
  CHECK(Log::Destroy(temp / "shop").ok());
  CHECK_FALSE(std::filesystem::exists(temp / "shop"));
}

// Counted by a file system on top of a real directory. A sync takes as long as all of them need to
// come to it, however fast the device is.
TEST_CASE("sixteen threads that append at once share their syncs", "[scenario]") {
  constexpr int kThreads = 16;
  constexpr int kRounds = 50;
  Place place(World::kDirectory);
  FaultFileSystem files(FileSystem::Posix());
  files.Intercept([](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData") std::this_thread::sleep_for(std::chrono::milliseconds(4));
    return absl::OkStatus();
  });
  LogOptions options = place.options();
  options.file_system = &files;
  Log log = OpenLog(std::move(options));
  auto topic = log.OpenTopic("t", {.partitions = kThreads});
  std::vector<int64_t> syncs;
  std::atomic<int> failures{0};
  std::barrier begin(kThreads + 1);
  std::barrier end(kThreads + 1);
  std::vector<std::thread> threads;
  for (int32_t partition = 0; partition < kThreads; ++partition) {
    threads.emplace_back([&, partition] {
      for (int round = 0; round < kRounds; ++round) {
        begin.arrive_and_wait();
        if (!topic->Append({.value = "v", .partition = partition}).ok()) ++failures;
        end.arrive_and_wait();
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    files.ResetCounts();
    begin.arrive_and_wait();
    end.arrive_and_wait();
    syncs.push_back(files.Count("SyncData"));
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  std::sort(syncs.begin(), syncs.end());
  INFO("syncs per round: least " << syncs.front() << ", median " << syncs[kRounds / 2] << ", most "
                                 << syncs.back());
  CHECK(syncs[kRounds / 2] <= 3);
  CHECK(syncs.front() >= 1);
}

}  // namespace
}  // namespace eventlog::test

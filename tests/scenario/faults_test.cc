// Devices that fail and disks that are full: nothing that was acknowledged is lost.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "eventlog/testing/fault_file_system.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

using Fault = FaultFileSystem::Fault;

struct FaultyLog {
  FaultyLog() {
    LogOptions options;
    options.directory = "log";
    options.file_system = &files;
    options.background_thread = false;
    options.observer = [this](const LogEvent& event) { kinds.push_back(event.kind); };
    auto opened = Log::Open(options);
    REQUIRE(opened.ok());
    log = *std::move(opened);
  }
  // Calls of this name on paths that contain `where` fail with `error`.
  void Fail(std::string call, std::string where, absl::Status error) {
    files.Intercept([=](const FaultFileSystem::Call& made) {
      return made.name == call && made.path.find(where) != std::string::npos ? error
                                                                             : absl::OkStatus();
    });
  }
  void Heal() { files.Heal(); }
  std::ptrdiff_t Count(LogEvent::Kind kind) const {
    return std::count(kinds.begin(), kinds.end(), kind);
  }

  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  std::vector<LogEvent::Kind> kinds;
  Log log;
};

const absl::Status kBroken = absl::InternalError("the device is broken");

TEST_CASE("a journal that fails stops all appends until the log is reopened", "[scenario]") {
  const std::string call = GENERATE("SyncData", "WriteAt");
  FaultyLog faulty;
  auto topic = faulty.log.OpenTopic("t");
  auto other = faulty.log.OpenTopic("other", {.durability = Durability::kProcess});
  auto consumer = faulty.log.NewConsumer({.group = "g", .topics = {"t"}});
  std::vector<std::string> acknowledged;
  for (int i = 0; i < 10; ++i) {
    acknowledged.push_back(std::to_string(i));
    REQUIRE(topic->Append({.value = acknowledged.back()}).ok());
  }
  REQUIRE(other->Append({.value = "other"}).ok());
  ConsumerRecords records;
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  REQUIRE(consumer->Commit().ok());
  faulty.Fail(call, "journal", kBroken);
  const absl::Status failed = topic->Append({.value = "unacknowledged"}).status();
  INFO(failed);
  CHECK_FALSE(failed.ok());
  faulty.Heal();
  for (const absl::Status& status :
       {topic->Append({.value = "v"}).status(), other->Append({.value = "v"}).status(),
        topic->AppendAll({{.value = "v"}}), consumer->Commit(),
        faulty.log.CreateTopic("new").status(), faulty.log.DeleteTopic("other"),
        faulty.log.AlterTopic("t", {}),
        faulty.log.Write(WriteBatch().CommitOffsets({.group = "g"}, {{"t", 0, 1}})),
        faulty.log.RunMaintenance()}) {
    INFO(status);
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(ReasonOf(status) == ErrorReason::kPoisoned);
  }
  CHECK(faulty.Count(LogEvent::Kind::kPoisoned) == 1);
  CHECK(ReadTopic(&faulty.log, "t") == acknowledged);  // reads go on
  const absl::Status reopened = faulty.log.Reopen();
  INFO(reopened);
  REQUIRE(reopened.ok());
  CHECK(ReadTopic(&faulty.log, "t") == acknowledged);
  CHECK(ReadTopic(&faulty.log, "other") == std::vector<std::string>{"other"});
  CHECK(faulty.log.CommittedOffsets("g")->front().offset == 10);
  acknowledged.push_back("after");
  REQUIRE(topic->Append({.value = "after"}).ok());
  REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  CHECK(records[0].value() == "after");
  CHECK(consumer->Commit().ok());
  faulty.Fail(call, "journal", kBroken);  // a second time is told again
  CHECK_FALSE(topic->Append({.value = "unacknowledged"}).ok());
  CHECK(faulty.Count(LogEvent::Kind::kPoisoned) == 2);
  faulty.Heal();
  faulty.log = Log();  // and a restart instead of Reopen
  auto log = Log::Open({.directory = "log", .file_system = &faulty.memory});
  REQUIRE(log.ok());
  std::vector<std::string> found = ReadTopic(&*log, "t");
  if (found.size() == acknowledged.size() + 1) found.pop_back();  // it may be there or not
  CHECK(found == acknowledged);
}

TEST_CASE("a segment that fails stops all appends until the log is reopened", "[scenario]") {
  const std::string call = GENERATE("SyncData", "WriteAt");
  FaultyLog faulty;
  auto topic = faulty.log.OpenTopic("t");
  REQUIRE(topic->Append({.value = "small"}).ok());
  const std::string large(400'000, 'x');  // past the journal
  REQUIRE(topic->Append({.value = large}).ok());
  faulty.Fail(call, "segments", kBroken);
  CHECK_FALSE(topic->Append({.value = large}).ok());
  faulty.Heal();
  CHECK(ReasonOf(topic->Append({.value = "v"}).status()) == ErrorReason::kPoisoned);
  CHECK(ReadTopic(&faulty.log, "t") == std::vector<std::string>{"small", large});
  const absl::Status reopened = faulty.log.Reopen();
  INFO(reopened);
  REQUIRE(reopened.ok());
  REQUIRE(topic->Append({.value = large}).ok());
  REQUIRE(topic->Append({.value = "after"}).ok());
  std::vector<std::string> found = ReadTopic(&faulty.log, "t");
  REQUIRE(found.size() >= 4);
  CHECK(found[0] == "small");
  CHECK(found[1] == large);
  CHECK(found.back() == "after");
  CHECK(found.size() <= 5);  // the one in between may be there or not
}

TEST_CASE("a sync that failed is not tried again behind the caller's back", "[scenario]") {
  FaultyLog faulty;
  auto topic = faulty.log.OpenTopic("t");
  REQUIRE(topic->Append({.value = "v"}).ok());
  std::atomic<bool> failed{false};
  faulty.files.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name != "SyncData" || call.path.find("segments") == std::string::npos)
      return absl::OkStatus();
    return failed.exchange(true) ? absl::OkStatus() : kBroken;  // the first one only
  });
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (topic->Append({.value = std::string(500'000, 'x')}).ok() && failed) ++acknowledged;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed);
  CHECK(acknowledged == 0);
  CHECK(ReasonOf(topic->Append({.value = "v"}).status()) == ErrorReason::kPoisoned);
}

TEST_CASE("a reopening that fails leaves the log as it was", "[scenario]") {
  FaultyLog faulty;
  auto topic = faulty.log.OpenTopic("t");
  REQUIRE(topic->Append({.value = "kept"}).ok());
  const std::string where = GENERATE("journal", "segments");
  faulty.Fail("SyncData", where, kBroken);
  const bool large = topic->Append({.value = std::string(400'000, 'x')}).ok();
  const bool small = topic->Append({.value = "v"}).ok();
  CHECK_FALSE((large && small));
  faulty.Fail("WriteAt", "", kBroken);
  CHECK_FALSE(faulty.log.Reopen().ok());
  CHECK(ReasonOf(topic->Append({.value = "v"}).status()) == ErrorReason::kPoisoned);
  CHECK(ReadTopic(&faulty.log, "t").front() == "kept");
  faulty.Heal();
  const absl::Status reopened = faulty.log.Reopen();
  INFO(reopened);
  REQUIRE(reopened.ok());
  CHECK(topic->Append({.value = "after"}).ok());
  CHECK(ReadTopic(&faulty.log, "t").front() == "kept");
  CHECK(ReadTopic(&faulty.log, "t").back() == "after");
}

TEST_CASE("a full disk is an error that passes", "[scenario]") {
  const std::string call = GENERATE("Allocate", "WriteAt", "OpenFile");
  FaultyLog faulty;
  auto topic = faulty.log.OpenTopic("t", {.partitions = 2, .segment_bytes = 64 << 10});
  std::vector<std::string> acknowledged;
  int refused = 0;
  const auto append = [&](std::size_t bytes) {
    const std::string value = std::to_string(acknowledged.size()) + "/" + std::string(bytes, '.');
    const auto appended = topic->Append({.value = value, .partition = 0});
    if (appended.ok()) {
      acknowledged.push_back(value);
      return;
    }
    ++refused;
    INFO(appended.status());
    CHECK(absl::IsResourceExhausted(appended.status()));
    CHECK(ReasonOf(appended.status()) == ErrorReason::kDiskFull);
    CHECK(IsRetriable(appended.status()));
  };
  for (int i = 0; i < 20; ++i) append(10'000);
  CHECK(refused == 0);
  faulty.files.Intercept([&](const FaultFileSystem::Call& made) {
    // Writes into space that was reserved succeed, as they do on a disk that is full.
    const bool grows =
        made.name == call && (call != "WriteAt" || made.path.find(".tmp") != made.path.npos);
    return grows ? FaultFileSystem::ErrorOf(Fault::kDiskFull, made) : absl::OkStatus();
  });
  for (int i = 0; i < 60; ++i) append(i % 3 == 0 ? 300'000 : 10'000);
  if (call != "WriteAt") CHECK(refused > 0);
  if (call != "Allocate") {  // nothing is reserved for a catalog
    CHECK(ReasonOf(faulty.log.CreateTopic("new").status()) == ErrorReason::kDiskFull);
  }
  CHECK(ReadTopic(&faulty.log, "t") == acknowledged);
  faulty.Heal();
  const int before = refused;
  for (int i = 0; i < 20; ++i) append(10'000);
  append(300'000);
  CHECK(refused == before);
  CHECK(faulty.log.CreateTopic("new").ok());
  CHECK(ReadTopic(&faulty.log, "t") == acknowledged);
  CHECK(faulty.Count(LogEvent::Kind::kPoisoned) == 0);
  CHECK(faulty.log.Close().ok());
  auto log = Log::Open({.directory = "log", .file_system = &faulty.memory});
  REQUIRE(log.ok());
  CHECK(ReadTopic(&*log, "t") == acknowledged);
}

TEST_CASE("a log that cannot be opened keeps no lock", "[scenario]") {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  LogOptions options;
  options.directory = "log";
  options.file_system = &files;
  {
    auto log = Log::Open(options);
    REQUIRE(log.ok());
    REQUIRE(log->OpenTopic("t")->Append({.value = "v"}).ok());
    auto consumer = log->NewConsumer({.group = "g", .topics = {"t"}});
    ConsumerRecords records;
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    REQUIRE(consumer->Commit().ok());
  }
  files.ResetCounts();
  REQUIRE(Log::Open(options).ok());
  const int64_t reads = files.Count("ReadAt");
  REQUIRE(reads >= 3);
  for (int64_t failing = 0; failing < reads; ++failing) {
    int64_t left = failing;
    files.Intercept([&](const FaultFileSystem::Call& call) {
      return call.name == "ReadAt" && left-- == 0 ? kBroken : absl::OkStatus();
    });
    const absl::Status opened = Log::Open(options).status();
    files.Heal();
    const auto again = Log::Open(options);
    INFO("read " << failing << ": " << opened << ", then " << again.status());
    REQUIRE(again.ok());
  }
}

TEST_CASE("a change of topics in doubt stops the log until it is read again", "[scenario]") {
  FaultyLog faulty;
  auto topic = faulty.log.OpenTopic("t");
  REQUIRE(topic->Append({.value = "v"}).ok());
  bool renamed = false;
  faulty.files.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "Rename" && call.path.find("catalog") != std::string::npos) renamed = true;
    return call.name == "SyncDirectory" && renamed ? kBroken : absl::OkStatus();
  });
  CHECK_FALSE(faulty.log.DeleteTopic("t").ok());
  faulty.Heal();
  CHECK(ReasonOf(topic->Append({.value = "lost?"}).status()) == ErrorReason::kPoisoned);
  CHECK(ReasonOf(faulty.log.CreateTopic("u").status()) == ErrorReason::kPoisoned);
  CHECK(ReasonOf(faulty.log.AlterTopic("t", {.partitions = 2})) == ErrorReason::kPoisoned);
  CHECK(ReasonOf(faulty.log.DeleteTopic("t")) == ErrorReason::kPoisoned);
  const absl::Status reopened = faulty.log.Reopen();
  INFO(reopened);
  REQUIRE(reopened.ok());
  CHECK(faulty.log.ListTopics()->empty());  // the rename had happened
  CHECK(ReasonOf(topic->Append({.value = "v"}).status()) == ErrorReason::kUnknownTopic);
  CHECK(faulty.log.CreateTopic("t").ok());
}

// What failed is in the journal all the same: the next sync of the file takes it to the device.
TEST_CASE("records that were refused never come back behind later ones", "[scenario]") {
  FaultyLog faulty;
  auto topic = faulty.log.OpenTopic("t");
  REQUIRE(topic->Append({.value = "first"}).ok());
  faulty.Fail("SyncData", "journal", kBroken);
  CHECK_FALSE(topic->AppendAll(std::vector<ProducerRecord>(5, {.value = "refused"})).ok());
  faulty.Heal();
  REQUIRE(faulty.log.Reopen().ok());
  REQUIRE(topic->Append({.value = "second"}).ok());
  auto consumer = faulty.log.NewConsumer({.topics = {"t"}});
  std::vector<int32_t> epochs;
  for (ConsumerRecords records; epochs.size() < 2;) {
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
    REQUIRE_FALSE(records.empty());
    for (const RecordView& record : records) epochs.push_back(record.leader_epoch());
  }
  CHECK(epochs[0] < epochs[1]);
  faulty.memory.CutPower();
  faulty.log = Log();
  auto log = Log::Open({.directory = "log", .file_system = &faulty.memory});
  REQUIRE(log.ok());
  CHECK(ReadTopic(&*log, "t") == std::vector<std::string>{"first", "second"});
}

}  // namespace
}  // namespace eventlog::test

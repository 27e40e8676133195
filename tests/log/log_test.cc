#include "eventlog/log.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "client/handle_access.h"
#include "client/topic_state.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"
#include "support/temp_dir.h"

namespace eventlog {
namespace {

// Holds every sync of the journal up while `slow` is set.
struct SlowDisk {
  explicit SlowDisk(FileSystem* base = nullptr) : files(base == nullptr ? &memory : base) {
    files.Intercept([this](const FaultFileSystem::Call& call) {
      if (call.name == "SyncData" && call.path.find("journal") != std::string::npos) {
        while (slow) {
          holding = true;
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
      }
      return absl::OkStatus();
    });
  }
  // Until somebody is in such a sync.
  void AwaitSync() const {
    while (!holding) std::this_thread::yield();
  }
  std::atomic<bool> slow{false};
  std::atomic<bool> holding{false};
  MemoryFileSystem memory;
  FaultFileSystem files;
};

// Who appends at once, without going through the gate, meets it all the same.
TEST_CASE("nothing is appended to a log whose close has begun", "[log]") {
  const test::TempDir temp;
  SlowDisk disk(FileSystem::Posix());
  auto log = Log::Open({.directory = temp / "log", .file_system = &disk.files});
  REQUIRE(log.ok());
  const auto slow = log->OpenTopic("slow");
  const auto quick = log->OpenTopic("quick", {.durability = Durability::kProcess});
  REQUIRE(quick->Append({.value = "0"}).ok());
  const auto partition = internal::HandleAccess::State(*quick)->partitions().front();
  const ProducerRecord record = {.value = "1"};
  REQUIRE(partition->AppendAtOnce({&record, 1}, {}) == 1);
  disk.slow = true;
  std::thread appender([&] { CHECK(slow->Append({.value = "v"}).ok()); });
  disk.AwaitSync();
  const absl::Status closed = log->Close(absl::Milliseconds(10));
  const absl::Status late = quick->Append({.value = "late"}).status();
  disk.slow = false;
  appender.join();
  CHECK(ReasonOf(closed) == ErrorReason::kTimedOut);
  CHECK(ReasonOf(late) == ErrorReason::kClosed);
  REQUIRE(partition->AppendAtOnce({&record, 1}, {}) == 2);  // as one that looked before the close
  CHECK(log->Close().ok());
  CHECK(partition->AppendAtOnce({&record, 1}, {}) == -1);
  auto again = Log::Open({.directory = temp / "log"});
  REQUIRE(again.ok());
  CHECK(again->OpenTopic("quick")->GetWatermarks(0)->high_watermark == 3);
}

TEST_CASE("nothing is appended to a log in memory that is closed", "[log]") {
  auto log = Log::Open({.memory = true});
  REQUIRE(log.ok());
  const auto topic = log->OpenTopic("t");
  REQUIRE(topic->Append({.value = "0"}).ok());
  const auto partition = internal::HandleAccess::State(*topic)->partitions().front();
  const ProducerRecord record = {.value = "1"};
  REQUIRE(partition->AppendAtOnce({&record, 1}, {}) == 1);
  REQUIRE(log->Close().ok());
  CHECK(partition->AppendAtOnce({&record, 1}, {}) == -1);
}

TEST_CASE("a close that ran out of time lets nobody in and is finished by the next", "[log]") {
  SlowDisk disk;
  auto log = Log::Open({.directory = "log", .file_system = &disk.files});
  REQUIRE(log.ok());
  auto topic = log->OpenTopic("t");
  disk.slow = true;
  absl::Status appended;
  std::thread appender([&] { appended = topic->Append({.value = "v"}).status(); });
  disk.AwaitSync();
  const absl::Status closed = log->Close(absl::Milliseconds(10));
  const absl::Status late = topic->Append({.value = "late"}).status();
  const absl::Status reopened = log->Reopen();
  disk.slow = false;
  appender.join();
  CHECK(absl::IsDeadlineExceeded(closed));
  CHECK(ReasonOf(closed) == ErrorReason::kTimedOut);
  CHECK(ReasonOf(late) == ErrorReason::kClosed);
  CHECK(ReasonOf(reopened) == ErrorReason::kClosed);
  CHECK(appended.ok());
  CHECK(ReasonOf(Log::Open({.directory = "log", .file_system = &disk.files}).status()) ==
        ErrorReason::kLocked);
  CHECK(log->Close().ok());
  auto again = Log::Open({.directory = "log", .file_system = &disk.files});
  REQUIRE(again.ok());
  CHECK(again->OpenTopic("t")->GetWatermarks(0)->high_watermark == 1);
}

TEST_CASE("moving onto a log closes it", "[log]") {
  MemoryFileSystem files;
  auto log = Log::Open({.directory = "log", .file_system = &files});
  REQUIRE(log.ok());
  auto topic = log->OpenTopic("t");
  *log = Log();
  CHECK(ReasonOf(topic->Append({.value = "v"}).status()) == ErrorReason::kClosed);
  CHECK(Log::Open({.directory = "log", .file_system = &files}).ok());
}

TEST_CASE("a log that lost its last handle gives its directory back", "[log]") {
  MemoryFileSystem files;
  Topic topic;
  Consumer consumer;
  {
    auto log = Log::Open({.directory = "log", .file_system = &files});
    REQUIRE(log.ok());
    topic = *log->OpenTopic("t");
    consumer = *log->NewConsumer({.topics = {"t"}});
  }
  CHECK(Log::Open({.directory = "log", .file_system = &files}).ok());
}

}  // namespace
}  // namespace eventlog

#include "eventlog/log.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"

namespace eventlog {
namespace {

// Holds every sync of the journal up while `slow` is set.
struct SlowDisk {
  SlowDisk() {
    files.Intercept([this](const FaultFileSystem::Call& call) {
      if (call.name == "SyncData" && call.path.find("journal") != std::string::npos) {
        while (slow) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return absl::OkStatus();
    });
  }
  std::atomic<bool> slow{false};
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
};

TEST_CASE("a close that ran out of time lets nobody in and is finished by the next", "[log]") {
  SlowDisk disk;
  auto log = Log::Open({.directory = "log", .file_system = &disk.files});
  REQUIRE(log.ok());
  auto topic = log->OpenTopic("t");
  disk.slow = true;
  absl::Status appended;
  std::thread appender([&] { appended = topic->Append({.value = "v"}).status(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
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

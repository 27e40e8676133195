// Handles that are closed, forked, busy or inside a callback, and logs that cannot be opened.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <optional>
#include <thread>

#include "errors/answers.h"
#include "errors/handles.h"
#include "eventlog/testing/fault_file_system.h"
#include "support/child_process.h"
#include "support/worlds.h"

namespace eventlog::test {

void ExpectOfClosedHandles(Answers* answers) {
  Handles handles = MakeHandles({.memory = true});
  REQUIRE(handles.log.Close().ok());
  for (const auto& [method, status] : CallEverything(&handles)) {
    answers->Expect(method, ErrorReason::kClosed, status);
  }
}

void ExpectInForkedChild(Answers* answers) {
  for (const World world : {World::kMemoryLog, World::kMemoryFileSystem, World::kDirectory}) {
    Place place(world);
    std::optional<Handles> handles = MakeHandles(place.options());
    const auto call_everything = [&] {
      AnswerList called = CallEverything(&*handles);
      called.insert(called.end(), {{"Log::Close", handles->log.Close()},
                                   {"Consumer::Close", handles->consumer.Close()},
                                   {"Producer::Close", handles->producer.Close()}});
      return called;
    };
    const int wrong = RunInChild([&] {
      int count = 0;
      for (const auto& [method, status] : call_everything()) {
        count += ReasonOf(status) == ErrorReason::kForked ? 0 : 1;
      }
      handles.reset();  // destroying them touches nothing of the parent's
      return count;
    });
    CHECK(wrong == 0);
    CHECK(handles->topic.Append({.value = "the parent goes on"}).ok());
    for (const auto& [method, status] : call_everything()) {
      if (wrong == 0) answers->Note(method, "FailedPrecondition", "kForked");
    }
  }
}

namespace {

void ExpectOfPlaces(Answers* answers) {
  TempDir temp;
  answers->Expect("Log::Open", ErrorReason::kInvalidOption, Log::Open({}).status());
  const std::string missing = temp / "missing";
  answers->Expect("Log::Open", ErrorReason::kDirectoryNotFound,
                  Log::Open({.directory = missing, .open_mode = OpenMode::kExisting}).status());
  answers->Expect("Log::Destroy", ErrorReason::kDirectoryNotFound, Log::Destroy(missing));
  const std::string file = temp / "file";
  std::ofstream(file) << "not a directory";
  answers->Expect("Log::Destroy", absl::StatusCode::kFailedPrecondition, Log::Destroy(file));

  const std::string open_to_all = temp / "open";
  REQUIRE(mkdir(open_to_all.c_str(), 0777) == 0);
  REQUIRE(chmod(open_to_all.c_str(), 0777) == 0);
  answers->Expect("Log::Open", absl::StatusCode::kPermissionDenied,
                  Log::Open({.directory = open_to_all}).status());

  const std::string opened_later = temp / "later";
  REQUIRE(OpenLog({.directory = opened_later}).Close().ok());
  REQUIRE(chmod(opened_later.c_str(), 0777) == 0);
  answers->Expect("Log::Destroy", absl::StatusCode::kPermissionDenied, Log::Destroy(opened_later));
  answers->Expect("Log::Destroy", absl::StatusCode::kInternal,
                  Log::Destroy(temp / std::string(300, 'n')));

  const std::string held = temp / "held";
  Log log = OpenLog({.directory = held});
  answers->Expect("Log::Open", ErrorReason::kLocked, Log::Open({.directory = held}).status());
  answers->Expect("Log::Destroy", ErrorReason::kLocked, Log::Destroy(held));
}

absl::Status WithReason(absl::Status status, const char* reason) {
  status.SetPayload("eventlog/reason", absl::Cord(reason));
  return status;
}

// What a file system can answer at Open.
void ExpectOfFileSystems(Answers* answers) {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  const auto open_when = [&](const char* failing, const absl::Status& error) {
    files.Intercept([=](const FaultFileSystem::Call& call) {
      return call.name == failing ? error : absl::OkStatus();
    });
    return Log::Open({.directory = "log", .file_system = &files}).status();
  };
  answers->Expect("Log::Open", absl::StatusCode::kInternal,
                  open_when("SyncData", absl::InternalError("the device is broken")));
  answers->Expect(
      "Log::Open", ErrorReason::kDiskFull,
      open_when("Allocate", WithReason(absl::ResourceExhaustedError("no space"), "DISK_FULL")));
  answers->Expect("Log::Open", ErrorReason::kNotOnThisFileSystem,
                  open_when("LockDirectory", WithReason(absl::FailedPreconditionError("nfs"),
                                                        "NOT_ON_THIS_FILE_SYSTEM")));
}

}  // namespace

void ExpectOfOpening(Answers* answers) {
  ExpectOfPlaces(answers);
  ExpectOfFileSystems(answers);
}

void ExpectOfTimeouts(Answers* answers) {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  Handles handles = MakeHandles({.directory = "log", .file_system = &files});
  std::atomic<bool> stuck{true};
  std::atomic<bool> reached{false};
  files.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && call.path.find("journal") != std::string::npos) {
      reached = true;
      while (stuck) std::this_thread::yield();
    }
    return absl::OkStatus();
  });
  std::atomic<int> callbacks{0};
  REQUIRE(handles.producer
              .Send(handles.topic, {.value = "v"},
                    [&](const absl::StatusOr<RecordMetadata>&) { ++callbacks; })
              .ok());
  answers->Expect("Producer::Flush", ErrorReason::kTimedOut,
                  handles.producer.Flush(absl::Milliseconds(20)));
  std::thread appender([&] { static_cast<void>(handles.topic.Append({.value = "w"})); });
  while (!reached) std::this_thread::yield();
  answers->Expect("Producer::Close", ErrorReason::kTimedOut,
                  handles.producer.Close(absl::Milliseconds(20)));
  CHECK(callbacks == 1);
  answers->Expect("Log::Close", ErrorReason::kTimedOut, handles.log.Close(absl::Milliseconds(20)));
  stuck = false;
  appender.join();
  CHECK(handles.log.Close().ok());
  CHECK(callbacks == 1);
}

void ExpectOfCallbacks(Answers* answers) {
  Handles handles = MakeHandles({.memory = true, .background_thread = false});
  std::vector<std::pair<std::string, absl::Status>> inside;
  REQUIRE(handles.producer
              .Send(handles.topic, {.value = "v"},
                    [&](const absl::StatusOr<RecordMetadata>&) {
                      inside = {{"Producer::Flush", handles.producer.Flush()},
                                {"Producer::Close", handles.producer.Close()},
                                {"Log::Close", handles.log.Close()},
                                {"Log::Reopen", handles.log.Reopen()},
                                {"Log::RunMaintenance", handles.log.RunMaintenance()}};
                    })
              .ok());
  REQUIRE(handles.producer.Flush().ok());
  REQUIRE(inside.size() == 5);
  for (const auto& [method, status] : inside) {
    answers->Expect(method, ErrorReason::kInCallback, status);
  }
}

}  // namespace eventlog::test

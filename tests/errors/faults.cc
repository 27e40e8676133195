// Devices that fail and disks that are full, and producers that have no space.
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "errors/answers.h"
#include "errors/handles.h"
#include "eventlog/testing/fault_file_system.h"
#include "support/worlds.h"

namespace eventlog::test {
namespace {

using Fault = FaultFileSystem::Fault;

// A log with the topic "t" and a record in it, the group "g" and no consumer of it, and one of
// another group; on a disk that can be made to fail.
struct Faulty {
  Faulty() {
    handles = MakeHandles({.directory = "log",
                           .background_thread = false,
                           .max_write_bytes = 512 << 10,
                           .max_record_bytes = 256 << 10,
                           .file_system = &files,
                           .tuning = {.journal_bytes = 1 << 20}});
    REQUIRE(handles.topic.Append({.value = "v"}).ok());
    Poll(&handles.consumer);
    REQUIRE(handles.consumer.Commit().ok());
    REQUIRE(handles.consumer.Close().ok());
    handles.consumer = *handles.log.NewConsumer({.group = "other", .assignment = {{"t", 0}}});
  }

  void Poll(Consumer* consumer) {
    ConsumerRecords records;
    REQUIRE(consumer->Poll(absl::ZeroDuration(), &records).ok());
  }
  // One that has read what its Close is to commit.
  Consumer CommitsWhenClosed() {
    Consumer consumer = *handles.log.NewConsumer(
        {.group = "late", .topics = {"t"}, .auto_commit_interval = absl::Hours(1)});
    Poll(&consumer);
    return consumer;
  }
  // One whose Assign does.
  Consumer CommitsWhenMoved() {
    Consumer consumer = *handles.log.NewConsumer(
        {.group = "moved", .assignment = {{"t", 0}}, .auto_commit_interval = absl::Hours(1)});
    Poll(&consumer);
    return consumer;
  }
  Producer ProducerThatSent() {
    Producer producer = *handles.log.NewProducer();
    REQUIRE(producer.Send(handles.topic, {.value = "v"}).ok());
    return producer;
  }

  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  Handles handles;
};

// Every change of the disk fails.
absl::Status Broken(const FaultFileSystem::Call& call) {
  const bool changes = call.name == "WriteAt" || call.name == "Allocate" ||
                       call.name == "SyncData" || call.name == "Rename" ||
                       call.name == "SyncDirectory" || call.name == "Truncate";
  return changes ? absl::InternalError("the device is broken") : absl::OkStatus();
}

// The journal has its space, segments and files that are replaced get none.
absl::Status Full(const FaultFileSystem::Call& call) {
  const bool segment = call.name == "Allocate" && call.path.find("segments") != std::string::npos;
  const bool replaced = call.name == "WriteAt" && call.path.ends_with(".tmp") &&
                        call.path.find("journal") == std::string::npos;
  return segment || replaced ? FaultFileSystem::ErrorOf(Fault::kDiskFull, call) : absl::OkStatus();
}

using Call = std::function<absl::Status(Handles*)>;

// Each writes.
std::vector<std::pair<std::string, Call>> Writers() {
  static const std::vector<TopicPartitionOffset> kOffsets = {{"t", 0, 0}};
  return {{"Log::OpenTopic", [](Handles* h) { return h->log.OpenTopic("opened").status(); }},
          {"Log::CreateTopic", [](Handles* h) { return h->log.CreateTopic("created").status(); }},
          {"Log::AlterTopic",
           [](Handles* h) {
             return h->log.AlterTopic("t", {.compression_type = CompressionType::kLz4});
           }},
          {"Log::DeleteTopic", [](Handles* h) { return h->log.DeleteTopic("t"); }},
          {"Log::Write",
           [](Handles* h) { return h->log.Write(WriteBatch().Append(h->topic, {.value = "v"})); }},
          {"Log::AlterOffsets", [](Handles* h) { return h->log.AlterOffsets("h", kOffsets); }},
          {"Log::DeleteGroup", [](Handles* h) { return h->log.DeleteGroup("g"); }},
          {"Topic::Append", [](Handles* h) { return h->topic.Append({.value = "v"}).status(); }},
          {"Topic::AppendAll", [](Handles* h) { return h->topic.AppendAll({{.value = "v"}}); }},
          {"Topic::DeleteRecords", [](Handles* h) { return h->topic.DeleteRecords(0, 1); }},
          {"Consumer::Commit", [](Handles* h) { return h->consumer.Commit(kOffsets); }}};
}

}  // namespace

void ExpectOfPoisonedLog(Answers* answers) {
  Faulty faulty;
  Handles& handles = faulty.handles;
  Consumer late = faulty.CommitsWhenClosed();
  Consumer moved = faulty.CommitsWhenMoved();
  Producer flushed = faulty.ProducerThatSent();
  Producer closed = faulty.ProducerThatSent();
  faulty.files.Intercept(Broken);
  REQUIRE_FALSE(handles.topic.Append({.value = "v"}).ok());
  for (const auto& [method, call] : Writers()) {
    answers->Expect(method, ErrorReason::kPoisoned, call(&handles));
  }
  const ErrorReason poisoned = ErrorReason::kPoisoned;
  answers->Expect("Consumer::Close", poisoned, late.Close());
  answers->Expect("Consumer::Assign", poisoned, moved.Assign({}));
  answers->Expect("Producer::Flush", poisoned, flushed.Flush());
  answers->Expect("Producer::Close", poisoned, closed.Close());
  answers->Expect("Producer::Send", poisoned, handles.producer.Send(handles.topic, {.value = "v"}));
  answers->Expect("Log::RunMaintenance", poisoned, handles.log.RunMaintenance());
  answers->Expect("Log::Reopen", poisoned, handles.log.Reopen());
  answers->Expect("Log::Close", poisoned, handles.log.Close());
}

// The first that meets the broken device is told so: each has to be the first once.
void ExpectOfBrokenDevice(Answers* answers) {
  for (const auto& [method, call] : Writers()) {
    Faulty faulty;
    faulty.files.Intercept(Broken);
    answers->Expect(method, ErrorReason::kPoisoned, call(&faulty.handles));
  }
}

void ExpectOfFullDisk(Answers* answers) {
  const ErrorReason full = ErrorReason::kDiskFull;
  Faulty faulty;
  Handles& handles = faulty.handles;
  Consumer late = faulty.CommitsWhenClosed();
  Consumer moved = faulty.CommitsWhenMoved();
  faulty.files.Intercept(Full);
  const std::string large(100 << 10, 'x');
  for (int i = 0; handles.topic.Append({.value = large}).ok(); ++i) REQUIRE(i < 1000);
  for (const auto& [method, call] : Writers()) answers->Expect(method, full, call(&handles));
  answers->Expect("Producer::Send", full, handles.producer.Send(handles.topic, {.value = "v"}));
  answers->Expect("Consumer::Close", full, late.Close());
  answers->Expect("Consumer::Assign", full, moved.Assign({}));
  answers->Expect("Log::Close", full, handles.log.Close());
}

// What was accepted is refused later.
void ExpectOfAcceptedRecords(Answers* answers) {
  Faulty faulty;
  Handles& handles = faulty.handles;
  const std::string large(200 << 10, 'x');
  const auto send = [&](Producer* producer) {
    for (int i = 0; i < 4; ++i) REQUIRE(producer->Send(handles.topic, {.value = large}).ok());
  };
  Producer flushed = *handles.log.NewProducer();
  Producer closed = *handles.log.NewProducer();
  send(&flushed);
  send(&closed);
  // Nothing has space, be it reserved or not.
  for (const char* call : {"Allocate", "WriteAt"}) faulty.files.FailAll(call, Fault::kDiskFull);
  answers->Expect("Producer::Flush", ErrorReason::kDiskFull, flushed.Flush());
  answers->Expect("Producer::Close", ErrorReason::kDiskFull, closed.Close());
  faulty.files.Heal();

  closed = *handles.log.NewProducer();
  send(&flushed);
  send(&closed);
  REQUIRE(handles.log.DeleteTopic("t").ok());
  answers->Expect("Producer::Flush", ErrorReason::kUnknownTopic, flushed.Flush());
  answers->Expect("Producer::Close", ErrorReason::kUnknownTopic, closed.Close());
}

namespace {

// What Reopen says of a log that stopped when `failing` of a path with `part` failed once in
// `call`, and was damaged then.
absl::Status ReopenAfter(const char* failing, const char* part, const Call& call,
                         const std::function<void(Faulty*)>& damage) {
  Faulty faulty;
  faulty.files.Intercept([=](const FaultFileSystem::Call& made) {
    const bool fails = made.name == failing && made.path.find(part) != std::string::npos;
    return fails ? absl::InternalError("the device is broken") : absl::OkStatus();
  });
  REQUIRE_FALSE(call(&faulty.handles).ok());
  faulty.files.Heal();
  damage(&faulty);
  return faulty.handles.log.Reopen();
}

}  // namespace

void ExpectOfReopening(Answers* answers) {
  const auto append = [](Handles* h) { return h->topic.Append({.value = "v"}).status(); };
  answers->Expect("Log::Reopen", ErrorReason::kDiskFull,
                  ReopenAfter("WriteAt", "journal", append,
                              [](Faulty* faulty) { faulty->files.Intercept(Full); }));
  // A catalog or a segment in doubt is read again from the device.
  const auto create = [](Handles* h) {
    REQUIRE(h->topic.Append({.value = "kept"}).ok());
    REQUIRE(h->topic.DeleteRecords(0, 1).ok());  // makes a checkpoint: "t" has a segment
    return h->log.CreateTopic("u").status();
  };
  const auto spoil = [](Faulty* faulty) {
    auto file = faulty->memory.OpenFile("log/checkpoint", FileSystem::Open::kExisting);
    const std::string_view damage = "damage";
    REQUIRE((*file)->WriteAt(20, {&damage, 1}).ok());
  };
  const auto lose = [](Faulty* faulty) {
    const std::string segments = "log/segments/1-0/";
    const auto names = faulty->memory.List(segments);
    REQUIRE(names.ok());
    for (const std::string& name : *names) REQUIRE(faulty->memory.Remove(segments + name).ok());
  };
  answers->Expect("Log::Reopen", ErrorReason::kCorruptData,
                  ReopenAfter("Rename", "catalog", create, spoil));
  answers->Expect("Log::Reopen", ErrorReason::kDurableDataMissing,
                  ReopenAfter("Rename", "catalog", create, lose));
}

void ExpectOfProducers(Answers* answers) {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  Log log = OpenLog({.directory = "log", .file_system = &files});
  const Topic topic = *log.OpenTopic("t");
  std::atomic<bool> stuck{true};
  files.Intercept([&](const FaultFileSystem::Call& call) {
    if (call.name == "SyncData" && call.path.find("journal") != std::string::npos) {
      while (stuck) std::this_thread::yield();
    }
    return absl::OkStatus();
  });
  const std::string value(700, 'v');
  auto impatient = log.NewProducer({.buffer_bytes = 1024, .max_block = absl::ZeroDuration()});
  auto patient = log.NewProducer({.buffer_bytes = 1024, .max_block = absl::Milliseconds(10)});
  answers->Expect("Producer::Send", ErrorReason::kRecordTooLarge,
                  impatient->Send(topic, {.value = std::string(1024, 'v')}));
  REQUIRE(impatient->Send(topic, {.value = value}).ok());
  REQUIRE(patient->Send(topic, {.value = value}).ok());
  answers->Expect("Producer::Send", ErrorReason::kBufferFull,
                  impatient->Send(topic, {.value = value}));
  answers->Expect("Producer::Send", ErrorReason::kTimedOut, patient->Send(topic, {.value = value}));
  stuck = false;
  CHECK(impatient->Flush().ok());
  CHECK(patient->Flush().ok());
}

}  // namespace eventlog::test

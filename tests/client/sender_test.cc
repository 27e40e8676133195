#include "client/sender.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/callback_scope.h"
#include "base/error.h"
#include "client/handle_access.h"
#include "client/topic_state.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"
#include "partition/partition.h"

namespace eventlog::test {
namespace {

struct SenderFixture {
  SenderFixture() {
    LogOptions options;
    options.directory = "log";
    options.file_system = &files;
    options.clock = &clock;
    log = *Log::Open(options);
    producer = *log.NewProducer();
  }
  Topic OpenTopic(const std::string& name, TopicOptions options = {}) {
    auto topic = log.OpenTopic(name, options);
    EVENTLOG_ASSERT(topic.ok());
    return *topic;
  }
  SendCallback Note() {
    return
        [this](const absl::StatusOr<RecordMetadata>& at) { told.push_back(ReasonOf(at.status())); };
  }
  void Run() { REQUIRE(log.RunMaintenance().ok()); }

  std::vector<ErrorReason> told;  // kNone: acknowledged; outlives what tells
  ManualClock clock;
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  Log log;
  Producer producer;
};

absl::Status DiskFull() { return internal::MakeError(ErrorReason::kDiskFull, "full"); }

TEST_CASE("all that is due in all partitions takes one sync", "[client]") {
  SenderFixture fixture;
  const Topic a = fixture.OpenTopic("a", {.partitions = 4});
  const Topic b = fixture.OpenTopic("b");
  auto other = fixture.log.NewProducer();
  fixture.files.ResetCounts();
  for (int32_t partition = 0; partition < 4; ++partition) {
    REQUIRE(fixture.producer.Send(a, {.value = "v", .partition = partition}, fixture.Note()).ok());
  }
  REQUIRE(other->Send(b, {.value = "v"}, fixture.Note()).ok());
  CHECK(fixture.files.Count("SyncData") == 0);
  CHECK(fixture.log.UntilMaintenance() == absl::ZeroDuration());
  fixture.Run();
  CHECK(fixture.files.Count("SyncData") == 1);
  CHECK(fixture.told == std::vector<ErrorReason>(5, ErrorReason::kNone));
}

TEST_CASE("a topic that does not sync does not wait for one that lingers", "[client]") {
  SenderFixture fixture;
  const Topic lazy = fixture.OpenTopic("lazy", {.linger = absl::Hours(1)});
  const Topic quick = fixture.OpenTopic("quick", {.durability = Durability::kProcess});
  REQUIRE(fixture.producer.Send(lazy, {.value = "v"}, fixture.Note()).ok());
  REQUIRE(fixture.producer.Send(quick, {.value = "v"}, fixture.Note()).ok());
  fixture.files.ResetCounts();
  fixture.Run();
  CHECK(fixture.told.size() == 1);
  CHECK(fixture.files.Count("SyncData") == 0);
  CHECK(lazy.GetWatermarks(0)->high_watermark == 0);
}

TEST_CASE("a partition without space does not fail the others", "[client]") {
  SenderFixture fixture;
  const Topic topic = fixture.OpenTopic("t", {.partitions = 2});
  const std::string large(internal::Partition::kBulkBytes, 'x');
  std::vector<ErrorReason> told_large;
  REQUIRE(fixture.producer
              .Send(topic, {.value = large, .partition = 0},
                    [&](const absl::StatusOr<RecordMetadata>& at) {
                      told_large.push_back(ReasonOf(at.status()));
                    })
              .ok());
  REQUIRE(fixture.producer.Send(topic, {.value = "v", .partition = 1}, fixture.Note()).ok());
  fixture.files.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Allocate" && call.path.find("segments") != std::string::npos
               ? DiskFull()
               : absl::OkStatus();
  });
  fixture.Run();
  CHECK(told_large == std::vector<ErrorReason>{ErrorReason::kDiskFull});
  CHECK(fixture.told == std::vector<ErrorReason>{ErrorReason::kNone});
  fixture.files.Heal();
  REQUIRE(fixture.producer.Send(topic, {.value = large, .partition = 0}, fixture.Note()).ok());
  fixture.Run();
  CHECK(fixture.told.back() == ErrorReason::kNone);
}

TEST_CASE("what was dropped behind a producer keeps nobody from appending", "[client]") {
  SenderFixture fixture;
  const Topic topic = fixture.OpenTopic("t", {.linger = absl::Hours(1)});
  REQUIRE(fixture.producer.Send(topic, {.value = "lingers"}, fixture.Note()).ok());
  fixture.files.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Allocate" && call.path.find("segments") != std::string::npos
               ? DiskFull()
               : absl::OkStatus();
  });
  const std::string large(2 * internal::Partition::kBulkBytes, 'x');
  CHECK(internal::IsDiskFull(topic.Append({.value = large}).status()));
  fixture.files.Heal();
  const auto appended = topic.Append({.value = "v"});
  INFO(appended.status());
  REQUIRE(appended.ok());
  CHECK(appended->offset == 0);
  CHECK(fixture.told.empty());
  CHECK(fixture.log.UntilMaintenance() == absl::ZeroDuration());
  fixture.Run();
  CHECK(fixture.told == std::vector<ErrorReason>{ErrorReason::kDiskFull});
}

// What the sender is told to deliver.
class Sink final : public internal::SendSink {
 public:
  explicit Sink(std::function<void()> deliver) : deliver_(std::move(deliver)) {}
  void OnResolved(std::vector<internal::SendResult>* results) override { results->clear(); }
  void Deliver() noexcept override { deliver_(); }

 private:
  const std::function<void()> deliver_;
};

TEST_CASE("whoever waits for all deliveries waits for those of other threads", "[client]") {
  internal::Sender sender(nullptr);
  std::atomic<bool> started{false};
  std::atomic<bool> ended{false};
  sender.AddReady(std::make_shared<Sink>([&] {
    started = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    ended = true;
  }));
  std::thread other([&] { sender.Deliver(); });
  while (!started) std::this_thread::yield();
  sender.DeliverAll();
  CHECK(ended);
  other.join();
}

TEST_CASE("what a delivery makes ready is delivered too", "[client]") {
  internal::Sender sender(nullptr);
  int delivered = 0;
  const auto second = std::make_shared<Sink>([&] { ++delivered; });
  sender.AddReady(std::make_shared<Sink>([&] { sender.AddReady(second); }));
  sender.Deliver();
  CHECK(delivered == 1);
  sender.Deliver();
  CHECK(delivered == 1);
}

// A record that lingers in a queue that the sender has not been told of yet, because the thread
// that queued it was held up.
struct HeldUp : SenderFixture {
  HeldUp() {
    Run();
    queued = Push(10);
  }
  ~HeldUp() { queue->Disown(&sink, internal::MakeError(ErrorReason::kTimedOut, "the test ends")); }
  internal::SendQueue::Queued Push(int64_t bytes) {
    return *queue->Push({.value = "v"}, {&sink, nullptr, bytes, 0}, {absl::Hours(1), 1000},
                        internal::LogTime(&clock));
  }

  Topic topic = OpenTopic("t");
  internal::SendQueue* const queue = internal::HandleAccess::State(topic)->send_queue(0);
  internal::Sender* const sender = internal::HandleAccess::State(topic)->core()->sender();
  Sink sink{[] {}};
  internal::SendQueue::Queued queued;
};

TEST_CASE("a batch that fills before the sender knows of its queue does not linger", "[client]") {
  HeldUp fixture;
  fixture.sender->OnQueued(fixture.queue, fixture.Push(1000));  // another thread is quicker
  fixture.Run();
  CHECK(fixture.log.UntilMaintenance() > absl::ZeroDuration());
  fixture.sender->OnQueued(fixture.queue, fixture.queued);
  CHECK(fixture.log.UntilMaintenance() == absl::ZeroDuration());
  fixture.Run();
  CHECK(fixture.topic.GetWatermarks(0)->high_watermark == 2);
}

TEST_CASE("what is dropped before the sender knows of its queue is told at once", "[client]") {
  HeldUp fixture;
  fixture.files.Intercept([](const FaultFileSystem::Call& call) {
    return call.name == "Allocate" && call.path.find("segments") != std::string::npos
               ? DiskFull()
               : absl::OkStatus();
  });
  const std::string large(2 * internal::Partition::kBulkBytes, 'x');
  CHECK(internal::IsDiskFull(fixture.topic.Append({.value = large}).status()));
  fixture.files.Heal();
  CHECK(internal::IsDiskFull(fixture.topic.Append({.value = "v"}).status()));
  fixture.Run();
  fixture.sender->OnQueued(fixture.queue, fixture.queued);
  CHECK(fixture.log.UntilMaintenance() == absl::ZeroDuration());
  fixture.Run();
  CHECK(fixture.topic.Append({.value = "v"}).ok());
}

}  // namespace
}  // namespace eventlog::test

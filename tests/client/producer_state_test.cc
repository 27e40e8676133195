#include "client/producer_state.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/callback_scope.h"
#include "base/error.h"
#include "client/handle_access.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/manual_clock.h"
#include "eventlog/testing/memory_file_system.h"
#include "partition/partition.h"

namespace eventlog::test {
namespace {

using internal::HandleAccess;

struct ProducerFixture {
  explicit ProducerFixture(ProducerOptions options = {}) {
    LogOptions log_options;
    log_options.memory = true;
    log_options.clock = &clock;
    log = *Log::Open(log_options);
    topic = *log.OpenTopic("t");
    producer = *log.NewProducer(std::move(options));
    state = HandleAccess::State(producer).get();
  }

  std::vector<int> told;
  ManualClock clock;
  Log log;
  Topic topic;
  Producer producer;
  internal::ProducerState* state = nullptr;
};

TEST_CASE("everything that is wrong with the options of a producer is named", "[client]") {
  auto log = Log::Open({.memory = true});
  const absl::Status both =
      log->NewProducer({.buffer_bytes = 1023, .max_block = absl::Milliseconds(-1)}).status();
  CHECK(absl::IsInvalidArgument(both));
  CHECK(ReasonOf(both) == ErrorReason::kInvalidOption);
  CHECK(both.message().find("buffer_bytes") != absl::string_view::npos);
  CHECK(both.message().find("max_block") != absl::string_view::npos);
  CHECK_FALSE(log->NewProducer({.buffer_bytes = (int64_t{1} << 30) + 1}).ok());
  CHECK(log->NewProducer({.buffer_bytes = 1024, .max_block = absl::ZeroDuration()}).ok());
  CHECK(log->NewProducer({.buffer_bytes = int64_t{1} << 30}).ok());
}

TEST_CASE("a record counts in the buffer until it is told about", "[client]") {
  // Two records of about 400 bytes fit, three do not.
  ProducerFixture fixture({.buffer_bytes = 1100, .max_block = absl::ZeroDuration()});
  const std::string value(300, 'x');
  CHECK(fixture.producer.Send(fixture.topic, {.value = value}).ok());
  CHECK(fixture.producer.Send(fixture.topic, {.value = value}).ok());
  const absl::Status full = fixture.producer.Send(fixture.topic, {.value = value});
  CHECK(absl::IsResourceExhausted(full));
  CHECK(ReasonOf(full) == ErrorReason::kBufferFull);
  CHECK(fixture.topic.GetWatermarks(0)->log_end_offset == 2);
  REQUIRE(fixture.producer.Flush().ok());
  CHECK(fixture.producer.Send(fixture.topic, {.value = value}).ok());
}

TEST_CASE("a record that is refused leaves its space", "[client]") {
  ProducerFixture fixture({.buffer_bytes = 1100, .max_block = absl::ZeroDuration()});
  const std::string value(800, 'x');
  for (int i = 0; i < 5; ++i) {
    CHECK(ReasonOf(fixture.producer.Send(fixture.topic, {.value = value, .partition = 9})) ==
          ErrorReason::kUnknownPartition);
    CHECK(ReasonOf(fixture.producer.Send(
              fixture.topic, {.value = value, .timestamp = absl::FromUnixSeconds(-1)})) ==
          ErrorReason::kInvalidOption);
  }
  const std::string larger(1100, 'x');
  CHECK(ReasonOf(fixture.producer.Send(fixture.topic, {.value = larger})) ==
        ErrorReason::kRecordTooLarge);
  CHECK(fixture.producer.Send(fixture.topic, {.value = value}).ok());
}

TEST_CASE("results that come inside a callback are told after it", "[client]") {
  ProducerFixture fixture;
  REQUIRE(fixture.producer
              .Send(fixture.topic, {.value = "1"},
                    [&](const absl::StatusOr<RecordMetadata>&) {
                      fixture.told.push_back(1);
                      REQUIRE(fixture.producer
                                  .Send(fixture.topic, {.value = "2"},
                                        [&](const absl::StatusOr<RecordMetadata>&) {
                                          fixture.told.push_back(2);
                                        })
                                  .ok());
                      fixture.state->core()->RunSends();  // as a poll on a manual clock does
                      fixture.told.push_back(10);
                    })
              .ok());
  REQUIRE(fixture.producer.Flush().ok());
  CHECK(fixture.told == std::vector<int>{1, 10, 2});
}

TEST_CASE("a callback and what it holds end inside its scope", "[client]") {
  struct Witness {
    explicit Witness(bool* in_scope) : in_scope_(in_scope) {}
    ~Witness() { *in_scope_ = internal::CallbackScope::Active(); }
    bool* const in_scope_;
  };
  ProducerFixture fixture;
  bool called_in_scope = false;
  bool destroyed_in_scope = false;
  REQUIRE(fixture.producer
              .Send(fixture.topic, {.value = "v"},
                    [&called_in_scope, witness = std::make_unique<Witness>(&destroyed_in_scope)](
                        const absl::StatusOr<RecordMetadata>&) {
                      called_in_scope = internal::CallbackScope::Active();
                    })
              .ok());
  REQUIRE(fixture.producer.Flush().ok());
  CHECK(called_in_scope);
  CHECK(destroyed_in_scope);
}

TEST_CASE("a producer that is abandoned tells what it had accepted and goes", "[client]") {
  ProducerFixture fixture;
  std::weak_ptr<internal::ProducerState> weak = HandleAccess::State(fixture.producer);
  int told = 0;
  REQUIRE(fixture.producer
              .Send(fixture.topic, {.value = "v"},
                    [&](const absl::StatusOr<RecordMetadata>&) { ++told; })
              .ok());
  {
    const internal::CallbackScope scope;
    fixture.producer = Producer();
  }
  CHECK(told == 0);
  CHECK_FALSE(weak.expired());
  REQUIRE(fixture.log.RunMaintenance().ok());
  CHECK(told == 1);
  CHECK(weak.expired());
}

// A log on disk whose next sync of the journal begins, and ends when it is let go.
struct SlowSyncFixture {
  SlowSyncFixture(Clock* clock, const TopicOptions& topic_options) {
    LogOptions options;
    options.directory = "log";
    options.file_system = &files;
    options.clock = clock;
    log = *Log::Open(options);
    topic = *log.OpenTopic("t", topic_options);
    producer = *log.NewProducer({.buffer_bytes = 1 << 20});
    files.Intercept([this](const FaultFileSystem::Call& call) {
      if (call.name == "SyncData" && call.path.find("journal") != std::string::npos) {
        syncing = true;
        while (!let_go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return call.name == "Allocate" && call.path.find("segments") != std::string::npos && full
                 ? internal::MakeError(ErrorReason::kDiskFull, "full")
                 : absl::OkStatus();
    });
  }
  ~SlowSyncFixture() { let_go = true; }
  void AwaitSync() const {
    while (!syncing) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  std::atomic<bool> full{false};
  std::atomic<bool> syncing{false};
  std::atomic<bool> let_go{false};
  std::atomic<int> told{0};
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  Log log;
  Topic topic;
  Producer producer;
};

TEST_CASE("what is sent while another thread waits for space does not linger", "[client]") {
  SlowSyncFixture fixture(Clock::System(), {.linger = absl::Hours(1)});
  const auto note = [&](const absl::StatusOr<RecordMetadata>&) { ++fixture.told; };
  Producer small = *fixture.log.NewProducer({.buffer_bytes = 1024});
  const std::string most(700, 'x');
  REQUIRE(small.Send(fixture.topic, {.value = most}, note).ok());
  absl::Status waited;
  std::thread other([&] { waited = small.Send(fixture.topic, {.value = most}); });
  fixture.AwaitSync();
  REQUIRE(small.Send(fixture.topic, {.value = "v"}, note).ok());
  fixture.let_go = true;
  other.join();
  CHECK(waited.ok());
  for (int i = 0; i < 5000 && fixture.told < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(fixture.told == 2);
}

TEST_CASE("a flush without background thread sends what a drop has uncovered", "[client]") {
  ManualClock clock;
  SlowSyncFixture fixture(&clock, {});
  std::vector<ErrorReason> told;
  const auto note = [&](const absl::StatusOr<RecordMetadata>& at) {
    told.push_back(ReasonOf(at.status()));
  };
  REQUIRE(fixture.producer.Send(fixture.topic, {.value = "first"}, note).ok());
  std::thread other([&] { static_cast<void>(fixture.topic.Append({.value = "leads"})); });
  fixture.AwaitSync();
  fixture.full = true;
  const std::string large(internal::Partition::kBulkBytes, 'x');
  REQUIRE(fixture.producer.Send(fixture.topic, {.value = large}, note).ok());
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    fixture.let_go = true;
  });
  const absl::Status flushed = fixture.producer.Flush(absl::Seconds(20));
  other.join();
  later.join();
  CHECK(flushed.ok());
  CHECK(told == std::vector<ErrorReason>{ErrorReason::kNone, ErrorReason::kDiskFull});
}

}  // namespace
}  // namespace eventlog::test

#include "client/producer_state.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/callback_scope.h"
#include "base/error.h"
#include "client/handle_access.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/manual_clock.h"

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

}  // namespace
}  // namespace eventlog::test

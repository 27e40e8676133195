#include "client/send_queue.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/partition_fixture.h"

namespace eventlog::test {
namespace {

using internal::SendQueue;
using internal::SendResult;
using internal::StagedAppend;

// Notes what it is told: offsets, and reasons where there is none.
class Notes final : public internal::SendSink {
 public:
  void OnResolved(std::vector<SendResult>* results) override {
    ++calls;
    for (SendResult& result : *results) {
      if (result.result.ok()) {
        offsets.push_back(result.result->offset);
        timestamps.push_back(result.result->timestamp);
      } else {
        reasons.push_back(ReasonOf(result.result.status()));
      }
      bytes += result.bytes;
      if (result.done) std::move(result.done)(result.result);
    }
    results->clear();
  }
  void Deliver() noexcept override {}

  int calls = 0;
  int64_t bytes = 0;
  std::vector<int64_t> offsets;
  std::vector<absl::Time> timestamps;
  std::vector<ErrorReason> reasons;
};

const SendQueue::Config kLingers = {absl::Seconds(10), 1000};

struct QueueFixture : PartitionFixture {
  explicit QueueFixture(internal::PartitionConfig config = {})
      : partition(Make(3, config)), queue(std::make_shared<SendQueue>(partition, 3)) {}

  SendQueue::Queued Push(Notes* sink, std::string_view value = "v",
                         const SendQueue::Config& config = kLingers, int64_t bytes = 10) {
    ProducerRecord record;
    record.value = BytesView(value);
    auto queued = queue->Push(record, {sink, nullptr, bytes, 0}, config, time);
    EVENTLOG_ASSERT(queued.ok());
    return *queued;
  }
  // Makes all that was staged so far safe.
  void Sync() { REQUIRE(Append(partition, {"of somebody else"}).ok()); }

  std::shared_ptr<internal::Partition> partition;
  std::shared_ptr<SendQueue> queue;
};

TEST_CASE("what was sent is told in order once it is safe", "[client]") {
  QueueFixture fixture;
  Notes a;
  Notes b;
  std::vector<int64_t> told_by_callback;
  ProducerRecord record;
  record.timestamp = absl::FromUnixMillis(1234567);
  const auto note = [&](const absl::StatusOr<RecordMetadata>& at) {
    CHECK(at->partition == 3);
    told_by_callback.push_back(at->offset);
  };
  REQUIRE(fixture.queue->Push(record, {&a, note, 7, 0}, kLingers, fixture.time).ok());
  fixture.Push(&a);
  fixture.Push(&b);
  fixture.Push(&a);
  fixture.queue->Settle();
  CHECK(a.calls + b.calls == 0);
  fixture.Sync();
  fixture.Push(&a);
  fixture.queue->Settle();
  CHECK(a.offsets == std::vector<int64_t>{0, 1, 3});
  CHECK(b.offsets == std::vector<int64_t>{2});
  CHECK(told_by_callback == std::vector<int64_t>{0});
  CHECK(a.calls == 2);  // what is next to each other is told together
  CHECK(a.bytes == 27);
  CHECK(a.timestamps[0] == absl::FromUnixMillis(1234567));
  CHECK(a.timestamps[1] == fixture.clock.Now());
  fixture.Sync();
  fixture.queue->Settle();
  fixture.queue->Settle();
  CHECK(a.offsets == std::vector<int64_t>{0, 1, 3, 5});
}

TEST_CASE("a record is due when it has lingered or when a batch is full", "[client]") {
  QueueFixture fixture;
  Notes sink;
  const auto first = fixture.Push(&sink);
  CHECK(first.is_first);
  CHECK(first.is_unlisted);
  CHECK_FALSE(first.is_due);
  CHECK(first.linger == absl::Seconds(10));
  fixture.clock.Advance(absl::Seconds(3));
  const auto second = fixture.Push(&sink);
  CHECK_FALSE(second.is_first);
  CHECK_FALSE(second.is_unlisted);
  std::vector<StagedAppend> due;
  fixture.queue->Collect(absl::Seconds(9), false, &due);
  CHECK(due.empty());
  CHECK(fixture.queue->FinishRound(absl::Seconds(9)) == absl::Seconds(10));
  fixture.queue->Collect(absl::Seconds(10), false, &due);
  REQUIRE(due.size() == 1);
  CHECK(due[0].partition == fixture.partition);
  CHECK(due[0].ticket.end_offset == 2);

  CHECK(fixture.Push(&sink, "v", kLingers, 1000).is_due);
  due.clear();
  fixture.queue->Collect(absl::ZeroDuration(), false, &due);
  CHECK(due.size() == 1);
  CHECK(fixture.Push(&sink, "v", {absl::ZeroDuration(), 1000}).is_due);
}

TEST_CASE("whoever asks for all is given what lingers", "[client]") {
  QueueFixture fixture;
  Notes sink;
  fixture.Push(&sink);
  std::vector<StagedAppend> due;
  fixture.queue->Collect(absl::ZeroDuration(), true, &due);
  CHECK(due.size() == 1);
}

TEST_CASE("what comes while a round is on lingers from then", "[client]") {
  QueueFixture fixture;
  Notes sink;
  fixture.Push(&sink);
  std::vector<StagedAppend> due;
  fixture.queue->Collect(absl::Seconds(10), false, &due);
  fixture.Sync();
  fixture.Push(&sink);
  CHECK(fixture.queue->FinishRound(absl::Seconds(10)) == absl::Seconds(20));
  CHECK(sink.offsets == std::vector<int64_t>{0});
  CHECK_FALSE(fixture.queue->Delist());
  fixture.queue->Collect(absl::Seconds(20), false, &due);
  fixture.Push(&sink, "v", kLingers, 1000);
  fixture.Sync();
  fixture.Push(&sink, "v", kLingers, 1000);
  CHECK(fixture.queue->FinishRound(absl::Seconds(20)) == SendQueue::kDueNow);
  fixture.Sync();
  CHECK(fixture.queue->FinishRound(absl::Seconds(20)) == absl::InfiniteDuration());
  CHECK(sink.offsets.size() == 4);
  CHECK(fixture.queue->Delist());
  CHECK(fixture.Push(&sink).is_unlisted);
}

TEST_CASE("what is left of a round that did not resolve it is due at once", "[client]") {
  QueueFixture fixture;
  Notes sink;
  fixture.Push(&sink);
  std::vector<StagedAppend> due;
  fixture.queue->Collect(absl::ZeroDuration(), true, &due);
  CHECK(fixture.queue->FinishRound(absl::ZeroDuration()) == SendQueue::kDueNow);
}

TEST_CASE("what a round did not settle is told before what came later", "[client]") {
  QueueFixture fixture;
  Notes sink;
  std::vector<StagedAppend> due;
  for (int i = 0; i < 3; ++i) {
    fixture.Push(&sink);
    fixture.queue->Collect(absl::ZeroDuration(), true, &due);
    CHECK(due.back().ticket.end_offset == i + 1);
    CHECK(fixture.queue->FinishRound(absl::ZeroDuration()) == SendQueue::kDueNow);
  }
  fixture.Push(&sink);
  fixture.Sync();
  fixture.queue->Settle();
  CHECK(sink.offsets == std::vector<int64_t>{0, 1, 2, 3});
  CHECK(fixture.queue->Delist());
}

TEST_CASE("dropped records are told why and let the partition go on", "[client]") {
  QueueFixture fixture;
  Notes sink;
  fixture.Push(&sink);
  fixture.Sync();
  fixture.Push(&sink);
  fixture.Push(&sink);
  fixture.disk.Intercept(DiskFullOn("Allocate", "/segments/"));
  const auto large = Values(2, internal::Partition::kBulkBytes);
  CHECK(internal::IsDiskFull(fixture.Append(fixture.partition, large)));
  fixture.disk.Heal();
  CHECK(fixture.health.drops() == 1);
  // Their offsets are not given out again before everybody knows.
  CHECK(internal::IsDiskFull(fixture.Stage(fixture.partition, Values(1)).status()));
  fixture.queue->Settle();
  CHECK(sink.offsets == std::vector<int64_t>{0});
  CHECK(sink.reasons == std::vector<ErrorReason>(2, ErrorReason::kDiskFull));
  fixture.Push(&sink);
  fixture.Sync();
  fixture.queue->Settle();
  CHECK(sink.offsets == std::vector<int64_t>{0, 2});
}

// Sends again, for itself and for another one, whenever it is told.
class Sender final : public internal::SendSink {
 public:
  Sender(QueueFixture* fixture, Notes* other) : fixture_(fixture), other_(other) {}

  void OnResolved(std::vector<SendResult>* results) override {
    results->clear();
    if (++calls >= 100) return;
    Send();
  }
  void Deliver() noexcept override {}
  void Send() {
    for (internal::SendSink* sink :
         {static_cast<internal::SendSink*>(this), static_cast<internal::SendSink*>(other_)}) {
      EVENTLOG_ASSERT(
          fixture_->queue->Push(ProducerRecord(), {sink, nullptr, 10, 0}, kLingers, fixture_->time)
              .ok());
    }
  }

  int calls = 0;

 private:
  QueueFixture* const fixture_;
  Notes* const other_;
};

TEST_CASE("who is told ends though others send without end", "[client]") {
  QueueFixture fixture(PartitionFixture::Config(internal::Acknowledgement::kMemory));
  Notes other;
  Sender sender(&fixture, &other);
  sender.Send();
  fixture.queue->Settle();
  CHECK(sender.calls == 1);  // of what was there, and not of what came meanwhile
  CHECK_FALSE(fixture.queue->Delist());
  for (int i = 0; i < 100; ++i) fixture.queue->Settle();
  CHECK(sender.calls == 100);
  CHECK(other.offsets.size() == 100);
  CHECK(fixture.queue->Delist());
}

TEST_CASE("a failure is told to those who are not safe yet", "[client]") {
  QueueFixture fixture;
  Notes sink;
  fixture.Push(&sink);
  fixture.Sync();
  fixture.Push(&sink);
  fixture.queue->Fail(internal::MakeError(ErrorReason::kPoisoned, "broken"));
  CHECK(sink.offsets == std::vector<int64_t>{0});
  CHECK(sink.reasons == std::vector<ErrorReason>{ErrorReason::kPoisoned});
  CHECK(fixture.queue->Delist());
}

TEST_CASE("a sink that goes is told at once and never again", "[client]") {
  QueueFixture fixture;
  Notes stays;
  {
    Notes goes;
    fixture.Push(&goes);
    fixture.Push(&stays);
    fixture.Push(&goes);
    fixture.queue->Disown(&goes, internal::MakeError(ErrorReason::kTimedOut, "closed"));
    CHECK(goes.reasons == std::vector<ErrorReason>(2, ErrorReason::kTimedOut));
  }
  CHECK(stays.calls == 0);
  CHECK_FALSE(fixture.queue->Delist());  // their tickets have not ended
  fixture.Sync();
  fixture.queue->Settle();
  CHECK(stays.offsets == std::vector<int64_t>{1});
  CHECK(fixture.queue->Delist());
}

TEST_CASE("tickets of a sink that went end when its records are dropped", "[client]") {
  QueueFixture fixture;
  Notes goes;
  fixture.Push(&goes);
  fixture.queue->Disown(&goes, internal::MakeError(ErrorReason::kTimedOut, "closed"));
  fixture.disk.Intercept(DiskFullOn("Allocate", "/segments/"));
  const auto large = Values(2, internal::Partition::kBulkBytes);
  CHECK(internal::IsDiskFull(fixture.Append(fixture.partition, large)));
  fixture.disk.Heal();
  fixture.queue->Settle();
  CHECK(fixture.Append(fixture.partition, Values(1)).ok());
}

TEST_CASE("each partition has one queue", "[client]") {
  PartitionFixture fixture;
  const auto a = fixture.Make(0);
  const auto b = fixture.Make(1);
  internal::SendQueues queues;
  queues.AddPartition();
  queues.AddPartition();
  SendQueue* const of_b = queues.Of(b.get(), 1);
  CHECK(queues.Of(a.get(), 0) != of_b);
  CHECK(queues.Of(b.get(), 1) == of_b);
}

}  // namespace
}  // namespace eventlog::test

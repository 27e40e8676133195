// Orders as events (placed, paid, shipped), and two consumers that know nothing of each other:
// analytics, which may read everything again at any time, and notifications, which must not write
// one mail twice.
//
//   order_service DIRECTORY     run again it tells every event a second time, and fools neither
#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

namespace {

using eventlog::OffsetSpec;
using eventlog::RecordView;

struct Event {
  int minute;
  std::string order;
  std::string type;
};
const Event kEvents[] = {
    {0, "order-1", "placed"}, {5, "order-2", "placed"},   {7, "order-1", "paid"},
    {8, "order-1", "paid"},  // the bank calls twice
    {9, "order-3", "placed"}, {30, "order-1", "shipped"}, {31, "order-3", "paid"},
};
const absl::Time kOpening = absl::FromUnixSeconds(1772442000);  // 2026-03-02 9:00 UTC

// Key: the order, so that its events stay in order. Header id: what the event is known by, however
// often it is told. Timestamp: when it happened, not when it is stored.
absl::Status Serve(const eventlog::Topic& orders) {
  for (const Event& event : kEvents) {
    EVENTLOG_RETURN_IF_ERROR(orders.Append({.key = event.order,
                                            .value = event.type,
                                            .headers = {{"id", event.order + "/" + event.type}},
                                            .timestamp = kOpening + absl::Minutes(event.minute)}));
  }
  return absl::OkStatus();
}

std::string IdOf(const RecordView& event) {
  return std::string(event.headers().Last("id").value_or(""));
}

// Hands every record up to the end to `handle`.
template <typename Handle>
absl::Status ReadToEnd(eventlog::Consumer& consumer, const Handle& handle) {
  eventlog::ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const RecordView& record : records) handle(record);
  } while (!records.caught_up());
  return absl::OkStatus();
}

int StageOf(std::string_view type) { return type == "placed" ? 1 : type == "paid" ? 2 : 3; }

// Idempotent by what it knows: an order only moves forward, and what moves nothing is a repetition.
struct Totals {
  std::map<std::string, int> stages;  // of each order
  int64_t events = 0, repetitions = 0;

  void Apply(const RecordView& event) {
    const int stage = StageOf(event.value());
    int& reached = stages[std::string(event.key())];
    ++events;
    repetitions += stage <= reached ? 1 : 0;
    reached = std::max(reached, stage);
  }
};

// Its totals live in memory: each run replays them. What the group has committed says what is new.
absl::Status Analyse(eventlog::Log& log) {
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer,
                            log.NewConsumer({.group = "analytics", .topics = {"orders"}}));
  EVENTLOG_ASSIGN_OR_RETURN(const int64_t fresh, consumer.Lag());
  EVENTLOG_RETURN_IF_ERROR(consumer.Seek(OffsetSpec::Earliest()));
  Totals totals;
  EVENTLOG_RETURN_IF_ERROR(
      ReadToEnd(consumer, [&totals](const RecordView& event) { totals.Apply(event); }));
  std::cout << "analytics: " << totals.stages.size() << " orders; of " << totals.events
            << " events " << fresh << " are new and " << totals.repetitions << " repetitions\n";
  return consumer.Commit();
}

// A stretch of time, by a consumer without a group: nobody's position moves.
absl::Status LookBack(eventlog::Log& log) {
  EVENTLOG_ASSIGN_OR_RETURN(
      auto past,
      log.NewConsumer({.topics = {"orders"},
                       .from = OffsetSpec::ForTimestamp(kOpening + absl::Minutes(5)),
                       .until = OffsetSpec::ForTimestamp(kOpening + absl::Minutes(10))}));
  std::set<std::string> ids;
  EVENTLOG_RETURN_IF_ERROR(
      ReadToEnd(past, [&ids](const RecordView& event) { ids.insert(IdOf(event)); }));
  std::cout << "from 9:05 until 9:10:";
  for (const std::string& id : ids) std::cout << " " << id;
  std::cout << "\n";
  return absl::OkStatus();
}

// The mail and the group's new position are one Write, so a kill at any moment neither loses nor
// repeats one; and the mails' keys, the events' ids, tell a repetition from what is new.
absl::Status Notify(eventlog::Log& log) {
  EVENTLOG_ASSIGN_OR_RETURN(auto mails, log.OpenTopic("mails"));
  EVENTLOG_ASSIGN_OR_RETURN(auto written, log.NewConsumer({.topics = {"mails"}}));
  std::set<std::string> ids;
  EVENTLOG_RETURN_IF_ERROR(
      ReadToEnd(written, [&ids](const RecordView& mail) { ids.emplace(mail.key()); }));
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer,
                            log.NewConsumer({.group = "notifications", .topics = {"orders"}}));
  eventlog::ConsumerRecords events;
  eventlog::WriteBatch batch;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &events));
    batch.Clear();
    for (const RecordView& event : events) {
      const std::string id = IdOf(event);
      if (!ids.insert(id).second) continue;
      batch.Append(mails, {.key = id, .value = "Dear customer: " + id});
      std::cout << "mail: " << id << "\n";
    }
    batch.CommitOffsets(consumer.GroupMetadata(), events.NextOffsets());
    EVENTLOG_RETURN_IF_ERROR(log.Write(batch));
  } while (!events.caught_up());
  return absl::OkStatus();
}

absl::Status Run(const std::string& directory) {
  EVENTLOG_ASSIGN_OR_RETURN(auto log, eventlog::Log::Open({.directory = directory}));
  EVENTLOG_ASSIGN_OR_RETURN(auto orders, log.OpenTopic("orders", {.partitions = 4}));
  EVENTLOG_RETURN_IF_ERROR(Serve(orders));
  EVENTLOG_RETURN_IF_ERROR(Analyse(log));
  EVENTLOG_RETURN_IF_ERROR(LookBack(log));
  EVENTLOG_RETURN_IF_ERROR(Notify(log));
  return log.Close();
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status =
      argc == 2 ? Run(argv[1]) : absl::InvalidArgumentError("usage: order_service DIRECTORY");
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}

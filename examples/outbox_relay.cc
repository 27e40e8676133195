// The outbox pattern, exactly once from end to end. A service turns requests (lines of a file)
// into state and events; the state and the event that tells of it are one Write of its log. A relay
// copies the events to a second log, whose own Write holds the copies and the relay's cursor. So
// whatever is killed when, nothing is lost and nothing doubled.
//
//   outbox_relay DIRECTORY serve FILE    handles what the state has not seen of FILE
//   outbox_relay DIRECTORY relay         copies what is there
//   outbox_relay DIRECTORY both FILE     both at once, in two threads
//   outbox_relay DIRECTORY print         the events as the second log has them, and checks the
//   state
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"

namespace {

// How many requests each client has made. The newest record of a key holds.
using Clients = std::map<std::string, int64_t, std::less<>>;

absl::StatusOr<Clients> LoadState(eventlog::Log& service) {
  EVENTLOG_RETURN_IF_ERROR(service.OpenTopic("clients"));
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, service.NewConsumer({.topics = {"clients"}}));
  Clients clients;
  eventlog::ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const auto& record : records) {
      if (!absl::SimpleAtoi(std::string(record.value()), &clients[std::string(record.key())])) {
        return absl::DataLossError("a count that is no number");
      }
    }
  } while (!records.caught_up());
  return clients;
}

int64_t Total(const Clients& clients) {
  int64_t total = 0;
  for (const auto& [client, count] : clients) total += count;
  return total;
}

// One line, whole even when two threads say one.
void SayStart(const std::string& what, int64_t place) {
  std::cout << what + " from " + std::to_string(place) + "\n" << std::flush;
}

absl::Status Serve(eventlog::Log& service, const std::string& file) {
  EVENTLOG_ASSIGN_OR_RETURN(auto state, service.OpenTopic("clients"));
  EVENTLOG_ASSIGN_OR_RETURN(auto outbox, service.OpenTopic("outbox"));
  EVENTLOG_ASSIGN_OR_RETURN(Clients clients, LoadState(service));
  std::ifstream lines(file);
  if (!lines) return absl::NotFoundError("cannot read " + file);
  std::string line;
  const int64_t handled = Total(clients);
  for (int64_t seen = handled; seen > 0 && std::getline(lines, line);) --seen;
  SayStart("serving", handled);
  eventlog::WriteBatch batch;
  while (std::getline(lines, line)) {
    const std::string client = line.substr(0, line.find(' '));
    const int64_t count = ++clients[client];
    batch.Clear();
    batch.Append(state, {.key = client, .value = std::to_string(count)})
        .Append(outbox, {.key = client, .value = line, .headers = {{"type", "Requested"}}});
    EVENTLOG_RETURN_IF_ERROR(service.Write(batch));
  }
  return absl::OkStatus();
}

absl::StatusOr<eventlog::Consumer> OpenOutbox(eventlog::Log& service,
                                              const eventlog::Log& central) {
  EVENTLOG_RETURN_IF_ERROR(service.OpenTopic("outbox"));
  EVENTLOG_ASSIGN_OR_RETURN(auto outbox, service.NewConsumer({.topics = {"outbox"}}));
  EVENTLOG_ASSIGN_OR_RETURN(const auto cursor, central.CommittedOffsets("relay"));
  EVENTLOG_RETURN_IF_ERROR(outbox.Seek(cursor));
  SayStart("relaying", cursor.empty() ? 0 : cursor[0].offset);
  return outbox;
}

// Until somebody calls outbox.Wakeup(), and then to the end of what is there. Where the copies are
// is where the cursor is: they are written together or not at all.
absl::Status Relay(eventlog::Consumer& outbox, eventlog::Log& central) {
  EVENTLOG_ASSIGN_OR_RETURN(auto events, central.OpenTopic("events"));
  eventlog::ConsumerRecords records;
  eventlog::WriteBatch batch;
  bool stopping = false;
  do {
    const absl::Status polled =
        outbox.Poll(stopping ? absl::ZeroDuration() : absl::InfiniteDuration(), &records);
    stopping = stopping || absl::IsCancelled(polled);
    if (!polled.ok() && !absl::IsCancelled(polled)) return polled;
    batch.Clear();
    for (const auto& record : records) batch.Append(events, record);
    batch.CommitOffsets({.group = "relay"}, records.NextOffsets());
    EVENTLOG_RETURN_IF_ERROR(central.Write(batch));
  } while (!stopping || !records.caught_up());
  return absl::OkStatus();
}

absl::Status ServeAndRelay(eventlog::Log& service, eventlog::Log& central,
                           const std::string& file) {
  EVENTLOG_ASSIGN_OR_RETURN(auto outbox, OpenOutbox(service, central));
  absl::Status relayed;
  std::thread relay([&] { relayed = Relay(outbox, central); });
  const absl::Status served = file.empty() ? absl::OkStatus() : Serve(service, file);
  outbox.Wakeup();
  relay.join();
  return served.ok() ? relayed : served;
}

absl::Status Print(eventlog::Log& service, eventlog::Log& central) {
  EVENTLOG_RETURN_IF_ERROR(central.OpenTopic("events"));
  EVENTLOG_ASSIGN_OR_RETURN(auto consumer, central.NewConsumer({.topics = {"events"}}));
  Clients told;
  eventlog::ConsumerRecords records;
  do {
    EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
    for (const auto& record : records) {
      std::cout << record.value() << "\n";
      ++told[std::string(record.key())];
    }
  } while (!records.caught_up());
  EVENTLOG_ASSIGN_OR_RETURN(const Clients clients, LoadState(service));
  return told == clients ? absl::OkStatus() : absl::DataLossError("events and state differ");
}

absl::Status Run(const std::string& directory, const std::string& what, const std::string& file) {
  EVENTLOG_ASSIGN_OR_RETURN(auto service,
                            eventlog::Log::Open({.directory = directory + "/service"}));
  if (what == "serve") return Serve(service, file);
  EVENTLOG_ASSIGN_OR_RETURN(auto central,
                            eventlog::Log::Open({.directory = directory + "/central"}));
  if (what == "print") return Print(service, central);
  return ServeAndRelay(service, central, what == "both" ? file : "");
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status =
      argc < 3 ? absl::InvalidArgumentError("usage: outbox_relay DIRECTORY serve|relay|both|print")
               : Run(argv[1], argv[2], argc > 3 ? argv[3] : "");
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}

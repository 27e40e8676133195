// How a service over a log is tested on a disk that fails: what it answers when the disk is full or
// a sync fails, and that a power cut at any call takes nothing back. No real disk is needed.
//
//   fault_injection     exits with 1 when a check fails
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventlog/eventlog.h"
#include "eventlog/status_macros.h"
#include "eventlog/testing/fault_file_system.h"
#include "eventlog/testing/memory_file_system.h"

namespace {

using eventlog::FaultFileSystem;
using Fault = FaultFileSystem::Fault;

// The service under test.
class Payments {
 public:
  enum class Answer {
    kTaken,     // durably
    kTryLater,  // it is not in the log
    kStopped,   // nobody knows: the disk has to be mended first
  };

  absl::Status Start(eventlog::LogOptions options) {
    EVENTLOG_ASSIGN_OR_RETURN(log_, eventlog::Log::Open(std::move(options)));
    EVENTLOG_ASSIGN_OR_RETURN(payments_, log_.OpenTopic("payments"));
    return absl::OkStatus();
  }

  Answer Take(std::string_view id) {
    const absl::Status appended =
        payments_.Append({.key = id, .value = std::string(1000, 'x')}).status();
    if (appended.ok()) return Answer::kTaken;
    if (eventlog::IsRetriable(appended)) return Answer::kTryLater;  // a full disk
    // A write or a sync failed. The log has stopped; what is in it is known once it has recovered.
    if (!log_.Reopen().ok()) return Answer::kStopped;
    const absl::StatusOr<bool> is_there = IsTaken(id);
    if (!is_there.ok()) return Answer::kStopped;
    return *is_there ? Answer::kTaken : Answer::kTryLater;
  }

  absl::StatusOr<bool> IsTaken(std::string_view id) {
    EVENTLOG_ASSIGN_OR_RETURN(auto consumer, log_.NewConsumer({.topics = {"payments"}}));
    eventlog::ConsumerRecords records;
    do {
      EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
      for (const eventlog::RecordView& payment : records) {
        if (payment.key() == id) return true;
      }
    } while (!records.empty());
    return false;
  }

 private:
  eventlog::Log log_;
  eventlog::Topic payments_;
};

int failures = 0;

void Check(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "FAILED: " << what << "\n";
  ++failures;
}

void CheckTaken(Payments* service, const std::vector<std::string>& taken) {
  for (const std::string& id : taken) {
    Check(service->IsTaken(id).value_or(false), id + ", which was taken, is there");
  }
}

eventlog::LogOptions OptionsOn(eventlog::FileSystem* disk) {
  // A small journal is full soon. Without a thread of the log's own a run is like the one before.
  return {.directory = "payments",
          .background_thread = false,
          .max_write_bytes = 512 << 10,
          .max_record_bytes = 256 << 10,
          .file_system = disk,
          .tuning = {.journal_bytes = 1 << 20}};
}

void TestAFullDiskPasses() {
  eventlog::MemoryFileSystem memory;
  FaultFileSystem disk(&memory);
  Payments service;
  Check(service.Start(OptionsOn(&disk)).ok(), "it starts");
  // No file grows any more. What the log has reserved before is used up first.
  disk.FailAll("Allocate", Fault::kDiskFull);
  std::vector<std::string> taken;
  auto answer = Payments::Answer::kTaken;
  while (answer == Payments::Answer::kTaken && taken.size() < 10'000) {
    std::string id = "payment-" + std::to_string(taken.size());
    answer = service.Take(id);
    if (answer == Payments::Answer::kTaken) taken.push_back(std::move(id));
  }
  Check(answer == Payments::Answer::kTryLater, "on a full disk it says: later");
  Check(!taken.empty(), "before that it takes payments");
  disk.Heal();
  Check(service.Take("later") == Payments::Answer::kTaken, "it goes on when there is space again");
  CheckTaken(&service, {taken.front(), taken.back(), "later"});
}

void TestAFailedSyncIsNoAnswer() {
  eventlog::MemoryFileSystem memory;
  FaultFileSystem disk(&memory);
  Payments service;
  Check(service.Start(OptionsOn(&disk)).ok(), "it starts");
  Check(service.Take("first") == Payments::Answer::kTaken, "it takes a payment");
  disk.FailNext("SyncData", Fault::kIoError);
  const bool taken = service.Take("second") == Payments::Answer::kTaken;
  memory.CutPower();
  Payments after;
  Check(after.Start(OptionsOn(&memory)).ok(), "it starts after a power cut");
  Check(after.IsTaken("second").value_or(!taken) == taken, "what it said is what is there");
  CheckTaken(&after, {"first"});
}

void TestABrokenDiskStopsIt() {
  eventlog::MemoryFileSystem memory;
  FaultFileSystem disk(&memory);
  Payments service;
  Check(service.Start(OptionsOn(&disk)).ok(), "it starts");
  disk.FailAll("SyncData", Fault::kIoError);
  Check(service.Take("first") == Payments::Answer::kStopped, "on a broken disk it stops");
  disk.Heal();
  Check(service.Take("first") == Payments::Answer::kTryLater, "on a mended one it recovers");
  Check(service.Take("first") == Payments::Answer::kTaken, "and goes on");
}

// The power goes before the first call of the file system, before the second, and so on.
void TestAPowerCutTakesNothingBack() {
  bool finished = false;
  for (int64_t last = 0; !finished; ++last) {
    eventlog::MemoryFileSystem memory;
    FaultFileSystem disk(&memory);
    disk.Intercept([&](const FaultFileSystem::Call& call) {
      return call.number > last ? absl::UnavailableError("no power") : absl::OkStatus();
    });
    std::vector<std::string> taken;
    {
      Payments service;
      if (service.Start(OptionsOn(&disk)).ok()) {
        for (const char* id : {"first", "second", "third"}) {
          if (service.Take(id) == Payments::Answer::kTaken) taken.push_back(id);
        }
      }
      finished = disk.Count() <= last;
      memory.CutPower();
    }
    Payments after;
    Check(after.Start(OptionsOn(&memory)).ok(), "it starts after a power cut");
    CheckTaken(&after, taken);
    Check(!finished || taken.size() == 3, "with power it takes them all");
  }
}

}  // namespace

int main() {
  TestAFullDiskPasses();
  TestAFailedSyncIsNoAnswer();
  TestABrokenDiskStopsIt();
  TestAPowerCutTakesNothingBack();
  std::cout << (failures == 0 ? "all checks hold\n" : "some checks failed\n");
  return failures == 0 ? 0 : 1;
}

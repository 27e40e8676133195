// Opening: after a kill, whatever the size of the log; from nothing to the first record; and a
// place in a large log.
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "harness/child.h"
#include "harness/measure.h"
#include "questions/questions.h"
#include "questions/workload.h"

namespace eventlog::bench {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kGiB = int64_t{1} << 30;
constexpr std::size_t kLargeValueBytes = 8 << 10;

// Values of 8 KiB, 128 to an AppendAll, with timestamps a millisecond apart.
void Fill(const Topic& topic, int64_t bytes) {
  const std::string value(kLargeValueBytes, 'v');
  std::vector<ProducerRecord> records(128);
  for (int64_t count = 0; count * static_cast<int64_t>(kLargeValueBytes) < bytes;) {
    for (ProducerRecord& record : records) {
      record = {.value = value, .timestamp = absl::FromUnixMillis(count++)};
    }
    Check(topic.AppendAll(records));
  }
}

// A log of that size, made once for all repetitions.
class LargeLog {
 public:
  LargeLog(const std::string& parent, int64_t bytes) : parent_(parent), bytes_(bytes) {}

  const std::string& Path() const {
    if (scratch_ == nullptr) {
      scratch_ = std::make_unique<Scratch>(parent_);
      OpenedTopic opened(scratch_->path(), Durability::kProcess);
      Fill(opened.topic, bytes_);
      Check(opened.log.Close());
    }
    return scratch_->path();
  }

  // Of an opening behind a process that appended a little and was killed.
  double MillisecondsAfterKill() const {
    const std::string path = Path();
    InChildThatDies([&] {
      const OpenedTopic opened(path, Durability::kProcess);
      AppendSingly(opened.topic, 1000);
    });
    Log log;
    const double seconds = SecondsOf([&] { log = Value(Log::Open({.directory = path})); });
    Check(log.Close());
    return seconds * 1e3;
  }

  // Median microseconds of a seek to any of the records and the poll of the first one there.
  double MicrosecondsToSeek(const std::function<OffsetSpec(int64_t)>& place_of) const {
    const std::string path = Path();
    Log log = Value(Log::Open({.directory = path}));
    Consumer consumer = Value(log.NewConsumer({.topics = {kTopic}}));
    const int64_t records = bytes_ / static_cast<int64_t>(kLargeValueBytes);
    std::mt19937_64 dice(1);
    std::vector<double> seconds;
    ConsumerRecords polled;
    for (int i = 0; i < 2000; ++i) {
      const auto record = static_cast<int64_t>(dice() % static_cast<uint64_t>(records));
      seconds.push_back(SecondsOf([&] {
        Check(consumer.Seek(place_of(record)));
        Check(consumer.Poll(absl::ZeroDuration(), &polled));
        Check(!polled.empty() && polled[0].offset() == record, "something else was polled");
      }));
    }
    return Median(seconds) * 1e6;
  }

 private:
  const std::string parent_;
  const int64_t bytes_;
  mutable std::unique_ptr<Scratch> scratch_;
};

// From nothing to a record that was polled.
double MemoryMicroseconds() {
  std::vector<double> seconds;
  for (int i = 0; i < 200; ++i) {
    std::optional<OpenedTopic> opened;  // closed when the time is taken
    Consumer consumer;
    seconds.push_back(SecondsOf([&] {
      opened.emplace(LogOptions{.memory = true}, TopicOptions{});
      AppendSingly(opened->topic, 1, 0);
      consumer = Value(opened->log.NewConsumer({.topics = {kTopic}}));
      ConsumerRecords records;
      Check(consumer.Poll(absl::ZeroDuration(), &records));
      Check(records.size() == 1, "no record");
    }));
  }
  return Median(seconds) * 1e6;
}

// From no directory to a record that is on disk.
double DiskMilliseconds(const std::string& parent) {
  std::vector<double> seconds;
  for (int i = 0; i < 20; ++i) {
    const Scratch scratch(parent);
    std::optional<OpenedTopic> opened;
    seconds.push_back(SecondsOf([&] {
      opened.emplace(scratch / "log", Durability::kDisk);
      AppendSingly(opened->topic, 1);
    }));
  }
  return Median(seconds) * 1e3;
}

}  // namespace

Questions OpenQuestions(const Settings& settings) {
  const std::string parent = settings.directory;
  const int64_t large_bytes = settings.Amount(10 * kGiB);
  const auto large = std::make_shared<const LargeLog>(parent, large_bytes);
  const auto small = std::make_shared<const LargeLog>(parent, 100 * kMiB);
  const std::string size =
      absl::StrCat("of ", large_bytes / kGiB, " GiB in segments of 64 MiB, in the page cache");
  const std::string killed = absl::StrCat("a log ", size, ", and 1,000 records behind that");
  return {
      {.name = "reopen_after_kill_10GiB_vs_100MiB",
       .unit = "milliseconds",
       .versus = "a log of 100 MiB",
       .bar = AtMost(1.5, 1.1),
       .measure =
           [=] {
             return Figures{large->MillisecondsAfterKill(), small->MillisecondsAfterKill()};
           },
       .remark = killed},
      {.name = "reopen_after_kill_10GiB_ms",
       .unit = "milliseconds",
       .bar = AtMost(100, 10),
       .measure = [=] { return Figures{large->MillisecondsAfterKill()}; },
       .remark = killed},
      {.name = "memory_open_to_first_record_us",
       .unit = "microseconds",
       .bar = AtMost(30, 8),
       .measure = [] { return Figures{MemoryMicroseconds()}; },
       .remark = "open, create a topic, append, poll"},
      {.name = "disk_open_to_first_record_ms",
       .unit = "milliseconds",
       .bar = AtMost(5, 2),
       .measure = [=] { return Figures{DiskMilliseconds(parent)}; },
       .remark = "a new directory, a topic, one durable record"},
      {.name = "seek_offset_us",
       .unit = "microseconds",
       .bar = AtMost(40, 10),
       .measure = [=] { return Figures{large->MicrosecondsToSeek(OffsetSpec::At)}; },
       .remark = "seek and first record polled, a log " + size},
      {.name = "seek_timestamp_us",
       .unit = "microseconds",
       .bar = AtMost(60, 15),
       .measure =
           [=] {
             return Figures{large->MicrosecondsToSeek([](int64_t record) {
               return OffsetSpec::ForTimestamp(absl::FromUnixMillis(record));
             })};
           },
       .remark = "seek and first record polled, a log " + size},
  };
}

}  // namespace eventlog::bench

// Reading: every record's key and value are touched, eventlog verifies every byte it takes from a
// file, LMDB hands out its mapping and verifies nothing.
#include <functional>

#include "harness/measure.h"
#include "limits/files.h"
#include "peers/lmdb_store.h"
#include "questions/questions.h"
#include "questions/workload.h"

namespace eventlog::bench {
namespace {

constexpr int64_t kTogether = 1000;
constexpr std::size_t kReadBytes = 256 << 10;

// The same records in a log and in LMDB, made once for all repetitions.
class Stored {
 public:
  Stored(const std::string& parent, int64_t count) : parent_(parent), count_(count) {}

  double Poll() const {
    Log log = Value(Log::Open({.directory = Ours().path()}));
    Consumer consumer = NewConsumer(&log);
    return Rate([&] { PollAll(&consumer, count_); });
  }
  // By a second consumer, when a first has read all of it, so many times.
  double PollAgain(int64_t times) const {
    Log log = Value(Log::Open({.directory = Ours().path()}));
    Consumer first = NewConsumer(&log);
    PollAll(&first, count_);
    Consumer second = NewConsumer(&log);
    PollAll(&second, count_);
    return static_cast<double>(times) * Rate([&] {
             for (int64_t i = 0; i < times; ++i) {
               Check(second.Seek(OffsetSpec::Earliest()));
               PollAll(&second, count_);
             }
           });
  }
  // With all segments out of the page cache.
  double PollCold() const {
    for (const std::string& path : SegmentFiles(Ours().path())) Evict(path);
    return Poll();
  }
  double ReadCold() const {
    const auto files = SegmentFiles(Ours().path());
    for (const std::string& path : files) Evict(path);
    return Rate([&] {
      for (const std::string& path : files) ReadFile(path, kReadBytes);
    });
  }
  double Scan(int64_t times = 1) const {
    LmdbStore store(Theirs().path(), Commits::kProcess);
    const auto scan = [&] {
      int64_t sum = 0;
      int64_t scanned = 0;
      store.Scan([&](std::string_view key, std::string_view value) {
        sum += Touch(key, value);
        ++scanned;
      });
      Check(scanned == count_ && sum == count_ * (count_ - 1) / 2, "LMDB scans something else");
    };
    scan();  // so that its mapping has its pages
    return static_cast<double>(times) * Rate([&] {
             for (int64_t i = 0; i < times; ++i) scan();
           });
  }

 private:
  static Consumer NewConsumer(Log* log) { return Value(log->NewConsumer({.topics = {kTopic}})); }
  double Rate(const Work& work) const { return Millions(count_, SecondsOf(work)); }

  const Scratch& Ours() const {
    if (ours_ == nullptr) {
      ours_ = std::make_unique<Scratch>(parent_);
      OpenedTopic opened(ours_->path(), Durability::kProcess);
      AppendTogether(opened.topic, count_, kTogether);
      Check(opened.log.Close());
    }
    return *ours_;
  }
  const Scratch& Theirs() const {
    if (theirs_ == nullptr) {
      theirs_ = std::make_unique<Scratch>(parent_);
      LmdbStore store(theirs_->path(), Commits::kProcess);
      for (int64_t i = 0; i < count_; i += kTogether) store.Append(kTogether, kValue);
    }
    return *theirs_;
  }

  const std::string parent_;
  const int64_t count_;
  mutable std::unique_ptr<Scratch> ours_;
  mutable std::unique_ptr<Scratch> theirs_;
};

}  // namespace

Questions PollQuestions(const Settings& settings) {
  constexpr int64_t kCachedRecords = 20'000;  // about 2.5 MB
  constexpr int64_t kTimes = 100;
  constexpr char kScan[] = "LMDB cursor over its mapping, keys and values";
  const auto large = std::make_shared<const Stored>(settings.directory, settings.Amount(5'000'000));
  const auto small = std::make_shared<const Stored>(settings.directory, kCachedRecords);
  return {
      {.name = "poll_vs_lmdb_scan",
       .unit = "million records/s",
       .versus = kScan,
       .bar = AtLeast(0.8, 1.0),
       .measure =
           [=] {
             return Figures{large->Poll(), large->Scan()};
           },
       .remark = "larger than the batch cache, in the page cache"},
      {.name = "poll_cached_vs_lmdb_scan",
       .unit = "million records/s",
       .versus = kScan,
       .bar = AtLeast(1.3, 1.7),
       .measure =
           [=] {
             return Figures{small->PollAgain(kTimes), small->Scan(kTimes)};
           },
       .remark = "2.5 MB, by a second consumer, again and again"},
      {.name = "poll_cold_vs_read",
       .unit = "million records/s",
       .versus = "read(2) of the same files, 256 KiB at a time",
       .bar = AtLeast(0.8, 0.95),
       .measure =
           [=] {
             return Figures{large->PollCold(), large->ReadCold()};
           },
       .remark = "out of the page cache; what the host caches is its own affair"},
  };
}

}  // namespace eventlog::bench

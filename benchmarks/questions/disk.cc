// `disk` durability: one record beside one sync, many writers who share syncs, and other stores
// that sync. Where latencies are compared, one call of each is made in turn.
#include <algorithm>
#include <functional>
#include <thread>
#include <vector>

#include "harness/measure.h"
#include "limits/files.h"
#include "peers/store.h"
#include "questions/questions.h"
#include "questions/workload.h"

namespace eventlog::bench {
namespace {

constexpr char kMicros[] = "microseconds, p50";
constexpr char kPerSecond[] = "records/s";
constexpr char kSync[] = "pwrite of 4 KiB and fdatasync, in a file that was filled before";
constexpr int64_t kSyncedBlocks = 4096;

// The medians of the calls, in microseconds.
Figures InTurn(int64_t count, const Work& ours, const Work& theirs) {
  const auto seconds = SecondsInTurn(count, {ours, theirs});
  return {Median(seconds[0]) * 1e6, Median(seconds[1]) * 1e6};
}

Figures OneBesideSync(const std::string& parent, int64_t count) {
  const Scratch scratch(parent);
  const OpenedTopic opened(scratch / "log", Durability::kDisk);
  SyncedFile file(scratch / "file", kSyncedBlocks);
  return InTurn(
      count, [&] { AppendSingly(opened.topic, 1); }, [&] { file.WriteBlocks(); });
}

Figures OneBesidePeer(const std::string& parent, int64_t count, OpenStore open) {
  const Scratch ours(parent);
  const Scratch theirs(parent);
  const OpenedTopic opened(ours.path(), Durability::kDisk);
  const auto store = open(theirs.path(), Commits::kDisk);
  return InTurn(
      count, [&] { AppendSingly(opened.topic, 1); }, [&] { store->Append(1, kValue); });
}

// Records per second of so many threads, each of which waits for each of its records.
double Writers(const std::string& parent, int writers, int64_t count) {
  const Scratch scratch(parent);
  const OpenedTopic opened(scratch.path(), Durability::kDisk);
  AppendSingly(opened.topic, 100);
  const double seconds = SecondsOf([&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i) {
      threads.emplace_back([&] { AppendSingly(opened.topic, count / writers); });
    }
    for (std::thread& thread : threads) thread.join();
  });
  return static_cast<double>(count) / seconds;
}

// Records per second of one thread that has so many under way.
double InFlight(const std::string& parent, int64_t count) {
  constexpr int64_t kBytesOfRecord = 230;  // as a producer counts it
  constexpr int64_t kInFlight = 10'000;
  const Scratch scratch(parent);
  OpenedTopic opened(scratch.path(), Durability::kDisk);
  Producer producer = Value(opened.log.NewProducer({.buffer_bytes = kInFlight * kBytesOfRecord}));
  AppendSingly(opened.topic, 100);
  const double seconds = SecondsOf([&] {
    for (int64_t i = 0; i < count; ++i) {
      Check(producer.Send(opened.topic, {.key = KeyOf(i), .value = kValue}));
    }
    Check(producer.Flush());
  });
  return static_cast<double>(count) / seconds;
}

// One group with a record for each of 64 partitions, beside one with as many for one of them.
Figures GroupOfPartitions(const std::string& parent, int64_t count) {
  constexpr int32_t kPartitions = 64;
  const Scratch scratch(parent);
  const OpenedTopic opened({.directory = scratch.path()},
                           {.partitions = kPartitions, .durability = Durability::kDisk});
  std::vector<ProducerRecord> spread;
  for (int32_t i = 0; i < kPartitions; ++i) spread.push_back({.value = kValue, .partition = i});
  const std::vector<ProducerRecord> together(kPartitions, {.value = kValue, .partition = 0});
  return InTurn(
      count, [&] { Check(opened.topic.AppendAll(spread)); },
      [&] { Check(opened.topic.AppendAll(together)); });
}

Figures WriteBesideSync(const std::string& parent, int64_t count) {
  constexpr int32_t kPartitions = 16;
  const Scratch scratch(parent);
  OpenedTopic opened({.directory = scratch / "log"},
                     {.partitions = kPartitions, .durability = Durability::kDisk});
  WriteBatch batch;
  for (int32_t i = 0; i < kPartitions; ++i) {
    batch.Append(opened.topic, {.value = kValue, .partition = i});
  }
  SyncedFile file(scratch / "file", kSyncedBlocks);
  return InTurn(
      count, [&] { Check(opened.log.Write(batch)); }, [&] { file.WriteBlocks(); });
}

// The slowest call and the median one, while the journal is used up several times over.
Figures SlowestBesideMedian(const std::string& parent) {
  constexpr int32_t kPartitions = 256;
  constexpr int64_t kJournalBytes = 1 << 20;
  constexpr int64_t kReuses = 3;
  const Scratch scratch(parent);
  LogOptions options = {.directory = scratch.path(), .max_write_bytes = kJournalBytes / 2};
  options.max_record_bytes = kJournalBytes / 4;
  options.tuning.journal_bytes = kJournalBytes;
  const OpenedTopic opened(options, {.partitions = kPartitions, .durability = Durability::kDisk});
  std::vector<double> seconds;
  constexpr int64_t kBlock = 4096;  // of the journal, which each of these calls takes one of
  for (int64_t i = 0; i < (kReuses + 1) * kJournalBytes / kBlock; ++i) {
    seconds.push_back(SecondsOf([&] { AppendSingly(opened.topic, 1, i); }));
  }
  return {*std::max_element(seconds.begin(), seconds.end()) * 1e6, Median(seconds) * 1e6};
}

}  // namespace

Questions DiskQuestions(const Settings& settings) {
  const std::string parent = settings.directory;
  const int64_t calls = settings.Amount(3000, 3);
  const auto beside = [&](const char* name, const char* versus, Bar bar, OpenStore open) {
    return Question{.name = name,
                    .unit = kMicros,
                    .versus = versus,
                    .ratio = Ratio::kTheirsByOurs,
                    .bar = bar,
                    .measure = [=] { return OneBesidePeer(parent, calls, open); },
                    .remark = "one durable record; both survive a power cut"};
  };
  return {
      {.name = "append_disk_p50_vs_fdatasync",
       .unit = kMicros,
       .versus = kSync,
       .bar = AtMost(1.10, 1.02),
       .measure = [=] { return OneBesideSync(parent, calls); }},
      {.name = "append_disk_64_writers_vs_1",
       .unit = kPerSecond,
       .versus = "one writer",
       .bar = AtLeast(8, 16),
       .measure =
           [=] {
             return Figures{Writers(parent, 64, calls * 16), Writers(parent, 1, calls)};
           },
       .remark = "threads that wait for each of their records"},
      {.name = "append_disk_async_vs_1",
       .unit = kPerSecond,
       .versus = "one writer that waits for each record",
       .bar = AtLeast(200, 400),
       .measure =
           [=] {
             return Figures{InFlight(parent, calls * 300), Writers(parent, 1, calls)};
           },
       .remark = "one thread with about 10,000 sends under way"},
      {.name = "append_disk_64_partitions_vs_1",
       .unit = kMicros,
       .versus = "the same records for one partition",
       .bar = AtMost(1.3, 1.1),
       .measure = [=] { return GroupOfPartitions(parent, calls / 2); },
       .remark = "AppendAll of 64 records"},
      {.name = "write_16_partitions_disk_p50_vs_fdatasync",
       .unit = kMicros,
       .versus = kSync,
       .bar = AtMost(1.3, 1.1),
       .measure = [=] { return WriteBesideSync(parent, calls); },
       .remark = "one atomic Write of 16 records"},
      {.name = "append_disk_256_partitions_max_vs_p50",
       .unit = "microseconds, the slowest",
       .versus = "the median",
       .bar = AtMost(20, 8),
       .measure = [=] { return SlowestBesideMedian(parent); },
       .remark = "single records over 256 partitions, while a journal of 1 MiB is used up four "
                 "times"},
      beside("append_disk_vs_rocksdb_sync", "RocksDB, sync on, recycled log files",
             AtLeast(1.3, 1.6), OpenRocksDb),
      beside("append_disk_vs_sqlite_full", "SQLite, WAL, synchronous=FULL", AtLeast(1.1, 1.3),
             OpenSqlite),
      beside("append_disk_vs_leveldb_sync", "LevelDB, sync on", {}, OpenLevelDb),
  };
}

}  // namespace eventlog::bench

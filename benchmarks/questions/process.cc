// `process` durability, record by record: what an append costs beside LMDB and beside the ring, and
// what several partitions and threads add.
#include <functional>
#include <thread>
#include <vector>

#include "harness/measure.h"
#include "limits/ring.h"
#include "peers/store.h"
#include "questions/questions.h"
#include "questions/workload.h"

namespace eventlog::bench {
namespace {

constexpr char kMillions[] = "million records/s";
constexpr char kRing[] = "copy and checksum into a shared ring, spilled by pwrite";
constexpr int32_t kActive = 1000;

// Everything below answers millions of records per second, each from an empty directory.
class Process {
 public:
  explicit Process(const Settings& settings)
      : parent_(settings.directory), count_(settings.Amount(2'000'000)) {}

  double Eventlog(int32_t partitions = 1) const {
    const Scratch scratch(parent_);
    const OpenedTopic opened({.directory = scratch.path()},
                             {.partitions = partitions, .durability = Durability::kProcess});
    AppendSingly(opened.topic, kWarm);
    return Rate([&] { AppendSingly(opened.topic, count_); });
  }
  double Memory() const {
    const OpenedTopic opened({.memory = true}, {.durability = Durability::kProcess});
    AppendSingly(opened.topic, kWarm);
    return Rate([&] { AppendSingly(opened.topic, count_); });
  }
  double Spans(int64_t together) const {
    const Scratch scratch(parent_);
    const OpenedTopic opened(scratch.path(), Durability::kProcess);
    AppendSingly(opened.topic, kWarm);
    return Rate([&] { AppendTogether(opened.topic, count_, together); });
  }
  // `part`: how many times fewer records, for who is so much slower.
  double Peer(OpenStore open, int64_t part = 1) const {
    const Scratch scratch(parent_);
    const auto store = open(scratch.path(), Commits::kProcess);
    const int64_t count = count_ / part;
    store->Append(1, kValue);
    return Millions(count, SecondsOf([&] {
                      for (int64_t i = 0; i < count; ++i) store->Append(1, kValue);
                    }));
  }
  double OneRing() const {
    const Scratch scratch(parent_);
    Ring ring(scratch.path());
    return Rate([&] { AppendTo(&ring); });
  }
  double TwoThreads() const {
    const Scratch scratch(parent_);
    const OpenedTopic opened({.directory = scratch.path()},
                             {.partitions = 2, .durability = Durability::kProcess});
    return 2 * Rate([&] {
             Twice([&](int32_t partition) {
               for (int64_t i = 0; i < count_; ++i) {
                 const auto appended = opened.topic.Append(
                     {.key = KeyOf(i), .value = kValue, .partition = partition});
                 Check(appended.status());
               }
             });
           });
  }
  double TwoRings() const {
    const Scratch scratches[] = {Scratch(parent_), Scratch(parent_)};
    Ring rings[] = {Ring(scratches[0].path()), Ring(scratches[1].path())};
    return 2 * Rate([&] { Twice([&](int32_t number) { AppendTo(&rings[number]); }); });
  }

 private:
  static constexpr int64_t kWarm = 10'000;

  double Rate(const Work& work) const { return Millions(count_, SecondsOf(work)); }
  void AppendTo(Ring* ring) const {
    for (int64_t i = 0; i < count_; ++i) ring->Append(KeyOf(i), kValue);
  }
  static void Twice(const std::function<void(int32_t)>& work) {
    std::thread other([&] { work(1); });
    work(0);
    other.join();
  }

  const std::string parent_;
  const int64_t count_;
};

Questions Peers(const Process& process) {
  const auto beside = [&](const char* name, const char* versus, OpenStore open, int64_t part) {
    return Question{.name = name,
                    .unit = kMillions,
                    .versus = versus,
                    .measure =
                        [=] {
                          return Figures{process.Eventlog(), process.Peer(open, part)};
                        },
                    .remark = "one record per write; both survive SIGKILL"};
  };
  return {beside("append_process_vs_rocksdb", "RocksDB, sync off", OpenRocksDb, 4),
          beside("append_process_vs_leveldb", "LevelDB, sync off", OpenLevelDb, 4),
          beside("append_process_vs_sqlite", "SQLite, WAL, synchronous=NORMAL", OpenSqlite, 20)};
}

}  // namespace

Questions ProcessQuestions(const Settings& settings) {
  const Process process(settings);
  Questions questions = {
      {.name = "append_process_vs_lmdb",
       .unit = kMillions,
       .versus = "LMDB, one record per transaction, WRITEMAP|NOSYNC|APPEND",
       .bar = AtLeast(8, 10),
       .measure =
           [=] {
             return Figures{process.Eventlog(), process.Peer(OpenLmdb)};
           },
       .remark = "both survive SIGKILL, neither a power cut; LMDB has no checksums and may be "
                 "corrupt after one"},
      {.name = "append_process_vs_ring",
       .unit = kMillions,
       .versus = kRing,
       .bar = AtLeast(0.6, 0.85),
       .measure =
           [=] {
             return Figures{process.Eventlog(), process.OneRing()};
           },
       .remark = "the ring keeps neither offsets nor time, locks nothing and refuses nothing"},
      {.name = "append_process_4_partitions_vs_1",
       .unit = kMillions,
       .versus = "one partition",
       .bar = AtLeast(0.85, 1.0),
       .measure =
           [=] {
             return Figures{process.Eventlog(4), process.Eventlog()};
           },
       .remark = "by the hash of the key"},
      {.name = "append_process_1000_active_partitions_vs_1",
       .unit = kMillions,
       .versus = "one partition",
       .bar = AtLeast(0.3, 0.6),
       .measure =
           [=] {
             return Figures{process.Eventlog(kActive), process.Eventlog()};
           },
       .remark = "by the hash of the key, so that every append goes to another"},
      {.name = "append_many_process_vs_ring",
       .unit = kMillions,
       .versus = kRing,
       .bar = AtLeast(0.85, 1.1),
       .measure =
           [=] {
             return Figures{process.Spans(16), process.OneRing()};
           },
       .remark = "AppendAll of 16 records; the ring one by one, which costs it nothing"},
      {.name = "append_memory_vs_process",
       .unit = kMillions,
       .versus = "a log on disk, process durability",
       .bar = AtLeast(1.0, 1.5),
       .measure =
           [=] {
             return Figures{process.Memory(), process.Eventlog()};
           }},
      {.name = "append_two_partitions_two_threads_vs_rings",
       .unit = kMillions,
       .versus = "two rings, each with a thread",
       .bar = AtLeast(0.6, 0.85),
       .measure =
           [=] {
             return Figures{process.TwoThreads(), process.TwoRings()};
           }},
  };
  for (Question& question : Peers(process)) questions.push_back(std::move(question));
  return questions;
}

}  // namespace eventlog::bench

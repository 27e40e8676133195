// How fast one thread appends and polls, beside LMDB and beside the bare disk.
//
//   append_poll_vs_lmdb [--quick] [--json FILE] [--directory DIR]
//
// Values of 100 bytes, keys of 8. Every run starts from an empty directory.
#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/eventlog.h"
#include "harness.h"
#include "lmdb_store.h"

namespace eventlog::bench {
namespace {

constexpr int kAppendAll = 1000;
constexpr std::size_t kBlock = 4096;
const std::string kValue(100, 'v');

// The eight bytes of `number`, as long as it lives.
std::string_view KeyOf(const int64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

struct OpenedTopic {
  OpenedTopic(const std::string& directory, Durability durability)
      : log(Value(Log::Open({.directory = directory}))),
        topic(Value(log.OpenTopic("records", {.durability = durability}))) {}
  Log log;
  Topic topic;
};

// Millions of records per second, appended one by one.
double AppendSingly(const Settings& settings, int count) {
  const Scratch scratch(settings);
  const OpenedTopic opened(scratch.path(), Durability::kProcess);
  const double seconds = SecondsOf([&] {
    for (int64_t i = 0; i < count; ++i) {
      Check(opened.topic.Append({.key = KeyOf(i), .value = kValue}).status());
    }
  });
  return count / seconds / 1e6;
}

double LmdbAppend(const Settings& settings, int count, int per_transaction) {
  const Scratch scratch(settings);
  LmdbStore store(scratch.path(), LmdbStore::Commits::kNoSync);
  const double seconds = SecondsOf([&] {
    for (int i = 0; i < count; i += per_transaction) store.Append(per_transaction, kValue);
  });
  return count / seconds / 1e6;
}

void AppendThousands(const Topic& topic, int count) {
  std::vector<int64_t> keys(kAppendAll);
  std::vector<ProducerRecord> records(kAppendAll);
  for (int64_t done = 0; done < count; done += kAppendAll) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      keys[i] = done + static_cast<int64_t>(i);
      records[i] = {.key = KeyOf(keys[i]), .value = kValue};
    }
    Check(topic.AppendAll(records));
  }
}

double AppendTogether(const Settings& settings, int count) {
  const Scratch scratch(settings);
  const OpenedTopic opened(scratch.path(), Durability::kProcess);
  return count / SecondsOf([&] { AppendThousands(opened.topic, count); }) / 1e6;
}

// Microseconds that half of the calls of `append` take at most.
double MedianMicroseconds(int count, const std::function<void(int64_t)>& append) {
  std::vector<double> times;
  for (int64_t i = 0; i < count; ++i) times.push_back(SecondsOf([&] { append(i); }) * 1e6);
  return Percentile(times, 0.5);
}

double DurableAppend(const Settings& settings, int count) {
  const Scratch scratch(settings);
  const OpenedTopic opened(scratch.path(), Durability::kDisk);
  return MedianMicroseconds(count, [&](int64_t i) {
    Check(opened.topic.Append({.key = KeyOf(i), .value = kValue}).status());
  });
}

double LmdbDurableAppend(const Settings& settings, int count) {
  const Scratch scratch(settings);
  LmdbStore store(scratch.path(), LmdbStore::Commits::kDisk);
  return MedianMicroseconds(count, [&](int64_t) { store.Append(1, kValue); });
}

double BareSync(const Settings& settings, int count) {
  const Scratch scratch(settings);
  const int fd = open((scratch.path() + "/file").c_str(), O_RDWR | O_CREAT, 0644);
  Check(fd >= 0, "cannot make a file");
  const std::string block(kBlock, 'b');
  const auto write_block = [&](int64_t i) {
    const ssize_t written = pwrite(fd, block.data(), kBlock, i * static_cast<int64_t>(kBlock));
    Check(written == static_cast<ssize_t>(kBlock), "cannot write");
  };
  for (int i = 0; i < count; ++i) write_block(i);
  Check(fsync(fd) == 0, "cannot sync");
  const double median = MedianMicroseconds(count, [&](int64_t i) {
    write_block(i);
    Check(fdatasync(fd) == 0, "cannot sync");
  });
  close(fd);
  return median;
}

// What reading a record touches: all of the key, both ends of the value.
int64_t Touch(std::string_view key, std::string_view value) {
  int64_t number = 0;
  key.copy(reinterpret_cast<char*>(&number), sizeof number);
  return number + (value.front() ^ value.back());
}

double PollAll(const std::string& directory, int64_t count) {
  Log log = Value(Log::Open({.directory = directory}));
  Consumer consumer = Value(log.NewConsumer({.topics = {"records"}}));
  int64_t sum = 0;
  int64_t polled = 0;
  const double seconds = SecondsOf([&] {
    ConsumerRecords records;
    do {
      Check(consumer.Poll(absl::ZeroDuration(), &records));
      for (const RecordView& record : records) sum += Touch(record.key(), record.value());
      polled += static_cast<int64_t>(records.size());
    } while (!records.caught_up());
  });
  Check(polled == count && sum == count * (count - 1) / 2, "eventlog polled something else");
  return static_cast<double>(count) / seconds / 1e6;
}

double LmdbScan(const std::string& directory, int64_t count) {
  LmdbStore store(directory, LmdbStore::Commits::kNoSync);
  int64_t sum = 0;
  int64_t scanned = 0;
  const double seconds = SecondsOf([&] {
    store.Scan([&](std::string_view key, std::string_view value) {
      sum += Touch(key, value);
      ++scanned;
    });
  });
  Check(scanned == count && sum == count * (count - 1) / 2, "LMDB scanned something else");
  return static_cast<double>(count) / seconds / 1e6;
}

void AskAboutAppends(const Settings& settings, Report* report) {
  const int single = settings.quick ? 20'000 : 200'000;
  report->Ask({.name = "append one record, process durability",
               .unit = "million records/s",
               .contenders = {{"eventlog Append", [&] { return AppendSingly(settings, single); }},
                              {"LMDB, one per transaction, WRITEMAP|NOSYNC",
                               [&] { return LmdbAppend(settings, single, 1); }}},
               .remark = "both survive SIGKILL, neither a power cut; LMDB after a power cut may be "
                         "corrupt, and has no checksums; eventlog checksums every record"});
  const int together = settings.quick ? 200'000 : 1'000'000;
  report->Ask(
      {.name = "append 1000 records together, process durability",
       .unit = "million records/s",
       .contenders = {{"eventlog AppendAll", [&] { return AppendTogether(settings, together); }},
                      {"LMDB, 1000 per transaction, WRITEMAP|NOSYNC",
                       [&] { return LmdbAppend(settings, together, kAppendAll); }}},
       .remark = "as above; LMDB's thousand are atomic, AppendAll's are not"});
  const int durable = settings.quick ? 150 : 500;
  report->Ask({.name = "append one record, disk durability, p50",
               .unit = "microseconds",
               .better = Better::kLess,
               .contenders = {{"eventlog Append", [&] { return DurableAppend(settings, durable); }},
                              {"LMDB, synchronous commit",
                               [&] { return LmdbDurableAppend(settings, durable); }},
                              {"pwrite and fdatasync of 4 KiB",
                               [&] { return BareSync(settings, durable); }}},
               .remark = "all survive a power cut; LMDB copies pages and syncs twice; the bare "
                         "write goes into a file that was filled before, and is the floor"});
}

void AskAboutPolls(const Settings& settings, Report* report) {
  const int count = settings.quick ? 200'000 : 2'000'000;
  const Scratch ours(settings);
  const Scratch theirs(settings);
  {
    OpenedTopic opened(ours.path(), Durability::kProcess);
    AppendThousands(opened.topic, count);
    Check(opened.log.Close());
    LmdbStore store(theirs.path(), LmdbStore::Commits::kNoSync);
    for (int i = 0; i < count; i += kAppendAll) store.Append(kAppendAll, kValue);
  }
  report->Ask({.name = "read all records, from the page cache",
               .unit = "million records/s",
               .contenders = {{"eventlog Poll", [&] { return PollAll(ours.path(), count); }},
                              {"LMDB cursor, keys and values",
                               [&] { return LmdbScan(theirs.path(), count); }}},
               .remark =
                   "eventlog reads with pread and verifies a hash over every byte; LMDB hands "
                   "out its mapping and verifies nothing"});
}

}  // namespace
}  // namespace eventlog::bench

int main(int argc, char** argv) {
  const eventlog::bench::Settings settings = eventlog::bench::ParseArguments(argc, argv);
  eventlog::bench::PrintHardware(settings);
  eventlog::bench::Report report(settings);
  eventlog::bench::AskAboutAppends(settings, &report);
  eventlog::bench::AskAboutPolls(settings, &report);
  eventlog::bench::Check(report.WriteJson());
  return 0;
}

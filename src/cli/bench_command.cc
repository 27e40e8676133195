// A first impression of the library on somebody's own disk, in seconds. What measures it properly
// is in benchmarks/.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/commands.h"
#include "cli/result.h"
#include "cli/stop.h"
#include "cli/table.h"
#include "eventlog/clock.h"
#include "eventlog/file_system.h"
#include "eventlog/log.h"
#include "eventlog/status_macros.h"
#include "fmt/format.h"

namespace eventlog::inline v1::cli {
namespace {

constexpr std::size_t kKeyBytes = 8;
constexpr std::size_t kValueBytes = 100;
constexpr int kTogether = 1000;
constexpr int64_t kMaxRecords = 2'000'000;  // of one measurement: some hundred MB of disk
constexpr std::size_t kBlockBytes = 4096;
constexpr int64_t kBlocks = 4096;

// A directory that is gone afterwards.
class Scratch {
 public:
  static absl::StatusOr<std::unique_ptr<Scratch>> Make(const std::string& parent) {
    std::string path = fmt::format("{}/eventlog-bench-{}", parent, getpid());
    EVENTLOG_RETURN_IF_ERROR(FileSystem::Posix()->CreateDirectory(path));
    return std::unique_ptr<Scratch>(new Scratch(std::move(path)));
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

struct Latencies {
  std::vector<double> microseconds = {};
  double At(double part) {
    if (microseconds.empty()) return 0;
    std::sort(microseconds.begin(), microseconds.end());
    return microseconds[static_cast<std::size_t>(part *
                                                 static_cast<double>(microseconds.size() - 1))];
  }
};

struct Rate {
  double records_per_second = 0;
  double megabytes_per_second = 0;  // 10^6, of keys and values
};

struct Figures {
  Latencies durable = {};
  Latencies bare = {};
  Rate process = {};
  Rate together = {};
  Rate producer = {};
  Rate poll = {};
};

class Bench {
 public:
  Bench(const std::string& directory, double seconds)
      : directory_(directory), seconds_(absl::Seconds(seconds)) {}

  absl::StatusOr<Figures> Run() {
    EVENTLOG_ASSIGN_OR_RETURN(log_, Log::Open({.directory = directory_ + "/log"}));
    EVENTLOG_RETURN_IF_ERROR(AppendBesideBareSyncs());
    EVENTLOG_ASSIGN_OR_RETURN(const Topic process,
                              log_.OpenTopic("process", {.durability = Durability::kProcess}));
    EVENTLOG_ASSIGN_OR_RETURN(figures_.process, Measure(0.1, [&](int64_t number) {
                                return process.Append(Record(number)).status();
                              }));
    EVENTLOG_RETURN_IF_ERROR(AppendTogether());
    EVENTLOG_RETURN_IF_ERROR(Send());
    EVENTLOG_RETURN_IF_ERROR(PollAll());
    EVENTLOG_RETURN_IF_ERROR(log_.Close());
    return std::move(figures_);
  }

 private:
  absl::Duration Now() const { return Clock::System()->Monotonic(); }

  ProducerRecord Record(int64_t number) {
    key_ = fmt::format("{:08}", number % 100'000'000);
    return {.key = key_, .value = value_};
  }

  static Rate RateOf(int64_t records, absl::Duration elapsed) {
    const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-9);
    const double bytes = static_cast<double>(records) * (kKeyBytes + kValueBytes);
    return {static_cast<double>(records) / seconds, bytes / 1e6 / seconds};
  }

  // Calls `step` for its part of the time. Each makes `records` records.
  template <typename Step>
  absl::StatusOr<Rate> Measure(double part, Step step, int64_t records = 1) {
    const absl::Duration start = Now();
    int64_t done = 0;
    while (done < kMaxRecords && Now() - start < seconds_ * part && !StopRequested()) {
      EVENTLOG_RETURN_IF_ERROR(step(done));
      done += records;
    }
    return RateOf(done, Now() - start);
  }

  template <typename Work>
  absl::Status Time(Latencies* latencies, Work work) {
    const absl::Duration start = Now();
    EVENTLOG_RETURN_IF_ERROR(work());
    latencies->microseconds.push_back(absl::ToDoubleMicroseconds(Now() - start));
    return absl::OkStatus();
  }

  // In turns, so that both see the disk in the same mood.
  absl::Status AppendBesideBareSyncs() {
    EVENTLOG_ASSIGN_OR_RETURN(const Topic topic, log_.OpenTopic("durable"));
    EVENTLOG_ASSIGN_OR_RETURN(
        const auto file,
        FileSystem::Posix()->OpenFile(directory_ + "/bare", FileSystem::Open::kCreateNew));
    const std::string block(kBlockBytes, 'b');
    const std::string_view pieces[] = {block};
    const auto write_block = [&](int64_t number) {
      return file->WriteAt(number % kBlocks * static_cast<int64_t>(kBlockBytes), pieces);
    };
    for (int64_t i = 0; i < kBlocks; ++i) EVENTLOG_RETURN_IF_ERROR(write_block(i));
    EVENTLOG_RETURN_IF_ERROR(file->SyncData());
    const auto bare = [&](int64_t number) {
      absl::Status status = write_block(number);
      return status.ok() ? file->SyncData() : status;
    };
    return Measure(0.4,
                   [&](int64_t number) {
                     absl::Status status = Time(
                         &figures_.durable, [&] { return topic.Append(Record(number)).status(); });
                     if (status.ok()) {
                       status = Time(&figures_.bare, [&] { return bare(number); });
                     }
                     return status;
                   })
        .status();
  }

  absl::Status AppendTogether() {
    EVENTLOG_ASSIGN_OR_RETURN(const Topic topic, log_.OpenTopic("together"));
    const std::vector<ProducerRecord> records(kTogether, {.key = "12345678", .value = value_});
    EVENTLOG_ASSIGN_OR_RETURN(
        figures_.together, Measure(
                               0.15, [&](int64_t) { return topic.AppendAll(records); }, kTogether));
    return absl::OkStatus();
  }

  absl::Status Send() {
    EVENTLOG_ASSIGN_OR_RETURN(const Topic topic, log_.OpenTopic("sent"));
    EVENTLOG_ASSIGN_OR_RETURN(Producer producer, log_.NewProducer());
    const absl::Duration start = Now();
    int64_t sent = 0;
    const auto send = [&](int64_t number) {
      ++sent;
      return producer.Send(topic, Record(number));
    };
    EVENTLOG_RETURN_IF_ERROR(Measure(0.15, send));
    EVENTLOG_RETURN_IF_ERROR(producer.Close());  // acknowledged, all of them
    figures_.producer = RateOf(sent, Now() - start);
    return absl::OkStatus();
  }

  // Again and again what AppendAll has made.
  absl::Status PollAll() {
    EVENTLOG_ASSIGN_OR_RETURN(Consumer consumer, log_.NewConsumer({.topics = {"together"}}));
    const absl::Duration start = Now();
    int64_t polled = 0;
    ConsumerRecords records;
    while (Now() - start < seconds_ * 0.15 && !StopRequested()) {
      EVENTLOG_RETURN_IF_ERROR(consumer.Poll(absl::ZeroDuration(), &records));
      polled += static_cast<int64_t>(records.size());
      if (records.caught_up()) EVENTLOG_RETURN_IF_ERROR(consumer.Seek(OffsetSpec::Earliest()));
    }
    figures_.poll = RateOf(polled, Now() - start);
    return absl::OkStatus();
  }

  const std::string& directory_;
  const absl::Duration seconds_;
  const std::string value_ = std::string(kValueBytes, 'v');
  std::string key_;
  Log log_;
  Figures figures_;
};

std::string RateText(const Rate& rate) {
  return fmt::format("{:.3g} M records/s, {:.0f} MB/s", rate.records_per_second / 1e6,
                     rate.megabytes_per_second);
}

std::string LatencyText(Latencies* latencies) {
  return fmt::format("p50 {:.0f} us, p99 {:.0f} us", latencies->At(0.5), latencies->At(0.99));
}

double RatioOf(Figures* figures) {
  const double bare = figures->bare.At(0.5);
  return bare == 0 ? 0 : figures->durable.At(0.5) / bare;
}

std::string PlainText(Figures* figures) {
  Table table({"what, by one thread", "measured"});
  table.Add({"append, back when on the disk", LatencyText(&figures->durable)});
  table.Add({"bare write + fdatasync of 4 KiB, in turns with it", LatencyText(&figures->bare)});
  table.Add({"  append / bare, p50", fmt::format("{:.2f}", RatioOf(figures))});
  table.Add({"append, back when it survives the process", RateText(figures->process)});
  table.Add({"AppendAll of 1000, back when on the disk", RateText(figures->together)});
  table.Add({"Producer, until all are on the disk", RateText(figures->producer)});
  table.Add({"poll of the same again, from the page cache", RateText(figures->poll)});
  return "keys of 8 bytes, values of 100; MB are 10^6 bytes of these. A first impression: other\n"
         "work on this machine and this disk shows in it.\n\n" +
         table.ToString();
}

nlohmann::ordered_json ToJson(const Rate& rate) {
  return {{"records_per_second", rate.records_per_second},
          {"megabytes_per_second", rate.megabytes_per_second}};
}

nlohmann::ordered_json ToJson(Latencies* latencies) {
  return {{"p50_us", latencies->At(0.5)},
          {"p99_us", latencies->At(0.99)},
          {"samples", latencies->microseconds.size()}};
}

std::string JsonText(Figures* figures) {
  nlohmann::ordered_json json;
  json["key_bytes"] = kKeyBytes;
  json["value_bytes"] = kValueBytes;
  json["append_disk"] = ToJson(&figures->durable);
  json["bare_write_and_fdatasync_4k"] = ToJson(&figures->bare);
  json["append_to_bare_p50"] = RatioOf(figures);
  json["append_process"] = ToJson(figures->process);
  json["append_all_1000_disk"] = ToJson(figures->together);
  json["producer_disk"] = ToJson(figures->producer);
  json["poll_page_cache"] = ToJson(figures->poll);
  return json.dump(2) + "\n";
}

}  // namespace

absl::StatusOr<int> RunBench(const BenchCommand& command, Output* output) {
  StopOnSignals();
  EVENTLOG_ASSIGN_OR_RETURN(const auto scratch, Scratch::Make(command.directory));
  EVENTLOG_ASSIGN_OR_RETURN(Figures figures, Bench(scratch->path(), command.seconds).Run());
  if (StopRequested()) return kExitFailed;
  EVENTLOG_RETURN_IF_ERROR(output->Append(command.json ? JsonText(&figures) : PlainText(&figures)));
  return kExitGood;
}

}  // namespace eventlog::inline v1::cli

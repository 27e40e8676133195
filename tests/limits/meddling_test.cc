// Somebody else truncates or deletes a file of a log that is open: an error, never a signal, never
// other bytes than were appended.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lab/application.h"
#include "support/child_report.h"
#include "support/temp_dir.h"

namespace eventlog::test {
namespace {

namespace fs = std::filesystem;

enum class Meddling { kTruncate, kHalve, kDelete };

void Meddle(const fs::path& path, Meddling how) {
  std::error_code ignored;
  if (how == Meddling::kDelete) {
    fs::remove(path, ignored);
  } else {
    fs::resize_file(path, how == Meddling::kHalve ? fs::file_size(path) / 2 : 0, ignored);
  }
}

// A log with some of every kind of file, and what it acknowledged.
class Victim {
 public:
  explicit Victim(std::string directory)
      : directory_(std::move(directory)), application_(&clock_, 1, [this](const Fact& fact) {
          if (fact.kind == Fact::Kind::kAppended) {
            acknowledged_[{fact.place, fact.offset}] = fact.value;
          }
        }) {}

  absl::Status Open() {
    return application_.Open(application_.Options(FileSystem::Posix(), directory_));
  }
  // Sealed segments with indexes, an active one, records that are in the journal only.
  absl::Status Fill() {
    for (const Durability durability : {Durability::kDisk, Durability::kProcess}) {
      const std::string name = durability == Durability::kDisk ? "disk" : "process";
      absl::Status status = application_.CreateTopic(
          name, {.durability = durability, .segment_bytes = 64 << 10, .batch_bytes = 4 << 10});
      status.Update(application_.AppendAll({name, 0}, 12, 15'000));
      status.Update(application_.Maintain(absl::Minutes(2)));
      status.Update(application_.AppendAll({name, 0}, 4, 3'000));
      status.Update(application_.Consume("group", name));
      status.Update(application_.Append({name, 0}, 100));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
      // Of the arena a store is all that is made, so it cannot fail: docs/guarantees.md says so.
      if (entry.is_regular_file() && entry.path().extension() != ".arena") {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  // Changes and reads that may fail; what is wrong is a record that was not appended so.
  std::string Use() {
    for (const char* name : {"disk", "process"}) {
      static_cast<void>(application_.Append({name, 0}, 2'000));
      static_cast<void>(application_.AppendAll({name, 0}, 30, 10'000));
      static_cast<void>(application_.Write({{"disk", 0}, {"process", 0}}, 300, "relay"));
      static_cast<void>(application_.Maintain(absl::Minutes(2)));
    }
    static_cast<void>(application_.CreateTopic("late", {}));
    return ReadAll();
  }
  // Reads what can be read. A record that is missing is told: by an error, here or at Open.
  std::string ReadAll() {
    for (const char* name : {"disk", "process"}) {
      if (std::string wrong = ReadTopic(name); !wrong.empty()) return wrong;
    }
    return "";
  }
  absl::Status Close() { return application_.Close(); }
  absl::Status Reopen() { return application_.Reopen(); }

 private:
  std::string ReadTopic(const std::string& name) {
    auto consumer = application_.log()->NewConsumer({.assignment = {{name, 0}}});
    if (!consumer.ok()) return "";  // the log may be closed, the topic gone: told
    ConsumerRecords records;
    absl::Status polled;
    int64_t next = 0;
    do {
      polled = consumer->Poll(absl::ZeroDuration(), &records);
      if (!polled.ok()) return "";
      for (const RecordView& record : records) {
        const auto appended = acknowledged_.find({{name, 0}, record.offset()});
        if (appended != acknowledged_.end() && appended->second != record.value()) {
          return fmt::format("{}: other bytes at offset {}", name, record.offset());
        }
        if (record.offset() != next++) return fmt::format("{}: a gap before {}", name, next - 1);
      }
    } while (!records.caught_up());
    const TopicPartition end = {name, 0};
    const auto last = acknowledged_.upper_bound({end, INT64_MAX});
    if (last == acknowledged_.begin()) return "";
    const auto& [place, offset] = std::prev(last)->first;
    if (place == end && offset >= next) {
      return fmt::format("{}: ends at {}, {} was acknowledged", name, next, offset);
    }
    return "";
  }

  const std::string directory_;
  ManualClock clock_;
  std::map<std::pair<TopicPartition, int64_t>, std::string> acknowledged_;
  Application application_;
};

std::string MeddleAndUse(const std::string& directory, std::size_t number, Meddling how) {
  Victim victim(directory);
  absl::Status status = victim.Open();
  if (status.ok()) status = victim.Fill();
  if (!status.ok()) return status.ToString();
  const std::vector<fs::path> files = victim.Files();
  if (number >= files.size()) return "no more";
  const std::string what = files[number].lexically_relative(directory).string();
  Meddle(files[number], how);
  std::string wrong = victim.Use();
  if (wrong.empty()) {
    status = victim.Reopen();  // if it stopped; it may find damage
    wrong = status.ok() ? victim.Use() : victim.ReadAll();
  }
  static_cast<void>(victim.Close());
  // What is opened now has everything or says so.
  if (wrong.empty() && victim.Open().ok()) wrong = victim.ReadAll();
  return wrong.empty() ? "" : what + ": " + wrong;
}

}  // namespace

TEST_CASE("a file that somebody truncates or deletes is an error and no signal or other bytes",
          "[limits]") {
  const auto how = GENERATE(Meddling::kTruncate, Meddling::kHalve, Meddling::kDelete);
  CAPTURE(static_cast<int>(how));
  std::size_t number = 0;
  for (;; ++number) {
    CAPTURE(number);
    const TempDir directory;
    const std::string report =
        ReportOfChild([&] { return MeddleAndUse(directory / "log", number, how); });
    if (report == "no more") break;
    CHECK(report == "");
  }
  CHECK(number > 15);
}

}  // namespace eventlog::test

// An application of a log, through the public API alone, that tells an oracle what it tries, what
// is acknowledged and what it reads. What it does follows from its calls and its seed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventlog/eventlog.h"
#include "eventlog/testing/manual_clock.h"
#include "lab/oracle.h"

namespace eventlog::test {

// Ids that follow from a seed, so that the files of a history are the same in each run.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  void Fill(absl::Span<char> bytes) override {
    for (char& byte : bytes) byte = static_cast<char>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

// Not thread-safe. Survives the crashes of its log, as the memory of whoever waits for its answers.
class Application {
 public:
  static constexpr char kDirectory[] = "log";

  // Facts go to `tell` as they happen. The clock must outlive the application.
  Application(ManualClock* clock, uint64_t seed, std::function<void(const Fact&)> tell)
      : clock_(clock), random_(seed), tell_(std::move(tell)) {}

  // Small limits, so that little work reaches everything; without background thread.
  LogOptions Options(FileSystem* file_system, const std::string& directory = kDirectory);
  // Its values, atomic writes and cursors get numbers from here on: for a process that goes on
  // where another died.
  void NumberFrom(int64_t first) { next_value_ = next_write_ = next_cursor_ = first; }
  // Opens the log and the topics that are there.
  absl::Status Open(LogOptions options);
  absl::Status Close();
  // Close, and Open with the same options.
  absl::Status Restart();
  // What a crash leaves of the log in this process: nothing. The files must fail from here on.
  void Abandon();
  // Reopens the log, and opens the topics that are there.
  absl::Status Reopen();

  // Each returns the error of the log, and has told the oracle what it means.
  absl::Status CreateTopic(const std::string& name, const TopicOptions& options);
  absl::Status AddPartitions(const std::string& name, int32_t partitions);
  absl::Status DeleteTopic(const std::string& name);
  absl::Status Append(const TopicPartition& place, std::size_t value_bytes);
  absl::Status AppendAll(const TopicPartition& place, std::size_t count, std::size_t value_bytes);
  // One record to each of the places through a Producer, all in flight together.
  absl::Status SendAll(const std::vector<TopicPartition>& places, std::size_t value_bytes);
  // One record to each of the places in one atomic write, and when `group` is not empty its cursor
  // in a stream that is not this log's.
  absl::Status Write(const std::vector<TopicPartition>& places, std::size_t value_bytes,
                     const std::string& group = "");
  // Reads what `group` has not read of the topic, and commits.
  absl::Status Consume(const std::string& group, const std::string& topic);
  absl::Status DeleteRecords(const TopicPartition& place, int64_t offset);
  // Moves the clock and does what is due.
  absl::Status Maintain(absl::Duration later);

  // Tells the oracle what consumers could read now. Whatever appends does so at its end, a
  // campaign at the moment of a crash.
  void Look();
  // What the log says of a partition; zeros when it says nothing.
  Watermarks MarksOf(const TopicPartition& place) const;
  Log* log() { return &log_; }

 private:
  absl::Status OpenTopics();
  void Tell(Fact::Kind kind, const TopicPartition& place, int64_t offset = -1,
            const std::string& value = "");
  absl::Status Refused(const absl::Status& status, const std::vector<TopicPartition>& places,
                       bool undone);
  std::string NewValue(std::size_t bytes);
  void TellCommits(Fact::Kind kind, const std::string& group, const Consumer& consumer, bool disk);

  ManualClock* const clock_;
  SeededRandom random_;
  const std::function<void(const Fact&)> tell_;
  LogOptions options_;
  Log log_;
  std::map<std::string, Topic> topics_;
  std::map<TopicPartition, int64_t> seen_;  // high watermarks that were told
  int64_t next_value_ = 0;
  int64_t next_write_ = 1;
  int64_t next_cursor_ = 1;
};

}  // namespace eventlog::test

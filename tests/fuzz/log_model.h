// What a log should hold: the model beside which public_api drives one, and what a crash may leave
// of it. It knows nothing of the library but the types of its API.
//
// An operation is begun with what it would change, and ended when it has been acknowledged. When a
// crash comes between, either may be found: the model then takes what is there, if it may be.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "eventlog/record.h"
#include "eventlog/topic.h"

namespace eventlog::test {

inline constexpr absl::Duration kRetention = absl::Minutes(1);  // of topics that have one
// Whose offset of a topic that is not there the atomic writes move.
inline constexpr char kRelay[] = "relay";

// Says what is wrong, and aborts.
[[noreturn]] void Wrong(std::string_view what);
inline void Require(bool holds, std::string_view what) {
  if (!holds) Wrong(what);
}

using Place = std::pair<std::string, int32_t>;  // topic, partition

struct ModelRecord {
  std::optional<std::string> key = {};
  std::optional<std::string> value = {};
  bool with_header = false;
  std::optional<absl::Time> timestamp = {};  // unset: the log's
  absl::Duration appended = {};              // monotonic
};

// The header that records have, if any.
inline constexpr char kHeaderKey[] = "h";
inline constexpr char kHeaderValue[] = "x";

struct ModelPartition {
  int64_t log_start = 0;
  int64_t durable_end = 0;           // what lies below has been synced, whatever the topic asks for
  std::vector<ModelRecord> records;  // from log_start on

  int64_t end() const { return log_start + static_cast<int64_t>(records.size()); }
};

struct ModelTopic {
  bool disk = true;
  bool expires = false;  // has had a retention
  std::vector<ModelPartition> partitions;
};

// What one operation that is under way would change.
struct Change {
  std::vector<std::pair<Place, ModelRecord>> records;  // partition -1: the log chooses
  bool atomic = false;                                 // all of them, and `relayed`
  std::optional<int64_t> relayed;                      // the relay's offset
  std::optional<std::pair<Place, int64_t>> log_start;
  std::string topic;                // that is created, altered or deleted
  std::optional<ModelTopic> after;  // what becomes of it; nullopt: it is deleted
  std::string group;                // that commits
  bool with_epochs = false;         // by which it learns that what it had read is lost
  std::map<Place, std::optional<int64_t>> commits;
};

// What is found in a log.
struct FoundPartition {
  Watermarks marks;
  std::vector<Record> records;
};
struct FoundTopic {
  bool disk = true;
  std::vector<FoundPartition> partitions;
};
struct FoundLog {
  std::map<std::string, FoundTopic> topics;
  std::map<std::string, std::map<Place, int64_t>> committed;  // by group; of none: no entry
};

class LogModel {
 public:
  const std::map<std::string, ModelTopic>& topics() const { return topics_; }
  const ModelPartition& at(const Place& place) const;
  bool Has(const Place& place) const;
  std::optional<int64_t> Committed(const std::string& group, const Place& place) const;
  // The offset was committed before records below it were lost. Who starts from it may be told so,
  // and must be, if the commit had an epoch and other records have come in their place.
  bool IsStale(const std::string& group, const Place& place) const;
  bool MustBeTold(const std::string& group, const Place& place) const;
  int64_t relayed() const { return relayed_; }

  void Begin(Change change) { pending_ = std::move(change); }
  // All of it has been acknowledged, the records where `metadata` says.
  void End(const std::vector<RecordMetadata>& metadata);
  // This one of its records has been acknowledged, and it is no more under way.
  void Acknowledge(std::size_t record, const RecordMetadata& metadata);
  // It was refused, or all that was not acknowledged is gone for another reason.
  void Drop() { pending_ = {}; }

  // The log start has moved by retention, or not at all.
  void MoveLogStart(const Place& place, int64_t log_start, absl::Duration now);
  // All that there is survives a power cut.
  void SetDurable();
  // Compares, after a crash with what it may have left, and goes on from what is found.
  enum class Loss { kNone, kKill, kPowerCut };
  void Judge(const FoundLog& found, Loss loss, absl::Duration now);

 private:
  struct AtomicWrite {
    std::vector<std::pair<Place, int64_t>> parts;
    std::optional<int64_t> relayed;
  };
  using CommitKey = std::pair<std::string, Place>;

  ModelPartition& Mutable(const Place& place);
  void Append(const Place& place, ModelRecord record, const RecordMetadata& metadata);
  void Commit(const CommitKey& key, std::optional<int64_t> offset, bool disk, bool with_epoch);
  void ForgetTopic(const std::string& name);
  bool AnyDisk(const std::vector<std::pair<Place, ModelRecord>>& records) const;
  void JudgeTopics(const FoundLog& found, Loss loss);
  void TakeAltered(const FoundTopic& found, ModelTopic* topic);
  void JudgePartition(const Place& place, const FoundPartition& found, Loss loss,
                      absl::Duration now);
  ModelRecord TakePending(const Place& place, const Record& record, std::size_t* from);
  void JudgeAtomicWrites(const FoundLog& found);
  void JudgeCommits(const FoundLog& found, Loss loss);

  std::map<std::string, ModelTopic> topics_;
  // The last value is the newest; those before it may be found after a power cut.
  std::map<CommitKey, std::vector<std::optional<int64_t>>> commits_;
  std::set<CommitKey> stale_;
  std::set<CommitKey> with_epoch_;
  std::vector<AtomicWrite> atomic_writes_;  // since all was durable
  int64_t relayed_ = 0;                     // the highest that was tried
  Change pending_;
  std::set<std::size_t> pending_found_;  // which of its records a judgement has found
  std::string losing_;                   // a topic that was `process` until then
  std::map<Place, int64_t> cuts_;        // where it has found partitions cut
};

// Whether they are the same; `expected` may leave its timestamp open.
bool Same(const Record& record, const ModelRecord& expected);

}  // namespace eventlog::test

// What an application may find in its log after a crash, from what it knew before: nothing
// acknowledged lost, nothing that could be read either, nothing invented, no offset with another
// content, order kept, nothing twice, of what was not acknowledged only a prefix, atomic writes all
// or nothing, nothing deleted early or back, committed offsets never behind what was acknowledged,
// never silently ahead and none that nobody committed; of labelled records key, headers and
// timestamp as they were.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventlog/eventlog.h"

namespace eventlog::test {

// What an application tells of itself, before and after it calls the log. Plain values, so that a
// process that is about to be killed can leave them somewhere.
struct Fact {
  enum class Kind : uint8_t {
    kTopicTried,       // topic, number: partitions; disk, retention, retention_bytes
    kPartitionsTried,  // topic, number: partitions
    kTopicMade,        // topic: it is there, with the partitions that were tried
    kTopicDoomed,      // topic: its deletion was tried
    kTopicDeleted,     // topic
    kAppendTried,      // place, value; number: its atomic write, or 0
    kAppended,         // place, offset, value
    kRefused,          // place: what was tried there and not acknowledged may be missing
    kUndone,           // place: it is missing
    kCommitTried,      // group, place, offset; number: its atomic write, or 0; disk: how safe
    kCommitted,        // group, place, offset
    kRead,             // place, offset, value: a consumer had it
    kDeleteTried,      // place, offset: the log start asked for
    kDeleted,          // place, offset: the log start that was acknowledged or seen
    kSeen,             // place, offset: a high watermark, up to which consumers could read
    kTimePassed,       // at: for whoever goes on with the clock
  };
  Kind kind = Kind::kAppended;
  bool disk = false;
  TopicPartition place = {};
  std::string value = {};
  std::string group = {};
  int64_t offset = -1;
  int64_t number = 0;
  absl::Duration at = absl::ZeroDuration();  // kAppended: when, by the clock of the log
  absl::Duration retention = absl::InfiniteDuration();
  int64_t retention_bytes = -1;
};

// What has happened to the log since it was last judged.
enum class Crash { kNone, kKill, kPowerCut };

// A value: a copy judges another outcome of the same moment. Not thread-safe.
class Oracle {
 public:
  void Learn(const Fact& fact);
  // What is wrong with `log`, or an empty string. `now` is the log's clock. After an empty answer
  // what was found is what must be found from now on.
  std::string Judge(Log* log, Crash crash, absl::Duration now);

  int64_t records_judged() const { return records_judged_; }

 private:
  struct Entry {  // one append, in the order of the calls
    std::string value;
    int64_t offset = -1;  // once known
    int64_t write = 0;
    bool refused = false;
    absl::Duration at = absl::ZeroDuration();
  };
  struct Partition {
    std::vector<Entry> entries;
    int64_t log_start = 0;
    int64_t log_start_tried = 0;
    int64_t seen = 0;  // the highest high watermark
  };
  struct Topic {
    Fact rules;
    int32_t partitions_made = 0;  // 0: the topic may not be there
    bool doomed = false;
    std::vector<Partition> partitions;  // those that were tried
  };
  struct Commit {
    int64_t offset = 0;
    int64_t write = 0;
    bool disk = false;
    bool acknowledged = false;
    bool ahead = false;  // of a log that was cut: whoever goes on from it is to be told
  };
  struct Parts {  // of an atomic write; number 0 stands for all other records
    int found = 0;
    int missing = 0;
  };
  using Found = std::vector<std::pair<int64_t, std::string>>;  // offset and value
  using GroupPlace = std::pair<std::string, TopicPartition>;

  Partition* PartitionOf(const TopicPartition& place);
  void LearnOfTopic(const Fact& fact);
  void LearnOfCommit(const Fact& fact);
  std::string JudgeTopics(Log* log);
  std::string JudgePartition(Log* log, const TopicPartition& place, const Found& found, Crash crash,
                             absl::Duration now);
  std::string JudgeLogStart(Log* log, const TopicPartition& place, int64_t log_start,
                            absl::Duration now);
  std::string JudgeGroups(Log* log, Crash crash);
  std::string JudgeCommits(Log* log, const GroupPlace& where, Crash crash, int64_t found);

  std::map<std::string, Topic> topics_;
  std::map<GroupPlace, std::vector<Commit>> commits_;
  std::map<int64_t, Parts> writes_;  // of the judgement under way
  int64_t records_judged_ = 0;
};

}  // namespace eventlog::test

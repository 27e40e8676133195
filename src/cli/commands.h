// The commands of the tool. Each does what its options ask, prints results to `output`, and returns
// the exit code; main.cc turns a Status into a message and an exit code. None flushes more than it
// has to: the caller flushes `output` at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/output.h"
#include "eventlog/options.h"

namespace eventlog::inline v1::cli {

struct TopicCommand {
  std::string directory = {};
  std::string name = {};  // of `describe`: empty for all topics
  int32_t partitions = 0;
  std::vector<std::string> configs = {};  // "key=value"
};
absl::StatusOr<int> RunTopicCreate(const TopicCommand& command, Output* output);
absl::StatusOr<int> RunTopicAlter(const TopicCommand& command, Output* output);
absl::StatusOr<int> RunTopicList(const TopicCommand& command, Output* output);
absl::StatusOr<int> RunTopicDescribe(const TopicCommand& command, Output* output);
absl::StatusOr<int> RunTopicDelete(const TopicCommand& command, Output* output);

struct DeleteRecordsCommand {
  std::string directory = {};
  std::string topic = {};
  std::optional<int32_t> partition = {};  // unset: all of them
  std::string before = {};                // a place
};
absl::StatusOr<int> RunTopicDeleteRecords(const DeleteRecordsCommand& command, Output* output);

struct GroupCommand {
  std::string directory = {};
  std::string group = {};  // of `describe`: empty for all groups
};
absl::StatusOr<int> RunGroupList(const GroupCommand& command, Output* output);
absl::StatusOr<int> RunGroupDescribe(const GroupCommand& command, Output* output);
absl::StatusOr<int> RunGroupDelete(const GroupCommand& command, Output* output);

struct GroupResetCommand {
  std::string directory = {};
  std::string group = {};
  std::string topic = {};
  std::optional<int32_t> partition = {};  // unset: all of them
  std::string to = {};                    // a place
  bool dry_run = false;
};
absl::StatusOr<int> RunGroupReset(const GroupResetCommand& command, Output* output);

struct StatsCommand {
  std::string directory = {};
  bool json = false;
};
absl::StatusOr<int> RunStats(const StatsCommand& command, Output* output);

// Sets "key=value" texts. InvalidArgument names the one that is wrong.
absl::Status SetConfigs(const std::vector<std::string>& configs, TopicOptions* options);

struct ProduceCommand {
  std::string directory = {};
  std::string topic = {};
  std::vector<std::string> files = {};    // none: standard input
  bool json = false;                      // each line is a record as record_json.h says
  std::string key_delimiter = {};         // empty: records have no key
  bool empty_is_null = false;             // an empty value makes a tombstone
  std::vector<std::string> headers = {};  // "key=value", for every record
  std::string timestamp = {};         // for records that say none; empty: the time of the append
  int32_t partition = kAnyPartition;  // for records that say none
  bool print_offsets = false;
  std::vector<std::string> configs = {};
};
// Each line of the files, or else of `input_fd`, becomes a record. Lines are appended together as
// far as they are there. When one is refused, all before it are appended and none behind it.
absl::StatusOr<int> RunProduce(const ProduceCommand& command, int input_fd, Output* output);

struct ConsumeCommand {
  std::string directory = {};
  std::vector<std::string> topics = {};
  std::optional<int32_t> partition = {};  // unset: all of them
  std::string from = {};                  // a place; empty: the group's, or the beginning
  std::string until = {};                 // a place; empty: the end
  std::optional<std::string> key = {};    // only records with this one
  std::vector<std::string> headers = {};  // only records with all of these, see RecordFilter
  std::optional<int64_t> max_records = {};
  bool follow = false;
  std::string group = {};
  std::string format = "%s\\n";
};
// SIGINT and SIGTERM end it cleanly.
absl::StatusOr<int> RunConsume(const ConsumeCommand& command, Output* output);

struct VerifyCommand {
  std::string directory = {};
  bool json = false;
  bool progress = true;
};
absl::StatusOr<int> RunVerify(const VerifyCommand& command, Output* output);

struct DumpCommand {
  std::string file = {};
  bool records = false;
  bool progress = true;
};
absl::StatusOr<int> RunDump(const DumpCommand& command, Output* output);

struct RecoverCommand {
  std::string directory = {};
  RecoveryMode mode = RecoveryMode::kRefuse;
  bool progress = true;
};
absl::StatusOr<int> RunRecover(const RecoverCommand& command, Output* output);

struct BenchCommand {
  std::string directory = ".";  // where the scratch directory is made, and removed
  double seconds = 10;
  bool json = false;
};
// SIGINT and SIGTERM end it early, and cleanly.
absl::StatusOr<int> RunBench(const BenchCommand& command, Output* output);

}  // namespace eventlog::inline v1::cli

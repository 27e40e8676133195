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
absl::StatusOr<int> RunTopicList(const TopicCommand& command, Output* output);
absl::StatusOr<int> RunTopicDescribe(const TopicCommand& command, Output* output);
absl::StatusOr<int> RunTopicDelete(const TopicCommand& command, Output* output);

// Sets "key=value" texts. InvalidArgument names the one that is wrong.
absl::Status SetConfigs(const std::vector<std::string>& configs, TopicOptions* options);

struct ProduceCommand {
  std::string directory = {};
  std::string topic = {};
  std::string key_delimiter = {};  // empty: records have no key
  int32_t partition = kAnyPartition;
  bool print_offsets = false;
  std::vector<std::string> configs = {};
};
// Each line of `input_fd` becomes a record. Lines are appended together as far as they are there.
absl::StatusOr<int> RunProduce(const ProduceCommand& command, int input_fd, Output* output);

struct ConsumeCommand {
  std::string directory = {};
  std::string topic = {};
  std::optional<int32_t> partition = {};  // unset: all of them
  std::string from = {};                  // beginning, end, an offset, @milliseconds; empty: unset
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
};
absl::StatusOr<int> RunVerify(const VerifyCommand& command, Output* output);

struct DumpCommand {
  std::string file = {};
  bool records = false;
};
absl::StatusOr<int> RunDump(const DumpCommand& command, Output* output);

struct RecoverCommand {
  std::string directory = {};
  RecoveryMode mode = RecoveryMode::kRefuse;
};
absl::StatusOr<int> RunRecover(const RecoverCommand& command, Output* output);

}  // namespace eventlog::inline v1::cli

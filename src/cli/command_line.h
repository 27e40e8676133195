// The tool's command line: what can be asked, and what a stranger is told about it. Each function
// adds commands to the program; the one that is asked for sets *action.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/output.h"

namespace eventlog::inline v1::cli {

using Action = std::function<absl::StatusOr<int>(Output*)>;

void AddTopicCommands(CLI::App* app, Action* action);
void AddGroupCommands(CLI::App* app, Action* action);
void AddProduce(CLI::App* app, Action* action);
void AddConsume(CLI::App* app, Action* action);
void AddStats(CLI::App* app, Action* action);
void AddVerify(CLI::App* app, Action* action);
void AddDump(CLI::App* app, Action* action);
void AddRecover(CLI::App* app, Action* action);
void AddBench(CLI::App* app, Action* action);

// --- what several of them have

inline CLI::App* AddCommand(CLI::App* app, const std::string& name, const std::string& description,
                            const std::string& footer) {
  CLI::App* command = app->add_subcommand(name, description);
  command->footer(footer);
  return command;
}

inline void AddDirectory(CLI::App* app, std::string* directory) {
  app->add_option("DIR", *directory, "The log's directory")->required();
}

inline void AddPartition(CLI::App* app, std::optional<int32_t>* partition) {
  app->add_option("--partition", *partition, "Only this partition (default: all)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("P");
}

inline void AddNoProgress(CLI::App* app, bool* progress) {
  app->add_flag("!--no-progress", *progress, "No progress on the terminal");
}

inline void AddConfigs(CLI::App* app, std::vector<std::string>* configs) {
  app->add_option("--config", *configs,
                  "A config of the topic, as often as needed: durability (disk, process), "
                  "compression.type (none, lz4), retention.ms, retention.bytes (-1: unlimited), "
                  "segment.bytes, segment.ms, batch.bytes, linger.ms")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

}  // namespace eventlog::inline v1::cli

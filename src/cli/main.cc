// The tool: parses, runs the command, and says how it ended.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/result.h"

namespace eventlog::inline v1::cli {
namespace {

int Report(const absl::Status& status) {
  const int code = ExitCodeOf(status);
  if (code != kExitGood) fprintf(stderr, "eventlog: %s\n", Describe(status).c_str());
  return code;
}

int Main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "Look into a log, write to it and read from it. One process at a time opens a log;\n"
      "what only reads works beside it.");
  app.name("eventlog");
  app.set_version_flag("--version", "eventlog " EVENTLOG_VERSION);
  app.footer(
      "Exit codes: 0 good, 1 damage or failure, 2 wrong usage.\n"
      "Examples:\n"
      "  printf 'a\\nb\\n' | eventlog produce shop lines && eventlog consume shop lines\n"
      "  eventlog stats shop\n"
      "More: eventlog COMMAND --help");
  app.require_subcommand(1);
  Action action;
  AddTopicCommands(&app, &action);
  AddProduce(&app, &action);
  AddConsume(&app, &action);
  AddGroupCommands(&app, &action);
  AddStats(&app, &action);
  AddVerify(&app, &action);
  AddDump(&app, &action);
  AddRecover(&app, &action);
  AddBench(&app, &action);
  // CLI11 would only say that it misses one.
  const auto is_asked_for = [&](const CLI::App* command) { return command->check_name(argv[1]); };
  const std::vector<const CLI::App*> commands = std::as_const(app).get_subcommands(nullptr);
  if (argc > 1 && argv[1][0] != '-' &&
      std::none_of(commands.begin(), commands.end(), is_asked_for)) {
    fprintf(stderr, "eventlog: there is no command %s (eventlog --help lists them)\n", argv[1]);
    return kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitGood : kExitUsage;
  }
  Output output(STDOUT_FILENO);
  const absl::StatusOr<int> result = action(&output);
  const absl::Status flushed = output.Flush();
  if (!result.ok()) return Report(result.status());
  if (!flushed.ok() && *result == kExitGood) return Report(flushed);
  return *result;
}

}  // namespace
}  // namespace eventlog::inline v1::cli

int main(int argc, char** argv) { return eventlog::cli::Main(argc, argv); }

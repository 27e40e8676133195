// The tool's command line: what can be asked, and what a stranger is told about it.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/result.h"

namespace eventlog::inline v1::cli {
namespace {

// Set by the subcommand that was asked for.
using Action = std::function<absl::StatusOr<int>(Output*)>;

CLI::App* AddCommand(CLI::App* app, const std::string& name, const std::string& description,
                     const std::string& footer) {
  CLI::App* command = app->add_subcommand(name, description);
  command->footer(footer);
  return command;
}

CLI::Option* AddConfigs(CLI::App* app, std::vector<std::string>* configs) {
  return app
      ->add_option("--config", *configs,
                   "A config of the topic, KEY=VALUE, as often as needed: durability (disk, "
                   "process), compression.type (none, lz4), segment.bytes, segment.ms, batch.bytes")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

void AddTopic(CLI::App* app, Action* action) {
  CLI::App* topic = AddCommand(app, "topic", "Create, list, describe or delete topics",
                               "Example:\n"
                               "  eventlog topic create shop orders --partitions 4 "
                               "--config durability=process\n"
                               "  eventlog topic describe shop orders");
  topic->require_subcommand(1);
  static TopicCommand command;
  const auto add = [&](const std::string& name, const std::string& description, bool with_name,
                       absl::StatusOr<int> (*run)(const TopicCommand&, Output*)) {
    CLI::App* sub = topic->add_subcommand(name, description);
    sub->add_option("DIR", command.directory, "The log's directory")->required();
    if (with_name) sub->add_option("NAME", command.name, "The topic's name")->required();
    sub->callback([=] { *action = [=](Output* output) { return run(command, output); }; });
    return sub;
  };
  CLI::App* create =
      add("create", "Create a topic; the log too when there is none", true, RunTopicCreate);
  create->add_option("--partitions", command.partitions, "How many partitions (default 1)")
      ->check(CLI::Range(1, 10000))
      ->type_name("N");
  AddConfigs(create, &command.configs);
  add("list", "Print the names of all topics", false, RunTopicList);
  CLI::App* describe = add("describe", "Print configs, offsets and sizes of a topic, or of all",
                           false, RunTopicDescribe);
  describe->add_option("NAME", command.name, "The topic's name");
  add("delete", "Delete a topic with all its records", true, RunTopicDelete);
}

void AddProduce(CLI::App* app, Action* action) {
  static ProduceCommand command;
  CLI::App* sub = AddCommand(
      app, "produce", "Append each line of standard input as a record",
      "The topic is created when it is missing, with what --config says.\n"
      "Examples:\n"
      "  echo 'order-1:placed' | eventlog produce shop orders --key-delimiter :\n"
      "  eventlog produce shop lines --print-offsets --config durability=process < file.txt");
  sub->add_option("DIR", command.directory, "The log's directory, made when missing")->required();
  sub->add_option("TOPIC", command.topic, "The topic's name")->required();
  sub->add_option("--key-delimiter", command.key_delimiter,
                  "What stands between key and value: the key is what comes before the first one, "
                  "a line without it has no key")
      ->check([](const std::string& text) {
        return text.empty() ? std::string("a delimiter has at least one character") : std::string();
      })
      ->type_name("C");
  sub->add_option("--partition", command.partition, "The partition (default: by the key's hash)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("P");
  sub->add_flag("--print-offsets", command.print_offsets,
                "Print \"partition offset\" for each record once it is acknowledged");
  AddConfigs(sub, &command.configs);
  sub->callback([action] {
    *action = [](Output* output) { return RunProduce(command, STDIN_FILENO, output); };
  });
}

void AddConsume(CLI::App* app, Action* action) {
  static ConsumeCommand command;
  CLI::App* sub =
      AddCommand(app, "consume", "Print records",
                 "FORMAT: %t topic, %p partition, %o offset, %k key, %s value, %T timestamp in\n"
                 "milliseconds, %h headers, %K and %S bytes of key and value (-1: null), %%;\n"
                 "\\n, \\t, \\\\. Without --follow it ends at the end of the log.\n"
                 "Examples:\n"
                 "  eventlog consume shop orders --format '%p %o %k: %s\\n'\n"
                 "  eventlog consume shop orders --group billing --max 10");
  sub->add_option("DIR", command.directory, "The log's directory")->required();
  sub->add_option("TOPIC", command.topic, "The topic's name")->required();
  sub->add_option("--partition", command.partition, "Only this partition (default: all)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("P");
  sub->add_option("--from", command.from,
                  "beginning, end, an offset, or @ and milliseconds since 1970 (default: what the "
                  "group has committed, or the beginning)")
      ->type_name("WHERE");
  sub->add_option("--max", command.max_records, "End after this many records")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  sub->add_flag("--follow", command.follow, "Wait for more records until SIGINT or SIGTERM");
  sub->add_option("--group", command.group, "Begin where this group is, and commit what is printed")
      ->type_name("G");
  sub->add_option("--format", command.format, "How to print a record (default %s\\n)")
      ->type_name("FORMAT");
  sub->callback([action] { *action = [](Output* output) { return RunConsume(command, output); }; });
}

void AddVerify(CLI::App* app, Action* action) {
  static VerifyCommand command;
  CLI::App* sub = AddCommand(app, "verify", "Check every byte of a log that nobody has open",
                             "Opens and changes nothing. Prints file, bytes and offsets of each\n"
                             "damage and exits with 1 when there is any. What a crash left behind\n"
                             "the proven end is an \"unproven tail\", no damage.\n"
                             "Example:\n  eventlog verify shop --json");
  sub->add_option("DIR", command.directory, "The log's directory")->required();
  sub->add_flag("--json", command.json, "Print the report as JSON");
  sub->callback([action] { *action = [](Output* output) { return RunVerify(command, output); }; });
}

void AddDump(CLI::App* app, Action* action) {
  static DumpCommand command;
  CLI::App* sub =
      AddCommand(app, "dump", "Print what is in one of a log's files",
                 "The file is a segment (.log), an index, the journal, the catalog or the\n"
                 "checkpoint; leave it in its place, some are read with others beside it.\n"
                 "Example:\n"
                 "  eventlog dump shop/segments/1-0/00000000000000000000.log --records");
  sub->add_option("FILE", command.file, "The file")->required();
  sub->add_flag("--records", command.records, "Print every record too");
  sub->callback([action] { *action = [](Output* output) { return RunDump(command, output); }; });
}

void AddRecover(CLI::App* app, Action* action) {
  static RecoverCommand command;
  static const std::map<std::string, RecoveryMode> kModes = {{"refuse", RecoveryMode::kRefuse},
                                                             {"truncate", RecoveryMode::kTruncate},
                                                             {"skip", RecoveryMode::kSkipDamaged}};
  CLI::App* sub =
      AddCommand(app, "recover", "Open a log in a recovery mode and print what was found and done",
                 "refuse    changes nothing when there is damage\n"
                 "truncate  cuts each damaged partition at its first damage: what follows is lost\n"
                 "skip      leaves out what is damaged and keeps what follows\n"
                 "Copy the log before the last two.\n"
                 "Example:\n  eventlog recover shop --mode skip");
  sub->add_option("DIR", command.directory, "The log's directory")->required();
  sub->add_option("--mode", command.mode, "What to do about damage")
      ->required()
      ->transform(CLI::CheckedTransformer(kModes))
      ->type_name("refuse|truncate|skip");
  sub->callback([action] { *action = [](Output* output) { return RunRecover(command, output); }; });
}

int Report(const absl::Status& status) {
  if (status.ok()) return kExitGood;
  const int code = ExitCodeOf(status);
  if (code != kExitGood) fprintf(stderr, "eventlog: %s\n", Describe(status).c_str());
  return code;
}

int Main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  CLI::App app("Look into a log, write to it and read from it. One process at a time opens a log.");
  app.name("eventlog");
  app.footer(
      "Exit codes: 0 good, 1 damage or failure, 2 wrong usage.\n"
      "Example:\n"
      "  printf 'a\\nb\\n' | eventlog produce shop lines && eventlog consume shop lines\n"
      "More: eventlog COMMAND --help");
  app.require_subcommand(1);
  Action action;
  AddTopic(&app, &action);
  AddProduce(&app, &action);
  AddConsume(&app, &action);
  AddVerify(&app, &action);
  AddDump(&app, &action);
  AddRecover(&app, &action);
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

// topic ...
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/place.h"

namespace eventlog::inline v1::cli {
namespace {

using Run = absl::StatusOr<int> (*)(const TopicCommand&, Output*);

CLI::App* AddTopicCommand(CLI::App* topic, const std::string& name, const std::string& description,
                          const std::string& footer, Run run, TopicCommand* command,
                          Action* action) {
  CLI::App* sub = AddCommand(topic, name, description, footer);
  AddDirectory(sub, &command->directory);
  sub->callback([=] { *action = [=](Output* output) { return run(*command, output); }; });
  return sub;
}

void AddName(CLI::App* app, TopicCommand* command) {
  app->add_option("NAME", command->name, "The topic's name")->required();
}

CLI::Option* AddPartitions(CLI::App* app, TopicCommand* command, const std::string& description) {
  return app->add_option("--partitions", command->partitions, description)
      ->check(CLI::Range(1, 10000))
      ->type_name("N");
}

void AddDeleteRecords(CLI::App* topic, Action* action) {
  static DeleteRecordsCommand command;
  CLI::App* sub =
      AddCommand(topic, "delete-records", "Delete a topic's records before a place, for good",
                 "Examples:\n"
                 "  eventlog topic delete-records shop orders --before 2026-01-01T00:00:00Z\n"
                 "  eventlog topic delete-records shop orders --partition 2 --before 81234");
  AddDirectory(sub, &command.directory);
  sub->add_option("NAME", command.topic, "The topic's name")->required();
  AddPartition(sub, &command.partition);
  sub->add_option("--before", command.before, kPlaceHelp)->required()->type_name("WHERE");
  sub->callback([action] {
    *action = [](Output* output) { return RunTopicDeleteRecords(command, output); };
  });
}

}  // namespace

void AddTopicCommands(CLI::App* app, Action* action) {
  CLI::App* topic = AddCommand(app, "topic", "Create, alter, list, describe or delete topics",
                               "Examples:\n"
                               "  eventlog topic create shop orders --partitions 4\n"
                               "  eventlog topic describe shop orders\n"
                               "More: eventlog topic COMMAND --help");
  topic->require_subcommand(1);
  static TopicCommand command;
  CLI::App* create =
      AddTopicCommand(topic, "create", "Create a topic; the log too when there is none",
                      "Examples:\n"
                      "  eventlog topic create shop orders --partitions 4\n"
                      "  eventlog topic create shop clicks --config durability=process --config "
                      "retention.ms=86400000",
                      RunTopicCreate, &command, action);
  AddName(create, &command);
  AddPartitions(create, &command, "How many partitions (default 1)");
  AddConfigs(create, &command.configs);
  CLI::App* alter = AddTopicCommand(
      topic, "alter", "Change a topic's configs, or add partitions",
      "Batches and segments that are there stay as they are. With more partitions keys may go to\n"
      "others than before.\n"
      "Examples:\n"
      "  eventlog topic alter shop orders --config retention.ms=604800000\n"
      "  eventlog topic alter shop orders --partitions 8",
      RunTopicAlter, &command, action);
  AddName(alter, &command);
  AddPartitions(alter, &command, "How many partitions there will be: not fewer than there are");
  AddConfigs(alter, &command.configs);
  AddTopicCommand(topic, "list", "Print the names of all topics",
                  "Works beside a process that has the log open.\n"
                  "Example:\n  eventlog topic list shop",
                  RunTopicList, &command, action);
  CLI::App* describe = AddTopicCommand(
      topic, "describe", "Print configs, offsets and sizes of a topic, or of all",
      "Works beside a process that has the log open: then it shows what is sealed.\n"
      "Examples:\n"
      "  eventlog topic describe shop\n"
      "  eventlog topic describe shop orders",
      RunTopicDescribe, &command, action);
  describe->add_option("NAME", command.name, "The topic's name");
  CLI::App* remove = AddTopicCommand(topic, "delete", "Delete a topic with all its records",
                                     "Example:\n  eventlog topic delete shop orders",
                                     RunTopicDelete, &command, action);
  AddName(remove, &command);
  AddDeleteRecords(topic, action);
}

}  // namespace eventlog::inline v1::cli

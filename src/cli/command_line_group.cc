// group ...
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/place.h"

namespace eventlog::inline v1::cli {
namespace {

using Run = absl::StatusOr<int> (*)(const GroupCommand&, Output*);

CLI::App* AddGroupCommand(CLI::App* group, const std::string& name, const std::string& description,
                          const std::string& footer, Run run, GroupCommand* command,
                          Action* action) {
  CLI::App* sub = AddCommand(group, name, description, footer);
  AddDirectory(sub, &command->directory);
  sub->callback([=] { *action = [=](Output* output) { return run(*command, output); }; });
  return sub;
}

void AddReset(CLI::App* group, Action* action) {
  static GroupResetCommand command;
  CLI::App* sub =
      AddCommand(group, "reset", "Move a group to another place, or make one there",
                 "Examples:\n"
                 "  eventlog group reset shop billing --topic orders --to beginning --dry-run\n"
                 "  eventlog group reset shop billing --topic orders --to 2026-11-21T16:08:00Z\n"
                 "  eventlog group reset shop billing --topic orders --partition 2 --to 81234");
  AddDirectory(sub, &command.directory);
  sub->add_option("GROUP", command.group, "The group's name")->required();
  sub->add_option("--topic", command.topic, "The topic in which it is moved")
      ->required()
      ->type_name("T");
  AddPartition(sub, &command.partition);
  sub->add_option("--to", command.to, kPlaceHelp)->required()->type_name("WHERE");
  sub->add_flag("--dry-run", command.dry_run, "Only print what would be done");
  sub->callback(
      [action] { *action = [](Output* output) { return RunGroupReset(command, output); }; });
}

}  // namespace

void AddGroupCommands(CLI::App* app, Action* action) {
  CLI::App* group = AddCommand(app, "group", "List, describe, reset or delete consumer groups",
                               "Examples:\n"
                               "  eventlog group describe shop billing\n"
                               "  eventlog group reset shop billing --topic orders --to beginning\n"
                               "More: eventlog group COMMAND --help");
  group->require_subcommand(1);
  static GroupCommand command;
  const std::string beside =
      "Works beside a process that has the log open: then it shows what is sealed.\n";
  AddGroupCommand(group, "list", "Print the names of all groups that have committed",
                  beside + "Example:\n  eventlog group list shop", RunGroupList, &command, action);
  CLI::App* describe =
      AddGroupCommand(group, "describe", "Print what a group, or every group, has committed",
                      beside +
                          "lag: how many offsets it has not committed; epoch: of the record before "
                          "the\noffset, by which a log that was cut is recognised.\n"
                          "Example:\n  eventlog group describe shop billing",
                      RunGroupDescribe, &command, action);
  describe->add_option("GROUP", command.group, "The group's name");
  AddReset(group, action);
  CLI::App* remove = AddGroupCommand(group, "delete", "Delete all that a group has committed",
                                     "Example:\n  eventlog group delete shop billing",
                                     RunGroupDelete, &command, action);
  remove->add_option("GROUP", command.group, "The group's name")->required();
}

}  // namespace eventlog::inline v1::cli

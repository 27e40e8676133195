// Commands about a log as a whole, or its files: stats, verify, dump, recover, bench.
#include <map>

#include "cli/command_line.h"
#include "cli/commands.h"

namespace eventlog::inline v1::cli {

void AddStats(CLI::App* app, Action* action) {
  static StatsCommand command;
  CLI::App* sub =
      AddCommand(app, "stats", "Print what is in a log on one screen",
                 "Works beside a process that has the log open: then it shows what is sealed.\n"
                 "Examples:\n"
                 "  eventlog stats shop\n"
                 "  eventlog stats shop --json");
  AddDirectory(sub, &command.directory);
  sub->add_flag("--json", command.json, "Print it as JSON");
  sub->callback([action] { *action = [](Output* output) { return RunStats(command, output); }; });
}

void AddVerify(CLI::App* app, Action* action) {
  static VerifyCommand command;
  CLI::App* sub =
      AddCommand(app, "verify", "Check every byte of a log",
                 "Opens and changes nothing. Prints file, bytes and offsets of each\n"
                 "damage and exits with 1 when there is any. What a crash left behind\n"
                 "the proven end is an \"unproven tail\", no damage. Works beside a\n"
                 "process that has the log open: then it judges what the last checkpoint\n"
                 "covers, not the journal and the ends.\n"
                 "Examples:\n"
                 "  eventlog verify shop\n"
                 "  eventlog verify shop --json");
  AddDirectory(sub, &command.directory);
  sub->add_flag("--json", command.json, "Print the report as JSON");
  AddNoProgress(sub, &command.progress);
  sub->callback([action] { *action = [](Output* output) { return RunVerify(command, output); }; });
}

void AddDump(CLI::App* app, Action* action) {
  static DumpCommand command;
  CLI::App* sub =
      AddCommand(app, "dump", "Print what is in one of a log's files",
                 "The file is a segment (.log), an index, the journal, the catalog or the\n"
                 "checkpoint; leave it in its place, some are read with others beside it.\n"
                 "Examples:\n"
                 "  eventlog dump shop/segments/1-0/00000000000000000000.log --records\n"
                 "  eventlog dump shop/checkpoint");
  sub->add_option("FILE", command.file, "The file")->required();
  sub->add_flag("--records", command.records, "Print every record too");
  AddNoProgress(sub, &command.progress);
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
                 "Examples:\n"
                 "  eventlog recover shop --mode refuse\n"
                 "  eventlog recover shop --mode skip");
  AddDirectory(sub, &command.directory);
  sub->add_option("--mode", command.mode, "What to do about damage")
      ->required()
      ->transform(CLI::CheckedTransformer(kModes))
      ->type_name("refuse|truncate|skip");
  AddNoProgress(sub, &command.progress);
  sub->callback([action] { *action = [](Output* output) { return RunRecover(command, output); }; });
}

void AddBench(CLI::App* app, Action* action) {
  static BenchCommand command;
  CLI::App* sub = AddCommand(
      app, "bench", "Get a first impression of speed on this machine and disk",
      "Makes a log of its own in a directory in DIR and removes it afterwards; it takes some\n"
      "hundred MB for a moment.\n"
      "Examples:\n"
      "  eventlog bench\n"
      "  eventlog bench /var/lib --seconds 30 --json");
  sub->add_option("DIR", command.directory, "Whose disk to measure (default: the current one)");
  sub->add_option("--seconds", command.seconds, "About how long (default 10)")
      ->check(CLI::Range(0.1, 3600.0))
      ->type_name("S");
  sub->add_flag("--json", command.json, "Print it as JSON");
  sub->callback([action] { *action = [](Output* output) { return RunBench(command, output); }; });
}

}  // namespace eventlog::inline v1::cli

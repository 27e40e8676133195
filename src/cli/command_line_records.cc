// produce and consume.
#include <unistd.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/place.h"

namespace eventlog::inline v1::cli {
namespace {

constexpr char kProduceFooter[] =
    "The topic is created when it is missing, with what --config says.\n"
    "When a line is refused, all before it are appended and none behind it.\n"
    "--json takes what `consume --json` prints, for instance\n"
    "  {\"key\": \"order-1\", \"value\": \"placed\", \"headers\": {\"trace\": \"a1\"}}\n"
    "with a null value for a tombstone, \"partition\" and \"timestamp\" if wanted, and bytes that\n"
    "are no UTF-8 as {\"base64\": \"...\"}.\n"
    "Examples:\n"
    "  echo 'order-1:placed' | eventlog produce shop orders --key-delimiter :\n"
    "  eventlog produce shop access --file access.log --header host=web-1\n"
    "  eventlog consume old orders --json | eventlog produce new orders --json";

constexpr char kConsumeFooter[] =
    "FORMAT: %t topic, %p partition, %o offset, %k key, %s value, %R timestamp, %T the same in\n"
    "milliseconds, %h headers, %K and %S bytes of key and value (-1: null), %J all of it as JSON,\n"
    "%%; \\n, \\t, \\\\. Without --follow it ends at the end of the log. Without --follow and\n"
    "--group it works beside a process that has the log open: then it shows what is sealed.\n"
    "Examples:\n"
    "  eventlog consume shop orders --format '%p %o %R %k: %s\\n'\n"
    "  eventlog consume shop orders --from -10 --json\n"
    "  eventlog consume shop orders --group billing --max 10";

}  // namespace

void AddProduce(CLI::App* app, Action* action) {
  static ProduceCommand command;
  CLI::App* sub =
      AddCommand(app, "produce", "Append each line of the input as a record", kProduceFooter);
  sub->add_option("DIR", command.directory, "The log's directory, made when missing")->required();
  sub->add_option("TOPIC", command.topic, "The topic's name")->required();
  sub->add_option("--file", command.files,
                  "Read this, as often as needed (default: standard input)")
      ->allow_extra_args(false)
      ->type_name("F");
  CLI::Option* json =
      sub->add_flag("--json", command.json, "Each line is a record as a JSON object");
  sub->add_option("--key-delimiter", command.key_delimiter,
                  "What stands between key and value: the key is what comes before the first one, "
                  "a line without it has no key")
      ->check([](const std::string& text) {
        return text.empty() ? std::string("a delimiter has at least one character") : std::string();
      })
      ->type_name("C")
      ->excludes(json);
  sub->add_flag("--null", command.empty_is_null, "An empty value is null: a tombstone")
      ->excludes(json);
  sub->add_option("--header", command.headers, "A header of every record, as often as needed")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  sub->add_option("--timestamp", command.timestamp,
                  "The records' time, like 2026-11-21T16:08:00Z, or milliseconds since 1970 "
                  "(default: now)")
      ->type_name("TIME");
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
  CLI::App* sub = AddCommand(app, "consume", "Print records", kConsumeFooter);
  AddDirectory(sub, &command.directory);
  sub->add_option("TOPIC", command.topics, "The topics' names")->required();
  AddPartition(sub, &command.partition);
  sub->add_option(
         "--from", command.from,
         std::string(kPlaceHelp) + " (default: what the group has committed, or the beginning)")
      ->type_name("WHERE");
  sub->add_option("--until", command.until, "Where to end, likewise (default: the end)")
      ->type_name("WHERE");
  sub->add_option("--key", command.key, "Only records with this key")->type_name("K");
  sub->add_option("--header", command.headers,
                  "Only records with this header, as often as needed: NAME or NAME=VALUE")
      ->allow_extra_args(false)
      ->type_name("H");
  sub->add_option("--max", command.max_records, "End after this many records")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  sub->add_flag("--follow", command.follow, "Wait for more records until SIGINT or SIGTERM");
  sub->add_option("--group", command.group, "Begin where this group is, and commit what is printed")
      ->type_name("G");
  CLI::Option* format =
      sub->add_option("--format", command.format, "How to print a record (default %s\\n)");
  format->type_name("FORMAT");
  sub->add_flag_callback(
         "--json", [] { command.format = "%J\\n"; }, "The same as --format '%J\\n'")
      ->excludes(format);
  sub->callback([action] { *action = [](Output* output) { return RunConsume(command, output); }; });
}

}  // namespace eventlog::inline v1::cli

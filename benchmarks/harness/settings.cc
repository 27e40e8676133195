#include "harness/settings.h"

#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace eventlog::bench {
namespace {

constexpr int kQuickRepetitions = 3;

std::string FileSystemName(const std::string& directory) {
  struct statfs found = {};
  if (statfs(directory.c_str(), &found) != 0) return "unknown";
  switch (found.f_type) {
    case 0xef53:
      return "ext4";
    case 0x58465342:
      return "xfs";
    case 0x01021994:
      return "tmpfs";
    case 0x9123683e:
      return "btrfs";
    case 0x794c7630:
      return "overlayfs";
    default:
      return absl::StrCat("type ", absl::Hex(found.f_type));
  }
}

std::string ProcessorName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

}  // namespace

Settings ParseArguments(int argc, char** argv) {
  Settings settings;
  settings.directory = std::filesystem::temp_directory_path().string();
  CLI::App app("Measures eventlog beside peers and beside what the machine can do.");
  app.add_flag("--quick", settings.quick, "Do less of everything: all rows within six minutes");
  app.add_option("--json", settings.json, "Write the rows to this file");
  app.add_option("--compare", settings.compare, "Flag rows that moved beyond their spread since")
      ->check(CLI::ExistingFile);
  app.add_option("--directory", settings.directory, "Where scratch directories go")
      ->check(CLI::ExistingDirectory);
  app.add_option("names", settings.names, "Rows, or the beginnings of their names; all of them");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (settings.quick) settings.repetitions = kQuickRepetitions;
  return settings;
}

void PrintMachine(const Settings& settings) {
  utsname name = {};
  uname(&name);
  std::printf("%s, %ld CPUs, Linux %s, %s at %s\n", ProcessorName().c_str(),
              sysconf(_SC_NPROCESSORS_ONLN), name.release,
              FileSystemName(settings.directory).c_str(), settings.directory.c_str());
  std::printf(
      "median of %d repetitions, eventlog and the other in turn, a first of each thrown away; the "
      "spread is that of the ratio\n\n",
      settings.repetitions);
}

}  // namespace eventlog::bench

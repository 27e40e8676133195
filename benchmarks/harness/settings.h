// What the command line asks for, and the machine that answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace eventlog::bench {

struct Settings {
  bool quick = false;
  int repetitions = 7;             // besides the first, which is thrown away
  std::string directory;           // where scratch directories go
  std::string json;                // where the rows go; empty: nowhere
  std::string compare;             // rows of another run; empty: none
  std::vector<std::string> names;  // of the questions to ask; empty: all

  // How much to do: `full`, or a `part`-th of it in a quick run.
  int64_t Amount(int64_t full, int64_t part = 5) const { return quick ? full / part : full; }
};

// Ends the process on anything it does not know, and for --help.
Settings ParseArguments(int argc, char** argv);

// Machine, file system and how it is measured, in a few lines.
void PrintMachine(const Settings& settings);

}  // namespace eventlog::bench

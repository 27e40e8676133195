#include "harness.h"

#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace eventlog::bench {
namespace {

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

// Digits that a person can compare.
std::string Rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
  return text;
}

}  // namespace

Settings ParseArguments(int argc, char** argv) {
  Settings settings;
  settings.directory = std::filesystem::temp_directory_path().string();
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--quick") {
      settings.quick = true;
      settings.repetitions = 5;
    } else if (argument == "--json" && i + 1 < argc) {
      settings.json = argv[++i];
    } else if (argument == "--directory" && i + 1 < argc) {
      settings.directory = argv[++i];
    } else {
      std::cerr << "usage: " << argv[0] << " [--quick] [--json FILE] [--directory DIR]\n";
      std::exit(2);
    }
  }
  return settings;
}

void PrintHardware(const Settings& settings) {
  utsname name = {};
  uname(&name);
  std::printf("%s, %ld CPUs, Linux %s, %s at %s\n", ProcessorName().c_str(),
              sysconf(_SC_NPROCESSORS_ONLN), name.release,
              FileSystemName(settings.directory).c_str(), settings.directory.c_str());
  std::printf(
      "median (lowest to highest) of %d runs, the contenders in turn, a first run of each "
      "thrown away\n",
      settings.repetitions);
}

void Report::Ask(const Question& question) {
  std::vector<std::vector<double>> samples(question.contenders.size());
  for (int i = 0; i <= settings_.repetitions; ++i) {
    for (std::size_t c = 0; c < samples.size(); ++c) {
      const double sample = question.contenders[c].run();
      if (i > 0) samples[c].push_back(sample);
    }
  }
  std::printf("\n%s, %s\n", question.name.c_str(), question.unit.c_str());
  const double ours = Percentile(samples[0], 0.5);
  for (std::size_t c = 0; c < samples.size(); ++c) {
    const double median = Percentile(samples[c], 0.5);
    const double ratio = question.better == Better::kMore ? ours / median : median / ours;
    const auto [low, high] = std::minmax_element(samples[c].begin(), samples[c].end());
    const std::string spread = absl::StrCat("(", Rounded(*low), " to ", Rounded(*high), ")");
    std::printf("  %-44s %10s  %-24s", question.contenders[c].name.c_str(), Rounded(median).c_str(),
                spread.c_str());
    if (c > 0) {
      std::printf(" eventlog is %.2f times as fast", ratio);
      rows_.push_back(
          {question.name, question.unit, question.contenders[c].name, ours, median, ratio});
    }
    std::printf("\n");
  }
  std::printf("  %s\n", question.remark.c_str());
  std::fflush(stdout);
}

absl::Status Report::WriteJson() const {
  if (settings_.json.empty()) return absl::OkStatus();
  std::ofstream out(settings_.json);
  out << "[";
  for (const Row& row : rows_) {
    out << (&row == rows_.data() ? "\n" : ",\n")
        << absl::StrCat(R"(  {"name": ")", row.name, R"(", "value": )", row.value, R"(, "unit": ")",
                        row.unit, R"(", "versus": ")", row.versus, R"(", "versus_value": )",
                        row.versus_value, R"(, "ratio": )", row.ratio, "}");
  }
  out << "\n]\n";
  out.close();
  if (out) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot write ", settings_.json));
}

Scratch::Scratch(const Settings& settings)
    : path_((std::filesystem::path(settings.directory) / "eventlog_bench.XXXXXX").string()) {
  Check(mkdtemp(path_.data()) != nullptr, "no scratch directory");
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

double SecondsOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double Percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(part * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

void Check(bool ok, const char* what) {
  if (ok) return;
  std::cerr << what << "\n";
  std::exit(1);
}

}  // namespace eventlog::bench

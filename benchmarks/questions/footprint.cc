// What eventlog adds to the program that links it: bytes of code and of memory, threads, and time
// to compile its header. CMakeLists.txt says which program and which compiler.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "harness/child.h"
#include "harness/measure.h"
#include "questions/questions.h"
#include "questions/workload.h"

namespace eventlog::bench {
namespace {

constexpr int64_t kRecords = 200'000;

// What `look` says in a process of its own before and while it uses a log: appended to and polled.
double InUse(const std::string& parent, const std::function<double()>& look) {
  const Scratch scratch(parent);
  return InChild([&] {
    OpenedTopic opened(scratch / "log", Durability::kProcess);
    AppendSingly(opened.topic, kRecords);
    Consumer consumer = Value(opened.log.NewConsumer({.topics = {kTopic}}));
    PollAll(&consumer, kRecords);
    const double used = look();
    Check(opened.log.Close());
    return used;
  });
}

double SecondsToCompile(const std::string& directory, std::string_view includes) {
  const std::string source = absl::StrCat(directory, "/program.cc");
  std::ofstream(source) << includes << "int main() { return 0; }\n";
  const std::string command = absl::StrCat(EVENTLOG_BENCH_COMPILER, " -std=c++20 -O2 -I",
                                           EVENTLOG_BENCH_INCLUDE, " -c ", source, " -o /dev/null");
  return SecondsOf([&] { Check(std::system(command.c_str()) == 0, "it does not compile"); });
}

Figures HeaderBesideItsOwn(const std::string& parent) {
  const Scratch scratch(parent);
  constexpr char kOthers[] =
      "#include <absl/functional/any_invocable.h>\n"
      "#include <absl/status/statusor.h>\n"
      "#include <absl/time/time.h>\n"
      "#include <absl/types/span.h>\n"
      "#include <functional>\n#include <memory>\n#include <optional>\n#include <string>\n"
      "#include <vector>\n";
  return {SecondsToCompile(scratch.path(), "#include <eventlog/eventlog.h>\n"),
          SecondsToCompile(scratch.path(), kOthers)};
}

}  // namespace

Questions FootprintQuestions(const Settings& settings) {
  const std::string parent = settings.directory;
  return {
      {.name = "static_example_stripped_bytes",
       .unit = "bytes",
       .bar = AtMost(1.5 * (1 << 20), 1 << 20),
       .measure =
           [] {
             return Figures{
                 static_cast<double>(std::filesystem::file_size(EVENTLOG_BENCH_STRIPPED))};
           },
       .remark = "examples/quickstart.cc; all but libc, libstdc++ and libgcc is linked in"},
      {.name = "rss_above_arena_bytes",
       .unit = "bytes",
       .bar = AtMost(8 * (1 << 20), 4 * (1 << 20)),
       .measure =
           [=] {
             const double before = InChild([] { return static_cast<double>(ResidentBytes()); });
             const auto resident = [] { return static_cast<double>(ResidentBytes()); };
             return Figures{InUse(parent, resident) - before};
           },
       .remark = "one partition, 200,000 records appended and polled"},
      {.name = "threads",
       .unit = "threads",
       .bar = AtMost(2, 1),
       .measure =
           [=] { return Figures{InUse(parent, [] { return static_cast<double>(Threads()); })}; },
       .remark = "the program's own included"},
      {.name = "header_compile_vs_deps",
       .unit = "seconds",
       .versus = "the headers of others that it includes",
       .bar = AtMost(1.25, 1.1),
       .measure = [=] { return HeaderBesideItsOwn(parent); },
       .remark = "#include <eventlog/eventlog.h> in a program of one line"},
  };
}

}  // namespace eventlog::bench

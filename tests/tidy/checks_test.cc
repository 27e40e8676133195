// Each rule finds what it is for, and only that, in a small tree in memory.
#include "tidy/checks.h"

#include <catch2/catch.hpp>

namespace eventlog::tidy {
namespace {

using Check = Problems (*)(const Tree&);

// The one problem that `check` finds in `path`; "" when it finds none.
std::string Found(Check check, const std::string& path, const std::string& text,
                  const Tree& others = {}) {
  Tree tree = others;
  tree.push_back({path, text});
  const Problems problems = check(tree);
  INFO(Listed(problems));
  CHECK(problems.size() <= 1);
  return problems.empty() ? "" : problems[0];
}

std::string Repeated(int times, const std::string& text) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST_CASE("an include of a higher layer is found", "[tidy]") {
  const auto found = [](const char* path, const char* include) {
    return Found(CheckLayers, path, "\n#include \"" + std::string(include) + "\"\n");
  };
  CHECK(found("src/segment/a.cc", "partition/b.h") ==
        "src/segment/a.cc:2: segment/ includes partition/: layer 2 may include lower layers only, "
        "not 3");
  CHECK(found("src/partition/a.cc", "segment/b.h").empty());
  CHECK(found("src/segment/a.cc", "segment/b.h").empty());
  CHECK(found("src/segment/a.cc", "eventlog/b.h").empty());
}

TEST_CASE("an include of an equal layer is found", "[tidy]") {
  CHECK_FALSE(Found(CheckLayers, "src/io/a.h", "#include \"format/b.h\"").empty());
  CHECK_FALSE(Found(CheckLayers, "src/journal/a.h", "#include \"segment/b.h\"").empty());
}

TEST_CASE("a component's include beyond its list is found", "[tidy]") {
  CHECK_FALSE(Found(CheckLayers, "src/cli/a.cc", "#include \"client/b.h\"").empty());
  CHECK(Found(CheckLayers, "src/cli/a.cc", "#include \"format/b.h\"").empty());
  CHECK_FALSE(Found(CheckLayers, "src/testing/a.cc", "#include \"format/b.h\"").empty());
  CHECK_FALSE(Found(CheckLayers, "src/streams/a.cc", "#include \"base/b.h\"").empty());
}

TEST_CASE("a folder outside the table of layers is found", "[tidy]") {
  CHECK_FALSE(Found(CheckLayers, "src/misc/a.cc", "").empty());
}

TEST_CASE("an include in a comment counts for nothing", "[tidy]") {
  CHECK(Found(CheckLayers, "src/base/a.cc", "// #include \"log/b.h\"\n").empty());
}

TEST_CASE("a private include in a public header is found", "[tidy]") {
  const std::string path = "include/eventlog/a.h";
  CHECK_FALSE(Found(CheckPublicIncludes, path, "#include \"fmt/format.h\"").empty());
  CHECK_FALSE(Found(CheckPublicIncludes, path, "#include <xxhash.h>").empty());
  CHECK_FALSE(Found(CheckPublicIncludes, path, "#include \"base/bytes.h\"").empty());
  CHECK(Found(CheckPublicIncludes, path, "#include \"absl/status/status.h\"").empty());
  CHECK(Found(CheckPublicIncludes, path, "#include <string>").empty());
}

TEST_CASE("an example that reaches into src is found", "[tidy]") {
  CHECK_FALSE(Found(CheckUsersIncludes, "examples/a.cc", "#include \"base/b.h\"").empty());
  CHECK_FALSE(Found(CheckUsersIncludes, "tests/scenario/a.cc", "#include \"log/b.h\"").empty());
  CHECK(Found(CheckUsersIncludes, "tests/log/a.cc", "#include \"log/b.h\"").empty());
}

TEST_CASE("a new dependency of the core is found", "[tidy]") {
  CHECK_FALSE(Found(CheckDependencies, "src/base/a.cc", "#include <boost/any.hpp>").empty());
  CHECK_FALSE(Found(CheckDependencies, "src/log/a.cc", "#include \"nlohmann/json.hpp\"").empty());
  CHECK(Found(CheckDependencies, "src/cli/a.cc", "#include \"nlohmann/json.hpp\"").empty());
  CHECK(Found(CheckDependencies, "src/base/a.cc", "#include <sys/mman.h>").empty());
}

TEST_CASE("a file of 801 lines is found", "[tidy]") {
  CHECK_FALSE(Found(CheckFileLines, "src/base/a.cc", Repeated(801, "\n")).empty());
  CHECK(Found(CheckFileLines, "src/base/a.cc", Repeated(800, "\n")).empty());
}

TEST_CASE("a line of 101 columns is found", "[tidy]") {
  CHECK_FALSE(Found(CheckColumns, "src/base/a.cc", std::string(101, 'x')).empty());
  CHECK(Found(CheckColumns, "src/base/a.cc", std::string(100, 'x')).empty());
  CHECK(Found(CheckColumns, "src/base/a.cc", Repeated(100, "\u00b5")).empty());
}

TEST_CASE("a function of 71 lines is found", "[tidy]") {
  const auto found = [](int lines) {
    return Found(CheckFunctionLines, "src/base/a.cc",
                 "namespace a {\nclass B {\n  void C() {\n" + Repeated(lines - 2, "    d();\n") +
                     "  }\n};\n}\n");
  };
  CHECK(found(71) == "src/base/a.cc:3: C has 71 lines, at most 70 are allowed");
  CHECK(found(70).empty());
}

TEST_CASE("an option struct of 13 fields is found", "[tidy]") {
  const auto found = [](int fields) {
    return Found(CheckOptionCounts, "include/eventlog/a.h",
                 "struct AOptions {\n  int Method() const;\n" +
                     Repeated(fields, "  std::function<void(int)> f = {};\n") + "};\n");
  };
  CHECK_FALSE(found(13).empty());
  CHECK(found(12).empty());
}

TEST_CASE("a system call outside io is found", "[tidy]") {
  const auto found = [](const char* path, const char* text) {
    return Found(CheckSystemCalls, path, text);
  };
  CHECK_FALSE(found("src/log/a.cc", "if (fsync(fd) != 0) {").empty());
  CHECK_FALSE(found("src/log/a.cc", "int fd = ::open(path, 0);").empty());
  CHECK_FALSE(found("src/log/a.cc", "std::rename(a, b);").empty());
  CHECK_FALSE(found("src/log/a.cc", "std::ofstream out;").empty());
  CHECK_FALSE(found("src/log/a.cc", "std::filesystem::path p;").empty());
  CHECK_FALSE(found("src/log/a.cc", "mmap(nullptr, 1);").empty());
  CHECK(found("src/io/a.cc", "fsync(fd);").empty());
  CHECK(found("src/base/fork_guard.cc", "mmap(nullptr, 1);").empty());
  CHECK(found("src/log/a.cc", "// fsync(fd)\n\"fsync(fd)\"; file->open(); open_ = 1;").empty());
  CHECK(found("src/cli/a.cc", "std::ifstream in;").empty());
  CHECK_FALSE(found("src/cli/a.cc", "unlink(path);").empty());
}

TEST_CASE("a clock or a dice of its own is found", "[tidy]") {
  CHECK_FALSE(Found(CheckTimeAndRandomness, "src/log/a.cc", "x = absl::Now();").empty());
  CHECK_FALSE(Found(CheckTimeAndRandomness, "src/log/a.cc", "std::random_device d;").empty());
  CHECK_FALSE(Found(CheckTimeAndRandomness, "src/log/a.cc", "srand(time(nullptr));").empty());
  CHECK(Found(CheckTimeAndRandomness, "src/base/system_clock.cc", "absl::Now();").empty());
  CHECK(Found(CheckTimeAndRandomness, "src/log/a.cc", "record.time(); int time = 0;").empty());
}

TEST_CASE("a lock without annotations is found", "[tidy]") {
  CHECK_FALSE(Found(CheckLocks, "src/log/a.h", "std::mutex mutex_;").empty());
  CHECK(Found(CheckLocks, "src/base/mutex.h", "std::mutex mutex_;").empty());
}

TEST_CASE("a mark of something unfinished is found", "[tidy]") {
  CHECK_FALSE(Found(CheckUnfinishedWords, "src/log/a.h", "// TODO: later").empty());
  CHECK_FALSE(Found(CheckUnfinishedWords, "docs/a.md", "FIXME").empty());
  CHECK(Found(CheckUnfinishedWords, "src/log/a.h", "\"XXX\"; // XXXX").empty());
}

TEST_CASE("a header without pragma once is found", "[tidy]") {
  CHECK_FALSE(Found(CheckPragmaOnce, "src/log/a.h", "// Why.\n#include <string>\n").empty());
  CHECK(Found(CheckPragmaOnce, "src/log/a.h", "// Why.\n#pragma once\n").empty());
}

TEST_CASE("a module without a test is found", "[tidy]") {
  const Tree header = {{"src/log/a.h", ""}};
  CHECK(Found(CheckTestsExist, "src/log/a.cc", "", header) ==
        "src/log/a.cc:1: its test is missing: tests/log/a_test.cc");
  CHECK_FALSE(Found(CheckTestsExist, "src/log/b.cc", "", header).empty());
}

TEST_CASE("one test covers all parts of a module", "[tidy]") {
  const Tree module = {
      {"src/log/a_b.h", ""}, {"src/log/a_b.cc", ""}, {"tests/log/a_b_test.cc", ""}};
  CHECK(Found(CheckTestsExist, "src/log/a_b_read.cc", "", module).empty());
  CHECK_FALSE(Found(CheckTestsExist, "src/log/a.cc", "", module).empty());
}

TEST_CASE("a source that nothing builds is found", "[tidy]") {
  const Tree lists = {{"src/log/CMakeLists.txt", "target_sources(x PRIVATE a.cc)"},
                      {"examples/CMakeLists.txt", "foreach(p history)"},
                      {"tests/base/CMakeLists.txt", "x(../crash/kill_test.cc)"}};
  CHECK(Found(CheckSourcesAreBuilt, "src/log/a.cc", "", lists).empty());
  CHECK_FALSE(Found(CheckSourcesAreBuilt, "src/log/aa.cc", "", lists).empty());
  CHECK(Found(CheckSourcesAreBuilt, "examples/history.cc", "", lists).empty());
  CHECK(Found(CheckSourcesAreBuilt, "tests/crash/kill_test.cc", "", lists).empty());
}

TEST_CASE("a test that is not named by a fact is found", "[tidy]") {
  const auto found = [](const std::string& name) {
    return Found(CheckTestNames, "tests/log/a_test.cc",
                 "TEST_CASE(\"" + name + "\", \"[log]\") {}");
  };
  CHECK_FALSE(found("Reopen").empty());
  CHECK_FALSE(found("[log] it reopens").empty());
  CHECK(found("a log reopens").empty());
}

TEST_CASE("a dead link is found", "[tidy]") {
  const Tree tree = {{"docs/a.md", "# The `Log`: a\n## b\n## b\n"}, {"dev", ""}};
  const auto found = [&](const std::string& text) {
    return Found(CheckLinks, "docs/x/b.md", text, tree);
  };
  CHECK(found("\n[a](../c.md)") == "docs/x/b.md:2: dead link: ../c.md");
  CHECK_FALSE(found("[a]: nowhere.md").empty());
  CHECK_FALSE(found("[a](../../../dev)").empty());
  CHECK_FALSE(found("[a](/dev)").empty());
  CHECK_FALSE(found("[a](../a.md#c)").empty());
  CHECK_FALSE(found("[a](#here)").empty());
  CHECK(found("[a](../a.md#the-log-a) [b](../a.md#b-1) [c](../../dev) [d](..)").empty());
  CHECK(found("# Here\n[a](#here) [b](https://x.org/y) `[c](d)`\n```\n[e](f)\n```\n").empty());
}

TEST_CASE("a named path that is not there is found", "[tidy]") {
  const Tree tree = {{"src/log/log.h", ""}};
  const auto found = [&](const char* path, const char* text) {
    return Found(CheckNamedPaths, path, text, tree);
  };
  CHECK_FALSE(found("docs/a.md", "see `src/log/lock.h`.").empty());
  CHECK(found("docs/a.md", "see `src/log/log.h`, src/log/, src/<folder>/x.cc.").empty());
  CHECK_FALSE(found("src/log/a.h", "// docs/format.md draws it.").empty());
  CHECK(found("src/log/a.h", "f(\"docs/format.md\");").empty());
}

TEST_CASE("a mutant that does not apply or names no test is found", "[tidy]") {
  const Tree tree = {{"src/log/a.cc", "one\ntwo\nthree\nfour\nfive\nfour\n"},
                     {"tests/log/a_test.cc", "TEST_CASE(\"a log logs\", \"[log]\") {}"}};
  const std::string header = "Protection: Two.\nCaught by: log_tests \"a log logs\"\n";
  const std::string diff = "--- a/src/log/a.cc\n+++ b/src/log/a.cc\n@@ -1,2 +1,1 @@\n one\n-two\n";
  const auto found = [&](const std::string& text) {
    return Found(CheckMutants, "tests/mutants/two.patch", text, tree);
  };
  CHECK(found(header + diff).empty());
  CHECK(found(header + diff + "@@ -4,2 +3,2 @@\n four\n-five\n+six\n").empty());
  CHECK(found(header + diff + "@@ -4,1 +3,1 @@\n-six\n") ==
        "tests/mutants/two.patch:8: no longer applies to src/log/a.cc");
  CHECK(found(header + diff + "@@ -4,1 +3,1 @@\n-four\n") ==
        "tests/mutants/two.patch:8: applies to several places of src/log/a.cc");
  CHECK_FALSE(found(header + "--- a/src/log/a.cc\n@@ -1,1 +1,1 @@\n-tw\n").empty());
  CHECK_FALSE(found(header + "--- a/src/log/b.cc\n@@ -1,1 +1,1 @@\n-one\n").empty());
  CHECK_FALSE(found(diff).empty());
  CHECK_FALSE(found("Protection: Two.\n" + diff).empty());
  CHECK_FALSE(found("Protection: Two.\nCaught by: log_tests a log logs\n" + diff).empty());
  CHECK_FALSE(found("Protection: Two.\nCaught by: log_tests \"nobody logs\"\n" + diff).empty());
  CHECK_FALSE(found("Protection: Two.\nCaught by: io_tests \"a log logs\"\n" + diff).empty());
}

TEST_CASE("a test that a page names and nobody wrote is found", "[tidy]") {
  const Tree tree = {{"tests/log/a_test.cc", "TEST_CASE(\"a log logs\", \"[log]\") {}"},
                     {"tests/log/b_test.cc", "TEST_CASE(\"b: \", \"[log]\") {}"}};
  const auto found = [&](const std::string& row) {
    return Found(CheckNamedTests, "docs/rules.md", row + "\n", tree);
  };
  const std::string link = "| a promise | [a_test](../tests/log/a_test.cc)";
  CHECK(found(link + " |").empty());
  CHECK(found(link + ": \"a log logs\" |").empty());
  CHECK(found(link + ": \"a log logs\" |\n| another | the same: \"a log logs\" |").empty());
  CHECK(found(link + ": \"a log\" |") ==
        "docs/rules.md:1: \"a log\" is no test of tests/log/a_test.cc");
  CHECK_FALSE(found(link + ": \"a log logs\", \"nobody logs\" |").empty());
  CHECK_FALSE(found(link + ": \"nobody logs\", \"a log logs\" |").empty());
  CHECK_FALSE(found(link + "; [b_test](../tests/log/b_test.cc): \"a log logs\" |").empty());
  CHECK_FALSE(found("| a promise | \"a log logs\": \"a log logs\" |").empty());
}

TEST_CASE("a rule without a test is found", "[tidy]") {
  const std::string rules = "- **R1** One.\n- **R12** *(arena)* Two.\n- **R2** Three.\n";
  const auto found = [&](const std::string& rows) {
    return Found(CheckRulesAreTested, "docs/rules.md", rows, {{"docs/format.md", rules}});
  };
  const std::string test = " | [a_test](../tests/log/a_test.cc): \"a log logs\" |\n";
  CHECK(found("| R1 | One." + test + "| R2 | Three." + test).empty());
  CHECK(found("| R1 | One." + test) == "docs/format.md:3: R2 has no test in docs/rules.md");
  CHECK_FALSE(found("| R1 | One." + test + "| R2 | Three. | none |\n").empty());
  CHECK_FALSE(found("| R1 | One." + test + "| R23 | Three." + test).empty());
}

// What the rule says of these members of a public class.
std::string FoundInClass(const std::string& body) {
  return Found(
      CheckPublicComments, "include/eventlog/a.h",
      "namespace eventlog {\nclass Early;\n// A class.\nclass A {\n public:\n" + body + "};\n}\n");
}

// And of this in the namespace.
std::string FoundInHeader(const std::string& body) {
  return Found(CheckPublicComments, "include/eventlog/a.h",
               "namespace eventlog {\n" + body + "}\n");
}

TEST_CASE("a public declaration without a comment is found", "[tidy]") {
  CHECK(FoundInClass("  void Do();\n") == "include/eventlog/a.h:6: has no comment: void Do()");
  CHECK_FALSE(FoundInClass("  void Be();  // Is.\n  void Do();\n").empty());
  CHECK(FoundInClass("  // Does.\n  void Do();\n  void Do(int times);\n").empty());
  CHECK_FALSE(FoundInClass("  // Does.\n  void Do();\n\n  void Do(int times);\n").empty());
  CHECK(FoundInClass("  void Do();  // Does.\n").empty());
  CHECK(FoundInClass(" private:\n  void Do();\n").empty());
  CHECK_FALSE(FoundInHeader("void Do();\n").empty());
  CHECK_FALSE(FoundInHeader("template <typename T>\nvoid Do(T t);\n").empty());
  CHECK_FALSE(FoundInHeader("using Done = std::function<void()>;\n").empty());
  CHECK_FALSE(FoundInHeader("inline constexpr int kMany = 7;\n").empty());
  CHECK_FALSE(FoundInHeader("struct B {};\n").empty());
  CHECK_FALSE(FoundInHeader("#define EVENTLOG_DO(x) x\n").empty());
  CHECK(FoundInHeader("// Does.\n#define EVENTLOG_DO(x) x\n#define EVENTLOG_DO_(x) x\n").empty());
}

TEST_CASE("what explains itself needs no comment", "[tidy]") {
  CHECK(
      FoundInClass("  A();\n  ~A();\n  A(A&&) noexcept;\n  A& operator=(A&&) noexcept;\n").empty());
  CHECK(FoundInClass("  int size() const { return 1; }\n").empty());
  CHECK(FoundInClass("  using value_type = int;\n  friend class B;\n").empty());
  CHECK(FoundInClass("  void Do() override;\n  bool operator==(const A&) const = default;\n")
            .empty());
}

TEST_CASE("what only looks like it explains itself is found", "[tidy]") {
  CHECK_FALSE(FoundInClass("  int size(int of) const;\n").empty());
  CHECK_FALSE(FoundInClass("  int advance();\n").empty());
  CHECK_FALSE(FoundInClass("  explicit A(std::function<void()> done);\n").empty());
  CHECK_FALSE(FoundInClass("  using Done = std::function<void()>;\n").empty());
  CHECK_FALSE(FoundInClass("  struct B {};\n").empty());
  CHECK_FALSE(FoundInClass("  static constexpr int kMany = 7;\n").empty());
  CHECK_FALSE(FoundInClass("  void Do(bool override);\n").empty());
}

TEST_CASE("a comment that is about something else does not count", "[tidy]") {
  CHECK_FALSE(FoundInClass("  void Do();  // NOLINT(runtime/explicit)\n").empty());
  CHECK_FALSE(FoundInClass("  void Do(int /*unused*/) {}\n").empty());
  CHECK_FALSE(FoundInClass("  void Be();  // Is,\n              // more.\n  void Do();\n").empty());
  CHECK_FALSE(FoundInClass("  // Does.\n\n  void Do();\n").empty());
}

TEST_CASE("a value of an enum without a comment is found", "[tidy]") {
  CHECK_FALSE(FoundInHeader("// One.\nenum class E {\n  kA,  // first\n  kB,\n};\n").empty());
  CHECK_FALSE(FoundInHeader("// One.\nenum class E {\n  // A.\n  kA,\n\n  kB,\n};\n").empty());
  CHECK(
      FoundInHeader("// One.\nenum class E {\n  // Both.\n  kA,\n  kB = 2,  // two\n};\n").empty());
  CHECK(FoundInHeader("// One.\nenum class E { kA, kB };\n").empty());
}

TEST_CASE("an option without a comment is found", "[tidy]") {
  const auto found = [](const std::string& type, const std::string& fields) {
    return FoundInHeader("// Some.\nstruct " + type + " {\n" + fields + "};\n");
  };
  CHECK_FALSE(found("AOptions", "  int a = 0;  // bytes\n  int b = 0;\n").empty());
  CHECK(found("AOptions", "  int a = 0;  // bytes\n  // bytes\n  int b = 0;\n").empty());
  CHECK_FALSE(found("ATuning", "  int topic = 0;\n").empty());
  CHECK_FALSE(found("B", "  int size = 0;\n").empty());
  CHECK(found("B", "  int64_t offset = 0;\n  std::string topic = {};\n").empty());
}

}  // namespace
}  // namespace eventlog::tidy

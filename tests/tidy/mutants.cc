// The negative controls: patches that tests/mutants/run.sh applies one at a time. Building and
// running them takes long, so that they still can be is looked at here.
#include <map>
#include <optional>
#include <set>

#include "tidy/checks.h"

namespace eventlog::tidy {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kProtection = "Protection: ";
constexpr std::string_view kCaughtBy = "Caught by: ";
constexpr std::string_view kOldFile = "--- a/";

struct TestCase {
  std::string folder;  // of tests/, which has one program
  std::string name;
};

// What stands behind "Caught by: ": <program> "<test case>".
std::optional<TestCase> ParseTestCase(std::string_view text) {
  const std::size_t program_end = text.find("_tests \"");
  const std::size_t open = text.find('"');
  if (program_end == kNone || !text.ends_with('"') || text.size() < open + 2) return std::nullopt;
  return TestCase{std::string(text.substr(0, program_end)),
                  std::string(text.substr(open + 1, text.size() - open - 2))};
}

// "<folder>/<name>" of every test case.
std::set<std::string> TestCases(const Tree& tree) {
  std::set<std::string> cases;
  for (const SourceFile& file : tree) {
    if (!file.path.starts_with("tests/") || !file.path.ends_with(".cc")) continue;
    const std::string folder(FolderOf(std::string_view(file.path).substr(6)));
    const std::string code = SplitSource(file.text).code;
    for (const std::size_t at : FindWord(code, "TEST_CASE")) {
      const std::size_t open = file.text.find('"', at) + 1;
      if (open != 0)
        cases.insert(folder + "/" + file.text.substr(open, file.text.find('"', open) - open));
    }
  }
  return cases;
}

// A file's lines from the first to the last of one hunk, as they are before the patch.
struct Hunk {
  int line;  // of the patch
  std::string_view path;
  std::string before;
};

std::vector<Hunk> HunksOf(std::string_view patch) {
  std::vector<Hunk> hunks;
  std::string_view path;
  int number = 0;
  for (const std::string_view line : Lines(patch)) {
    ++number;
    if (line.starts_with(kOldFile)) {
      path = line.substr(kOldFile.size());
    } else if (line.starts_with("@@")) {
      hunks.push_back({number, path, "\n"});
    } else if (!hunks.empty() && (line.starts_with(' ') || line.starts_with('-'))) {
      hunks.back().before.append(line.substr(1)).append("\n");
    }
  }
  return hunks;
}

class PatchCheck {
 public:
  PatchCheck(const SourceFile& patch, Problems* problems) : patch_(patch), problems_(problems) {}

  void CheckHeader(const std::set<std::string>& cases) {
    const std::vector<std::string_view> lines = Lines(patch_.text);
    if (lines.size() < 3 || !lines[0].starts_with(kProtection) ||
        !lines[1].starts_with(kCaughtBy) || !lines[2].starts_with(kOldFile)) {
      return Report(1,
                    "two lines come before the diff: \"Protection: ...\" and \"Caught by: ...\"");
    }
    const auto test = ParseTestCase(lines[1].substr(kCaughtBy.size()));
    if (!test.has_value()) {
      Report(2, "a test is named as <program> \"<test case>\"");
    } else if (!cases.contains(test->folder + "/" + test->name)) {
      Report(2, "there is no such test in tests/" + test->folder);
    }
  }

  // At one place: patch(1) would take the nearest of several.
  void CheckApplies(const std::map<std::string_view, std::string>& texts) {
    for (const Hunk& hunk : HunksOf(patch_.text)) {
      const auto text = texts.find(hunk.path);
      const std::size_t place = text == texts.end() ? kNone : text->second.find(hunk.before);
      if (place == kNone) {
        Report(hunk.line, "no longer applies to " + std::string(hunk.path));
      } else if (text->second.rfind(hunk.before) != place) {
        Report(hunk.line, "applies to several places of " + std::string(hunk.path));
      }
    }
  }

 private:
  void Report(int line, const std::string& what) {
    problems_->push_back(Problem(patch_.path, line, what));
  }

  const SourceFile& patch_;
  Problems* const problems_;
};

}  // namespace

Problems CheckMutants(const Tree& tree) {
  const std::set<std::string> cases = TestCases(tree);
  std::map<std::string_view, std::string> texts;
  for (const SourceFile& file : tree) {
    if (file.path.starts_with("src/") || file.path.starts_with("include/")) {
      texts[file.path] = "\n" + file.text;
    }
  }
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!file.path.starts_with("tests/mutants/") || !file.path.ends_with(".patch")) continue;
    PatchCheck check(file, &problems);
    check.CheckHeader(cases);
    check.CheckApplies(texts);
  }
  return problems;
}

}  // namespace eventlog::tidy

// Pages that say which test holds what, and the rules of the format among it.
#include <algorithm>
#include <optional>

#include "tidy/checks.h"

namespace eventlog::tidy {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kPages[] = {"docs/guarantees.md", "docs/rules.md"};

const SourceFile* FindFile(const Tree& tree, std::string_view path) {
  const auto found =
      std::find_if(tree.begin(), tree.end(), [&](const auto& file) { return file.path == path; });
  return found == tree.end() ? nullptr : &*found;
}

struct NamedTest {
  int line;
  std::string path;  // of the last test file that was linked before the name
  std::string_view name;
};

// What quotation marks hold behind a colon, and behind a comma after such a name, in tables:
// [a_test](../tests/a/a_test.cc): "one fact", "another".
std::vector<NamedTest> NamedTests(const SourceFile& page) {
  constexpr std::string_view kLink = "](", kFirst = ": \"", kNext = "\", \"";
  std::vector<NamedTest> tests;
  std::string path;
  int number = 0;
  for (const std::string_view line : Lines(page.text)) {
    ++number;
    if (!line.starts_with('|')) continue;
    for (std::size_t at = 0; at < line.size(); ++at) {
      const std::string_view rest = line.substr(at);
      if (rest.starts_with(kLink)) {
        const std::string_view target = rest.substr(kLink.size(), rest.find(')') - kLink.size());
        if (target.ends_with(".cc")) path = Resolve(FolderOf(page.path), target);
      } else if (rest.starts_with(kFirst) || rest.starts_with(kNext)) {
        const std::size_t open = rest.starts_with(kFirst) ? kFirst.size() : kNext.size();
        const std::size_t close = rest.find('"', open);
        if (close == kNone) break;
        tests.push_back({number, path, rest.substr(open, close - open)});
        at += close - 1;  // before the mark, which may begin the next name
      }
    }
  }
  return tests;
}

// "R7" when the line begins like `before` + "R7", followed by a character that is no digit.
std::optional<std::string> RuleOf(std::string_view line, std::string_view before) {
  if (!line.starts_with(before)) return std::nullopt;
  line.remove_prefix(before.size());
  const std::size_t end = std::min(line.find_first_not_of("0123456789", 1), line.size());
  if (!line.starts_with('R') || end < 2) return std::nullopt;
  return std::string(line.substr(0, end));
}

}  // namespace

Problems CheckNamedTests(const Tree& tree) {
  Problems problems;
  for (const std::string_view page : kPages) {
    const SourceFile* const file = FindFile(tree, page);
    if (file == nullptr) continue;
    for (const NamedTest& test : NamedTests(*file)) {
      const SourceFile* const source = FindFile(tree, test.path);
      const std::string start = "TEST_CASE(\"" + std::string(test.name) + "\"";
      if (source != nullptr && source->text.find(start) != kNone) continue;
      problems.push_back(Problem(page, test.line,
                                 "\"" + std::string(test.name) + "\" is no test of " + test.path));
    }
  }
  return problems;
}

// Each in one row of the first table, with a test: but for those of what is not built yet, which
// begin with its name in italics.
Problems CheckRulesAreTested(const Tree& tree) {
  const SourceFile* const format = FindFile(tree, "docs/format.md");
  const SourceFile* const page = FindFile(tree, "docs/rules.md");
  if (format == nullptr || page == nullptr) return {};
  const std::vector<NamedTest> tests = NamedTests(*page);
  std::vector<std::string> tested;
  int number = 0;
  for (const std::string_view line : Lines(page->text)) {
    ++number;
    const auto rule = RuleOf(line, "| ");
    const bool held = std::any_of(tests.begin(), tests.end(),
                                  [&](const NamedTest& test) { return test.line == number; });
    if (rule.has_value() && held) tested.push_back(*rule);
  }
  Problems problems;
  number = 0;
  for (const std::string_view line : Lines(format->text)) {
    ++number;
    const auto rule = RuleOf(line, "- **");
    if (!rule.has_value() || line.find("** *(") != kNone) continue;
    if (std::find(tested.begin(), tested.end(), *rule) != tested.end()) continue;
    problems.push_back(Problem(format->path, number, *rule + " has no test in " + page->path));
  }
  return problems;
}

}  // namespace eventlog::tidy

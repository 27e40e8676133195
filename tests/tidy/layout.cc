#include <algorithm>
#include <set>

#include "tidy/checks.h"

namespace eventlog::tidy {
namespace {

using Paths = std::set<std::string, std::less<>>;

Paths PathsOf(const Tree& tree) {
  Paths paths;
  for (const SourceFile& file : tree) paths.insert(file.path);
  return paths;
}

// The module that src/<folder>/<stem>.cc belongs to: the longest leading part of its name that has
// a header ("segment_read" is a part of segment.h), or itself.
std::string ModuleOf(const Paths& paths, const std::string& folder, std::string_view stem) {
  for (std::string name(stem); !name.empty(); name.resize(name.rfind('_'))) {
    if (paths.contains("src/" + folder + "/" + name + ".h")) return name;
    if (name.find('_') == std::string::npos) break;
  }
  return std::string(stem);
}

// Words of a CMakeLists.txt, comments included.
std::set<std::string_view> WordsOf(std::string_view text) {
  std::set<std::string_view> words;
  constexpr std::string_view kSeparators = " \t\r\n()\"";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = text.find_first_not_of(kSeparators, at);
    if (start == std::string_view::npos) break;
    at = std::min(text.find_first_of(kSeparators, start), text.size());
    words.insert(text.substr(start, at - start));
  }
  return words;
}

}  // namespace

Problems CheckTestsExist(const Tree& tree) {
  const Paths paths = PathsOf(tree);
  Paths missing;
  for (const SourceFile& file : tree) {
    if (!file.path.starts_with("src/") || !file.path.ends_with(".cc")) continue;
    if (file.path == "src/cli/main.cc") continue;  // the tests run the tool
    const std::string folder(FolderOf(std::string_view(file.path).substr(4)));
    const std::string module = ModuleOf(paths, folder, StemOf(file.path));
    const std::string test = "tests/" + folder + "/" + module + "_test.cc";
    if (!paths.contains(test)) missing.insert(file.path + ":1: its test is missing: " + test);
  }
  return {missing.begin(), missing.end()};
}

Problems CheckSourcesAreBuilt(const Tree& tree) {
  Paths listed;
  for (const SourceFile& file : tree) {
    if (NameOf(file.path) != "CMakeLists.txt") continue;
    for (const std::string_view word : WordsOf(file.text)) {
      listed.insert(Resolve(FolderOf(file.path), word));
    }
  }
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!file.path.ends_with(".cc") || listed.contains(file.path)) continue;
    // Where each source is a program of its own, naming the program is enough.
    const bool program = file.path.starts_with("examples/") || file.path.starts_with("benchmarks/");
    if (program && listed.contains(file.path.substr(0, file.path.size() - 3))) continue;
    problems.push_back(Problem(file.path, 1, "no CMakeLists.txt names it"));
  }
  return problems;
}

Problems CheckTestNames(const Tree& tree) {
  constexpr std::string_view kStart = "TEST_CASE(";
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!file.path.starts_with("tests/") || !file.path.ends_with(".cc")) continue;
    const std::string code = SplitSource(file.text).code;
    for (const std::size_t at : FindWord(code, "TEST_CASE")) {
      const std::string_view rest = std::string_view(file.text).substr(at);
      if (!rest.starts_with(kStart)) continue;
      const std::size_t open = rest.find('"') + 1;
      const std::string_view name = rest.substr(open, rest.find('"', open) - open);
      if (name.find(' ') != std::string_view::npos && !name.starts_with('[')) continue;
      problems.push_back(Problem(file.path, LineOf(file.text, at),
                                 "a test is named by a fact, not \"" + std::string(name) + "\""));
    }
  }
  return problems;
}

}  // namespace eventlog::tidy

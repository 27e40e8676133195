#include <algorithm>
#include <optional>
#include <set>

#include "tidy/checks.h"

namespace eventlog::tidy {
namespace {

// A folder of src/ includes itself, public headers, and folders of a lower layer; where `only` is
// set, of them these alone. Folders of equal layer never include each other.
struct Layer {
  std::string_view folder;
  int layer;
  std::string_view only = "any";
};
constexpr std::string_view kFormatReaders = "format segment partition group transaction";
constexpr Layer kLayers[] = {
    {"base", 0},
    {"io", 1},
    {"format", 1},
    {"segment", 2},
    {"journal", 2},
    {"partition", 3},
    {"maintenance", 4},
    {"catalog", 5},
    {"group", 6},
    {"transaction", 7},
    {"client", 8},
    {"replication", 8},
    {"snapshot", 8},
    {"log", 9},
    {"testing", 10, "base io"},
    {"streams", 10, ""},
    {"connect", 10, ""},
    {"coordination", 10, ""},
    {"kafka", 10, kFormatReaders},
    {"net", 10, ""},
    {"cli", 10, "base io format segment group"},
};

constexpr std::string_view kCoreDependencies[] = {"absl",  "fmt",        "xxhash.h",
                                                  "lz4.h", "lz4frame.h", "lz4hc.h"};
constexpr std::string_view kHiddenDependencies[] = {"fmt", "xxhash.h", "lz4.h", "lz4frame.h",
                                                    "lz4hc.h"};

const Layer* FindLayer(std::string_view folder) {
  const auto* found = std::find_if(std::begin(kLayers), std::end(kLayers),
                                   [&](const Layer& layer) { return layer.folder == folder; });
  return found == std::end(kLayers) ? nullptr : found;
}

template <typename Range>
bool Contains(const Range& range, std::string_view word) {
  return std::find(std::begin(range), std::end(range), word) != std::end(range);
}

struct Include {
  int line;
  std::string_view path;
  std::string_view first;  // up to the first '/'
  bool quoted;
};

std::vector<Include> Includes(const SourceFile& file) {
  std::vector<Include> includes;
  const std::string code = SplitSource(file.text).code;
  const auto code_lines = Lines(code);
  const auto lines = Lines(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!Trim(code_lines[i]).starts_with("#include")) continue;
    const std::size_t open = lines[i].find_first_of("\"<");
    const std::size_t close = lines[i].find_first_of("\">", open + 1);
    if (open == std::string_view::npos || close == std::string_view::npos) continue;
    const std::string_view path = lines[i].substr(open + 1, close - open - 1);
    includes.push_back(
        {static_cast<int>(i) + 1, path, path.substr(0, path.find('/')), lines[i][open] == '"'});
  }
  return includes;
}

// "src/format/record.h" in "src": "format".
std::string_view SubfolderIn(std::string_view parent, std::string_view path) {
  if (!path.starts_with(std::string(parent) + "/")) return {};
  path.remove_prefix(parent.size() + 1);
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// Why `from` may not include `to`; nothing when it may.
std::optional<std::string> Violation(const Layer& from, const Layer& to) {
  if (from.folder == to.folder) return std::nullopt;
  const std::string both = std::string(from.folder) + "/ includes " + std::string(to.folder) + "/";
  if (from.only != "any" && FindWord(from.only, to.folder).empty()) {
    return both + ": it may include " +
           (from.only.empty() ? "public headers only" : std::string(from.only) + " only");
  }
  if (to.layer < from.layer) return std::nullopt;
  return both + ": layer " + std::to_string(from.layer) + " may include lower layers only, not " +
         std::to_string(to.layer);
}

}  // namespace

Problems CheckLayers(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    const std::string_view folder = SubfolderIn("src", file.path);
    if (folder.empty() || !IsCode(file.path)) continue;
    const Layer* from = FindLayer(folder);
    if (from == nullptr) {
      problems.push_back(Problem(file.path, 1, "its folder is not in the table of layers"));
      continue;
    }
    for (const Include& include : Includes(file)) {
      if (!include.quoted || include.first == "eventlog" || include.first == "absl") continue;
      const Layer* to = FindLayer(include.first);
      if (to == nullptr) continue;
      const auto violation = Violation(*from, *to);
      if (violation) problems.push_back(Problem(file.path, include.line, *violation));
    }
  }
  return problems;
}

Problems CheckPublicIncludes(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!file.path.starts_with("include/") || !IsCode(file.path)) continue;
    for (const Include& include : Includes(file)) {
      const bool foreign = include.quoted && include.first != "eventlog" && include.first != "absl";
      if (!foreign && !Contains(kHiddenDependencies, include.first)) continue;
      problems.push_back(Problem(file.path, include.line,
                                 "a public header includes " + std::string(include.path)));
    }
  }
  return problems;
}

Problems CheckUsersIncludes(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    const bool user =
        file.path.starts_with("examples/") || file.path.starts_with("tests/scenario/");
    if (!user || !IsCode(file.path)) continue;
    for (const Include& include : Includes(file)) {
      if (!include.quoted || FindLayer(include.first) == nullptr) continue;
      problems.push_back(Problem(
          file.path, include.line,
          "stands for a user's code, and includes " + std::string(include.path) + " of src/"));
    }
  }
  return problems;
}

Problems CheckDependencies(const Tree& tree) {
  Problems problems;
  static const std::set<std::string_view> kSystemFolders = {"sys", "linux"};
  for (const SourceFile& file : tree) {
    const std::string_view folder = SubfolderIn("src", file.path);
    const Layer* layer = FindLayer(folder);
    // A component brings its own dependencies; the core has these and nothing else.
    if (!IsCode(file.path) || layer == nullptr || layer->only != "any") continue;
    for (const Include& include : Includes(file)) {
      const bool of_tree = include.first == "eventlog" || FindLayer(include.first) != nullptr;
      const bool allowed = of_tree || Contains(kCoreDependencies, include.first);
      const bool foreign = include.quoted || (include.path.find('/') != std::string_view::npos &&
                                              !kSystemFolders.contains(include.first));
      if (allowed || !foreign) continue;
      problems.push_back(Problem(file.path, include.line,
                                 std::string(include.path) + " is no dependency of the core"));
    }
  }
  return problems;
}

}  // namespace eventlog::tidy

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "tidy/checks.h"

namespace eventlog::tidy {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
using Paths = std::set<std::string, std::less<>>;

// Files and folders.
Paths PathsOf(const Tree& tree) {
  Paths paths = {""};
  for (const SourceFile& file : tree) {
    for (std::string_view path = file.path; !path.empty(); path = FolderOf(path)) {
      paths.emplace(path);
    }
  }
  return paths;
}

// A Markdown text with its code blocks blanked.
std::string Prose(std::string_view text) {
  std::string prose;
  bool fenced = false;
  for (const std::string_view line : Lines(text)) {
    const bool fence = Trim(line).starts_with("```");
    if (fence) fenced = !fenced;
    prose += fence || fenced ? std::string(line.size(), ' ') : std::string(line);
    prose += '\n';
  }
  return prose;
}

// `prose` with what stands between backticks blanked.
std::string WithoutInlineCode(std::string prose) {
  bool code = false;
  for (char& c : prose) {
    if (c == '\n') code = false;
    if (c == '`') code = !code;
    if (code || c == '`') c = ' ';
  }
  return prose;
}

// The anchors of a page's headings, as GitHub names them.
std::set<std::string> Anchors(std::string_view text) {
  std::set<std::string> anchors;
  std::map<std::string, int> seen;
  const std::string prose = Prose(text);
  for (const std::string_view line : Lines(prose)) {
    const std::size_t level = line.find_first_not_of('#');
    if (level == 0 || level == kNone || line[level] != ' ') continue;
    std::string anchor;
    for (const char c : Trim(line.substr(level))) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == ' ') anchor += '-';
      if (IsWordCharacter(c) || c == '-' || byte >= 0x80) {
        anchor += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
      }
    }
    const int times = seen[anchor]++;
    anchors.insert(times == 0 ? anchor : anchor + "-" + std::to_string(times));
  }
  return anchors;
}

struct Link {
  int line;
  std::string_view target;
};

// [text](target), ![text](target) and [name]: target.
std::vector<Link> LinksOf(std::string_view prose) {
  std::vector<Link> links;
  for (std::size_t at = prose.find("]("); at != kNone; at = prose.find("](", at + 1)) {
    const std::string_view rest = prose.substr(at + 2);
    links.push_back({LineOf(prose, at), rest.substr(0, rest.find_first_of(" )\n"))});
  }
  int number = 0;
  for (const std::string_view line : Lines(prose)) {
    ++number;
    const std::size_t close = line.find("]: ");
    if (line.starts_with('[') && close != kNone) {
      links.push_back({number, Trim(line.substr(close + 3))});
    }
  }
  return links;
}

// A path of this tree, as documents and comments name them: it starts in one of its folders and
// has no placeholder in it.
bool LooksLikePath(std::string_view word) {
  constexpr std::string_view kFolders[] = {"src/",      "tests/", "include/",   "docs/",
                                           "examples/", "cmake/", "benchmarks/"};
  return std::any_of(std::begin(kFolders), std::end(kFolders),
                     [&](std::string_view folder) { return word.starts_with(folder); }) &&
         word.find_first_of("*<>{}$|?") == kNone && word.find("...") == kNone;
}

bool IsPathCharacter(char c) {
  return IsWordCharacter(c) || std::string_view("/.-*<>{}$|?").find(c) != kNone;
}

// Words of `text` that look like paths, with their positions.
std::vector<std::pair<std::size_t, std::string_view>> NamedPaths(std::string_view text) {
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (std::size_t at = 0; at < text.size();) {
    if (!IsPathCharacter(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && IsPathCharacter(text[end])) ++end;
    std::string_view word = text.substr(at, end - at);
    while (word.ends_with('.') || word.ends_with('/')) word.remove_suffix(1);
    if (LooksLikePath(word)) found.emplace_back(at, word);
    at = end;
  }
  return found;
}

}  // namespace

Problems CheckLinks(const Tree& tree) {
  const Paths paths = PathsOf(tree);
  std::map<std::string, std::set<std::string>> anchors;
  for (const SourceFile& file : tree) {
    if (file.path.ends_with(".md")) anchors[file.path] = Anchors(file.text);
  }
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!file.path.ends_with(".md")) continue;
    const std::string prose = WithoutInlineCode(Prose(file.text));
    for (const Link& link : LinksOf(prose)) {
      const std::string_view target = link.target;
      if (target.find("://") != kNone || target.starts_with("mailto:")) continue;
      const std::string_view page = target.substr(0, target.find('#'));
      const std::string path = page.empty() ? file.path : Resolve(FolderOf(file.path), page);
      if (target.starts_with('/') || !paths.contains(path)) {
        problems.push_back(Problem(file.path, link.line, "dead link: " + std::string(target)));
      } else if (target.find('#') != kNone && path.ends_with(".md") &&
                 !anchors[path].contains(std::string(target.substr(target.find('#') + 1)))) {
        problems.push_back(
            Problem(file.path, link.line, "no such heading: " + std::string(target)));
      }
    }
  }
  return problems;
}

Problems CheckNamedPaths(const Tree& tree) {
  const Paths paths = PathsOf(tree);
  Problems problems;
  for (const SourceFile& file : tree) {
    const bool page = file.path.ends_with(".md") && file.path != "CHANGELOG.md";
    if (!page && !IsCode(file.path)) continue;
    const std::string text = page ? Prose(file.text) : SplitSource(file.text).comments;
    for (const auto& [at, path] : NamedPaths(text)) {
      // Comments leave the ending out at times: "tests/crash" and "src/io/posix" are no promises.
      const bool exact = path.find('.') != kNone || page;
      if (!exact || paths.contains(path)) continue;
      problems.push_back(Problem(file.path, LineOf(text, at), "there is no " + std::string(path)));
    }
  }
  return problems;
}

}  // namespace eventlog::tidy

#include "tidy/checks.h"
#include "tidy/outline.h"

namespace eventlog::tidy {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

int Columns(std::string_view line) {
  int columns = 0;
  for (const char c : line) columns += IsContinuation(c) ? 0 : 1;
  return columns;
}

std::string TooMany(std::string_view what, int count, std::string_view of, int max) {
  return std::string(what) + " has " + std::to_string(count) + " " + std::string(of) +
         ", at most " + std::to_string(max) + " are allowed";
}

std::vector<Item> OutlineOf(const SourceFile& file) {
  return Outline(WithoutDirectives(SplitSource(file.text).code));
}

}  // namespace

Problems CheckFileLines(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    const int lines = static_cast<int>(Lines(file.text).size());
    if (!IsCode(file.path) || lines <= kMaxFileLines) continue;
    problems.push_back(Problem(file.path, lines, TooMany("it", lines, "lines", kMaxFileLines)));
  }
  return problems;
}

Problems CheckColumns(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!IsCode(file.path) && NameOf(file.path) != "CMakeLists.txt" && file.path != "dev") continue;
    int number = 0;
    for (const std::string_view line : Lines(file.text)) {
      ++number;
      const int columns = Columns(line);
      if (columns <= kMaxColumns) continue;
      problems.push_back(
          Problem(file.path, number, TooMany("the line", columns, "columns", kMaxColumns)));
    }
  }
  return problems;
}

Problems CheckFunctionLines(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!IsCode(file.path)) continue;
    for (const Item& item : OutlineOf(file)) {
      const int lines = item.last_line - item.first_line + 1;
      if (item.kind != Item::Kind::kFunction || lines <= kMaxFunctionLines) continue;
      problems.push_back(Problem(file.path, item.first_line,
                                 TooMany(NameOfFunction(item), lines, "lines", kMaxFunctionLines)));
    }
  }
  return problems;
}

Problems CheckOptionCounts(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    const bool ours = file.path.starts_with("include/") || file.path.starts_with("src/");
    if (!ours || !IsCode(file.path)) continue;
    const std::vector<Item> items = OutlineOf(file);
    std::vector<int> fields(items.size(), 0);
    for (const Item& item : items) {
      const std::string plain = WithoutTemplates(item.head.substr(0, item.head.find('=')));
      const bool field = item.kind == Item::Kind::kDeclaration && item.parent >= 0 &&
                         plain.find('(') == std::string::npos && !plain.starts_with("using ") &&
                         !plain.starts_with("friend ") && !plain.starts_with("static ");
      if (field) ++fields[static_cast<std::size_t>(item.parent)];
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string name = NameOfScope(items[i]);
      const bool options = items[i].kind == Item::Kind::kType && name.ends_with("Options");
      if (!options || fields[i] <= kMaxOptions) continue;
      problems.push_back(
          Problem(file.path, items[i].first_line, TooMany(name, fields[i], "fields", kMaxOptions)));
    }
  }
  return problems;
}

}  // namespace eventlog::tidy

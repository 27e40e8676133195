// Every public declaration says in a comment what its name does not.
#include <algorithm>
#include <cctype>
#include <utility>

#include "tidy/checks.h"
#include "tidy/outline.h"
#include "tidy/source.h"

namespace eventlog::tidy {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool IsLower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }

const Item* TypeAround(const std::vector<Item>& items, const Item& item) {
  if (item.parent < 0) return nullptr;
  const Item& parent = items[static_cast<std::size_t>(item.parent)];
  return parent.kind == Item::Kind::kType ? &parent : nullptr;
}

// What stands behind the last parameter: "const", "= default", "override".
std::string_view BehindParameters(std::string_view head) {
  const std::size_t close = head.rfind(')');
  return close == kNone ? "" : head.substr(close + 1);
}

bool Has(std::string_view text, std::string_view word) { return !FindWord(text, word).empty(); }

// A function whose name and place say it all: operators and special members, what a base documents,
// and accessors: in lower case, without parameters, const.
bool ExplainsItself(const std::string& head, const std::string& name, const std::string& type) {
  const std::string_view behind = BehindParameters(head);
  if (Has(head, "operator") || Has(behind, "default") || Has(behind, "delete")) return true;
  if (Has(behind, "override")) return true;
  if (type.empty()) return false;
  const std::size_t open = head.find(name + "(");
  if (open == kNone) return false;
  const std::string_view call = std::string_view(head).substr(open + name.size());
  const bool no_parameters = call.starts_with("()");
  if (name == type) {
    return no_parameters || call.starts_with("(" + type + "&&)") ||
           call.starts_with("(const " + type + "&)");
  }
  return no_parameters && IsLower(name[0]) && Has(behind, "const");
}

// Names of other declarations, and aliases in the manner of the standard library (value_type).
bool OnlyNames(const std::string& head, bool in_type) {
  for (const char* start : {"friend ", "static_assert", "class ", "struct ", "enum "}) {
    if (head.starts_with(start)) return true;
  }
  return in_type && head.starts_with("using ") && IsLower(head[6]);
}

// A field that has the name of what every record has, but for options, of which each says its
// default.
bool IsFieldOfRecords(const std::string& head, const std::string& type) {
  constexpr std::string_view kNames[] = {"group", "topic", "partition", "offset",
                                         "key",   "value", "headers",   "name"};
  if (type.ends_with("Options") || type.ends_with("Tuning")) return false;
  const std::string_view field = Trim(std::string_view(head).substr(0, head.find('=')));
  return std::any_of(std::begin(kNames), std::end(kNames), [&](std::string_view name) {
    return field.ends_with(" " + std::string(name));
  });
}

bool NeedsNoComment(const std::vector<Item>& items, const Item& item) {
  const Item* type = TypeAround(items, item);
  const std::string head = WithoutTemplates(item.head);
  if (item.kind == Item::Kind::kType) return false;
  if (item.kind == Item::Kind::kDeclaration && OnlyNames(head, type != nullptr)) return true;
  const std::string around = type == nullptr ? "" : NameOfScope(*type);
  const std::string name = NameOfFunction(item);
  if (!name.empty() || Has(head, "operator")) return ExplainsItself(head, name, around);
  return type != nullptr && IsFieldOfRecords(head, around);
}

bool IsHidden(const std::vector<Item>& items, const Item& item) {
  for (const Item* at = &item;; at = &items[static_cast<std::size_t>(at->parent)]) {
    if (at->access == Item::Access::kHidden) return true;
    if (at->kind == Item::Kind::kNamespace && NameOfScope(*at) == "internal") return true;
    if (at->parent < 0) return false;
  }
}

// The lines of a header, from 1.
class Page {
 public:
  explicit Page(const Split& split)
      : split_(split), code_(Lines(split_.code)), comments_(Lines(split_.comments)) {}

  std::string_view Code(int line) const { return Trim(At(code_, line)); }

  // Whether a comment stands on one of these lines, or right above them.
  bool HasComment(int first_line, int last_line) const {
    for (int line = first_line; line <= last_line; ++line) {
      if (Explains(line)) return true;
    }
    return IsHeading(first_line - 1, first_line);
  }
  // In an enum, a comment is said of all the values up to the next blank line.
  bool IsInGroup(int value_line) const {
    int line = value_line - 1;
    while (!Code(line).empty() || (Explains(line) && !IsHeading(line, value_line))) --line;
    return IsHeading(line, value_line);
  }

 private:
  // A comment for people: not what is said to tools, nor the name of an unused parameter.
  bool Explains(int line) const {
    const std::string_view comment = Trim(At(comments_, line));
    if (!comment.starts_with("//")) return false;
    const std::string_view text = Trim(comment.substr(2));
    return !text.empty() && !text.starts_with("NOLINT") && !text.starts_with("IWYU");
  }
  // A comment of its own, as far to the left as what is at `line`: one further to the right goes on
  // about what is above it.
  bool IsHeading(int comment_line, int line) const {
    return Explains(comment_line) && Code(comment_line).empty() &&
           At(comments_, comment_line).find_first_not_of(' ') ==
               At(code_, line).find_first_not_of(' ');
  }
  static std::string_view At(const std::vector<std::string_view>& lines, int line) {
    const auto index = static_cast<std::size_t>(line - 1);
    return line >= 1 && index < lines.size() ? lines[index] : std::string_view();
  }

  const Split split_;
  const std::vector<std::string_view> code_;
  const std::vector<std::string_view> comments_;
};

class Checker {
 public:
  explicit Checker(const SourceFile& file)
      : file_(file),
        split_(SplitSource(file.text)),
        page_(split_),
        items_(Outline(WithoutDirectives(split_.code))) {}

  Problems Run() {
    const Item* overload = nullptr;  // commented, and its overloads follow without a blank line
    for (const Item& item : items_) {
      if (item.kind == Item::Kind::kNamespace || IsHidden(items_, item)) continue;
      if (item.kind == Item::Kind::kType && item.head.starts_with("enum")) CheckValues(item);
      const std::string name = NameOfFunction(item);
      const bool shared = overload != nullptr && !name.empty() &&
                          NameOfFunction(*overload) == name &&
                          overload->last_line + 1 >= item.first_line;
      if (shared || page_.HasComment(item.first_line, item.last_head_line)) {
        overload = &item;
      } else if (!NeedsNoComment(items_, item)) {
        Add(item.first_line, std::string_view(item.head).substr(0, item.head.find('\n')));
      }
    }
    CheckMacros();
    return std::move(problems_);
  }

 private:
  void CheckValues(const Item& item) {
    for (int line = item.last_head_line + 1; line < item.last_line; ++line) {
      if (page_.Code(line).empty()) continue;
      const int first = line;
      while (!page_.Code(line).ends_with(',') && line + 1 < item.last_line) ++line;
      if (!page_.HasComment(first, line) && !page_.IsInGroup(first)) Add(first, page_.Code(first));
    }
  }

  // A name that ends in an underscore is a part of another macro.
  void CheckMacros() {
    constexpr std::string_view kDefine = "#define ";
    int line = 0;
    for (const std::string_view code : Lines(split_.code)) {
      ++line;
      if (!code.starts_with(kDefine)) continue;
      std::string_view name = code.substr(kDefine.size());
      name = name.substr(0, name.find_first_of(" ("));
      if (!name.ends_with('_') && !page_.HasComment(line, line)) Add(line, code);
    }
  }

  void Add(int line, std::string_view what) {
    problems_.push_back(Problem(file_.path, line, "has no comment: " + std::string(what)));
  }

  const SourceFile& file_;
  const Split split_;
  const Page page_;
  const std::vector<Item> items_;
  Problems problems_;
};

}  // namespace

Problems CheckPublicComments(const Tree& tree) {
  Problems problems;
  for (const SourceFile& file : tree) {
    if (!file.path.starts_with("include/") || !IsCode(file.path)) continue;
    for (std::string& problem : Checker(file).Run()) problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace eventlog::tidy

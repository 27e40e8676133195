#include "tidy/outline.h"

#include <algorithm>
#include <initializer_list>

#include "tidy/source.h"

namespace eventlog::tidy {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

std::string FirstWord(std::string_view text) {
  text = Trim(text);
  const auto end = std::find_if_not(text.begin(), text.end(), IsWordCharacter);
  return {text.begin(), end};
}

bool IsNamespace(std::string_view head) {
  const bool linkage = FirstWord(head) == "extern" && Trim(head).ends_with('"');  // extern "C"
  return linkage || !FindWord(head, "namespace").empty();
}

bool IsType(std::string_view head) {
  const std::string plain = WithoutTemplates(head);
  const std::string word = FirstWord(plain);
  if (word != "class" && word != "struct" && word != "union" && word != "enum") return false;
  const std::string_view rest = Trim(plain);
  return !rest.ends_with(')') && !rest.ends_with(" const") && !rest.ends_with(" noexcept");
}

class Outliner {
 public:
  explicit Outliner(std::string_view code) : code_(code) {}

  std::vector<Item> Run() {
    for (at_ = 0; at_ < code_.size(); ++at_) {
      const char c = code_[at_];
      if (c == ' ' || c == '\n' || c == '\t') continue;
      if (start_ == kNone && c == '}') {
        Leave();
        continue;
      }
      if (start_ == kNone && c == ';') continue;
      if (start_ == kNone) start_ = at_;
      if (c == '(') ++parens_;
      if (c == ')') --parens_;
      if (c == ':') SeeColon();
      if (c == '{') SeeBrace();
      if (c == ';' && parens_ == 0) Emit(Item::Kind::kDeclaration, at_, at_);
    }
    return std::move(items_);
  }

 private:
  // The position of the brace that closes the one at `open`.
  std::size_t Closing(std::size_t open) const {
    int depth = 0;
    for (std::size_t at = open; at < code_.size(); ++at) {
      if (code_[at] == '{') ++depth;
      if (code_[at] == '}' && --depth == 0) return at;
    }
    return code_.size() - 1;
  }

  void SeeColon() {
    const std::string_view label = Trim(code_.substr(start_, at_ - start_));
    if (label != "public" && label != "private" && label != "protected") return;
    access_ = label == "public" ? Item::Access::kPublic : Item::Access::kHidden;
    start_ = kNone;
  }

  void SeeBrace() {
    const std::string_view head = code_.substr(start_, at_ - start_);
    const std::size_t close = Closing(at_);
    if (parens_ == 0 && (IsNamespace(head) || IsType(head))) {
      Enter(head, close);
      return;
    }
    // A default argument, an initializer or a member's initialization: the head goes on.
    const std::size_t next = code_.find_first_not_of(" \n\t", close + 1);
    const bool goes_on = next != kNone && std::string_view(",{;)").find(code_[next]) != kNone;
    if (parens_ == 0 && !goes_on) Emit(Item::Kind::kFunction, at_, close);
    at_ = close;
  }

  void Enter(std::string_view head, std::size_t close) {
    const bool is_namespace = IsNamespace(head);
    const std::string word = FirstWord(WithoutTemplates(head));
    Emit(is_namespace ? Item::Kind::kNamespace : Item::Kind::kType, at_, close);
    if (word == "enum") {
      at_ = close;
      return;
    }
    outer_access_.push_back(access_);
    parent_ = static_cast<int>(items_.size()) - 1;
    access_ = word == "class" ? Item::Access::kHidden : Item::Access::kPublic;
  }

  void Leave() {
    if (parent_ < 0) return;
    parent_ = items_[static_cast<std::size_t>(parent_)].parent;
    access_ = outer_access_.back();
    outer_access_.pop_back();
  }

  void Emit(Item::Kind kind, std::size_t head_end, std::size_t end) {
    Item item;
    item.kind = kind;
    item.access = access_;
    item.parent = parent_;
    item.head = std::string(Trim(code_.substr(start_, head_end - start_)));
    item.first_line = LineOf(code_, start_);
    item.last_head_line = LineOf(code_, head_end);
    item.last_line = LineOf(code_, end);
    items_.push_back(std::move(item));
    start_ = kNone;
  }

  const std::string_view code_;
  std::vector<Item> items_;
  std::vector<Item::Access> outer_access_;
  std::size_t at_ = 0;
  std::size_t start_ = kNone;  // of the head being read
  int parens_ = 0;
  int parent_ = -1;
  Item::Access access_ = Item::Access::kPublic;
};

// Leaves out what stands between `open` and `close`, and them.
std::string WithoutBracketed(std::string_view text, char open, char close) {
  std::string result;
  int depth = 0;
  for (const char c : text) {
    if (c == open) ++depth;
    if (depth == 0) result += c;
    if (c == close && depth > 0) --depth;
  }
  return result;
}

std::string WordBefore(std::string_view text, std::size_t end) {
  std::string_view before = Trim(text.substr(0, end));
  std::size_t start = before.size();
  while (start > 0 && IsWordCharacter(before[start - 1])) --start;
  return std::string(before.substr(start));
}

}  // namespace

std::vector<Item> Outline(std::string_view code) { return Outliner(code).Run(); }

std::string WithoutTemplates(std::string_view head) {
  std::string result = WithoutBracketed(WithoutBracketed(head, '[', ']'), '<', '>');
  for (const std::size_t at : FindWord(result, "template")) result.replace(at, 8, 8, ' ');
  return std::string(Trim(result));
}

std::string NameOfScope(const Item& item) {
  std::string head = WithoutTemplates(item.head);
  if (item.kind == Item::Kind::kNamespace) {
    const std::string last = WordBefore(head, head.size());
    return last == "namespace" ? "" : last;
  }
  // What follows a single colon are the bases.
  for (std::size_t at = head.find(':'); at != kNone; at = head.find(':', at + 2)) {
    if (at + 1 < head.size() && head[at + 1] == ':') continue;
    head.resize(at);
    break;
  }
  for (const std::size_t at : FindWord(head, "final")) head.resize(std::min(at, head.size()));
  return WordBefore(head, head.size());
}

std::string NameOfFunction(const Item& item) {
  const std::string head = WithoutTemplates(std::string_view(item.head).substr(
      0, item.head.find("operator") == kNone ? item.head.find('=') : kNone));
  const std::size_t paren = head.find('(');
  if (item.kind == Item::Kind::kNamespace || paren == kNone) return "";
  return WordBefore(head, paren);
}

}  // namespace eventlog::tidy

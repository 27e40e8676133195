#include "errors/documented_errors.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <regex>
#include <string_view>
#include <utility>
#include <vector>

#include "tidy/outline.h"
#include "tidy/source.h"

namespace eventlog::test {
namespace {

using tidy::Item;

constexpr std::array<const char*, 14> kCodes = {
    "InvalidArgument",    "NotFound",          "AlreadyExists",    "OutOfRange", "Aborted",
    "FailedPrecondition", "ResourceExhausted", "DeadlineExceeded", "Cancelled",  "Unavailable",
    "DataLoss",           "Unimplemented",     "PermissionDenied", "Internal"};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The names of errors.h's ErrorReason but kNone: other enums have words that begin with k as well.
std::set<std::string> ReasonNames(const std::string& header) {
  std::set<std::string> names;
  static const std::regex kEnumerator(R"(\n  (k\w+) = \d+,)");
  for (std::sregex_iterator at(header.begin(), header.end(), kEnumerator), end; at != end; ++at) {
    if ((*at)[1] != "kNone") names.insert((*at)[1]);
  }
  return names;
}

// The comment right above a line, or at its end, as one line of text.
std::string CommentAbove(const std::vector<std::string_view>& lines, int first_line) {
  std::string text;
  int line = first_line - 1;
  while (line >= 1 && tidy::Trim(lines[static_cast<std::size_t>(line - 1)]).starts_with("//")) {
    --line;
  }
  for (++line; line < first_line; ++line) {
    text += tidy::Trim(lines[static_cast<std::size_t>(line - 1)]).substr(2);
    text += ' ';
  }
  return std::regex_replace(text, std::regex(" +"), " ");
}

class Reader {
 public:
  explicit Reader(const std::string& root) : folder_(root + "/include/eventlog/") {
    reasons_ = ReasonNames(ReadFile(folder_ + "errors.h"));
  }

  DocumentedErrors Read() {
    for (const char* header : {"log.h", "topic.h", "consumer.h", "producer.h", "options.h"}) {
      ReadHeader(ReadFile(folder_ + header));
    }
    while (ExpandReferences()) {
    }
    return std::move(errors_);
  }

 private:
  void ReadHeader(const std::string& text) {
    const std::vector<std::string_view> lines = tidy::Lines(text);
    const auto items = tidy::Outline(tidy::WithoutDirectives(tidy::SplitSource(text).code));
    for (const Item& item : items) {
      const std::string name = tidy::NameOfFunction(item);
      if (name.empty() || item.access == Item::Access::kHidden) continue;
      if (item.head.find("absl::Status") == std::string::npos) continue;
      const Item& scope = items[static_cast<std::size_t>(item.parent)];
      const bool method = scope.kind == Item::Kind::kType;
      const std::string owner = method ? tidy::NameOfScope(scope) + "::" : "";
      const std::string comment = CommentAbove(lines, item.first_line);
      Note(owner + name, comment);
      NoteReferences(owner, name, comment);
      if (method && item.head.find("static ") == std::string::npos) {
        NoteClass(owner, name, CommentAbove(lines, scope.first_line));
      }
    }
  }

  void Note(const std::string& method, const std::string& text) {
    std::set<std::string>& found = errors_[method];
    static const std::regex kWord(R"(\w+)");
    for (std::sregex_iterator at(text.begin(), text.end(), kWord), end; at != end; ++at) {
      const std::string word = at->str();
      const bool code = std::find(kCodes.begin(), kCodes.end(), word) != kCodes.end();
      if (code || reasons_.contains(word)) found.insert(word);
    }
  }

  // A class speaks for all its methods, or in a sentence of its own for some.
  void NoteClass(const std::string& owner, const std::string& name, const std::string& comment) {
    static const std::set<std::string> kWriters = {"OpenTopic",   "CreateTopic", "AlterTopic",
                                                   "DeleteTopic", "Write",       "AlterOffsets",
                                                   "DeleteGroup"};
    static const std::set<std::string> kChangers = {"OpenTopic", "CreateTopic", "AlterTopic",
                                                    "DeleteTopic"};
    static const std::set<std::string> kPartitions = {"Seek", "Position", "Pause", "Resume"};
    const std::size_t start = comment.find("Errors of every method");
    if (start == std::string::npos) return;
    static const std::regex kSentence(R"([^.]*(?:\.(?! )[^.]*)*\. )");
    const std::string text = comment.substr(start);
    for (std::sregex_iterator at(text.begin(), text.end(), kSentence), end; at != end; ++at) {
      const std::string sentence = at->str();
      const std::string_view view = tidy::Trim(sentence);
      if (view.starts_with("Errors of every method")) Note(owner + name, sentence);
      if (view.starts_with("Those that write") && kWriters.contains(name)) {
        Note(owner + name, sentence);
      }
      if (view.starts_with("Methods that take a topic's name") &&
          (kChangers.contains(name) || name == "DescribeTopic")) {
        Note(owner + name, sentence);
      }
      if (view.starts_with("Methods that take a partition") && kPartitions.contains(name)) {
        Note(owner + name, sentence);
      }
      if (view.starts_with("Names that begin with") && kChangers.contains(name)) {
        Note(owner + name, sentence);
      }
    }
  }

  // "Errors as Topic::AppendAll", "the errors of Commit".
  void NoteReferences(const std::string& owner, const std::string& name,
                      const std::string& comment) {
    static const std::regex kReference(R"(rrors (?:and blocking )?(?:as|of) ((?:\w+::)?[A-Z]\w+))");
    for (std::sregex_iterator at(comment.begin(), comment.end(), kReference), end; at != end;
         ++at) {
      const std::string target = (*at)[1];
      const bool qualified = target.find("::") != std::string::npos;
      references_[owner + name].insert(qualified ? target : owner + target);
    }
  }

  // True while something was added.
  bool ExpandReferences() {
    bool added = false;
    for (const auto& [method, targets] : references_) {
      for (const std::string& target : targets) {
        const std::set<std::string> more = errors_[target];
        const std::size_t before = errors_[method].size();
        errors_[method].insert(more.begin(), more.end());
        added = added || errors_[method].size() != before;
      }
    }
    return added;
  }

  const std::string folder_;
  std::set<std::string> reasons_;
  DocumentedErrors errors_;
  std::map<std::string, std::set<std::string>> references_;
};

}  // namespace

DocumentedErrors ReadDocumentedErrors(const std::string& root) { return Reader(root).Read(); }

}  // namespace eventlog::test

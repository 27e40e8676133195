#include "tidy/source.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace eventlog::tidy {
namespace {

bool IsText(std::string_view path) {
  for (const char* end : {".h", ".cc", ".md", ".txt", ".cmake", ".json", ".patch", ".yml"}) {
    if (path.ends_with(end)) return true;
  }
  return path == "dev" || path == ".ci/run";
}

// Walks over a source once, sending each character to one side of a Split.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {
    split_.code.assign(text.size(), ' ');
    split_.comments.assign(text.size(), ' ');
  }

  Split Run() {
    while (at_ < text_.size()) {
      if (Ahead("//")) {
        CopyUntil(&split_.comments, std::min(text_.find('\n', at_), text_.size()));
      } else if (Ahead("/*")) {
        CopyUntil(&split_.comments, After(text_.find("*/", at_ + 2), 2));
      } else if (text_[at_] == '"' && IsRaw()) {
        SkipRaw();
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && !IsDigitSeparator())) {
        SkipLiteral(text_[at_]);
      } else {
        CopyUntil(&split_.code, at_ + 1);
      }
    }
    return std::move(split_);
  }

 private:
  bool Ahead(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  std::size_t After(std::size_t found, std::size_t size) const {
    return found == std::string_view::npos ? text_.size() : found + size;
  }

  void CopyUntil(std::string* to, std::size_t end) {
    for (; at_ < end; ++at_) {
      (*to)[at_] = text_[at_];
      if (text_[at_] == '\n') split_.code[at_] = split_.comments[at_] = '\n';
    }
  }

  // Leaves out everything up to `end` but line ends.
  void SkipUntil(std::size_t end) {
    for (; at_ < end; ++at_) {
      if (text_[at_] == '\n') split_.code[at_] = split_.comments[at_] = '\n';
    }
  }

  bool IsRaw() const {
    return at_ > 0 && text_[at_ - 1] == 'R' && (at_ < 2 || !IsWordCharacter(text_[at_ - 2]));
  }
  bool IsDigitSeparator() const {
    return at_ > 0 && at_ + 1 < text_.size() && std::isxdigit(Byte(at_ - 1)) != 0 &&
           std::isxdigit(Byte(at_ + 1)) != 0;
  }
  unsigned char Byte(std::size_t at) const { return static_cast<unsigned char>(text_[at]); }

  void SkipRaw() {
    const std::size_t open = text_.find('(', at_);
    const std::string end = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
    split_.code[at_] = '"';
    const std::size_t last = After(text_.find(end, at_), end.size());
    SkipUntil(last);
    split_.code[last - 1] = '"';
  }

  void SkipLiteral(char quote) {
    split_.code[at_] = quote;
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    SkipUntil(std::min(end, text_.size()));
    if (at_ < text_.size() && text_[at_] == quote) split_.code[at_++] = quote;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  Split split_;
};

}  // namespace

Tree ReadTree(const std::string& root) {
  namespace fs = std::filesystem;
  Tree tree;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::end(entry); ++entry) {
    const std::string path = entry->path().lexically_relative(root).generic_string();
    if (entry->is_directory()) {
      const bool hidden = path.starts_with('.') && path != ".ci";
      if (hidden || (entry.depth() == 0 && path.starts_with("build"))) {
        entry.disable_recursion_pending();
      }
      continue;
    }
    SourceFile file{path, {}};
    if (IsText(path)) {
      std::ifstream in(entry->path(), std::ios::binary);
      file.text.assign(std::istreambuf_iterator<char>(in), {});
    }
    tree.push_back(std::move(file));
  }
  std::sort(tree.begin(), tree.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return tree;
}

std::string Listed(const Problems& problems) {
  std::string text;
  for (const std::string& problem : problems) text += "\n" + problem;
  return text;
}

Split SplitSource(std::string_view text) { return Splitter(text).Run(); }

std::string WithoutDirectives(std::string_view code) {
  std::string result(code);
  bool continued = false;
  for (std::size_t start = 0; start < code.size();) {
    const std::size_t end = std::min(code.find('\n', start), code.size());
    const std::string_view line = code.substr(start, end - start);
    const bool directive = continued || Trim(line).starts_with('#');
    continued = directive && line.ends_with('\\');
    if (directive) std::fill_n(result.begin() + static_cast<long>(start), line.size(), ' ');
    start = end + 1;
  }
  return result;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

int LineOf(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  return static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
}

std::string Problem(std::string_view path, int line, std::string_view what) {
  return std::string(path) + ":" + std::to_string(line) + ": " + std::string(what);
}

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::vector<std::size_t> FindWord(std::string_view text, std::string_view word) {
  std::vector<std::size_t> found;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool starts = at == 0 || !IsWordCharacter(text[at - 1]);
    if (starts && (end == text.size() || !IsWordCharacter(text[end]))) found.push_back(at);
  }
  return found;
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string_view FolderOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view NameOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view StemOf(std::string_view path) {
  const std::string_view name = NameOf(path);
  return name.substr(0, name.rfind('.'));
}

std::string Resolve(std::string_view folder, std::string_view target) {
  std::vector<std::string_view> parts;
  const std::string joined = std::string(folder) + "/" + std::string(target);
  std::string_view rest = joined;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (part == "..") {
      if (parts.empty()) return "/";
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string path;
  for (const std::string_view part : parts) {
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

bool IsCode(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cc"); }

}  // namespace eventlog::tidy

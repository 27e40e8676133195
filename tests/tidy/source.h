// The tree as the tidy checks see it: paths, texts, and texts without what is not code.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::tidy {

struct SourceFile {
  std::string path;  // relative to the root, with '/'
  std::string text;  // empty for what is not text
};
using Tree = std::vector<SourceFile>;

// What a check found, one line each: "path:line: what is wrong".
using Problems = std::vector<std::string>;

// Every file below `root`, less those of builds and of hidden folders (.ci is seen). Binary files
// come without text.
Tree ReadTree(const std::string& root);

// Problems as one text, for a test's message.
std::string Listed(const Problems& problems);

// Two texts of the same length and lines as a source, with spaces in place of what is left out.
struct Split {
  std::string code;      // without comments and the contents of string and character literals
  std::string comments;  // the comments alone
};
Split SplitSource(std::string_view text);

// `code` without preprocessor lines.
std::string WithoutDirectives(std::string_view code);

std::vector<std::string_view> Lines(std::string_view text);
// The line of `position`, from 1.
int LineOf(std::string_view text, std::size_t position);
std::string Problem(std::string_view path, int line, std::string_view what);

bool IsWordCharacter(char c);
// Positions of `word` in `text` where it is not a part of a longer word.
std::vector<std::size_t> FindWord(std::string_view text, std::string_view word);
std::string_view Trim(std::string_view text);

// "a/b/c.cc": folder "a/b", name "c.cc", stem "c".
std::string_view FolderOf(std::string_view path);
std::string_view NameOf(std::string_view path);
std::string_view StemOf(std::string_view path);
// `target` as seen from `folder`, without "." and ".."; "/" when it leaves the tree.
std::string Resolve(std::string_view folder, std::string_view target);
bool IsCode(std::string_view path);  // *.h, *.cc

}  // namespace eventlog::tidy

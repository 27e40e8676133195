// The declarations of a file, found by matching braces: enough for code in Google style, formatted
// by clang-format, and no parser of C++.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::tidy {

struct Item {
  enum class Kind {
    kNamespace,    // and extern "C"
    kType,         // class, struct, union or enum, with a body
    kFunction,     // with a body
    kDeclaration,  // whatever else ends in a semicolon
  };
  enum class Access { kPublic, kHidden };

  Kind kind = Kind::kDeclaration;
  Access access = Access::kPublic;
  int parent = -1;     // index of the namespace or type around it
  std::string head;    // up to the body or the semicolon
  int first_line = 0;  // from 1
  int last_head_line = 0;
  int last_line = 0;
};

// Items of namespaces and types, outermost first; what is inside functions is theirs. `code` is
// SplitSource's, without directives.
std::vector<Item> Outline(std::string_view code);

// `head` without template parameters, attributes and what stands between angle brackets.
std::string WithoutTemplates(std::string_view head);
// The name of a namespace ("" when it has none) or a type, by its head.
std::string NameOfScope(const Item& item);
// The name before the parameters; empty when the item is no function.
std::string NameOfFunction(const Item& item);

}  // namespace eventlog::tidy

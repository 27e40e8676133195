#include "tidy/source.h"

#include <catch2/catch.hpp>

namespace eventlog::tidy {
namespace {

TEST_CASE("comments and literals are told from code", "[tidy]") {
  const Split split = SplitSource("a = \"//x\\\"\"; // b\nc /* d\ne */ f;\n");
  CHECK(split.code == "a = \"     \";     \nc     \n     f;\n");
  CHECK(split.comments == "             // b\n  /* d\ne */   \n");
}

TEST_CASE("raw strings end where they say", "[tidy]") {
  const Split split = SplitSource("f(R\"x({ \" // })x\"); g();");
  CHECK(split.code == "f(R\"            \"); g();");
  CHECK(Trim(split.comments).empty());
}

TEST_CASE("digit separators open no literal", "[tidy]") {
  CHECK(SplitSource("x = 1'000; y = '{';").code == "x = 1'000; y = ' ';");
}

TEST_CASE("directives are blanked with their continuations", "[tidy]") {
  CHECK(WithoutDirectives("#define A \\\n  {\nint b;\n") == "           \n   \nint b;\n");
}

TEST_CASE("words are whole words", "[tidy]") {
  CHECK(FindWord("open reopen open_file open(", "open") == std::vector<std::size_t>{0, 22});
}

TEST_CASE("paths come apart at the last slash and the last dot", "[tidy]") {
  CHECK(FolderOf("a/b/c.d.cc") == "a/b");
  CHECK(StemOf("a/b/c.d.cc") == "c.d");
  CHECK(FolderOf("dev").empty());
}

}  // namespace
}  // namespace eventlog::tidy

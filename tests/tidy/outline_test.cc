#include "tidy/outline.h"

#include <catch2/catch.hpp>

#include "tidy/source.h"

namespace eventlog::tidy {
namespace {

using Kind = Item::Kind;

std::vector<Item> Read(std::string_view text) {
  return Outline(WithoutDirectives(SplitSource(text).code));
}

TEST_CASE("namespaces and types hold what is in them", "[tidy]") {
  const auto items = Read(
      "namespace a::inline v1 {\n"
      "class ABSL_LOCKABLE B : public C {\n"
      " public:\n"
      "  int d() const { return {}; }\n"
      " private:\n"
      "  int e_{1};\n"
      "};\n"
      "}  // namespace\n"
      "int f();\n");
  REQUIRE(items.size() == 5);
  CHECK(items[0].kind == Kind::kNamespace);
  CHECK(NameOfScope(items[0]) == "v1");
  CHECK(items[1].kind == Kind::kType);
  CHECK(NameOfScope(items[1]) == "B");
  CHECK(items[2].kind == Kind::kFunction);
  CHECK(NameOfFunction(items[2]) == "d");
  CHECK(items[2].parent == 1);
  CHECK(items[2].access == Item::Access::kPublic);
  CHECK(items[3].kind == Kind::kDeclaration);
  CHECK(items[3].access == Item::Access::kHidden);
  CHECK(items[4].parent == -1);
  CHECK(items[4].access == Item::Access::kPublic);
}

TEST_CASE("a block of extern C holds functions as a namespace does", "[tidy]") {
  const auto items = Read(
      "extern \"C\" {\n"
      "int a() {\n  return 1;\n}\n"
      "int b() {\n  return 2;\n}\n"
      "}\n");
  REQUIRE(items.size() == 3);
  CHECK(items[0].kind == Kind::kNamespace);
  CHECK(NameOfFunction(items[1]) == "a");
  CHECK(NameOfFunction(items[2]) == "b");
  CHECK(items[2].parent == 0);
}

TEST_CASE("a constructor is one function with its initializers", "[tidy]") {
  const auto items = Read("A::A(B b = {})\n    : c_{b}, d_(1), e_{2} {\n  f();\n}\nint g;\n");
  REQUIRE(items.size() == 2);
  CHECK(items[0].kind == Kind::kFunction);
  CHECK(items[0].first_line == 1);
  CHECK(items[0].last_line == 4);
  CHECK(items[1].first_line == 5);
}

TEST_CASE("an initializer is no function", "[tidy]") {
  const auto items =
      Read("constexpr T kTable[] = {\n    {f(1)},\n};\nauto g = [](int) { return 1; };");
  REQUIRE(items.size() == 2);
  CHECK(items[0].kind == Kind::kDeclaration);
  CHECK(items[1].kind == Kind::kDeclaration);
}

TEST_CASE("templates and test cases are functions", "[tidy]") {
  const auto items = Read(
      "template <class T>\nstd::vector<T> F(const std::function<void(T)>& f) {\n}\n"
      "TEST_CASE(\"a { b\", \"[c]\") {\n}\n"
      "enum class E { kA, kB };\n");
  REQUIRE(items.size() == 3);
  CHECK(items[0].kind == Kind::kFunction);
  CHECK(NameOfFunction(items[0]) == "F");
  CHECK(items[1].kind == Kind::kFunction);
  CHECK(items[2].kind == Kind::kType);
  CHECK(NameOfScope(items[2]) == "E");
}

}  // namespace
}  // namespace eventlog::tidy

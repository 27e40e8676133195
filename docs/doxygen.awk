# Shows Doxygen the comments of our public headers: `//` becomes `///`, and `///<` where it stands
# behind what it describes. In an enum, a line above several values is said of each of them. The
# versioned namespace is taken out, as no program names it.
FNR == 1 { behind = group = ""; in_enum = 0 }
FNR == 1 && /^\/\// { print "/// @file" }
{
  sub(/^namespace eventlog::inline v1/, "namespace eventlog")
  sub(/ *\/\/ (IWYU|NOLINT).*/, "")
}
/^ *enum / { in_enum = 1 }
/^ *};/ { in_enum = 0 }
/^ *$/ { group = "" }
/^ *\/\// {
  # Indented like a comment behind the line before: that one goes on.
  sub(/\/\//, behind == index($0, "//") ? "///<" : "///")
  if (in_enum) group = substr($0, index($0, "/// ") + 4)
  first = 1
  print
  next
}
{
  behind = /[;,{] +\/\/ / ? index($0, "// ") : ""
  if (in_enum && group != "" && /,/ && !first) {
    if (behind) sub(/\/\/ /, "///< " group ": "); else $0 = $0 "  ///< " group
  } else if (behind) {
    sub(/\/\/ /, "///< ")
  }
  first = 0
  print
}

# Makes one translation unit of the cpp blocks of Markdown pages. A block with an #include is a file:
# it goes into a namespace of its own, behind its includes. Any other is a piece of a function, in
# which `log`, `orders`, `consumer`, `producer` and `records` are there.
function place() { return "\n#line " FNR + 1 " \"" FILENAME "\"\n" }
/^```cpp$/ {
  inside = 1
  block = place()
  whole = 0
  next
}
/^```$/ && inside {
  inside = 0
  ++count
  if (whole) {
    units = units "\nnamespace unit" count " {" block "}  // namespace\n"
  } else {
    units = units "\n[[maybe_unused]] absl::Status Piece" count "(eventlog::Log& log," \
      " eventlog::Topic& orders, eventlog::Consumer& consumer, eventlog::Producer& producer," \
      " eventlog::ConsumerRecords& records) {" block "return absl::OkStatus();\n}\n"
  }
  next
}
inside && /^#include/ {
  whole = 1
  includes[$0] = 1
  $0 = ""
}
inside {
  sub(/^int main\(/, "[[maybe_unused]] int Main(")
  block = block $0 "\n"
}
END {
  if (count == 0) exit 1
  print "// " count " blocks"
  print "#include \"eventlog/eventlog.h\""
  print "#include \"eventlog/status_macros.h\""
  for (include in includes) print include
  print units
}

# Makes a shell script of the tutorial: what is printed as a file is written, sh blocks run in order,
# and what they print is compared with the text block behind them. Building eventlog itself is left
# out: it is built, in $EVENTLOG_BUILD.
BEGIN {
  print "set -eu"
  print "exec 3>&1"
  print "trap 'status=$?; [ $status = 0 ] || cat \"$HOME/output\" >&3; exit $status' EXIT"
}
/^`[A-Za-z_.]+`:$/ { file = substr($0, 2, length($0) - 3) }
/^```$/ && kind != "" {
  if (kind == "sh") print "exec >&3 2>&3"
  if (kind == "text" || kind == "file") print "END_OF_BLOCK"
  kind = ""
  next
}
/^```/ && kind == "" {
  kind = substr($0, 4)
  if (kind == "sh") {
    print "exec >\"$HOME/output\" 2>&1"
  } else if (kind == "text") {
    print "diff -u - \"$HOME/output\" >&3 <<'END_OF_BLOCK'"
  } else if (file != "") {
    kind = "file"
    print "cat >" file " <<'END_OF_BLOCK'"
    file = ""
  } else {
    kind = "other"
  }
  next
}
kind == "sh" {
  if (/^\.\/dev |^cmake --preset|^cmake --build build-tutorial/) next
  sub(/ build-tutorial /, " \"$EVENTLOG_BUILD\" ")
  print
  ++commands
}
kind == "text" || kind == "file" { print }
END { if (commands < 20) exit 1 }

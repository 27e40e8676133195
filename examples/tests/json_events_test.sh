#!/usr/bin/env bash
# json_events_test.sh PROGRAM DIRECTORY: two events are read back; the one in between that is none
# is told, in words of nlohmann's that are not compared.
set -euo pipefail
rm -rf "$2"
mkdir -p "$2"
"$1" "$2/log" | sed 's/\(at offset [0-9]*: \).*/\1.../' | diff - <(cat <<'END'
Ann placed o-1 of 2500 cents
passed over: orders at offset 1: ...
o-1 is with a pigeon
END
)
rm -rf "$2"

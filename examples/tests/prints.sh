#!/usr/bin/env bash
# prints.sh PROGRAM DIRECTORY TEXT [INPUT]: given an empty directory and INPUT, the program succeeds
# and prints TEXT.
set -euo pipefail
rm -rf "$2"
mkdir -p "$2"
printf '%b' "${4:-}" | "$1" "$2/log" >"$2/output"
printf '%b' "$3" | diff - "$2/output"
rm -rf "$2"

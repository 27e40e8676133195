#!/bin/sh
# tutorial.sh SOURCE BUILD OUTPUT: does what docs/tutorial.md says, with the library and the tool of
# BUILD, in a home directory of its own.
set -eu
rm -rf "$3"
mkdir -p "$3"
export HOME="$3" EVENTLOG_BUILD="$2"
awk -f "$1/tests/docs/tutorial.awk" "$1/docs/tutorial.md" >"$3/tutorial.sh"
sh "$3/tutorial.sh"
rm -rf "$3"

#!/bin/sh
# cpp_blocks.sh SOURCE OUTPUT COMPILER FLAGS...: compiles the cpp blocks of all pages.
set -eu
source=$1 output=$2
shift 2
mkdir -p "$output"
awk -f "$source/tests/docs/cpp_blocks.awk" \
  "$source"/*.md "$source"/docs/*.md "$source"/docs/howto/*.md >"$output/cpp_blocks.cc"
"$@" -fsyntax-only "$output/cpp_blocks.cc"
head -n 1 "$output/cpp_blocks.cc"

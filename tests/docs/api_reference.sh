#!/bin/sh
# api_reference.sh SOURCE OUTPUT: as `./dev docs`, into OUTPUT. 77, which ctest counts as skipped,
# where there is no doxygen.
set -eu
if ! command -v doxygen >/dev/null; then
  echo "skipped: doxygen is not installed"
  exit 77
fi
mkdir -p "$2"
cd "$1"
(cat docs/Doxyfile && echo "OUTPUT_DIRECTORY = \"$2\"") | doxygen -
# The filter works when a comment has arrived.
grep -q "Sends records to the topics of one log" "$2/html/classeventlog_1_1Producer.html"

# header_time.sh <compiler> <include>: what "eventlog/eventlog.h" costs to compile, beside all that
# it includes of others. User time, the least of the runs, in turns: the machine's other load
# lengthens runs and shortens none.
set -euo pipefail
compiler=$1
include=$2
readonly runs=9 limit=1.25

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
echo '#include "eventlog/eventlog.h"' >"$directory/ours.cc"
# -MM names the headers that are not the system's: ours.
"$compiler" -std=c++20 -I"$include" -MM "$directory/ours.cc" | tr -d '\\' | tr ' ' '\n' |
  grep "^$include/" | xargs grep -hE '^#include' | grep -v '"eventlog/' | sort -u \
  >"$directory/theirs.cc"
grep -q absl/status/status.h "$directory/theirs.cc"

# The user time of one compilation, in milliseconds.
once() {
  local TIMEFORMAT=%3U
  { time "$compiler" -std=c++20 -O2 -I"$include" -c -o /dev/null "$1" >&2; } 2>&1 | tr -d .
}

least() { sort -n "$1" | head -1; }

for ((run = 0; run < runs; ++run)); do
  for file in ours theirs; do
    once "$directory/$file.cc" >>"$directory/$file"
  done
done
awk -v ours="$(least "$directory/ours")" -v theirs="$(least "$directory/theirs")" -v limit=$limit '
  BEGIN {
    printf "header_compile_ratio %.3f (%d ms beside %d ms; at most %s)\n",
      ours / theirs, ours, theirs, limit
    exit ours / theirs > limit
  }'

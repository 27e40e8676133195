#!/usr/bin/env bash
# report.sh <build>: branch coverage of src/, from the profiles that the programs in <build>/tests
# and <build>/bin left in <build>/profiles. Prints a table by file, the total, and every branch of
# recovery and of the decoders that was not taken and that unreached.txt does not explain; fails on
# those, on an explanation of a branch that was taken, and below 90 %.
#
# A branch is one outcome, true or false, of one condition. Conditions are numbered within a line as
# clang does it: those of a macro by their column in the macro. A template's count once for each
# instance. Left out are assertions, whose failing side stops the program, and what the compiler
# writes: defaulted comparisons.
set -euo pipefail
shopt -s nullglob
readonly build=$1
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

readonly complete='src/(base/bytes|format/.*|group/offset_store|journal/journal_reader|log/recovery'\
'|partition/(partition_recovery|segment_repair)|segment/(batch_reader|segment_scan))[.]cc$'

objects=()
for program in "$build"/tests/*_tests "$build"/bin/*; do objects+=(-object "$program"); done
llvm-profdata-14 merge -sparse "$build"/profiles/*.profraw -o "$build/merged.profdata"
llvm-cov-14 export -format=lcov -instr-profile "$build/merged.profdata" "${objects[@]:1}" \
  "$PWD/src" >"$build/coverage.lcov"

awk -F'[:,]' -v root="$PWD/" -v complete="$complete" '
  function text(file, line,   n, one) {
    if (!(file in read)) {
      read[file] = 1
      while ((getline one < (root file)) > 0) {
        gsub(/^ +/, "", one)
        source[file, ++n] = one
      }
    }
    return source[file, line]
  }
  FILENAME ~ /unreached.txt$/ {  # the branch as below, and why
    split($0, part, "`")
    if (!/^#/) explained[part[1] "`" part[2] "`"] = 1
    next
  }
  /^SF:/ { file = substr($2, length(root) + 1) }
  /^BRDA:/ && text(file, $2) !~ /EVENTLOG_ASSERT|= default;$/ {
    all[file]++
    if ($5 > 0) {
      taken[file]++
    } else if (file ~ complete) {
      branch = sprintf("%s %d %s `%s`", file, $3 + 1, $4 % 2 ? "false" : "true", text(file, $2))
      if (!(branch in explained)) print "not taken: " branch " in line " $2 | "sort"
      bad += !(branch in explained)
      used[branch] = 1
    }
  }
  END {
    for (file in all) {
      printf "%6.1f %% of %4d  %s\n", 100 * taken[file] / all[file], all[file], file | "sort -k5"
      total_taken += taken[file]
      total += all[file]
    }
    close("sort -k5")
    for (branch in explained) {
      if (!(branch in used)) print "taken, or gone: " branch | "sort"
      bad += !(branch in used)
    }
    close("sort")
    printf "branch coverage of src/: %.1f %% of %d (at least 90 %% is asked for)\n",
           100 * total_taken / total, total
    exit bad || total_taken < 0.9 * total
  }' tests/coverage/unreached.txt "$build/coverage.lcov"

#!/usr/bin/env bash
# Negative controls: every patch beside this script takes one protection out of a copy of the tree,
# and the test that it names must then fail. ./dev mutants runs it.
#
#   run.sh [patch names]     all of them, or these, without ".patch"
#
# Prints a line for each. Fails on a test that fails without the patch, a patch that no longer
# applies, a mutant that does not build (warnings are errors) and one that survives. A test that
# hangs has failed. JOBS bounds the compilers that run at once; MUTANTS is the directory of copy and
# build, build-mutants unless set.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

mkdir -p "${MUTANTS:=build-mutants}/tree"
place=$(readlink -f "$MUTANTS")
readonly place tree=$place/tree build=$place/build log=$place/log
readonly test_seconds=20

# What differs is copied, so that what a run before left mutated is built again and nothing else.
copy_tree() {
  local file
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [ -f "$file" ] || continue  # deleted and not committed
    cmp -s "$file" "$tree/$file" || cp --parents "$file" "$tree"
  done
  find "$tree" -type f -printf '%P\0' | while IFS= read -r -d '' file; do
    [ -f "$file" ] || rm "$tree/$file"
  done
}

# header <patch> <name>: the text behind "<name>: " among the lines before the diff.
header() { sed -n "/^--- /q; s/^$2: //p" "tests/mutants/$1.patch"; }
program_of() { header "$1" 'Caught by' | cut -d' ' -f1; }
case_of() { header "$1" 'Caught by' | cut -d'"' -f2; }

compile() { cmake --build "$build" --parallel "${JOBS:-$(nproc)}" --target "$@" >"$log" 2>&1; }

# Runs the test that the patch names.
run_case() {
  timeout -k 1 "$test_seconds" "$build/tests/$(program_of "$1")" -w NoTests "$(case_of "$1")" \
    >"$log" 2>&1 </dev/null
}

# apply <patch> [options of patch(1)]
apply() { patch -p1 --force --fuzz=0 --no-backup-if-mismatch -r - "${@:2}" <"tests/mutants/$1.patch"; }

# Prints the verdict on one patch: "caught", or why not.
judge() {
  apply "$1" --dry-run >"$log" 2>&1 || { echo "NO LONGER APPLIES" && return; }
  apply "$1" >/dev/null
  if ! compile "$(program_of "$1")"; then
    echo "DOES NOT BUILD"
  elif run_case "$1"; then
    echo "SURVIVED"
  else
    echo "caught"
  fi
  apply "$1" --reverse >/dev/null
}

if [ $# = 0 ]; then
  set -- tests/mutants/*.patch
  set -- "${@##*/}"
  set -- "${@%.patch}"
fi

copy_tree
cd "$tree"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_FLAGS_RELEASE='-O1 -DNDEBUG' >"$log" 2>&1 || { cat "$log" >&2 && exit 1; }
programs=$(for name in "$@"; do program_of "$name"; done | sort -u)
# shellcheck disable=SC2086
compile $programs || { cat "$log" >&2 && exit 1; }

failures=0
for name in "$@"; do
  run_case "$name" && continue
  cat "$log" >&2
  echo "fails without its mutant: $(header "$name" 'Caught by') ($name)" >&2
  failures=$((failures + 1))
done
[ $failures = 0 ] || exit 1

for name in "$@"; do
  began=$SECONDS
  verdict=$(judge "$name")
  [ "$verdict" = caught ] || { failures=$((failures + 1)) && cat "$log" >&2; }
  printf '%-8s %3d s  %s: %s [%s]\n' "$verdict" $((SECONDS - began)) "$name" \
    "$(header "$name" Protection)" "$(header "$name" 'Caught by')"
done
echo "$# protections removed one at a time, $failures not caught"
[ $failures = 0 ]

#!/usr/bin/env bash
# log_aggregation_test.sh PROGRAM TOOL DIRECTORY: two files are written, rotated and truncated while
# the program is killed and restarted; in the end every line is there once, in its file's order.
# EVENTLOG_SEED replays a run, EVENTLOG_ROUNDS makes it longer.
set -euo pipefail
program=$1 tool=$2 directory=$3
seed=${EVENTLOG_SEED:-$((SRANDOM % 32768))}
RANDOM=$seed
files=("$directory/a.log" "$directory/b.log")
lines=0
pid=

finish() {
  local code=$?
  [[ -z $pid ]] || kill -KILL "$pid" 2>/dev/null || true
  [[ $code -eq 0 ]] || echo "failed with EVENTLOG_SEED=$seed"
}
trap finish EXIT

start() {
  "$program" "$directory/log" "${files[@]}" >>"$directory/progress" &
  pid=$!
}

end() {  # end SIGNAL EXPECTED_CODE
  local code=0
  kill -"$1" "$pid"
  wait "$pid" 2>/dev/null || code=$?
  pid=
  [[ $code -eq $2 ]] || { echo "ended with $code after SIG$1" >&2; exit 1; }
}

write() {  # write FILE: a few lines, in two pieces each, so that half of one may be seen
  local i text
  for ((i = RANDOM % 5; i >= 0; --i)); do
    text="line $((++lines)) ${text:-}$RANDOM"
    printf '%s' "${text:0:7}" >>"$1"
    printf '%s\n' "${text:7}" >>"$1"
    printf '%s\n' "$text" >>"$1.expected"
  done
}

rotate() {  # rotate FILE: logrotate with three old ones
  [[ ! -e $1.2 ]] || mv "$1.2" "$1.3"
  [[ ! -e $1.1 ]] || mv "$1.1" "$1.2"
  mv "$1" "$1.1"
  : >"$1"
}

caught_up() {  # caught_up FILE: waits until the running program has all of it
  local i
  : >"$directory/progress"
  write "$1"
  for ((i = 0; i < 1000; ++i)); do
    [[ $(grep -F "$1 " "$directory/progress" | tail -n 1) != "$1 $(stat -c %s "$1")" ]] || return 0
    sleep 0.02
  done
  echo "$1 is not read to its end" >&2
  exit 1
}

kill_at_work() {  # kill_at_work FILE: while it reads what is being written
  local i
  caught_up "$1"
  for ((i = RANDOM % 40; i >= 0; --i)); do write "$1"; done
  end KILL 137
}

rm -rf "$directory"
mkdir -p "$directory"
touch "${files[@]}" "${files[@]/%/.expected}"
start
for ((round = 0; round < ${EVENTLOG_ROUNDS:-12}; ++round)); do
  for file in "${files[@]}"; do
    write "$file"
    case $((RANDOM % 6)) in
      0) rotate "$file" ;;
      1) rotate "$file"; write "$file"; rotate "$file" ;;
      2) caught_up "$file"; : >"$file" ;;
      3) caught_up "$file"; cp "$file" "$file.1"; : >"$file" ;;  # logrotate's copytruncate
      4) kill_at_work "$file"; rotate "$file"; write "$file"; rotate "$file"; start ;;
      5) kill_at_work "$file"; start ;;
    esac
    write "$file"
  done
  for file in "${files[@]}"; do caught_up "$file"; done
done
end TERM 0

for file in "${files[@]}"; do
  "$tool" consume "$directory/log" lines --format '%k %s\n' |
    awk -v file="$file" '$1 == file { print substr($0, length(file) + 2) }' |
    diff "$file.expected" - >&2
done
rm -rf "$directory"

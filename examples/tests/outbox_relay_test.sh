#!/usr/bin/env bash
# outbox_relay_test.sh PROGRAM DIRECTORY: service and relay, alone and together, are killed at random
# moments until they are through their input; what arrived is then the input, line by line. Again,
# until EVENTLOG_KILLS (20) kills met a running program. EVENTLOG_SEED replays the moments as far as
# the machine allows.
set -euo pipefail
program=$1 directory=$2
kills=${EVENTLOG_KILLS:-20}
seed=${EVENTLOG_SEED:-$((SRANDOM % 32768))}
RANDOM=$seed
source "$(dirname "$0")/access_log.sh"
trap '[[ $? -eq 0 ]] || echo "failed with EVENTLOG_SEED=$seed"' EXIT

rm -rf "$directory"
mkdir -p "$directory"
access_log "$directory/access.log"
head -n $((30 * kills)) "$directory/access.log" >"$directory/input"

killed=0
through=false

run_and_kill() {  # run_and_kill ROLE: counts the kill, or is through
  local code=0 begun pid
  exec 3< <(exec "$program" "$directory/logs" "$1" "$directory/input")
  pid=$!
  if ((RANDOM % 4 > 0)); then  # at work; else it may be opening and recovering
    read -r begun <&3 || begun=
    echo "$begun" >>"$directory/begun"
  fi
  sleep "0.0$((RANDOM % 20 + 10))"
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || code=$?
  exec 3<&-
  case $code in
    137) killed=$((killed + 1)) ;;
    0) [[ $1 != both ]] || through=true ;;
    *) echo "$1 ended with $code" >&2; exit 1 ;;
  esac
}

roles=(serve relay both both)
while true; do
  rm -rf "$directory/logs"
  through=false
  while ((killed < kills)) && ! $through; do run_and_kill "${roles[RANDOM % 4]}"; done
  "$program" "$directory/logs" both "$directory/input" >/dev/null
  "$program" "$directory/logs" print >"$directory/output"
  cmp "$directory/input" "$directory/output"
  ((killed < kills)) || break
done
# A kill that meets no work proves nothing: the places where they began tell how many did.
places=$(sort -u "$directory/begun" | wc -l)
echo "$killed kills, $places places; $(wc -l <"$directory/output") events, each exactly once"
((places > kills / 4))
rm -rf "$directory"

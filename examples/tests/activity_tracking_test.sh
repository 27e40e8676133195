#!/usr/bin/env bash
# activity_tracking_test.sh PROGRAM DIRECTORY: the program's report of an access log is what sort
# and awk make of it.
set -euo pipefail
program=$1 directory=$2
source "$(dirname "$0")/access_log.sh"
export LC_ALL=C
rm -rf "$directory"
mkdir -p "$directory"

"$program" "$directory/own" | diff - <(cat <<'END'
4 requests of 2 clients in 3 sessions
2 /blog
1 /
END
)

access_log "$directory/access.log"
"$program" "$directory/log" "$directory/access.log" >"$directory/found"
{
  # Client and second of each request; a session is a client's requests without a longer pause.
  awk -F'[][ :/]' '{
    month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $6) + 2) / 3
    year = $7 - (month < 3)
    day = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + $5 + \
      int((153 * ((month + 9) % 12) + 2) / 5)
    printf "%s %.0f\n", $1, ((day * 24 + $8) * 60 + $9) * 60 + $10
  }' "$directory/access.log" | sort -k1,1 -k2,2n | awk '
    $1 != client { ++clients }
    $1 != client || $2 - second > 1800 { ++sessions }
    { client = $1; second = $2 }
    END { print NR, "requests of", clients, "clients in", sessions, "sessions" }'
  awk -F'"' '$2 ~ /^GET / && $3 ~ /^ 200 / { split($2, word, " "); print word[2] }' \
    "$directory/access.log" | sort | uniq -c | sort -k1,1nr -k2,2 | sed -n '1,10s|^ *||p'
} >"$directory/expected"
diff "$directory/expected" "$directory/found"
[[ $(wc -l <"$directory/found") -eq 11 ]]
rm -rf "$directory"

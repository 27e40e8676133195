#!/usr/bin/env bash
# order_service_test.sh PROGRAM DIRECTORY: the second run tells everything twice, and nobody counts
# or mails it twice.
set -euo pipefail
program=$1 directory=$2
rm -rf "$directory"
mkdir -p "$directory"
"$program" "$directory/log" >"$directory/first"
"$program" "$directory/log" >"$directory/second"

diff - <(grep -v ^mail "$directory/first") <<'END'
analytics: 3 orders; of 7 events 7 are new and 1 repetitions
from 9:05 until 9:10: order-1/paid order-2/placed order-3/placed
END
diff - <(grep ^mail "$directory/first" | sort) <<'END'
mail: order-1/paid
mail: order-1/placed
mail: order-1/shipped
mail: order-2/placed
mail: order-3/paid
mail: order-3/placed
END
diff - "$directory/second" <<'END'
analytics: 3 orders; of 14 events 7 are new and 8 repetitions
from 9:05 until 9:10: order-1/paid order-2/placed order-3/placed
END
rm -rf "$directory"

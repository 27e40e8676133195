# Sourced: `access_log FILE` makes FILE an access log: what EVENTLOG_ACCESS_LOG names, else the
# sample beside the source tree, else generated lines, the same ones every time.
access_log() {
  local sample=${EVENTLOG_ACCESS_LOG:-$(dirname "${BASH_SOURCE[0]}")/../../../shared/data/apache_access.log}
  if [[ -r $sample ]]; then
    cp "$sample" "$1"
    return
  fi
  awk 'BEGIN {
    srand(1)
    for (i = 0; i < 10000; ++i) {
      second += int(rand() * 40)
      printf "10.0.%d.%d - - [%02d/May/2015:%02d:%02d:%02d +0000] ", rand() * 4, rand() * 200,
        17 + int(second / 86400), second / 3600 % 24, second / 60 % 60, second % 60
      printf "\"GET /page/%d HTTP/1.1\" %d %d \"-\" \"browser %d\"\n", rand() * rand() * 300,
        rand() < 0.9 ? 200 : 404, rand() * 50000, i
    }
  }' >"$1"
}

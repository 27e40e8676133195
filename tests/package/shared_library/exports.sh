# exports.sh <shared library> <archives>...: none of the symbols that eventlog and its private
# dependencies define in the archives is visible outside of the library, in which they are.
set -euo pipefail
plugin=$1
shift
private='eventlog|fmt::|XXH|LZ4'

exported=$(nm --dynamic --defined-only --demangle "$plugin")
grep -q ' PluginWorks$' <<<"$exported"
grep -q ' t eventlog::v1::Log::Open(' <<<"$(nm --defined-only --demangle "$plugin")"
visible=$(readelf --symbols --wide --demangle "$@" |
  awk '($5 == "GLOBAL" || $5 == "WEAK") && $6 == "DEFAULT" && $7 != "UND"' |
  grep -E "$private" || true)
# What the plugin's own files instantiate is the plugin's, and weak.
strong=$(grep -vE ' [WVu] ' <<<"$exported" | grep -E "$private" || true)
printf '%s' "$visible$strong" | head -20
[ -z "$visible$strong" ]

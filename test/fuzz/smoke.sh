#!/bin/sh
# smoke.sh SECONDS [BUILD_DIR]: runs every fuzz target found in BUILD_DIR for SECONDS each, from its seed corpus, and
# prints one line for each. Builds nothing, and writes nothing into the corpus. An input that broke something stays in
# BUILD_DIR/fuzz-findings.
set -eu
if [ $# -lt 1 ]; then echo "usage: $0 SECONDS [BUILD_DIR]" >&2; exit 2; fi
seconds=$1
here=$(cd "$(dirname "$0")" && pwd)
build=${2:-$here/../../build/fuzz}
findings=$build/fuzz-findings
mkdir -p "$findings"
failed=0
found=0
for target in $(find "$build" -type f -name '*_fuzz' -perm -u+x | sort); do
  found=$((found + 1))
  name=$(basename "$target" _fuzz)
  grown=$(mktemp -d)
  log=$findings/$name.log
  seeds=$here/corpus/$name
  if [ ! -d "$seeds" ]; then seeds=; fi
  if "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -artifact_prefix="$findings/$name-" \
      "$grown" $seeds >"$log" 2>&1; then
    echo "ok      $name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1 runs/p' "$log"), $(ls "$grown" | wc -l) inputs found"
  else
    echo "FAILED  $name: see $log and $findings/$name-*"
    failed=1
  fi
  rm -rf "$grown"
done
if [ "$found" -eq 0 ]; then echo "no fuzz targets in $build: build the preset fuzz first" >&2; exit 2; fi
exit $failed

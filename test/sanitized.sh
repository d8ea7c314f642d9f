#!/usr/bin/env bash
# Tests under a sanitizer preset (asan, tsan). Only what is needed is built: sanitized objects are slow to compile.
#   sanitized.sh PRESET ctest PATTERN                the tests whose ctest name matches PATTERN
#   sanitized.sh PRESET proxy [NAME=VALUE ...] SCRIPT ...  these tests with the real proxy; NAME=VALUE is their environment
# A report fails the run even when the test that caused it did not notice, as with a proxy that it had just ended.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
preset=$1 kind=$2
shift 2
build=$PWD/build/$preset
reports=$build/reports
rm -rf "$reports"
mkdir -p "$reports"
log=log_path=$reports/report
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:$log UBSAN_OPTIONS=print_stacktrace=1:$log
export KEYSHIFT_SANITIZED=$preset TSAN_OPTIONS=halt_on_error=1:$log

built() {
  cmake --preset "$preset" >/dev/null && ninja -C "$build" "$@"
}

of_ctest() {
  local pattern=$1 programs
  cmake --preset "$preset" >/dev/null || return
  mapfile -t programs < <(ninja -C "$build" -t targets all | sed -n 's/^\([a-z_]*\): phony$/\1/p' | grep -E '^(unit|contract)_[a-z]+$' | grep -E "$pattern")
  [[ integration_sweep =~ $pattern ]] && programs+=(sweep_once)
  [[ integration_admin =~ $pattern ]] && programs+=(keyshift)
  [ ${#programs[@]} -gt 0 ] || { echo "no test matches $pattern"; return 1; }
  built "${programs[@]}" && ctest --test-dir "$build" -R "$pattern" --output-on-failure
}

of_proxy() {
  local script last=$build/last.log
  while [[ $1 == *=* ]]; do export "${1?}"; shift; done
  built keyshift || return
  for script in "$@"; do
    python3 "$script" "$build/keyshift" 2>&1 | tee "$last"
    sums+=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$last" || echo "0 passed, 1 failed")$'\n'
  done
}

sums=
"of_$kind" "$@"
code=$?
found=$(find "$reports" -type f | wc -l)
find "$reports" -type f | sort | head -n 5 | while read -r report; do head -n 60 "$report"; done
echo "$found reports of $preset"
[ "$found" -eq 0 ] || code=1
[ -n "$sums" ] || exit "$code"
echo -n "$sums" | awk -v reports="$found" '{p += $1; f += $3} END {print p " passed, " f + reports " failed"; exit f + reports > 0}'

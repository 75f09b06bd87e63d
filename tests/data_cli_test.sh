#!/usr/bin/env bash
# `deepscaler data` from outside: what it says at the end, a model in memory and the same one behind
# `deepscaler serve`. data_cli_test.sh PROGRAM RECIPES
set -euo pipefail
program=$1 recipes=$2
source "$(dirname "$0")/program.sh"

# says LINE ARGUMENT...: the last line on standard output.
says() {
  local line=$1
  shift
  "$program" "$@" >out 2>err || fail "'$*': $(cat err)"
  [[ $(tail -n 1 out) == "$line" ]] || fail "'$*' said '$(tail -n 1 out)', not '$line'"
}

printf 'Task,Answer\nWhat is 1+1?,2\nWhat is 1+2?,3\nProve it.,\n' >problems.csv
cat >unwritten.toml <<'END'
[[step]]
kind = "ingest"
files = ["problems.csv"]
problem = "Task"
END
says 'no data set is written; add a step with kind = "write". The records are in datasets/unwritten/steps/01-ingest/kept.jsonl' \
  data unwritten.toml
(cat unwritten.toml; printf '[[step]]\nkind = "write"\n') >mine.toml
says 'the data set is in datasets/mine' data mine.toml
grep -qF 'Made by `deepscaler data mine.toml`.' datasets/mine/README.md || fail "$(cat datasets/mine/README.md)"
says 'the data set is in datasets/mine' data mine.toml
grep -qx 'every step was done already' out || fail "$(cat out)"
echo '{"problem": "mine", "answer": "1"}' >>datasets/mine/train.jsonl
refuses 1 'deepscaler: datasets/mine/train.jsonl: was changed after the pipeline wrote it; move it elsewhere, and the same command makes it again' \
  data mine.toml
tail -n 1 datasets/mine/train.jsonl | grep -q mine || fail "a line of somebody else is gone"
refuses 1 'deepscaler: datasets/unwritten: has the data set of another pipeline, whose settings are in pipeline.toml; choose another --output' \
  data mine.toml --output datasets/unwritten

# The tiny model gets nothing right. Its replies are the same in memory and behind HTTP.
"$program" init --config "$recipes/tiny-model/config.json" --output model >/dev/null 2>&1 || fail "no model"
echo "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[a]{% endif %}" \
  >model/chat_template.jinja
cat >hard.toml <<'END'
[[step]]
kind = "ingest"
files = ["problems.csv"]
problem = "Task"
[[step]]
kind = "difficulty"
prompt = "{problem}"
[step.model]
model = "model"
samples = 2
max_response_tokens = 8
[[step]]
kind = "pools"
[[step]]
kind = "write"
END
says 'the data set is in datasets/hard' data hard.toml
grep -q '"pass_rate":0.0,"pass_samples":2' datasets/hard/train_hard.jsonl || fail "$(cat datasets/hard/train_hard.jsonl)"
[[ $(find datasets/hard/replies -type f | wc -l) == 4 ]] || fail "not four replies"
cp -r datasets/hard/train_hard.jsonl here.jsonl
# From the kept replies alone, in the same bytes.
rm -r datasets/hard/steps/02-difficulty
says 'the data set is in datasets/hard' data hard.toml
cmp datasets/hard/train_hard.jsonl here.jsonl || fail "other bytes"

: >log  # there before the server is
"$program" serve --model model --port 0 2>log &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 600); do
  url=$(sed -n 's|^model at \(http://127.0.0.1:[0-9]*/v1\); Ctrl-C stops it$|\1|p' log)
  [[ -z $url ]] || break
  sleep 0.05
done
[[ -n $url ]] || fail "no address: $(cat log)"
export no_proxy=127.0.0.1
says 'the data set is in there' data hard.toml --output there --set "step.1.model.endpoint=$url"
cmp there/train_hard.jsonl here.jsonl || fail "other records of the model behind HTTP"
kill -INT "$server"
wait "$server" || fail "it ended with $?: $(cat log)"
# What was asked is not asked again; what was not is no record.
rm -r there/steps/02-difficulty
says 'the data set is in there' data hard.toml --output there --set "step.1.model.endpoint=$url"
cmp there/train_hard.jsonl here.jsonl || fail "other bytes out of kept replies"
"$program" data hard.toml --output alone --set "step.1.model.endpoint=$url" --set step.1.model.patience_s=0 >out 2>err &&
  fail "kept without a model: $(cat out)"
grep -q 'step.1: leaves no record of 3' err || fail "$(cat err)"
[[ ! -e alone/train_hard.jsonl ]] || fail "written without a model"

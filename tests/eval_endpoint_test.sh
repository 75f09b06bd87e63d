#!/usr/bin/env bash
# `deepscaler eval --endpoint` beside `deepscaler serve`: the report of a model behind HTTP has the samples of the
# model in memory; stopped and gone on with; a server that is not there. eval_endpoint_test.sh PROGRAM RECIPES
set -euo pipefail
program=$1 recipes=$2
source "$(dirname "$0")/program.sh"

"$program" init --config "$recipes/tiny-model/config.json" --output model >/dev/null 2>&1 || fail "no model"
echo "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[a]{% endif %}" \
  >model/chat_template.jinja

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

what=(--model model --kind sub,add --count 8 --max-response-tokens 24)
"$program" eval "${what[@]}" --temperature 0 --output here.json >/dev/null 2>&1 || fail "here"
"$program" eval "${what[@]}" --temperature 0 --endpoint "$url" --output there.json >there.txt 2>there.log || fail "$(cat there.log)"
samples_of() { grep -E '^ +"(id|text|tokens|truncated|reason)":' "$1"; }
[[ $(samples_of here.json | grep -c '"text"') == 8 ]] || fail "not 8 samples: $(samples_of here.json)"
cmp <(samples_of here.json) <(samples_of there.json) || fail "other samples"
grep -q '^| endpoint  *| http://127' there.md || fail "no endpoint in $(cat there.md)"
"$program" eval --compare here.json there.json >compared.txt
grep -q '^| average ' compared.txt || fail "$(cat compared.txt)"

# Slowly, so that it can be stopped; the seeds make samples that a run without a stop has too.
drawn=(eval "${what[@]}" --temperature 1 --samples 3 --endpoint "$url")
"$program" "${drawn[@]}" --output whole.json >/dev/null 2>whole.log || fail "$(cat whole.log)"
"$program" "${drawn[@]}" --requests-per-minute 600 --output stopped.json >/dev/null 2>stopped.log &
evaluation=$!
for _ in $(seq 600); do
  [[ -s stopped.samples.jsonl && $(wc -l <stopped.samples.jsonl) -gt 3 ]] && break
  sleep 0.02
done
kill -INT $evaluation
code=0
wait $evaluation || code=$?
[[ $code != 0 && ! -e stopped.json ]] || fail "not stopped: exit $code"
grep -q 'of 24 answers are kept in stopped.samples.jsonl; the same command goes on from there' stopped.log ||
  fail "$(cat stopped.log)"
"$program" "${drawn[@]}" --output stopped.json >/dev/null 2>again.log || fail "$(cat again.log)"
grep -q 'of 24 answers are there already' again.log || fail "$(cat again.log)"
cmp stopped.json whole.json || fail "a stopped evaluation ends in another report"

"$program" eval "${what[@]:2}" --model other --endpoint "$url" >/dev/null 2>err && fail "another model is there"
[[ $(tail -n 1 err) == *": $url/chat/completions: the server answers 404: there is no such model; this server has model; \
check the request and the model's name" ]] || fail "$(cat err)"

kill -INT "$server"
wait "$server" || fail "the server ended with $?: $(cat log)"
"$program" eval "${what[@]}" --endpoint "$url" --patience 0.7 >/dev/null 2>err && fail "nobody is there"
[[ $(tail -n 1 err) == "deepscaler: $url/chat/completions: no answer within 0.7 s; last: $url/chat/completions: "* ]] ||
  fail "$(cat err)"
grep -q '^warning: .*; asking again for up to 0.7 s$' err || fail "no word of waiting: $(cat err)"
refuses 1 "deepscaler: 127.0.0.1:8080: is no URL; give one as http://127.0.0.1:8080/v1" \
  eval "${what[@]}" --endpoint 127.0.0.1:8080
refuses 2 "Run with --help for more information." eval "${what[@]}" --endpoint "$url" --dtype bf16
grep -qx -- "--dtype excludes --endpoint" err || fail "$(cat err)"
echo "all good"

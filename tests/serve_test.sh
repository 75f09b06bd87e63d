#!/usr/bin/env bash
# `deepscaler serve` from outside: an answer at each path, what its command line refuses, how it ends.
# serve_test.sh PROGRAM RECIPES
set -euo pipefail
program=$1 recipes=$2
source "$(dirname "$0")/program.sh"

"$program" init --config "$recipes/tiny-model/config.json" --output model >/dev/null 2>&1 || fail "no model"

refuses 1 "deepscaler: --host 0.0.0.0: other machines can reach this address, and no key is needed; give --api-key-file, \
or --open-to-all if everybody may ask" serve --model model --host 0.0.0.0 --port 0
refuses 1 "deepscaler: --name: 'a b' is no name of a model; take letters, digits and ._-: alone" \
  serve --model model --name 'a b' --port 0
refuses 1 "deepscaler: --host: example.org is no address; give one as 127.0.0.1 or ::1" \
  serve --model model --host example.org --port 0

: >log  # there before the server is
"$program" serve --model model --port 0 2>log &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 600); do
  port=$(sed -n 's|^model at http://127.0.0.1:\([0-9]*\)/v1; Ctrl-C stops it$|\1|p' log)
  [[ -z $port ]] || break
  sleep 0.05
done
[[ -n $port ]] || fail "no address: $(cat log)"

# ask METHOD PATH [BODY]: the answer, headers and all.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "${#3}" "$3" >&3
  cat <&3
  exec 3>&-
}
# answers TEXT METHOD PATH BODY
answers() {
  ask "$2" "$3" "${4-}" >answer
  grep -qF "$1" answer || fail "$2 $3 has no '$1': $(cat answer)"
}
answers '{"status":"ok"}' GET /health
answers '"id":"model"' GET /v1/models
answers 'deepscaler_requests_finished_total 0' GET /metrics
answers '"object":"text_completion"' POST /v1/completions '{"prompt": "x", "max_tokens": 3}'
answers 'data: [DONE]' POST /v1/completions '{"prompt": "x", "max_tokens": 3, "stream": true}'
answers '"log_probs":[null,-' POST /v1/score '{"input": "xyz"}'
answers '{"tokens":[72,105]}' POST /tokenize '{"content": "Hi"}'
answers '{"content":"Hi"}' POST /detokenize '{"tokens": [72, 105]}'
answers '<title>deepscaler</title>' GET /
answers '"models":[{"name":"model"' GET /api/tags
answers '"version":"' GET /api/version
answers '"capabilities":["completion"]' POST /api/show '{"model": "model"}'
answers '"done_reason":"length"' POST /api/generate '{"prompt": "x", "options": {"num_predict": 3, "seed": 1}}'
answers '{"error":"the model has no chat template' POST /api/chat '{"messages": [{"role": "user", "content": "x"}]}'
answers 'the model has no chat template; ask /v1/completions' POST /v1/chat/completions \
  '{"messages": [{"role": "user", "content": "x"}]}'
answers 'HTTP/1.1 404 Not Found' GET /etc/passwd
answers 'deepscaler_requests_finished_total 4' GET /metrics

kill -INT "$server"
wait "$server" || fail "it ended with $?: $(cat log)"

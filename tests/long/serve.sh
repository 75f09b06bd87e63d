#!/usr/bin/env bash
# `deepscaler serve` with clients of others (openai, ollama, litellm, lm-eval: 2 GB of packages on first use), and under
# 10,000 requests of which many are bad or given up.
# serve.sh BUILD [ENVIRONMENT]     the latter is a folder to keep the packages in (build-wheel/serve otherwise)
set -euo pipefail
build=$(realpath "$1")
sources=$(realpath "$(dirname "$0")/../..")
environment=$(realpath -m "${2:-$sources/build-wheel/serve}")
program=$build/deepscaler
source "$sources/tests/program.sh"
packages=(openai==3.57.0 ollama==0.6.3 litellm==1.110.2 "lm-eval[api]==0.4.13" transformers torch)
if [[ $(cat "$environment/installed.txt" 2>/dev/null) != "${packages[*]}" ]]; then
  echo "installing ${packages[*]} into $environment"
  python3 -m venv --clear "$environment"
  "$environment/bin/pip" install --quiet --no-cache-dir "${packages[@]}" 2>"$environment/log" || fail "$(tail -n 3 "$environment/log")"
  echo "${packages[*]}" >"$environment/installed.txt"
fi
export no_proxy=127.0.0.1

"$program" init --config "$sources/recipes/tiny-model/config.json" --output model >/dev/null 2>&1 || fail "no model"
echo "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[a]{% endif %}" \
  >model/chat_template.jinja

# serve ARGUMENT...: sets $server and $port.
serve() {
  : >log
  "$program" serve --model model --port 0 --kv-memory 16 "$@" 2>log &
  server=$!
  trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
  for _ in $(seq 600); do
    port=$(sed -n 's|^model at http://127.0.0.1:\([0-9]*\)/v1; Ctrl-C stops it$|\1|p' log)
    [[ -z $port ]] || return 0
    sleep 0.05
  done
  fail "no address: $(cat log)"
}
ends() {
  kill -INT "$server"
  wait "$server" || fail "the server ended with $?: $(cat log)"
}

echo "the-key" >keys
chmod 600 keys
serve --api-key-file keys
"$environment/bin/python" "$sources/tests/long/serve/clients.py" "http://127.0.0.1:$port" the-key "$folder/model"
ends
serve --queue 64
python3 "$sources/tests/long/serve/soak.py" "$port" "$server" 10000
ends

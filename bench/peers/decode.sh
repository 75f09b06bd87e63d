# Decoding: SmolLM2-135M, 64-token prompts, 96 new tokens, batches of 1, 8 and 64, in each precision. Quantized weights
# are llama.cpp's files, which we multiply in integers.
# Ratio of decoded tokens per second at batch 64: our best precision / the peers' best.
#
# DTYPES and BATCHES narrow the work, e.g. DTYPES="f32 q4_k_m" BATCHES="1 8"; quantized dtypes alone need no PyTorch.
# LLAMACPP=--as-stored keeps llama.cpp from repacking weights, where the AMX of a machine is named and faults.
read -ra batches <<<"${BATCHES:-1 8 64}"
read -ra dtypes <<<"${DTYPES:-f32 bf16 f16 q4_1 q4_0 q4_k_m q5_k_m q6_k q8_0}"
is_quantized() { [[ $1 == q* ]]; }
environment llamacpp "$llamacpp"
find_gguf
for dtype in "${dtypes[@]}"; do
  is_quantized "$dtype" && continue
  environment torch
  find_model
  break
done
work=(--prompt-tokens 64 --new-tokens 96 --threads "$threads" --batches "${batches[@]}")

# The sides take turns in each precision.
ours() {
  case $1 in
    f32 | bf16) measure "$deepscaler" bench decode --model "$model" "${work[@]}" --dtypes "$1" --kernels "$kernels" ;;
    q*) measure "$deepscaler" bench decode --model "$peers/models/$(basename "$gguf" .gguf)-$1.gguf" "${work[@]}" \
      --dtypes auto --products integer --kernels "$kernels" ;;
  esac
}

for ((round = 0; round < rounds; ++round)); do
  for dtype in "${dtypes[@]}"; do
    measure "$peers/$llamacpp/bin/python" "$here/decode_llamacpp.py" --gguf "$gguf" --cache "$peers/models" \
      "${work[@]}" --dtypes "$dtype" ${LLAMACPP:-}
    ours "$dtype"
    is_quantized "$dtype" || [[ $dtype != f32 && -z ${DTYPES:-} ]] ||
      measure "$peers/torch/bin/python" "$here/decode_transformers.py" --model "$model" "${work[@]}" --dtypes "$dtype"
  done
done
python3 "$here/table.py" "$results" --metric decode_tokens_per_second --where "batch=${batches[-1]}"

# No race but a check: what `deepscaler quantize` writes, beside llama.cpp. SmolLM2-135M in every type, with and
# without an importance matrix: whole files byte for byte, but for the order of keys. Then llama.cpp continues
# prompts greedily from our files in F32, F16 and BF16 as we do in f32, and we load what it writes. Fails where
# anything differs. TYPES narrows the work, e.g. TYPES="Q4_K_M F16".
environment llamacpp "$llamacpp"
find_gguf
work=$(mktemp -d)
trap 'rm -rf "$results" "$work"' EXIT
read -ra types <<<"${TYPES:-F32 F16 BF16 Q8_0 Q6_K Q5_K_M Q5_K_S Q5_1 Q5_0 Q4_K_M Q4_K_S Q4_1 Q4_0}"
"$peers/$llamacpp/bin/python" "$here/quantize_check.py" --program "$deepscaler" --gguf "$gguf" --work "$work" \
  --text "${TEXT:-$here/../../docs/algorithms.md}" --threads "$threads" --types "${types[@]}"

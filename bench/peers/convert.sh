# No race but a check: what `deepscaler convert` writes, as Hugging Face transformers loads it. SmolLM2-135M out of
# its GGUF file and a tiny random model of each architecture, with a tokenizer of each family, in f32 and
# bf16: weights, token ids, chat templates and log-probabilities. Fails where anything differs.
environment torch
find_gguf
work=$(mktemp -d)
trap 'rm -rf "$results" "$work"' EXIT
"$peers/torch/bin/python" "$here/convert_check.py" --program "$deepscaler" --gguf "$gguf" --work "$work" \
  --goldens "$here/../../tests/goldens" --threads "$threads"

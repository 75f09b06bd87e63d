# Training: SmolLM2-135M in f32, 8 sequences of 256 tokens a step, AdamW. Ratio of tokens per second; the
# table has the peak memory of both. Before it, what sharing a prompt gains us: 8 responses of 64 tokens on
# a prompt of 256, computed once and written out. DTYPES="f32 bf16" trains in bf16 too (PyTorch: autocast); the
# ratio is then that of the best.
environment torch
find_model

read -ra dtypes <<<"${DTYPES:-f32}"
our_command=("$deepscaler" bench train --model "$model" --threads "$threads" --kernels "$kernels")

shared_prompt() {
  "${our_command[@]}" --sequences 8 --length 320 --prompt 256 "$@" | tee >(cat >&2) | python3 -c 'import json, sys; print(json.loads(sys.stdin.readlines()[-1])["step_seconds"])'
}
shared=$(shared_prompt)
written_out=$(shared_prompt --written-out)
python3 -c "print(f'shared prompt: {$written_out / $shared:.2f} times as fast as written out')"

for ((round = 0; round < rounds; ++round)); do
  for dtype in "${dtypes[@]}"; do
    measure "$peers/torch/bin/python" "$here/train_torch.py" --model "$model" --threads "$threads" --dtype "$dtype"
    measure "${our_command[@]}" --sequences 8 --length 256 --dtypes "$dtype"
  done
done
python3 "$here/table.py" "$results" --metric tokens_per_second

# Training: SmolLM2-135M in f32, 8 sequences of 256 tokens a step, AdamW. Ratio of tokens per second.
environment torch
find_model

our_command=("$deepscaler" bench train --model "$model" --sequences 8 --length 256 --threads "$threads")

for ((round = 0; round < rounds; ++round)); do
  measure "$peers/torch/bin/python" "$here/train_torch.py" --model "$model" --threads "$threads"
  measure "${our_command[@]}" || true
done
python3 "$here/table.py" "$results" --metric tokens_per_second

# One GRPO step: SmolLM2-135M in f32, 8 prompts x 8 samples x 64 new tokens, random rewards (so that no group is
# skipped), one update. Ratio of seconds per step, theirs / ours. A group fits our micro-batches of 640 tokens;
# larger ones would be as fast and take more memory.
environment torch
find_model

our_command=("$deepscaler" bench grpo --model "$model" --prompts "$here/problems.jsonl" --samples 8 --max-response-tokens 64
             --token-budget 640 --threads "$threads" --kernels "$kernels")

for ((round = 0; round < rounds; ++round)); do
  measure "$peers/torch/bin/python" "$here/grpo_trl.py" --model "$model" --prompts "$here/problems.jsonl" \
    --threads "$threads"
  measure "${our_command[@]}"
done
python3 "$here/table.py" "$results" --metric step_seconds --less-is-better

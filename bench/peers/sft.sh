# Supervised fine-tuning: SmolLM2-135M-Instruct on worked solutions of GSM8K, here and in PyTorch, on the
# same examples in the same order. Prints both loss curves, the held-out loss before and after, and how far
# the log-probabilities of our checkpoint, loaded in transformers, are from our own. Fails where the curves
# differ by more than 2 % at any step. Ratio of seconds.
#
#   GSM8K=FOLDER bench/peers/run.sh sft        FOLDER holds train.jsonl and test.jsonl
#
# STEPS, EXAMPLES (a step) and HELD_OUT (examples) narrow or widen the work.
environment torch
find_model
data=${GSM8K:?name the folder that holds train.jsonl and test.jsonl of GSM8K}
steps=${STEPS:-100} examples=${EXAMPLES:-4} held_out=${HELD_OUT:-64}
work=$(mktemp -d)
trap 'rm -rf "$results" "$work"' EXIT
head -n $((steps * examples)) "$data/train.jsonl" >"$work/train.jsonl"
head -n "$held_out" "$data/test.jsonl" >"$work/test.jsonl"

our_run=("$deepscaler" sft "$here/../../recipes/gsm8k-sft.toml" --output "$work/run" --threads "$threads" --kernels "$kernels"
  --set "model.path=$model" --set "stage.0.data.files=['$work/train.jsonl']" --set stage.0.shuffle=false
  --set "stage.0.eval_files=['$work/test.jsonl']" --set stage.0.eval_share=0 --set eval.every=0
  --set "stage.0.examples_per_step=$examples")
echo "running: ${our_run[*]}" >&2
"${our_run[@]}" >&2
checkpoint=$(find "$work/run/checkpoints" -name config.json -printf '%h\n' | sort | tail -n 1)
# Our log-probabilities of what the trained model says, to be compared with transformers'.
python3 - "$work/test.jsonl" >"$work/prompts.jsonl" <<'END'
import itertools, json, sys
for line in itertools.islice(open(sys.argv[1]), 4):
    print(json.dumps({"messages": [{"role": "user", "content": json.loads(line)["question"]}]}))
END
"$deepscaler" generate --model "$checkpoint" --input "$work/prompts.jsonl" --output "$work/generated.jsonl" \
  --max-response-tokens 64 --dtype f32 --threads "$threads" --kernels "$kernels" >&2

"$peers/torch/bin/python" "$here/sft_torch.py" --model "$model" --threads "$threads" \
  --train "$work/train.jsonl" --test "$work/test.jsonl" --examples "$examples" --output "$work/torch.json"
measure "$peers/torch/bin/python" "$here/sft_compare.py" --metrics "$work/run/metrics.jsonl" \
  --torch "$work/torch.json" --checkpoint "$checkpoint" --generated "$work/generated.jsonl"
python3 "$here/table.py" "$results" --metric train_seconds --less-is-better

"""The end of `run.sh sft`: our run beside PyTorch's, and our checkpoint in transformers."""

import argparse
import json
import sys

import torch
import transformers

from measure import print_figures

LARGEST_DIFFERENCE = 0.02  # of a step's loss

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--metrics", required=True, help="our run's metrics.jsonl")
parser.add_argument("--torch", required=True, help="what sft_torch.py wrote")
parser.add_argument("--checkpoint", required=True, help="our run's last checkpoint")
parser.add_argument("--generated", required=True, help="what `generate` made of that checkpoint")
arguments = parser.parse_args()


def largest_log_prob_difference():
    """Of our generated tokens' log-probabilities and transformers' with our checkpoint."""
    model = transformers.AutoModelForCausalLM.from_pretrained(arguments.checkpoint, dtype=torch.float32)
    largest, count = 0, 0
    with torch.no_grad():
        for line in open(arguments.generated):
            record = json.loads(line)
            prompt, response = record["prompt_token_ids"], record["token_ids"]
            tokens = torch.tensor([prompt + response])
            logits = model(input_ids=tokens).logits[0, len(prompt) - 1:-1] / record["temperature"]
            theirs = torch.log_softmax(logits, -1).gather(1, tokens[0, len(prompt):, None])[:, 0]
            largest = max(largest, (torch.tensor(record["logprobs"]) - theirs).abs().max().item())
            count += len(response)
    return largest, count


metrics = [json.loads(line) for line in open(arguments.metrics)]
ours = [m["loss"] for m in metrics if "loss" in m]
held_out = [m["eval/loss"] for m in metrics if "eval/loss" in m]
# Steps that also evaluated are left out of the mean.
times = [m["time/step"] for m in metrics if "loss" in m and "eval/loss" not in m]
theirs = json.load(open(arguments.torch))

print(f"{'step':>5} {'ours':>9} {'torch':>9}")
for step, (a, b) in enumerate(zip(ours, theirs["losses"]), 1):
    if step == 1 or step % 10 == 0:
        print(f"{step:>5} {a:>9.5f} {b:>9.5f}")
print(f"held-out loss before: {held_out[0]:.5f} and {theirs['before']:.5f}, "
      f"after: {held_out[-1]:.5f} and {theirs['after']:.5f}")
difference = max(abs(a - b) / b for a, b in zip(ours, theirs["losses"]))
print(f"largest difference of a step's loss: {100 * difference:.4f} %")
largest, count = largest_log_prob_difference()
print(f"our checkpoint in transformers: log-probabilities of {count} tokens differ by {largest:.1e} at most")
print_figures(engine="deepscaler", dtype="f32", train_seconds=len(ours) * sum(times) / len(times))
print_figures(engine=theirs["engine"], dtype="f32", train_seconds=theirs["seconds"], peak_mib=theirs["peak_mib"])
if len(ours) != len(theirs["losses"]) or difference > LARGEST_DIFFERENCE:
    sys.exit("the loss curves differ")

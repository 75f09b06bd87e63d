"""Reference values of direct preference optimization: the formula of TRL's DPOTrainer in
torch, on a model.

    python make_dpo_goldens.py            rewrites tests/goldens/dpo.json

Made with transformers 5.24, torch 2.13.0 (CPU), the model of tests/goldens/trl in float64.

pairs       tokens of prompt, chosen and rejected; reference: log-probabilities of the two answers, made up
cases       settings; then loss (mean over the pairs), rewards of both answers, and the Euclidean norm of each tensor's
            gradient. ipo divides log-probabilities, also the reference's, by the answer's tokens, as TRL does; the
            other cases sum them.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

FOLDER = Path(__file__).parent
PAIRS = [
    {"prompt": [3, 9, 27], "chosen": [5, 6, 7, 8], "rejected": [11, 12], "reference": [-15.0, -9.5]},
    {"prompt": [4], "chosen": [33, 20], "rejected": [33, 21, 22, 23, 24], "reference": [-9.0, -21.0]},
    {"prompt": [50, 51, 52, 53, 54], "chosen": [40], "rejected": [41, 42, 40], "reference": [-4.0, -13.0]},
]
CASES = [
    {"loss": "sigmoid", "beta": 0.1, "label_smoothing": 0.0},
    {"loss": "sigmoid", "beta": 0.5, "label_smoothing": 0.1},
    {"loss": "ipo", "beta": 0.1, "label_smoothing": 0.0},
]


def log_prob(model, prompt, answer):
    tokens = torch.tensor([prompt + answer])
    log_probs = F.log_softmax(model(tokens).logits[0, :-1], dim=-1)
    return log_probs.gather(1, tokens[0, 1:, None])[len(prompt) - 1 :, 0].sum()


def solve(model, case):
    model.zero_grad()
    losses, chosen_rewards, rejected_rewards = [], [], []
    beta, smoothing = case["beta"], case["label_smoothing"]
    for pair in PAIRS:
        chosen, rejected = (log_prob(model, pair["prompt"], pair[key]) for key in ("chosen", "rejected"))
        reference_chosen, reference_rejected = pair["reference"]
        if case["loss"] == "ipo":
            chosen, reference_chosen = chosen / len(pair["chosen"]), reference_chosen / len(pair["chosen"])
            rejected, reference_rejected = rejected / len(pair["rejected"]), reference_rejected / len(pair["rejected"])
        delta = (chosen - rejected) - (reference_chosen - reference_rejected)
        if case["loss"] == "ipo":
            losses.append((delta - 1 / (2 * beta)) ** 2)
        else:
            losses.append(-F.logsigmoid(beta * delta) * (1 - smoothing) - F.logsigmoid(-beta * delta) * smoothing)
        chosen_rewards.append(beta * (chosen - reference_chosen).item())
        rejected_rewards.append(beta * (rejected - reference_rejected).item())
    loss = torch.stack(losses).mean()
    loss.backward()
    norms = {name: p.grad.norm().item() for name, p in model.named_parameters()}
    return case | {"value": loss.item(), "rewards_chosen": chosen_rewards, "rewards_rejected": rejected_rewards,
                   "gradient_norms": norms}


def main():
    model = AutoModelForCausalLM.from_pretrained(FOLDER / "trl", dtype=torch.float64)
    lines = ",\n".join("  " + json.dumps(solve(model, case)) for case in CASES)
    pairs = ",\n".join("  " + json.dumps(pair) for pair in PAIRS)
    (FOLDER / "dpo.json").write_text(f'{{\n "pairs": [\n{pairs}\n ],\n "cases": [\n{lines}\n ]\n}}\n')


if __name__ == "__main__":
    main()

"""Reference values of a reward model's training: TRL's RewardTrainer fed with given pairs.

    python make_reward_goldens.py            rewrites tests/goldens/reward

Made with trl 0.29.0, transformers 5.24.0, torch 2.13.0 (CPU), in float32, one thread. The trainer is TRL's own. The
folder is what transformers saves of a LlamaForSequenceClassification with one label: the layers of tests/goldens/trl
with a random score.weight. Three steps of four pairs.

cases.json      pairs: tokens of prompt, chosen and rejected, and margin, twelve of them, in the order of training;
                settings: of the optimizer, the same in all cases; then one line a case:
    margins             whether the pairs' margins count
    centering           center_rewards_coefficient, or 0
    losses              of each step
    gradient_norms      of each step before clipping
    first               scores of the first step's pairs before it: [chosen, rejected]
    last                scores of all pairs after the last step
pointwise       the loss -log sigmoid(+-s) on the chosen answers, by torch in float64: labels, loss, and the norm of
                every tensor's gradient
cases.safetensors
    CASE/gradient.NAME   of the first step, before clipping
    CASE/after.NAME      weights after the three steps
"""

import json
import logging
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import torch
import transformers
from datasets import Dataset
from safetensors.torch import save_file
from tokenizers import Tokenizer, models
from trl import RewardConfig, RewardTrainer

HERE = Path(__file__).parent
FOLDER = HERE / "reward"
STEPS, BATCH, VOCABULARY = 3, 4, 67
SETTINGS = dict(learning_rate=1e-3, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-6, weight_decay=0.01,
                max_grad_norm=1.0)
CASES = [
    dict(name="plain", margins=False, centering=0.0),
    dict(name="margins", margins=True, centering=0.0),
    dict(name="centered", margins=False, centering=0.01),
]


def make_model():
    causal = transformers.AutoModelForCausalLM.from_pretrained(HERE / "trl", dtype=torch.float32)
    config = transformers.AutoConfig.from_pretrained(HERE / "trl")
    config.num_labels = 1
    scorer = transformers.AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
    scorer.model.load_state_dict(causal.model.state_dict())
    torch.nn.init.normal_(scorer.score.weight, std=0.3)
    scorer.save_pretrained(FOLDER)


def make_pairs():
    generator = torch.Generator().manual_seed(3)

    def tokens(low, high):
        count = torch.randint(low, high + 1, (1,), generator=generator).item()
        return torch.randint(3, VOCABULARY, (count,), generator=generator).tolist()

    return [{"prompt": tokens(1, 8), "chosen": tokens(1, 12), "rejected": tokens(1, 12), "margin": [0.0, 1.0, 0.5][i % 3]}
            for i in range(STEPS * BATCH)]


def any_tokenizer():
    vocabulary = {str(i): i for i in range(VOCABULARY)}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(vocabulary, unk_token="0")),
        pad_token="0", bos_token="1", eos_token="2")


class RecordingTrainer(RewardTrainer):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.losses, self.gradient_norms, self.first_gradient = [], [], {}

    def _get_train_sampler(self, dataset=None):
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        out = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        self.losses.append((out[0] if return_outputs else out).item())
        return out

    def training_step(self, model, inputs, num_items_in_batch):
        loss = super().training_step(model, inputs, num_items_in_batch)
        gradient = {n: p.grad.clone() for n, p in model.named_parameters()}
        self.gradient_norms.append(torch.stack([g.norm() for g in gradient.values()]).norm().item())
        self.first_gradient = self.first_gradient or gradient
        return loss


def score(model, tokens):
    hidden = model.model(torch.tensor([tokens])).last_hidden_state[0, -1]
    return model.score(hidden)[0]


def scores_of(model, pairs):
    with torch.no_grad():
        return [[score(model, pair["prompt"] + pair[key]).item() for key in ("chosen", "rejected")] for pair in pairs]


def run(case, pairs, scratch):
    columns = {"chosen_ids": [p["prompt"] + p["chosen"] for p in pairs],
               "rejected_ids": [p["prompt"] + p["rejected"] for p in pairs]}
    if case["margins"]:
        columns["margin"] = [p["margin"] for p in pairs]
    model = transformers.AutoModelForSequenceClassification.from_pretrained(FOLDER, dtype=torch.float32)
    first = scores_of(model, pairs[:BATCH])
    trainer = RecordingTrainer(
        model=model, processing_class=any_tokenizer(), train_dataset=Dataset.from_dict(columns),
        args=RewardConfig(
            output_dir=scratch, use_cpu=True, bf16=False, per_device_train_batch_size=BATCH, max_steps=STEPS,
            gradient_accumulation_steps=1, gradient_checkpointing=False, max_length=None,
            center_rewards_coefficient=case["centering"] or None, lr_scheduler_type="constant",
            save_strategy="no", report_to="none", logging_strategy="no", disable_tqdm=True,
            dataloader_pin_memory=False, **SETTINGS))
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    line = case | {"losses": trainer.losses, "gradient_norms": trainer.gradient_norms, "first": first,
                   "last": scores_of(trainer.model, pairs)}
    name = case["name"]
    tensors = {f"{name}/gradient.{n}": g for n, g in trainer.first_gradient.items()}
    return line, tensors | {f"{name}/after.{n}": p.data.clone() for n, p in trainer.model.named_parameters()}


def pointwise(pairs):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(FOLDER, dtype=torch.float64)
    labels = [i % 3 != 0 for i in range(BATCH)]
    scores = torch.stack([score(model, pair["prompt"] + pair["chosen"]) for pair in pairs[:BATCH]])
    loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, torch.tensor(labels, dtype=torch.float64))
    loss.backward()
    norms = {name: p.grad.norm().item() for name, p in model.named_parameters()}
    return {"labels": labels, "loss": loss.item(), "gradient_norms": norms}


def main():
    torch.set_num_threads(1)
    torch.manual_seed(7)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    make_model()
    pairs = make_pairs()
    lines, tensors = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            line, more = run(case, pairs, scratch)
            lines.append(json.dumps(line))
            tensors |= more
    save_file(tensors, FOLDER / "cases.safetensors")
    (FOLDER / "cases.json").write_text(
        '{"settings": ' + json.dumps(SETTINGS) + ',\n "pairs": [\n  ' + ",\n  ".join(map(json.dumps, pairs)) +
        '\n],\n "cases": [\n  ' + ",\n  ".join(lines) + '\n],\n "pointwise": ' + json.dumps(pointwise(pairs)) + "}\n")


if __name__ == "__main__":
    main()

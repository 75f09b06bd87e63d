"""Reference values of TRL's DPOTrainer and GKDTrainer: three steps of each on a tiny model, by their own code.

    python make_trl_trainer_goldens.py            rewrites tests/goldens/trl_trainers.json

Made with trl 1.16.0, transformers 5.24, torch 2.13.0 (CPU), accelerate 1.15.0, one thread, in float32. Nothing of
the trainers is replaced; each character of their texts is a token, and DPOTrainer ends every answer with EOS (2). Both start from the model of tests/goldens/trl. The reference of dpo is
the start. The teacher of gkd has all of the student's weights times 1.25, and its completions are those of the data
(lmbda 0). One batch is a step, the same one each time, so that no order matters.

DPOTrainer's label_smoothing does nothing to its sigmoid loss, so the smoothed loss is in dpo.json. Its rewards are of sums
of log-probabilities, also for ipo, whose loss is of means.

GKDTrainer's temperature is that of sampling alone: its divergence is at 1. Its teacher must have as many tokens as the
student. So other temperatures and vocabularies are in divergence.json.

settings    AdamW and the learning rate, which is constant
dpo, gkd    the batch, and the cases: of each step the loss and the gradient's norm before clipping; then `moved`, the
            Euclidean norm of what the three steps changed in each tensor. dpo has the rewards of the steps too.
"""

import json
import os
import tempfile
import warnings
from pathlib import Path

os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
warnings.simplefilter("ignore")

import torch
from datasets import Dataset
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer
from trl.experimental.gkd import GKDConfig, GKDTrainer

from make_dpo_goldens import PAIRS

FOLDER = Path(__file__).parent
STEPS = 3
SETTINGS = dict(learning_rate=1e-3, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-6, weight_decay=0.01,
                max_grad_norm=1.0)
DPO_CASES = [
    {"loss": "sigmoid", "beta": 0.1},
    {"loss": "sigmoid", "beta": 0.5},
    {"loss": "ipo", "beta": 0.1},
]
GKD_CASES = [{"beta": 0.0}, {"beta": 1.0}, {"beta": 0.5}, {"beta": 0.1}]
COMPLETIONS = [
    {"prompt": [3, 9, 27], "completion": [5, 6, 7, 8]},
    {"prompt": [3, 9, 27], "completion": [11, 12]},
    {"prompt": [50, 51, 52, 53, 54], "completion": [40]},
]


def load():
    return AutoModelForCausalLM.from_pretrained(FOLDER / "trl", dtype=torch.float32)


def text_of(tokens):
    return "".join(chr(0x4E00 + token) for token in tokens)


def tokenizer():
    words = Tokenizer(models.WordLevel({text_of([i]): i for i in range(67)}, unk_token=text_of([0])))
    words.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    names = dict(pad_token=text_of([0]), bos_token=text_of([1]), eos_token=text_of([2]), unk_token=text_of([0]))
    return PreTrainedTokenizerFast(tokenizer_object=words, **names)


def arguments(folder, batch):
    return dict(
        output_dir=folder, max_steps=STEPS, per_device_train_batch_size=batch, gradient_accumulation_steps=1,
        lr_scheduler_type="constant", optim="adamw_torch", report_to=[], save_strategy="no", logging_steps=1,
        use_cpu=True, bf16=False, fp16=False, gradient_checkpointing=False, disable_tqdm=True, **SETTINGS,
    )


def run(trainer):
    """Trains; the log of each step, and how far each tensor has moved."""
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    trainer.train()
    steps = [line for line in trainer.state.log_history if "grad_norm" in line]
    assert len(steps) == STEPS, trainer.state.log_history
    moved = {name: (p.detach() - before[name]).norm().item() for name, p in trainer.model.named_parameters()}
    return steps, moved


class Losses:
    """Keeps each loss as it is: the log rounds it."""

    def compute_loss(self, *args, **kwargs):
        loss = super().compute_loss(*args, **kwargs)
        self.kept = getattr(self, "kept", []) + [(loss[0] if isinstance(loss, tuple) else loss).item()]
        return loss


class Dpo(Losses, DPOTrainer):
    pass


class Gkd(Losses, GKDTrainer):
    pass


def run_dpo(case, folder):
    data = Dataset.from_list([{key: text_of(pair[key]) for key in ("prompt", "chosen", "rejected")} for pair in PAIRS])
    config = DPOConfig(beta=case["beta"], loss_type=[case["loss"]], max_length=None,
                       **arguments(folder, len(PAIRS)))
    trainer = Dpo(model=load(), ref_model=load(), args=config, train_dataset=data, processing_class=tokenizer())
    steps, moved = run(trainer)
    return case | {"losses": trainer.kept, "gradient_norms": [s["grad_norm"] for s in steps],
                   "rewards_chosen": [s["rewards/chosen"] for s in steps],
                   "rewards_rejected": [s["rewards/rejected"] for s in steps], "moved": moved}


def collate(examples):
    longest = max(len(e["prompt"]) + len(e["completion"]) for e in examples)
    rows = {"input_ids": [], "attention_mask": [], "labels": []}
    for e in examples:
        tokens = e["prompt"] + e["completion"]
        room = longest - len(tokens)
        rows["input_ids"].append(tokens + [0] * room)
        rows["attention_mask"].append([1] * len(tokens) + [0] * room)
        rows["labels"].append([-100] * len(e["prompt"]) + e["completion"] + [-100] * room)
    return {key: torch.tensor(value) for key, value in rows.items()}


def run_gkd(case, folder):
    teacher = load()
    with torch.no_grad():
        for p in teacher.parameters():
            p.mul_(1.25)
    config = GKDConfig(beta=case["beta"], lmbda=0.0, seq_kd=False, **arguments(folder, len(COMPLETIONS)))
    trainer = Gkd(model=load(), teacher_model=teacher, args=config, train_dataset=Dataset.from_list(COMPLETIONS),
                  data_collator=collate, processing_class=tokenizer())
    steps, moved = run(trainer)
    return case | {"losses": trainer.kept, "gradient_norms": [s["grad_norm"] for s in steps], "moved": moved}


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        lists = {
            "dpo": {"pairs": [{"prompt": p["prompt"], "chosen": p["chosen"] + [2], "rejected": p["rejected"] + [2]}
                              for p in PAIRS],
                    "cases": [run_dpo(case, folder) for case in DPO_CASES]},
            "gkd": {"completions": COMPLETIONS, "cases": [run_gkd(case, folder) for case in GKD_CASES]},
        }
    blocks = [f' "settings": {json.dumps(SETTINGS)}']
    for name, block in lists.items():
        parts = [f'  "{key}": [\n' + ",\n".join("   " + json.dumps(item) for item in items) + "\n  ]"
                 for key, items in block.items()]
        blocks.append(f' "{name}": {{\n' + ",\n".join(parts) + "\n }")
    (FOLDER / "trl_trainers.json").write_text("{\n" + ",\n".join(blocks) + "\n}\n")


if __name__ == "__main__":
    main()

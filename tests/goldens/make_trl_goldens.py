"""Reference values of the whole GRPO loop: TRL's GRPOTrainer fed with given completions and rewards.

    python make_trl_goldens.py            rewrites tests/goldens/trl

Made with trl 1.16.0, transformers 5.23.0, torch 2.13.0 (CPU), accelerate 1.15.0, in float32, one thread.
The trainer is TRL's own; only its generation is replaced (by its `rollout_func`), its reward function
returns given numbers, and its shuffling of a rollout before it is cut into mini-batches is switched off.

The folder is a Hugging Face model (llama, tied; smaller than those of models/, so that every tensor of
every case fits) with `rollouts.safetensors`, `cases.json` and `cases.safetensors`.

Legend: S = 3 loop steps, each one rollout of P = 4 problems x G = 4 samples.

rollouts.safetensors                        whole numbers are f32 too: our reader knows weights only
    prompts           f32 [S, P, 12]        padded with 0 at the end
    prompt_lengths    f32 [S, P]
    responses         f32 [S, P, G, 20]     padded with 0 at the end
    response_lengths  f32 [S, P, G]         none ends in EOS, none is masked for being truncated
    rewards           f32 [S, P, G]         the third problem of a rollout has equal rewards
cases.json: what all cases share under `settings`, then one line a case:
    loss_type         grpo: mean per sequence, mean of sequences. dr_grpo: token sum / (sequences x 20), advantages
                      not divided by the std. dapo: token sum / (tokens of the rollout / mini-batches)
    beta              times k3 in the loss; the reference is the initial model
    kl_times_ratio    k3 is multiplied by the ratio (TRL's default, `use_bias_correction_kl`)
    updates           one; mini_batches: two, problems 0-1 then 2-3; inner_epochs: the whole rollout twice
    losses            of each update in order, as TRL reports it
    gradient_norms    of each update before clipping
cases.safetensors
    CASE/gradient.NAME   of the first update, before clipping (not repeated for inner_epochs, where it is that of `one`)
    CASE/after.NAME      weights after the three steps

Advantages are (R - mean) / (std + 1e-4) with the unbiased std. Ratios are taken to the log-probabilities at the
rollout's start. The optimizer's eps is 1e-6: with 1e-8 elements whose gradient is near zero would move by a
learning rate in a direction that rounding chose. A replay in float64 from the definitions above agrees with the
trainer within 2e-6 (||a - b|| / ||b|| per tensor, gradients and weights): nothing here hangs on rounding.
"""

import json
import logging
import os
import tempfile
import warnings
from pathlib import Path

os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
warnings.simplefilter("ignore")

import torch
import transformers
from datasets import Dataset
from safetensors.torch import save_file
from tokenizers import Tokenizer, models
from trl import GRPOConfig, GRPOTrainer
from trl.trainer import grpo_trainer

from make_model_goldens import write_random_model

STEPS, PROBLEMS, SAMPLES = 3, 4, 4
LONGEST_PROMPT, LONGEST_RESPONSE = 12, 20
CONFIG = dict(
    architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=67, hidden_size=16,
    intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, head_dim=16,
    max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=10000.0, rope_scaling=None,
    tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=0, dtype="float32",
)
SETTINGS = dict(
    temperature=0.6, learning_rate=1e-3, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-6,
    weight_decay=0.01, max_grad_norm=1.0, epsilon=0.1, epsilon_high=0.15,
    max_completion_length=LONGEST_RESPONSE,
)
UPDATES = {
    "one": dict(steps_per_generation=1, num_iterations=1),
    "mini_batches": dict(steps_per_generation=2, num_iterations=1),
    "inner_epochs": dict(steps_per_generation=1, num_iterations=2),
}


def make_rollouts():
    generator = torch.Generator().manual_seed(11)

    def integers(low, high, shape):
        return torch.randint(low, high, shape, generator=generator)

    def padded(lengths, longest):
        tokens = integers(3, CONFIG["vocab_size"], (*lengths.shape, longest))
        return tokens * (torch.arange(longest) < lengths[..., None])

    prompt_lengths = integers(5, LONGEST_PROMPT + 1, (STEPS, PROBLEMS))
    response_lengths = integers(1, LONGEST_RESPONSE + 1, (STEPS, PROBLEMS, SAMPLES))
    rewards = integers(0, 5, (STEPS, PROBLEMS, SAMPLES)) / 4
    rewards[:, 2] = 1.0
    return {
        "prompts": padded(prompt_lengths, LONGEST_PROMPT), "prompt_lengths": prompt_lengths,
        "responses": padded(response_lengths, LONGEST_RESPONSE), "response_lengths": response_lengths,
        "rewards": rewards,
    }


class RecordedRollouts:
    """Plays the rollouts to the trainer in order: its generation and its reward function."""

    def __init__(self, rollouts):
        self.rollouts = rollouts
        self.step = -1

    def generate(self, prompts, trainer):
        self.step += 1
        prompt_ids, completion_ids = [], []
        for problem in range(PROBLEMS):
            for sample in range(SAMPLES):
                at = self.step, problem
                prompt_length = self.rollouts["prompt_lengths"][at]
                response_length = self.rollouts["response_lengths"][at][sample]
                prompt_ids.append(self.rollouts["prompts"][at][:prompt_length].tolist())
                completion_ids.append(self.rollouts["responses"][at][sample][:response_length].tolist())
        return {"prompt_ids": prompt_ids, "completion_ids": completion_ids, "logprobs": None}

    def reward(self, completions, **_):
        return self.rollouts["rewards"][self.step].flatten().tolist()


class RecordingTrainer(GRPOTrainer):
    """Keeps the loss and the unclipped gradient norm of every update, and the first update's gradient."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.losses, self.gradient_norms, self.first_gradient = [], [], {}

    def _compute_loss(self, model, inputs):
        loss = super()._compute_loss(model, inputs)
        self.losses.append(loss.item())
        return loss

    def training_step(self, model, inputs, num_items_in_batch):
        loss = super().training_step(model, inputs, num_items_in_batch)
        gradient = {n: p.grad.clone() for n, p in model.named_parameters()}
        self.gradient_norms.append(torch.stack([g.norm() for g in gradient.values()]).norm().item())
        self.first_gradient = self.first_gradient or gradient
        return loss


def any_tokenizer():
    """The trainer wants one; nothing that it decodes is looked at."""
    vocabulary = {str(i): i for i in range(CONFIG["vocab_size"])}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(vocabulary, unk_token="0")),
        pad_token="0", bos_token="1", eos_token="2")


def run(folder, rollouts, case, scratch):
    updates = UPDATES[case["updates"]]
    recorded = RecordedRollouts(rollouts)
    samples = PROBLEMS * SAMPLES
    trainer = RecordingTrainer(
        model=str(folder),
        processing_class=any_tokenizer(),
        train_dataset=Dataset.from_dict({"prompt": ["0"] * (STEPS * PROBLEMS)}),
        reward_funcs=recorded.reward,
        rollout_func=recorded.generate,
        args=GRPOConfig(
            output_dir=scratch, use_cpu=True, bf16=False, model_init_kwargs={"dtype": torch.float32},
            num_generations=SAMPLES, **updates,
            per_device_train_batch_size=samples // updates["steps_per_generation"],
            gradient_accumulation_steps=1, gradient_checkpointing=False,
            max_steps=STEPS * updates["steps_per_generation"] * updates["num_iterations"],
            loss_type=case["loss_type"], beta=case["beta"], use_bias_correction_kl=case["kl_times_ratio"],
            scale_rewards="none" if case["loss_type"] == "dr_grpo" else "group",
            lr_scheduler_type="constant", shuffle_dataset=False, save_strategy="no", report_to="none",
            logging_strategy="no", disable_tqdm=True, dataloader_pin_memory=False, **SETTINGS,
        ),
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    assert recorded.step == STEPS - 1
    return trainer


def make_cases():
    for loss_type in ("grpo", "dr_grpo", "dapo"):
        for beta in (0.0, 0.04):
            for updates in UPDATES:
                yield dict(name=f"{loss_type}.beta_{beta}.{updates}", loss_type=loss_type, beta=beta,
                           kl_times_ratio=False, updates=updates)
    yield dict(name="grpo.beta_0.04.inner_epochs.kl_times_ratio", loss_type="grpo", beta=0.04,
               kl_times_ratio=True, updates="inner_epochs")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    grpo_trainer.shuffle_sequence_dict = lambda rollout: rollout

    folder = Path(__file__).parent / "trl"
    write_random_model(folder, CONFIG, seed=5)
    rollouts = make_rollouts()
    save_file({name: tensor.float() for name, tensor in rollouts.items()}, folder / "rollouts.safetensors")

    lines, tensors = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        for case in make_cases():
            trainer = run(folder, rollouts, case, scratch)
            lines.append(json.dumps(case | {"losses": trainer.losses, "gradient_norms": trainer.gradient_norms}))
            name = case["name"]
            if case["updates"] != "inner_epochs" or case["kl_times_ratio"]:
                tensors |= {f"{name}/gradient.{n}": g for n, g in trainer.first_gradient.items()}
            tensors |= {f"{name}/after.{n}": p.data.clone() for n, p in trainer.model.named_parameters()}
    save_file(tensors, folder / "cases.safetensors")
    (folder / "cases.json").write_text(
        '{"settings": ' + json.dumps(SETTINGS) + ',\n "cases": [\n  ' + ",\n  ".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()

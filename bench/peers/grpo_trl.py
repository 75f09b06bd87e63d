"""TRL's side of `run.sh grpo`: GRPOTrainer with its default loss, in float32, random rewards.

Every sample is made to reach the full length, so that both sides do the same work whatever is sampled.
"""

import argparse
import json
import random
import statistics
import tempfile
import time

import torch
import transformers
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from measure import peak_rss_mib, print_figures

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True, help="Hugging Face folder")
parser.add_argument("--prompts", required=True, help="JSONL file of lines with `messages`")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--samples", type=int, default=8)
parser.add_argument("--max-tokens", type=int, default=64)
parser.add_argument("--steps", type=int, default=1, help="to time after one that is not")
parser.add_argument("--micro-batch", type=int, default=8,
                    help="sequences in one forward and backward pass; 8, the default of TRL, was faster than 16")
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
with open(arguments.prompts) as lines:
    prompts = [json.loads(line)["messages"] for line in lines]
sequences = len(prompts) * arguments.samples
random_numbers = random.Random(1)


def random_reward(completions, **_):
    return [random_numbers.random() for _ in completions]


class StepTimer(transformers.TrainerCallback):
    def __init__(self):
        self.seconds = []

    def on_step_begin(self, *_, **__):
        self.start = time.perf_counter()

    def on_step_end(self, *_, **__):
        self.seconds.append(time.perf_counter() - self.start)


timer = StepTimer()
with tempfile.TemporaryDirectory() as scratch:
    trainer = GRPOTrainer(
        model=arguments.model,
        processing_class=transformers.AutoTokenizer.from_pretrained(arguments.model),
        train_dataset=Dataset.from_dict({"prompt": prompts * (arguments.steps + 1)}),
        reward_funcs=random_reward,
        callbacks=[timer],
        args=GRPOConfig(
            output_dir=scratch, use_cpu=True, bf16=False, model_init_kwargs={"dtype": torch.float32},
            num_generations=arguments.samples, per_device_train_batch_size=arguments.micro_batch,
            gradient_accumulation_steps=sequences // arguments.micro_batch,
            max_completion_length=arguments.max_tokens,
            generation_kwargs={"min_new_tokens": arguments.max_tokens}, max_steps=arguments.steps + 1,
            gradient_checkpointing=False, learning_rate=1e-6, lr_scheduler_type="constant",
            save_strategy="no", logging_strategy="no", report_to="none", disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()

step = statistics.median(timer.seconds[1:])
print_figures(engine="trl 1.16.0", dtype="f32", prompts=len(prompts), samples=arguments.samples,
              new_tokens=arguments.max_tokens, step_seconds=step,
              completion_tokens_per_second=sequences * arguments.max_tokens / step, peak_mib=peak_rss_mib())

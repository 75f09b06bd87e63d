"""A step of TRL's GRPOTrainer on a tiny model, with the reward of docs/library/trl.md.

try_trl.py MODEL
"""

import sys

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

from trl_reward import right_answer

# What the trainer gives: texts for plain prompts, messages for conversations.
plain = right_answer([r"\boxed{5}", r"\boxed{6}", "no box", r"\boxed{5}"], ["5", "5", "5", r"\frac{"])
assert plain == [1.0, 0.0, 0.0, None], plain
messages = [[{"role": "assistant", "content": r"so $\boxed{0.5}$"}]]
assert right_answer(completions=messages, answer=[r"\frac12"], prompts=[[]], completion_ids=[[]]) == [1.0]

# The model of the recipes reads bytes.
alphabet = {character: i for i, character in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
tokenizer = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
byte_tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="!", pad_token="!")

seen = []


def watched(completions, answer, **kwargs):
    """right_answer(), where of four samples one has a reference that can't be read, and one is right: a random model
    puts nothing into a box."""
    completions = [r"\boxed{5}" if i % 4 < 2 else text for i, text in enumerate(completions)]
    answer = [r"\frac{" if i % 4 == 0 else text for i, text in enumerate(answer)]
    rewards = right_answer(completions=completions, answer=answer, **kwargs)
    seen.extend(rewards)
    return rewards


settings = GRPOConfig(
    output_dir="trl-run",
    max_steps=1,
    per_device_train_batch_size=8,
    num_generations=4,
    max_completion_length=8,
    report_to=[],
    use_cpu=True,
    bf16=False,
    save_strategy="no",
    disable_tqdm=True,
)
data = Dataset.from_list([{"prompt": "What is 2+3?", "answer": "5"}] * 8)
trainer = GRPOTrainer(
    model=sys.argv[1], reward_funcs=watched, train_dataset=data, args=settings, processing_class=byte_tokenizer
)
trainer.train()
assert trainer.state.global_step == 1 and seen == [None, 1.0, 0.0, 0.0] * 2, (trainer.state.global_step, seen)
(logged,) = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
assert abs(logged - 1 / 3) < 1e-6, logged  # of the three samples that have a reward
print(f"TRL: a step of GRPOTrainer, rewards {seen}")

"""The function of docs/library/verl.md: found by verl's own loader, called by its own reward manager."""

import asyncio

import numpy as np
import torch
from omegaconf import OmegaConf
from tensordict import TensorDict
from verl import DataProto
from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
from verl.trainer.ppo.reward import get_custom_reward_fn


class Characters:
    """A tokenizer whose tokens are characters."""

    def decode(self, ids, skip_special_tokens):
        return "".join(chr(i) for i in ids)


def sample(response, answer, question):
    ids = torch.tensor([[ord(character) for character in response]])
    batch = TensorDict({"responses": ids, "attention_mask": torch.ones_like(ids)}, batch_size=1)
    row = {
        "data_source": "mine",
        "reward_model": {"ground_truth": answer},
        "extra_info": {"question": question},
    }
    return DataProto(batch=batch, non_tensor_batch={key: np.array([value], dtype=object) for key, value in row.items()})


async def main():
    config = OmegaConf.create({"reward": {"custom_reward_function": {"path": "reward.py", "name": "compute_score"}}})
    manager = NaiveRewardManager(config, Characters(), get_custom_reward_fn(config))
    for response, answer, score, undecided in [
        (r"so $\boxed{0.5}$", r"\frac12", 1.0, 0.0),
        (r"\boxed{6}", "5", 0.0, 0.0),
        (r"\boxed{2+3}", "5", 0.0, 0.0),
        (r"\boxed{5}", r"\frac{", 0.0, 1.0),
    ]:
        result = await manager.run_single(sample(response, answer, "What is $2+3$?"))
        assert result["reward_score"] == score, (response, result)
        assert result["reward_extra_info"]["undecided"] == undecided, (response, result)
    print("verl: its loader and its reward manager")


asyncio.run(main())

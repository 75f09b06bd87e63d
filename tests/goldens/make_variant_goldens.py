"""Log-probabilities of every kind of model that is accepted: architecture x activation x RoPE scaling x head.

    python make_variant_goldens.py        rewrites tests/goldens/variants

Made with torch 2.13.0 (CPU), transformers 5.24.0, safetensors 0.8.0. One folder an architecture holds
model.safetensors (random weights with a head of their own) and cases.json: the token numbers, and a list of
{"config": what to set in the config, "logprobs": of each token but the first, by transformers in float32}.
A tied case is the same weights without the head.
"""

import json
import os
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

FOLDER = Path(__file__).parent / "variants"
LENGTH = 40  # beyond the contexts that scaling starts from
COMMON = dict(
    vocab_size=61, hidden_size=32, intermediate_size=28, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, head_dim=16, max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=10000.0,
    bos_token_id=None, eos_token_id=None, pad_token_id=None,
)
CLASSES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}
ACTIVATIONS = ["silu", "gelu", "gelu_pytorch_tanh", "relu"]
SCALINGS = [
    None,
    dict(rope_type="linear", factor=4.0),
    dict(type="linear", factor=2.5),
    dict(rope_type="dynamic", factor=4.0),
    dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16),
    dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16),
    dict(rope_type="yarn", factor=8.0, original_max_position_embeddings=16, attention_factor=0.9, beta_fast=4.0,
         beta_slow=0.5, truncate=False),
    dict(rope_type="yarn", factor=4.0, mscale=1.5, mscale_all_dim=0.5),
]


def log_probs(config, weights, tokens):
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    tied = config.tie_word_embeddings
    missing = model.load_state_dict({k: v for k, v in weights.items() if not (tied and k == "lm_head.weight")}, strict=False)
    assert not missing.unexpected_keys and set(missing.missing_keys) <= {"lm_head.weight"}
    model.tie_weights()
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0]
    return torch.log_softmax(logits[:-1].float(), -1).gather(1, torch.tensor(tokens[1:])[:, None])[:, 0].tolist()


def main():
    for name, class_name in CLASSES.items():
        torch.manual_seed(11)
        base = dict(COMMON, model_type=name, architectures=[class_name])
        def config_of(**more):
            return AutoConfig.for_model(**{**base, **json.loads(json.dumps(more))})
        model = AutoModelForCausalLM.from_config(config_of(tie_word_embeddings=False), dtype=torch.float32)
        weights = {}
        for key, value in model.state_dict().items():
            scale = 0.3 if value.dim() == 2 else 0.2
            weights[key] = torch.randn(value.shape) * scale + (1.0 if "norm" in key else 0.0)
        tokens = torch.randint(0, COMMON["vocab_size"], (LENGTH,)).tolist()
        cases = []
        for activation in ACTIVATIONS:
            for scaling in SCALINGS:
                for tied in (False, True):
                    change = dict(hidden_act=activation, tie_word_embeddings=tied)
                    if scaling:
                        change["rope_scaling"] = scaling
                    values = log_probs(config_of(**change), weights, tokens)
                    cases.append(dict(config=change, logprobs=[round(v, 7) for v in values]))
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        save_file(weights, folder / "model.safetensors")
        with open(folder / "cases.json", "w") as file:
            json.dump(dict(config=base, tokens=tokens, cases=cases), file)


if __name__ == "__main__":
    main()

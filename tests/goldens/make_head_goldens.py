"""Reference values of the scalar and logits heads (src/train/head.h), on the models of tests/goldens/models.

    python make_head_goldens.py           rewrites tests/goldens/heads/{llama,qwen2}

Made with torch 2.13.0 (CPU), transformers 5.24.0. Each folder is what transformers saves of a
...ForSequenceClassification with one label (config.json, model.safetensors in f32): the layers of
tests/goldens/models/NAME with a random score.weight. Beside it `goldens.safetensors`, computed in float64 (RMSNorm and
RoPE too) and stored as float32. P prompt length, N responses, R longest response; arrays [N, R] have zeros after a
response's end.

    prompt f32 [P], responses f32 [N, R], lengths f32 [N]     token numbers and lengths
    coefficients         f32 [N, R]      c
    values.at            f32 [N, R]      score after reading a response token
    values.before        f32 [N, R]      score of the position before it
    gradient.at.NAME, gradient.before.NAME                    d sum(c value) / d NAME, for some tensors
    teacher              f32 [N, R, V]   log-probabilities of a made-up teacher before each token
    kl                   f32 [1]         sum over response tokens of KL(teacher || model)
    gradient.kl.NAME                     d kl / d NAME, of the language model of tests/goldens/models/NAME
"""

from pathlib import Path

import torch
import transformers
from make_model_goldens import compute_everything_in_double
from safetensors.torch import save_file

HERE = Path(__file__).parent
PROMPT_LENGTH = 37
LENGTHS = [1, 9, 40]
TENSORS = ["model.layers.0.self_attn.q_proj.weight", "model.layers.1.mlp.down_proj.weight", "model.norm.weight"]


def padded(rows):
    out = torch.zeros(len(rows), max(LENGTHS), dtype=torch.float64)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def gradients(model, names, total):
    model.zero_grad()
    total.backward()
    table = dict(model.named_parameters())
    return {name: table[name].grad.clone() for name in names}


def scores_of(scorer, prompt, tokens):
    hidden = scorer.model(torch.cat([prompt, tokens])[None]).last_hidden_state[0]
    return scorer.score(hidden)[:, 0]


def make_scorer(causal, name):
    config = transformers.AutoConfig.from_pretrained(HERE / "models" / name)
    config.num_labels = 1
    scorer = transformers.AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
    scorer.model.load_state_dict({k: v.float() for k, v in causal.model.state_dict().items()})
    torch.nn.init.normal_(scorer.score.weight, std=0.3)
    scorer.save_pretrained(HERE / "heads" / name)
    scorer = scorer.double().eval()
    compute_everything_in_double(scorer)
    return scorer


def make(name):
    torch.manual_seed(7)
    causal = transformers.AutoModelForCausalLM.from_pretrained(HERE / "models" / name, dtype=torch.float64).eval()
    compute_everything_in_double(causal)
    scorer = make_scorer(causal, name)
    vocabulary = causal.config.vocab_size
    prompt = torch.randint(3, vocabulary, (PROMPT_LENGTH,))
    responses = [torch.randint(3, vocabulary, (n,)) for n in LENGTHS]
    coefficients = [torch.randn(n, dtype=torch.float64).float().double() for n in LENGTHS]
    teacher = [torch.randn(n, vocabulary, dtype=torch.float64).mul(2).log_softmax(-1).float().double() for n in LENGTHS]
    out = {
        "prompt": prompt,
        "responses": padded(responses),
        "lengths": torch.tensor(LENGTHS),
        "coefficients": padded(coefficients),
        "teacher": torch.stack([torch.nn.functional.pad(t, (0, 0, 0, max(LENGTHS) - len(t))) for t in teacher]),
    }
    for kind, rows in (("at", slice(PROMPT_LENGTH, None)), ("before", slice(PROMPT_LENGTH - 1, -1))):
        values = [scores_of(scorer, prompt, tokens)[rows] for tokens in responses]
        out[f"values.{kind}"] = padded(values)
        total = sum((c * v).sum() for c, v in zip(coefficients, values))
        for key, value in gradients(scorer, ["score.weight", *TENSORS], total).items():
            out[f"gradient.{kind}.{key}"] = value
    kl = 0.0
    for tokens, distribution in zip(responses, teacher):
        logits = causal(torch.cat([prompt, tokens])[None]).logits[0, PROMPT_LENGTH - 1 : -1]
        kl = kl + (distribution.exp() * (distribution - logits.log_softmax(-1))).sum()
    out["kl"] = kl.reshape(1)
    for key, value in gradients(causal, TENSORS, kl).items():
        out[f"gradient.kl.{key}"] = value
    folder = HERE / "heads" / name
    save_file({k: v.detach().float().contiguous() for k, v in out.items()}, folder / "goldens.safetensors")


for model in ("llama", "qwen2"):
    make(model)

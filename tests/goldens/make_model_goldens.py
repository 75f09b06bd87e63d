"""Reference values of the model, its gradients and its optimizer, one folder an architecture.

    python make_model_goldens.py          rewrites tests/goldens/models/{llama,llama3,qwen2,qwen3}

Made with torch 2.13.0 (CPU), transformers 5.23.0, safetensors 0.8.0, numpy 2.4.6. The seeds are fixed,
so the same versions give the same files up to the last bits of float32.

Each folder is a Hugging Face model (config.json, model.safetensors in f32) with random weights, and
`goldens.safetensors`, whose truth is computed in float64 (RMSNorm and RoPE too, which transformers
would compute in float32) and stored as float32, so that it favours nobody's rounding. What torch
itself loses in float32 is stored beside it as `float32_error.*`: a tolerance starts from there.

Legend: P prompt length, N responses, R longest response, T = P + R, V vocabulary, S = 64 new tokens.
Token numbers and lengths are stored as f32, which holds them exactly. Arrays [N, R] hold one value per response token and zeros after each response's end.

Inputs
    prompt                      f32 [P]        one prompt shared by all responses
    responses                   f32 [N, R]     padded with 0
    response_lengths            f32 [N]
    coefficients.logprob        f32 [N, R]     c of the loss
    coefficients.entropy        f32 [N, R]     e of the loss
Outputs (a position's logits are divided by the temperature before log-softmax; natural logarithms;
entropy is that of the whole distribution which the response token was drawn from)
    logits.last                 f32 [T, V]     of prompt + last response (the longest), not scaled
    logprobs.temperature_1.0    f32 [N, R]     likewise 0.6
    entropies.temperature_1.0   f32 [N, R]     likewise 0.6
    float32.logprobs.*, float32.entropies.*    the same computed by transformers as it is, in float32
    loss                        f32 [1]        sum over response tokens of c logprob + e entropy, at 0.6
    gradient.NAME                              d loss / d NAME for every parameter NAME of model.safetensors
    greedy                      f32 [S]        argmax continuation of the prompt, EOS treated as any token
    greedy.smallest_margin      f32 [1]        least gap between the best and the second logit on the way
Ten AdamW steps on the same batch
    The loss of a step is `loss` / (number of response tokens). Gradients are clipped by
    torch.nn.utils.clip_grad_norm_(1.0), i.e. scaled by min(1, 1 / (norm + 1e-6)) with the global norm.
    AdamW: lr 1e-3, betas 0.9 / 0.999, eps 1e-8, decay 0.01 on matrices (embeddings and LM head
    included), none on norms and biases.
    step_losses                 f32 [10]       before each step
    step_gradient_norms         f32 [10]       before clipping
    after_1.NAME, after_3.NAME, after_10.NAME  weights after that many steps
Losses of float32 (torch's float32 run against float64)
    float32_error.logprobs      f32 [1]        largest absolute difference, both temperatures
    float32_error.gradients     f32 [1]        largest ||a - b|| / ||b|| of a tensor
    float32_error.after_10      f32 [1]        the same for the weights after ten steps
"""

import json
import types
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

PROMPT_LENGTH = 37
RESPONSE_LENGTHS = [1, 9, 20, 40]  # contexts end in different attention tiles of 32 keys
TEMPERATURES = [1.0, 0.6]
LOSS_TEMPERATURE = 0.6
COEFFICIENT_SCALE = 0.15  # so that the ten steps begin with gradients above the clipping norm and end below it
NEW_TOKENS = 64
SNAPSHOTS = (1, 3, 10)

# Sizes are as small as they can be while no dimension is a multiple of a kernel's tile.
COMMON = dict(
    vocab_size=263,
    intermediate_size=84,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
    max_position_embeddings=512,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=2,
    dtype="float32",
)
# Published folders name the RoPE base in one of two ways; both occur here.
LLAMA3_ROPE = dict(
    rope_type="llama3",
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=64,  # so that head_dim 16 has all three kinds of frequency
)
ARCHITECTURES = {
    "llama": dict(
        architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=64, rms_norm_eps=1e-5,
        tie_word_embeddings=True, rope_theta=100000.0, rope_scaling=None,
    ),
    "llama3": dict(
        architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=48, rms_norm_eps=1e-5,
        tie_word_embeddings=False, rope_theta=10000.0, rope_scaling=LLAMA3_ROPE,
    ),
    "qwen2": dict(
        architectures=["Qwen2ForCausalLM"], model_type="qwen2", hidden_size=64, rms_norm_eps=1e-6,
        tie_word_embeddings=True, rope_theta=10000.0, use_sliding_window=False,
    ),
    "qwen3": dict(
        architectures=["Qwen3ForCausalLM"], model_type="qwen3", hidden_size=48, rms_norm_eps=1e-6,
        tie_word_embeddings=False, use_sliding_window=False,
        rope_parameters=dict(rope_type="default", rope_theta=1000000.0),
    ),
}


def write_random_model(folder, config, seed):
    """Weights large enough that attention and next-token distributions are far from uniform."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    model = transformers.AutoModelForCausalLM.from_config(
        transformers.AutoConfig.from_pretrained(folder), dtype=torch.float32)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = 1 + 0.2 * noise
        elif name.endswith("bias"):
            parameter.data = 0.3 * noise
        else:
            parameter.data = (0.2 if "embed" in name or "lm_head" in name else 0.15) * noise
    save_file({name: p.data.contiguous() for name, p in model.named_parameters()},
              folder / "model.safetensors", metadata={"format": "pt"})


def load(folder, dtype):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa")
    if dtype == torch.float64:
        model.double()
        compute_everything_in_double(model)
    return model.train()  # no dropout in these configurations: the same arithmetic as eval()


def compute_everything_in_double(model):
    """RMSNorm and RoPE go down to float32 by themselves whatever the model's dtype is."""

    def rms_norm(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)

    def rotary(self, x, position_ids):
        angles = position_ids[..., None].double() * self.inv_freq.double()
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos() * self.attention_scaling, angles.sin() * self.attention_scaling

    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = types.MethodType(rms_norm, module)
        elif type(module).__name__.endswith("RotaryEmbedding"):
            module.forward = types.MethodType(rotary, module)


def make_batch(seed):
    generator = torch.Generator().manual_seed(seed)
    vocabulary = COMMON["vocab_size"]
    longest = max(RESPONSE_LENGTHS)
    mask = torch.arange(longest)[None, :] < torch.tensor(RESPONSE_LENGTHS)[:, None]
    shape = mask.shape
    return {
        "prompt": torch.randint(3, vocabulary, (PROMPT_LENGTH,), generator=generator),
        "responses": torch.randint(3, vocabulary, shape, generator=generator) * mask,
        "response_lengths": torch.tensor(RESPONSE_LENGTHS),
        "coefficients.logprob": COEFFICIENT_SCALE * torch.randn(shape, generator=generator) * mask,
        "coefficients.entropy": COEFFICIENT_SCALE * torch.randn(shape, generator=generator) * mask,
    }


def response_logits(model, batch, i):
    """Logits [length, V] that predict the tokens of response i, computed alone, without padding."""
    response = batch["responses"][i, : RESPONSE_LENGTHS[i]]
    tokens = torch.cat([batch["prompt"], response])
    logits = model(tokens[None], use_cache=False).logits[0]
    return logits[PROMPT_LENGTH - 1 : -1], response


def logprobs_and_entropies(model, batch, temperature):
    rows = {"logprobs": [], "entropies": []}
    for i, length in enumerate(RESPONSE_LENGTHS):
        logits, response = response_logits(model, batch, i)
        log_p = torch.log_softmax(logits / temperature, dim=-1)
        padding = (0, max(RESPONSE_LENGTHS) - length)
        values = log_p.gather(1, response[:, None])[:, 0], -(log_p.exp() * log_p).sum(-1)
        for row, value in zip(rows.values(), values):
            row.append(torch.nn.functional.pad(value, padding))
    return torch.stack(rows["logprobs"]), torch.stack(rows["entropies"])


def loss_of(model, batch):
    logprobs, entropies = logprobs_and_entropies(model, batch, LOSS_TEMPERATURE)
    return ((batch["coefficients.logprob"] * logprobs).sum()
            + (batch["coefficients.entropy"] * entropies).sum())


def forward_goldens(model, batch):
    goldens = {}
    with torch.no_grad():
        for temperature in TEMPERATURES:
            logprobs, entropies = logprobs_and_entropies(model, batch, temperature)
            goldens[f"logprobs.temperature_{temperature}"] = logprobs
            goldens[f"entropies.temperature_{temperature}"] = entropies
    return goldens


def gradient_goldens(model, batch):
    model.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()
    gradients = {f"gradient.{name}": p.grad.clone() for name, p in model.named_parameters()}
    return {"loss": loss.detach()[None], **gradients}


def optimizer_goldens(model, batch):
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}],
        lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    goldens, losses, norms = {}, [], []
    for step in range(1, 1 + max(SNAPSHOTS)):
        optimizer.zero_grad()
        loss = loss_of(model, batch) / sum(RESPONSE_LENGTHS)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0))
        losses.append(loss.detach())
        optimizer.step()
        if step in SNAPSHOTS:
            for name, p in model.named_parameters():
                goldens[f"after_{step}.{name}"] = p.detach().clone()
    return {"step_losses": torch.stack(losses), "step_gradient_norms": torch.stack(norms), **goldens}


def greedy_goldens(model, prompt):
    tokens, margins = prompt, []
    with torch.no_grad():
        for _ in range(NEW_TOKENS):
            best = model(tokens[None], use_cache=False).logits[0, -1].topk(2)
            margins.append(best.values[0] - best.values[1])
            tokens = torch.cat([tokens, best.indices[:1]])
    return {"greedy": tokens[len(prompt):], "greedy.smallest_margin": torch.stack(margins).min()[None]}


def rounding_of_first_step(model, batch, gradient_error=5e-6):
    """How far gradients wrong by `gradient_error` (relative to their row) may put a tensor's weights
    after one step, as ||a - b|| / ||b||. Adam's first step is lr g / (|g| + eps): an element whose
    gradient happens to be near zero moves by up to a learning rate in a direction that rounding chose.
    """
    model.zero_grad()
    (loss_of(model, batch) / sum(RESPONSE_LENGTHS)).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    worst = 0
    for p in model.parameters():
        element_error = gradient_error * p.grad.square().mean(-1, keepdim=True).sqrt()
        moved = 1e-3 * (element_error * 1e-8 / (p.grad.abs() + 1e-8) ** 2).clamp(max=2)
        worst = max(worst, ((moved * (p.grad != 0)).norm() / p.detach().norm()).item())
    return worst


def make_decisive_batch(model, first_seed):
    """The first batch in which rounding decides nothing, with its greedy continuation."""
    for seed in range(first_seed, first_seed + 1000):
        batch = make_batch(seed)
        if rounding_of_first_step(model, batch) < 6e-6:
            greedy = greedy_goldens(model, batch["prompt"])
            if greedy["greedy.smallest_margin"] > 5e-3:
                return batch, greedy
    raise RuntimeError("every batch hangs on a rounding")


def largest_relative_error(a, b, prefix):
    return max(((a[k] - b[k]).norm() / b[k].norm()).item() for k in b if k.startswith(prefix))


def make_goldens(folder, seed):
    exact = load(folder, torch.float64)
    single = load(folder, torch.float32)
    batch, goldens = make_decisive_batch(exact, seed)
    last = torch.cat([batch["prompt"], batch["responses"][-1]])

    goldens |= forward_goldens(exact, batch)
    with torch.no_grad():
        goldens["logits.last"] = exact(last[None], use_cache=False).logits[0]
    goldens |= gradient_goldens(exact, batch)
    goldens |= optimizer_goldens(exact, batch)

    in_single = forward_goldens(single, batch)
    single_training = gradient_goldens(single, batch) | optimizer_goldens(single, batch)
    logprob_error = max((in_single[k] - goldens[k]).abs().max().item()
                        for k in in_single if k.startswith("logprobs"))
    errors = {
        "float32_error.logprobs": logprob_error,
        "float32_error.gradients": largest_relative_error(single_training, goldens, "gradient."),
        "float32_error.after_10": largest_relative_error(single_training, goldens, "after_10."),
    }
    assert max(errors.values()) < 1e-5, errors

    goldens |= {f"float32.{k}": v for k, v in in_single.items()}
    goldens |= {k: torch.tensor([v]) for k, v in errors.items()}
    goldens |= batch
    stored = {k: v.detach().contiguous().to(torch.float32)
              for k, v in goldens.items()}
    save_file(stored, folder / "goldens.safetensors")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    models = Path(__file__).parent / "models"
    for seed, (name, specific) in enumerate(ARCHITECTURES.items(), start=1):
        write_random_model(models / name, COMMON | specific, seed)
        make_goldens(models / name, seed)


if __name__ == "__main__":
    main()

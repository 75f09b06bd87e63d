"""Reference values of low-rank adapters, with PEFT: log-probabilities, gradients and ten steps.

    python make_lora_goldens.py          rewrites tests/goldens/lora/{llama,qwen2,qwen3}

Made with peft 0.21.2 and what make_model_goldens.py names. The base models are those of tests/goldens/models,
and so are the batch, its loss and the optimizer; everything is computed in float64 and stored as float32.

Each folder is what PEFT's save_pretrained() writes (adapter_config.json, adapter_model.safetensors in f32; the
base model is named relative to the folder), with random A and B, and `goldens.safetensors`:
    logprobs                    f32 [N, R]     at temperature 0.6
    loss                        f32 [1]        at 0.6
    gradient.NAME                              d loss / d NAME for every parameter NAME of the adapter
    step_losses, step_gradient_norms, after_10.NAME     of ten AdamW steps on the adapter alone
    float32_error.*                            of torch's float32 run against float64, as for models
NAME is "model.layers.0.self_attn.q_proj.lora_A.weight".
"""

import json
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

import make_model_goldens as models

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# Ranks are no multiples of a kernel's tile.
ADAPTERS = {
    "llama": dict(r=4, lora_alpha=8, target_modules=LINEAR),
    "qwen2": dict(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"], use_rslora=True),
    "qwen3": dict(r=8, lora_alpha=32, target_modules=LINEAR),
}
GOLDENS = Path(__file__).parent


def adapted(name, dtype, seed):
    model = get_peft_model(models.load(GOLDENS / "models" / name, dtype),
                           LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **ADAPTERS[name]))
    generator = torch.Generator().manual_seed(seed)
    for key, parameter in sorted(model.named_parameters()):
        if not parameter.requires_grad:
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data = (0.1 * noise).to(dtype)  # the f32 numbers, in both types
    return model


def short(name):
    return name.removeprefix("base_model.model.").replace(".default.", ".")


def batch_of(name):
    stored = load_file(GOLDENS / "models" / name / "goldens.safetensors")
    batch = {k: stored[k].double() for k in ("coefficients.logprob", "coefficients.entropy")}
    batch |= {k: stored[k].long() for k in ("prompt", "responses", "response_lengths")}
    return batch


def trained(model):
    return {short(name): p for name, p in model.named_parameters() if p.requires_grad}


def goldens_of(model, batch):
    goldens = {}
    with torch.no_grad():
        goldens["logprobs"] = models.logprobs_and_entropies(model, batch, models.LOSS_TEMPERATURE)[0]
    model.zero_grad()
    loss = models.loss_of(model, batch)
    loss.backward()
    goldens["loss"] = loss.detach()[None]
    goldens |= {f"gradient.{name}": p.grad.clone() for name, p in trained(model).items()}
    optimizer = torch.optim.AdamW(trained(model).values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8,
                                  weight_decay=0.01)
    losses, norms = [], []
    for _ in range(10):
        optimizer.zero_grad()
        loss = models.loss_of(model, batch) / sum(models.RESPONSE_LENGTHS)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(trained(model).values(), 1.0))
        losses.append(loss.detach())
        optimizer.step()
    goldens |= {f"after_10.{name}": p.detach().clone() for name, p in trained(model).items()}
    return goldens | {"step_losses": torch.stack(losses), "step_gradient_norms": torch.stack(norms)}


def write(name, seed):
    folder = GOLDENS / "lora" / name
    folder.mkdir(parents=True, exist_ok=True)
    batch = batch_of(name)
    single = adapted(name, torch.float32, seed)
    single.save_pretrained(folder)
    (folder / "README.md").unlink()
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = f"../../models/{name}"
    config["target_modules"] = sorted(config["target_modules"])
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
    goldens = goldens_of(adapted(name, torch.float64, seed), batch)
    in_single = goldens_of(single, {k: v.float() if v.is_floating_point() else v for k, v in batch.items()})
    errors = {
        "float32_error.logprobs": (in_single["logprobs"] - goldens["logprobs"]).abs().max().item(),
        "float32_error.gradients": models.largest_relative_error(in_single, goldens, "gradient."),
        "float32_error.after_10": models.largest_relative_error(in_single, goldens, "after_10."),
    }
    print(name, errors)
    goldens |= {k: torch.tensor([v]) for k, v in errors.items()}
    save_file({k: v.detach().contiguous().to(torch.float32) for k, v in goldens.items()},
              folder / "goldens.safetensors")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for seed, name in enumerate(ADAPTERS, start=71):
        write(name, seed)


if __name__ == "__main__":
    main()

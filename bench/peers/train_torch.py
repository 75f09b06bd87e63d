"""PyTorch's side of `run.sh train`: a causal language model trained with fused AdamW, in float32 or, with weights in
float32, under autocast to bfloat16."""

import argparse
import time

import torch
import transformers

from measure import peak_rss_mib, print_figures

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True, help="Hugging Face folder")
parser.add_argument("--dtype", choices=("f32", "bf16"), default="f32")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--sequences", type=int, default=8)
parser.add_argument("--length", type=int, default=256)
parser.add_argument("--steps", type=int, default=3, help="measured steps, after one that is not")
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
torch.manual_seed(1)
model = transformers.AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
tokens = torch.randint(3, model.config.vocab_size, (arguments.sequences, arguments.length))

seconds = []
for _ in range(1 + arguments.steps):
    start = time.perf_counter()
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.dtype == "bf16"):
        loss = model(input_ids=tokens, labels=tokens, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    seconds.append(time.perf_counter() - start)

step = min(seconds[1:])  # as `deepscaler bench train` counts
print_figures(engine=f"torch {torch.__version__}", dtype=arguments.dtype, sequences=arguments.sequences,
              length=arguments.length, tokens_per_second=tokens.numel() / step, step_seconds=step,
              peak_mib=peak_rss_mib())

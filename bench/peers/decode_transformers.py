"""transformers' side of `run.sh decode`: batched generate() with its KV cache, sampling at temperature 1."""

import argparse
import time

import torch
import transformers

from measure import best_of, print_figures

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


def generate(model, batch, prompt_tokens, new_tokens):
    """Seconds for a batch of random prompts, every sequence going on to the full length."""
    tokens = torch.randint(3, model.config.vocab_size, (batch, prompt_tokens))
    start = time.perf_counter()
    model.generate(tokens, attention_mask=torch.ones_like(tokens), do_sample=True, temperature=1.0, top_k=0,
                   min_new_tokens=new_tokens, max_new_tokens=new_tokens)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="Hugging Face folder")
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=["f32", "bf16"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 64])
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--new-tokens", type=int, default=96)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    for dtype in arguments.dtypes:
        model = transformers.AutoModelForCausalLM.from_pretrained(arguments.model, dtype=DTYPES[dtype])
        generate(model, 1, 8, 2)  # warm-up
        for batch in arguments.batches:
            prefill = best_of(3, lambda: generate(model, batch, arguments.prompt_tokens, 1))
            whole = generate(model, batch, arguments.prompt_tokens, arguments.new_tokens + 1)
            print_figures(engine=f"transformers {transformers.__version__}", dtype=dtype, batch=batch,
                          decode_tokens_per_second=batch * arguments.new_tokens / (whole - prefill),
                          prefill_tokens_per_second=batch * arguments.prompt_tokens / prefill)


if __name__ == "__main__":
    main()

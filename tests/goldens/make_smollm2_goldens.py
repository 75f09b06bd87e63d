"""Greedy continuations of SmolLM2-135M-Instruct (the 4-bit GGUF) according to transformers.

    python make_smollm2_goldens.py FOLDER FILE.gguf          rewrites tests/goldens/smollm2.json

FILE is SmolLM2-135M-Instruct.Q4_1.gguf, as `deepscaler fetch` gets it where the hub can't be reached.
Made with torch 2.13.0 (CPU), transformers 5.23.0, gguf 0.19.0, which read the file by themselves. Each
case: the conversation, the prompt's token numbers through the model's own chat template, 64 tokens of
argmax in float32 (the token that ends a text is one like any other), their log-probabilities, and the
least gap between the best and the second logit on the way.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

NEW_TOKENS = 64
QUESTIONS = [
    "What is the capital of France?",
    "Natalia sold 48 clips in April and half as many in May. How many did she sell altogether?",
    "Write a short poem about a river.",
]


def greedy(model, prompt):
    tokens, log_probs, margin = [], [], float("inf")
    cache, step = None, torch.tensor([prompt])
    for _ in range(NEW_TOKENS):
        out = model(step, past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        logits = out.logits[0, -1].double()
        best = logits.topk(2).values
        margin = min(margin, (best[0] - best[1]).item())
        token = logits.argmax().item()
        tokens.append(token)
        log_probs.append(round(logits.log_softmax(-1)[token].item(), 8))
        step = torch.tensor([[token]])
    return tokens, log_probs, margin


def main():
    folder, file = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
    cases = []
    for question in QUESTIONS:
        messages = [{"role": "user", "content": question}]
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            tokens, log_probs, margin = greedy(model, prompt)
        cases.append(dict(messages=messages, prompt=prompt, tokens=tokens, log_probs=log_probs, margin=margin))
    text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
    (Path(__file__).parent / "smollm2.json").write_text(text)


if __name__ == "__main__":
    main()

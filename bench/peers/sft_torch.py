"""PyTorch's side of `run.sh sft`: the same steps on the same examples, in float32."""

import argparse
import json
import re
import time

import torch
import transformers

from measure import peak_rss_mib

PROMPT = "{problem} Let's think step by step and output the final answer within \\boxed{{}}."

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True, help="Hugging Face folder")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--train", required=True, help="lines of GSM8K, used in order")
parser.add_argument("--test", required=True, help="held-out lines")
parser.add_argument("--examples", type=int, default=4, help="a step")
parser.add_argument("--lr", type=float, default=2e-5)
parser.add_argument("--output", required=True, help="JSON of losses")
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)


def load(path):
    """Pairs of prompt and response, as token numbers."""
    pairs = []
    for line in open(path):
        record = json.loads(line)
        steps, answer = record["answer"].rsplit("####", 1)
        solution = re.sub(r"<<.*?>>", "", steps.strip()) + f"\n\\boxed{{{answer.strip().replace(',', '')}}}"
        messages = [{"role": "user", "content": PROMPT.format(problem=record["question"].strip())}]
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        pairs.append((tokenizer(text, add_special_tokens=False).input_ids,
                      tokenizer(solution, add_special_tokens=False).input_ids + [tokenizer.eos_token_id]))
    return pairs


def response_log_probs(model, prompt, response):
    tokens = torch.tensor([prompt + response])
    logits = model(input_ids=tokens, use_cache=False).logits[0, len(prompt) - 1:-1]
    return torch.log_softmax(logits.float(), -1).gather(1, tokens[0, len(prompt):, None])[:, 0]


def mean_loss(model, pairs):
    with torch.no_grad():
        total = -sum(response_log_probs(model, *pair).sum().item() for pair in pairs)
    return total / sum(len(response) for _, response in pairs)


def train(model, pairs):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.01},
                                   {"params": vectors, "weight_decay": 0.0}], lr=arguments.lr, fused=True)
    losses = []
    for first in range(0, len(pairs), arguments.examples):
        batch = pairs[first:first + arguments.examples]
        tokens = sum(len(response) for _, response in batch)
        optimizer.zero_grad()
        loss = 0
        for pair in batch:
            part = -response_log_probs(model, *pair).sum() / tokens
            part.backward()
            loss += part.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss)
    return losses


model = transformers.AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32)
test = load(arguments.test)
before = mean_loss(model, test)
begin = time.perf_counter()
losses = train(model, load(arguments.train))
seconds = time.perf_counter() - begin
with open(arguments.output, "w") as file:
    json.dump({"engine": f"torch {torch.__version__}", "losses": losses, "before": before,
               "after": mean_loss(model, test), "seconds": seconds, "peak_mib": peak_rss_mib()}, file)

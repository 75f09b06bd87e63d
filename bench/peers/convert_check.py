"""What `run.sh convert` does: loads converted models in transformers and compares all that a user would notice."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import torch
import transformers
from tokenizers import pre_tokenizers

# Of our log-probabilities in f32 from transformers' float64; beyond the first, at most so many times what its own
# f32 differs by: on a few odd texts SmolLM2 magnifies any rounding a thousandfold.
LARGEST_DIFFERENCE, TIMES_THEIRS = 2e-4, 4
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
# Each architecture with a tokenizer and a chat template of tests/goldens.
TINY = {
    "llama": ("smollm", "chatml_with_default_system"),
    "llama3": ("llama3", "namespace_and_tools"),
    "qwen2": ("qwen2", "thinking_of_past_turns_dropped"),
    "qwen3": ("options", "thinking_of_past_turns_dropped"),
}
CONVERSATIONS = [
    [{"role": "user", "content": "What is 12 + 345?"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": " caf\u00e9, \u4f60\u597d \U0001f642\n"},
     {"role": "assistant", "content": "<think>\nhm\n</think>\n\nYes."}, {"role": "user", "content": "Why?"}],
]


def load_gguf(path):
    source = dict(pretrained_model_name_or_path=path.parent, gguf_file=path.name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(**source)
    # transformers leaves out what `tokenizer.ggml.pre` names; this is SmolLM2's published pre-tokenizer.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32), tokenizer


def make_tiny(folder, name, seed):
    """A random model with a tokenizer of the goldens, as a Hugging Face folder."""
    from make_chat_template_goldens import FAMILIES
    from make_model_goldens import ARCHITECTURES, COMMON, write_random_model
    from make_tokenizer_goldens import FOLDER
    family, template = TINY[name]
    config = COMMON | ARCHITECTURES[name] | dict(vocab_size=768, max_position_embeddings=2048)
    write_random_model(folder, config, seed)
    (folder / "tokenizer.json").write_bytes((FOLDER / family / "tokenizer.json").read_bytes())
    settings = json.loads((FOLDER / family / "tokenizer_config.json").read_text())
    # Tokens as older files write them, which transformers 5 does not read for every family.
    settings = {k: v["content"] if k.endswith("_token") and isinstance(v, dict) else v for k, v in settings.items()}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": FAMILIES[template]}))


def load_folder(folder, dtype):
    model, info = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, output_loading_info=True)
    problems = {k: v for k, v in info.items() if v}
    assert not problems, f"{folder}: {problems}"
    return model.eval(), transformers.AutoTokenizer.from_pretrained(folder)


def texts():
    """A page of mixed text, as one text and in pieces."""
    import make_tokenizer_goldens
    pieces = [data.decode("utf-8", errors="replace") for data in make_tokenizer_goldens.texts()]
    return [piece for piece in pieces if piece] + ["\n".join(make_tokenizer_goldens.TRAINING)]


def run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {result.stderr}")


def our_responses(arguments, folder, page):
    """What `generate` makes of each text and conversation: its tokens of the prompt, its responses."""
    prompts, output = arguments.work / "prompts.jsonl", arguments.work / "responses.jsonl"
    lines = [{"prompt": text} for text in page] + [{"messages": messages} for messages in CONVERSATIONS]
    prompts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run(arguments.program, "generate", "--model", folder, "--input", prompts, "--output", output,
        "--max-response-tokens", 8, "--dtype", "f32", "--threads", arguments.threads)
    responses = [json.loads(line) for line in output.open()]
    output.unlink()
    assert len(responses) == len(lines)
    return responses


def log_probabilities(model, response):
    prompt, tokens = response["prompt_token_ids"], torch.tensor(response["token_ids"])
    whole = torch.cat([torch.tensor(prompt), tokens])
    logits = model(input_ids=whole[None], use_cache=False).logits[0, len(prompt) - 1:-1]
    return torch.log_softmax(logits, -1).gather(1, tokens[:, None])[:, 0].double()


def largest_differences(model, responses):
    """How far ours are from theirs in f32 at most, in any response, and ours and theirs from their float64."""
    pairs = [(log_probabilities(model, response), torch.tensor(response["logprobs"]).double()) for response in responses]
    model.double()
    exact = [log_probabilities(model, response) for response in responses]

    def largest(differences):
        return max(difference.abs().max().item() for difference in differences)
    return (largest(theirs - ours for theirs, ours in pairs),
            largest(ours - right for (_, ours), right in zip(pairs, exact)),
            largest(theirs - right for (theirs, _), right in zip(pairs, exact)))


def check(arguments, name, source, reference, tokenizer):
    """Problems of the source's conversions; a line for each that has none."""
    problems = []
    page = [text for text in texts() if tokenizer(text)["input_ids"]]  # some normalizers strip all of a text
    expected = [tokenizer(text)["input_ids"] for text in page]
    expected += [tokenizer.apply_chat_template(m, add_generation_prompt=True)["input_ids"] for m in CONVERSATIONS]
    for dtype, torch_dtype in DTYPES.items():
        where = f"{name}, {dtype}"
        folder = arguments.work / f"{name}-{dtype}"
        run(arguments.program, "convert", source, "--output", folder, "--dtype", dtype)
        stored, converted = load_folder(folder, "auto")
        weights = stored.state_dict()
        if stored.dtype != torch_dtype:
            problems.append(f"{where}: weights in {stored.dtype}")
        for key, value in reference.state_dict().items():
            if not torch.equal(weights[key], value.to(torch_dtype)):
                problems.append(f"{where}: {key} differs")
        ids = [converted(text)["input_ids"] for text in page]
        ids += [converted.apply_chat_template(m, add_generation_prompt=True)["input_ids"] for m in CONVERSATIONS]
        responses = our_responses(arguments, folder, page)
        labels = page + CONVERSATIONS
        for label, wanted, theirs, ours in zip(labels, expected, ids, responses):
            if theirs != wanted:
                problems.append(f"{where}: transformers reads {label!r} as {theirs}, not {wanted}")
            if ours["prompt_token_ids"] != wanted:
                problems.append(f"{where}: we read {label!r} as {ours['prompt_token_ids']}, not {wanted}")
            text = tokenizer.decode(wanted)
            if converted.decode(wanted) != text:
                problems.append(f"{where}: {wanted} becomes {converted.decode(wanted)!r}, not {text!r}")
        with torch.no_grad():
            difference, ours, theirs = largest_differences(stored.float(), responses)
        if not ours < LARGEST_DIFFERENCE + TIMES_THEIRS * theirs:
            problems.append(f"{where}: log-probabilities differ from float64 by {ours:.1e}")
        tokens = sum(len(response["token_ids"]) for response in responses)
        print(f"{where}: {len(weights)} tensors, {len(page)} texts and {len(CONVERSATIONS)} conversations; "
              f"log-probabilities of {tokens} tokens differ by {difference:.1e} at most; from float64 "
              f"ours by {ours:.1e}, theirs by {theirs:.1e}", flush=True)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--gguf", type=Path, required=True, help="SmolLM2-135M-Instruct")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--goldens", type=Path, required=True, help="tests/goldens")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.goldens))
    torch.set_num_threads(arguments.threads)

    problems = []
    for seed, name in enumerate(TINY, start=1):
        source = arguments.work / name
        make_tiny(source, name, seed)
        problems += check(arguments, name, source, *load_folder(source, torch.float32))
    problems += check(arguments, "SmolLM2-135M", arguments.gguf, *load_gguf(arguments.gguf))
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(f"{len(problems)} differences" if problems else 0)


if __name__ == "__main__":
    main()

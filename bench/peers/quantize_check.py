"""What `run.sh quantize` does: GGUF files of ours and of llama.cpp's quantizer, and what llama.cpp makes of ours."""

import argparse
import ctypes
import hashlib
import json
import math
import subprocess
import sys
import time
from pathlib import Path

import llama_cpp
import numpy as np

FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q4_K_S": 14, "Q4_K_M": 15,
              "Q5_K_S": 16, "Q5_K_M": 17, "Q6_K": 18, "BF16": 32}
PROMPTS = ["The capital of France is", "def fibonacci(n):\n", "Once upon a time, there was a",
           "Question: What is 17 + 25?\nAnswer:", "The three laws of motion are"]
NEW_TOKENS = 64
SCALARS = {0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "<u1", 10: "<u8", 11: "<i8", 12: "<f8"}
STRING, ARRAY = 8, 9


class Gguf:
    """Keys as raw values, and tensors (name, dimensions, type, hash of the data) in order."""

    def __init__(self, path):
        self.data = np.memmap(path, np.uint8, "r")
        self.at = 8
        tensors, keys = self.number("<u8"), self.number("<u8")
        self.keys = {self.string(): self.value(self.number("<u4")) for _ in range(keys)}
        infos = [self.info() for _ in range(tensors)]
        self.start = -(-self.at // 32) * 32
        ends = [offset for *_, offset in infos[1:]] + [len(self.data) - self.start]
        self.tensors = [(name, dims, kind, hashlib.sha256(self.bytes(offset, end)).hexdigest())
                        for (name, dims, kind, offset), end in zip(infos, ends)]
        self.floats = {name: self.bytes(offset, offset + 4 * math.prod(dims)).view("<f4")
                       for name, dims, kind, offset in infos if kind == 0}

    def bytes(self, begin, end):
        return self.data[self.start + begin:self.start + end]

    def number(self, kind):
        size = int(kind[2])
        value = self.data[self.at:self.at + size].view(kind)[0].item()
        self.at += size
        return value

    def string(self):
        size = self.number("<u8")
        self.at += size
        return bytes(self.data[self.at - size:self.at]).decode("utf-8", "surrogateescape")

    def value(self, kind):
        if kind == STRING:
            return kind, self.string()
        if kind != ARRAY:
            return kind, self.number(SCALARS[kind])
        inner, length = self.number("<u4"), self.number("<u8")
        return kind, inner, [self.value(inner) for _ in range(length)]

    def info(self):
        name = self.string()
        dims = [self.number("<u8") for _ in range(self.number("<u4"))]
        return name, dims, self.number("<u4"), self.number("<u8")


def run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {result.stderr}")
    return result.stdout


def importance_columns(path):
    """The mean squares of an importance matrix, as llama-quantize takes them."""
    floats = Gguf(path).floats
    return {name.removesuffix(".in_sum2"): sums / floats[name.replace(".in_sum2", ".counts")][0]
            for name, sums in floats.items() if name.endswith(".in_sum2")}


def quantize(source, target, name, threads, columns):
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = FILE_TYPES[name]
    parameters.nthread = threads
    if columns:
        entries = [(key.encode(), values.ctypes.data_as(ctypes.POINTER(ctypes.c_float)), len(values))
                   for key, values in columns.items()]
        parameters.imatrix = (llama_cpp.llama_model_imatrix_data * (len(entries) + 1))(*entries)
    start = time.perf_counter()
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), parameters) != 0:
        raise SystemExit(f"llama.cpp could not write {target}")
    return time.perf_counter() - start


def compare_files(arguments, source, name, importance, columns):
    """Ours and theirs of one type; what differs."""
    ours, theirs = arguments.work / "ours.gguf", arguments.work / "theirs.gguf"
    start = time.perf_counter()
    run(arguments.program, "quantize", source, "--type", name, "--output", ours, "--threads", arguments.threads,
        *(["--imatrix", importance] if importance else []))
    our_time = time.perf_counter() - start
    their_time = quantize(source, theirs, name, arguments.threads, columns)
    a, b = Gguf(ours), Gguf(theirs)
    what = f"{name}{' with importance' if importance else ''}"
    problems = [f"{what}: {x[0]} and {y[0]} differ" for x, y in zip(a.tensors, b.tensors) if x != y]
    if len(a.tensors) != len(b.tensors):
        problems.append(f"{what}: {len(a.tensors)} tensors, theirs {len(b.tensors)}")
    own = {key for key in a.keys if key.startswith("quantize.imatrix.")}  # llama-quantize adds these, its library not
    if {k: v for k, v in a.keys.items() if k not in own} != b.keys:
        problems.append(f"{what}: keys differ: {sorted(k for k in a.keys.keys() | b.keys.keys() if a.keys.get(k) != b.keys.get(k))}")
    loaded = [line for path in (ours, theirs) for line in run(arguments.program, "inspect", path).splitlines()
              if line.startswith("model ")]
    if len(set(loaded)) != 1:
        problems.append(f"{what}: we load {loaded}")
    print(f"{what}: {len(a.tensors)} tensors, {ours.stat().st_size:,} bytes, {len(problems)} differences; "
          f"{our_time:.1f} s, theirs {their_time:.1f} s", flush=True)
    ours.unlink(), theirs.unlink()
    return problems


class Peer:
    """llama.cpp with one model."""

    def __init__(self, path, threads):
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"llama.cpp does not load {path}")
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = 512
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.type_k = parameters.type_v = 0  # f32
        parameters.flash_attn_type = 0
        self.context = llama_cpp.llama_init_from_model(self.model, parameters)
        self.batch = llama_cpp.llama_batch_init(512, 0, 1)

    def decode(self, tokens, first, all_logits=False):
        """Logits of the last token, or of all."""
        if first == 0:
            llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        self.batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            self.batch.token[i], self.batch.pos[i], self.batch.n_seq_id[i] = token, first + i, 1
            self.batch.seq_id[i][0] = 0
            self.batch.logits[i] = all_logits or i == len(tokens) - 1
        if llama_cpp.llama_decode(self.context, self.batch) != 0:
            raise SystemExit("llama_decode failed")
        rows = range(len(tokens)) if all_logits else [len(tokens) - 1]
        return np.stack([np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, i), (self.vocabulary,)).copy()
                         for i in rows])

    def tokenize(self, text):
        buffer = (llama_cpp.llama_token * (len(text.encode()) + 8))()
        count = llama_cpp.llama_tokenize(llama_cpp.llama_model_get_vocab(self.model), text.encode(), len(text.encode()),
                                         buffer, len(buffer), True, True)
        return list(buffer[:count])

    def continuation(self, prompt):
        """Tokens, and at each how far the second choice is behind."""
        tokens, gaps = [], []
        logits = self.decode(prompt, 0)[-1]
        for i in range(NEW_TOKENS):
            second, best = np.partition(logits, -2)[-2:]
            tokens.append(int(logits.argmax()))
            gaps.append(float(best - second))
            if i + 1 < NEW_TOKENS:
                logits = self.decode([tokens[-1]], len(prompt) + i)[-1]
        return tokens, gaps

    def perplexity(self, tokens, context):
        """As llama-perplexity: chunks, of which the second half is scored."""
        losses = []
        for start in range(0, len(tokens) - context + 1, context):
            chunk = tokens[start:start + context]
            logits = self.decode(chunk, 0, all_logits=True).astype(np.float64)[context // 2:-1]
            top = logits.max(-1, keepdims=True)
            log_sums = (top + np.log(np.exp(logits - top).sum(-1, keepdims=True)))[:, 0]
            losses.extend(log_sums - logits[np.arange(len(logits)), chunk[context // 2 + 1:]])
        return math.exp(np.mean(losses)), len(losses)

    def close(self):
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)


def our_continuations(arguments, folder):
    prompts, output = arguments.work / "prompts.jsonl", arguments.work / "responses.jsonl"
    prompts.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in PROMPTS))
    run(arguments.program, "generate", "--model", folder, "--input", prompts, "--output", output, "--max-response-tokens",
        NEW_TOKENS, "--temperature", 0, "--dtype", "f32", "--threads", arguments.threads)
    return [json.loads(line) for line in output.open()]


def compare_continuations(arguments, folder):
    """llama.cpp on our files of a folder whose weights are in bf16: what differs."""
    problems = []
    responses = our_continuations(arguments, folder)
    for name in ("F32", "BF16", "F16"):
        path = arguments.work / f"{name}.gguf"
        run(arguments.program, "quantize", folder, "--type", name, "--output", path)
        peer = Peer(path, arguments.threads)
        equal = 0
        for text, response in zip(PROMPTS, responses):
            prompt = peer.tokenize(text)
            if prompt != response["prompt_token_ids"]:
                problems.append(f"{name}: llama.cpp reads {text!r} as {prompt}")
            ours = response["token_ids"]
            theirs, gaps = peer.continuation(prompt)
            first = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), None)
            if first is None:
                equal += 1
            else:
                print(f"{name}: {text!r}: token {first} differs; there llama.cpp's second choice is {gaps[first]:.4f} behind")
                # Rounding of products in 16 bits may turn a choice between nearly equal tokens.
                if name == "F32" or gaps[first] > 0.1:
                    problems.append(f"{name}: {text!r} goes on otherwise from token {first}")
        perplexity, scored = peer.perplexity(peer.tokenize(arguments.text.read_text()), 512)
        lines = run(arguments.program, "perplexity", "--model", path, "--text", arguments.text).splitlines()
        ours = next(float(line.split()[1]) for line in lines if line.startswith("perplexity "))
        print(f"{name}: {equal} of {len(PROMPTS)} continuations of {NEW_TOKENS} tokens are equal; perplexity of {scored} "
              f"tokens {ours:.4f}, theirs {perplexity:.4f}", flush=True)
        if abs(ours / perplexity - 1) > (1e-4 if name == "F32" else 5e-3):
            problems.append(f"{name}: perplexity {ours}, theirs {perplexity}")
        peer.close()
        path.unlink()
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--gguf", type=Path, required=True, help="SmolLM2-135M-Instruct")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--text", type=Path, required=True, help="a text of some thousand tokens")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--types", nargs="+", choices=FILE_TYPES, default=list(FILE_TYPES))
    arguments = parser.parse_args()
    silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))

    source, importance = arguments.work / "source.gguf", arguments.work / "importance.gguf"
    run(arguments.program, "quantize", arguments.gguf, "--type", "F32", "--output", source)
    run(arguments.program, "imatrix", "--model", source, "--text", arguments.text, "--chunks", 4, "--output", importance)
    columns = importance_columns(importance)
    problems = []
    for name in arguments.types:
        problems += compare_files(arguments, source, name, None, None)
        if name.startswith("Q") and name != "Q8_0":
            problems += compare_files(arguments, source, name, importance, columns)
    folder = arguments.work / "folder"
    run(arguments.program, "convert", source, "--output", folder, "--dtype", "bf16")
    problems += compare_continuations(arguments, folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(f"{len(problems)} differences" if problems else 0)


if __name__ == "__main__":
    main()

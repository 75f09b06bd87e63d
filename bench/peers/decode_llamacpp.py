"""llama.cpp's side of `run.sh decode`, as its own llama-batched-bench measures.

Prompts and continuations are fixed random tokens: logits are computed for every sequence and step but nothing is
sampled from them, which spares the peer some time and makes the work independent of the text. Each sequence has
its own prompt and its own stream of the KV cache, kept in f16 (llama.cpp's default and its fastest).
"""

import argparse
import ctypes
import random
import time
from pathlib import Path

import llama_cpp

from measure import best_of, print_figures

# llama_ftype numbers; a GGUF of each is made from the given one.
FILE_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q8_0": 7, "q5_0": 8, "q5_1": 9, "q4_k_m": 15, "q5_k_m": 17,
              "q6_k": 18, "bf16": 32}
LARGEST_BATCH = 2048  # tokens in one llama_decode call; split into passes of 512 as by default


def variant(gguf, dtype, cache):
    path = cache / f"{gguf.stem}-{dtype}.gguf"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        parameters = llama_cpp.llama_model_quantize_default_params()
        parameters.ftype = FILE_TYPES[dtype]
        parameters.allow_requantize = True
        unfinished = path.with_suffix(".unfinished")
        status = llama_cpp.llama_model_quantize(str(gguf).encode(), str(unfinished).encode(), parameters)
        if status != 0:
            raise SystemExit(f"llama.cpp could not write {path}")
        unfinished.rename(path)
    return path


class Decoder:
    """A model and a context for `batch` sequences of `length` tokens."""

    def __init__(self, path, batch, length, threads, as_stored):
        parameters = llama_cpp.llama_model_default_params()
        parameters.use_extra_bufts = not as_stored
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_seq_max = batch
        parameters.n_ctx = batch * (-(-length // 256) * 256)  # a stream is a multiple of 256 tokens
        parameters.n_batch = LARGEST_BATCH
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.kv_unified = False
        self.context = llama_cpp.llama_init_from_model(self.model, parameters)
        self.buffer = llama_cpp.llama_batch_init(LARGEST_BATCH, 0, 1)

    def run(self, tokens):
        """Decodes (sequence, position, wants logits) triples, with random tokens."""
        for start in range(0, len(tokens), LARGEST_BATCH):
            part = tokens[start : start + LARGEST_BATCH]
            self.buffer.n_tokens = len(part)
            for i, (sequence, position, wants_logits) in enumerate(part):
                self.buffer.token[i] = random.randrange(3, self.vocabulary)
                self.buffer.pos[i] = position
                self.buffer.n_seq_id[i] = 1
                self.buffer.seq_id[i][0] = sequence
                self.buffer.logits[i] = wants_logits
            if llama_cpp.llama_decode(self.context, self.buffer) != 0:
                raise SystemExit("llama_decode failed")
        llama_cpp.llama_synchronize(self.context)

    def forget(self):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def close(self):
        llama_cpp.llama_batch_free(self.buffer)
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)


def measure(path, dtype, batch, arguments):
    prompt, new = arguments.prompt_tokens, arguments.new_tokens
    decoder = Decoder(path, batch, prompt + new, arguments.threads, arguments.as_stored)
    decoder.run([(0, position, True) for position in range(8)])  # warm-up: touches all weights

    def prefill():
        decoder.forget()
        start = time.perf_counter()
        decoder.run([(s, position, position == prompt - 1) for s in range(batch) for position in range(prompt)])
        return time.perf_counter() - start

    prefilled = best_of(3, prefill)
    start = time.perf_counter()
    for position in range(prompt, prompt + new):
        decoder.run([(s, position, True) for s in range(batch)])
    decoded = time.perf_counter() - start
    decoder.close()

    print_figures(engine="llama.cpp", dtype=dtype, batch=batch,
                  decode_tokens_per_second=batch * new / decoded,
                  prefill_tokens_per_second=batch * prompt / prefilled)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gguf", type=Path, required=True, help="model that the other precisions are made from")
    parser.add_argument("--cache", type=Path, required=True, help="folder for those")
    parser.add_argument("--dtypes", nargs="+", choices=FILE_TYPES, default=list(FILE_TYPES))
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 64])
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--new-tokens", type=int, default=96)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--as-stored", action="store_true",
                        help="weights are not repacked, for AMX or else: where a machine names AMX and has none")
    arguments = parser.parse_args()

    silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    for dtype in arguments.dtypes:
        path = variant(arguments.gguf, dtype, arguments.cache)
        for batch in arguments.batches:
            measure(path, dtype, batch, arguments)


if __name__ == "__main__":
    main()

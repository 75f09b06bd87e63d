"""Hugging Face tokenizers' side of `run.sh tokenize`: each way that it has of encoding texts, on one core."""

import argparse
import array
import hashlib
import json
import os
import time

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
import tokenizers  # noqa: E402, which reads the environment

from measure import print_figures  # noqa: E402

PASSES = 2

WAYS = {
    "encode": lambda tokenizer, texts: [tokenizer.encode(text, add_special_tokens=False) for text in texts],
    "encode_batch": lambda tokenizer, texts: tokenizer.encode_batch(texts, add_special_tokens=False),
    "encode_batch_fast": lambda tokenizer, texts: tokenizer.encode_batch_fast(texts, add_special_tokens=False),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", required=True, help="tokenizer.json")
    parser.add_argument("--input", required=True, help='JSONL file of lines {"text": ...}')
    arguments = parser.parse_args()
    texts = [json.loads(line)["text"] for line in open(arguments.input, encoding="utf-8")]
    size = sum(len(text.encode()) for text in texts)
    for way, encode in WAYS.items():
        tokenizer = tokenizers.Tokenizer.from_file(arguments.tokenizer)  # one that has seen no word
        for number in range(PASSES):
            start = time.process_time()
            encodings = encode(tokenizer, texts)
            seconds = time.process_time() - start
            ids = array.array("i", (token for encoding in encodings for token in encoding.ids))
            print_figures(engine=f"tokenizers {tokenizers.__version__}, {way}", **{"pass": "later" if number else "first"},
                          texts=len(texts), bytes=size, tokens=len(ids),
                          ids=hashlib.sha256(ids.tobytes()).hexdigest()[:12],
                          encode_seconds=seconds, mb_per_second=size * 1e-6 / seconds)


if __name__ == "__main__":
    main()

"""sentence-transformers' side of `run.sh embed`: embeddings in f32, in batches of 32 of like length, as it has them."""

import argparse
import json
import time

import sentence_transformers
import torch
from measure import peak_rss_mib, print_figures
from sentence_transformers.base.modules.normalize import Normalize
from sentence_transformers.base.modules.transformer import Transformer
from sentence_transformers.sentence_transformer.modules.pooling import Pooling


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--input", required=True, help='JSONL file of lines {"text": ...}')
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--passes", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    texts = [json.loads(line)["text"] for line in open(arguments.input, encoding="utf-8")]
    transformer = Transformer(arguments.model, max_seq_length=256)
    pooling = Pooling(transformer.get_embedding_dimension())
    model = sentence_transformers.SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu")
    for _ in range(arguments.passes):
        start = time.perf_counter()
        model.encode(texts, batch_size=32)
        seconds = time.perf_counter() - start
        print_figures(engine=f"sentence-transformers {sentence_transformers.__version__}", texts=len(texts),
                      texts_per_second=len(texts) / seconds, peak_mib=peak_rss_mib())


if __name__ == "__main__":
    main()

"""A tiny random BERT and what transformers and tokenizers make of some texts, for src/embed.

  python make_bert_goldens.py      (torch, transformers and safetensors installed)

Writes bert/: config.json, vocab.txt, model.safetensors, expected.json. Embeddings are the mean of the last layer in float64,
with length 1. With --minilm FOLDER, the folder of all-MiniLM-L6-v2, it writes minilm.json: the same for the real model.
"""
import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

HERE = Path(__file__).parent
LONGEST = 256
TEXTS = [
    "This is an example sentence",
    "What is 12+34?",
    "Let $a_n = 6^n + 8^n$. Find the remainder when $a_{83}$ is divided by 49.",
    "Caf\u00e9 na\u00efve \u00dcBER \u4e2d\u6587 x\u00b2",
    "a\u0301 \u0130stanbul \u00df \u2028hi\u00a0there",
    "[CLS] hi [SEP][MASK]",
    "hello\tworld\r\n\ufffd\x00ok \u00ad\u200bsoft",
    "unaffable don't 1,000,000 a_b-c $\\frac{1}{2}$",
    "x" * 100 + " " + "x" * 101,
    "\U0002b820 \U0002b920 \u0378 \u00bfque? \u3002",
    "",
    "word " * 400,
]


def vocabulary():
    characters = sorted({c for text in TEXTS for c in text.lower() if c.isalnum() or c in "$\\{}^_+-=.?,'"})
    characters = [c for c in characters if c.isascii() or c in "\u4e2d\u00df\u00b2"]
    words = ["the", "word", "is", "this", "sent", "hello", "find", "000", "10"]
    pieces = ["##" + c for c in characters if c.isalnum()] + ["##ence", "##ld", "##able", "##00"]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + characters + ["\u3002", "\u00bf"] + words + pieces


def tokenizer_of(pieces):
    tokenizer = Tokenizer(WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", pieces.index("[CLS]")), ("[SEP]", pieces.index("[SEP]"))])
    tokenizer.enable_truncation(LONGEST)
    return tokenizer


def expected(model, tokenizer):
    model = model.double().eval()
    items = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        with torch.no_grad():
            last = model(input_ids=torch.tensor([ids])).last_hidden_state[0]
        mean = last.mean(0)
        items.append({"text": text, "ids": ids, "embedding": (mean / mean.norm().clamp(min=1e-12)).tolist()})
    return items


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minilm", type=Path)
    minilm = parser.parse_args().minilm
    if minilm:
        pieces = (minilm / "vocab.txt").read_text().split("\n")[:-1]
        model = BertModel.from_pretrained(minilm, attn_implementation="eager")
        items = expected(model, tokenizer_of(pieces))
        for item in items:
            item["embedding"] = [round(x, 9) for x in item["embedding"]]
        (HERE / "minilm.json").write_text(json.dumps(items) + "\n")
        return
    folder = HERE / "bert"
    folder.mkdir(exist_ok=True)
    pieces = vocabulary()
    torch.manual_seed(1)
    config = BertConfig(vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=48, max_position_embeddings=LONGEST, initializer_range=0.3)
    model = BertModel(config)
    for parameter in model.parameters():
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter, std=0.3) if parameter.mean() == 0 else torch.nn.init.normal_(parameter, 1, 0.3)
    tensors = {n: t.float().contiguous() for n, t in model.state_dict().items() if not n.startswith("pooler")}
    tensors["embeddings.position_ids"] = torch.arange(LONGEST)[None]  # as older files have it: not read
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({k: getattr(config, k) for k in (
        "model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings", "hidden_act", "layer_norm_eps")}, indent=1) + "\n")
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    (folder / "expected.json").write_text(json.dumps(expected(model, tokenizer_of(pieces))) + "\n")


if __name__ == "__main__":
    main()

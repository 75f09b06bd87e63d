"""Tiny byte-level BPE tokenizers with the pipelines of real model families, and what they give.

pip install tokenizers gguf; python make_tokenizer_goldens.py
Writes tokenizer/FAMILY/{tokenizer.json, tokenizer_config.json, cases.json} and, where GGUF has a name for the
family, tokenizer.gguf. A case is
{"hex": bytes of the text, "ids", "with_special", "no_special", "decoded"}: ids without and with what the
post-processor adds, ids with special tokens left as text, and the decoded ids.
cases.json ends with the FNV-1a hash of the ids of a text that holds every code point (`sweep_text`).
"""

import json
import pathlib
import random

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).parent / "tokenizer"

QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")

# Sentences to train on, of our own; enough repetition for merges over letters, spaces and other scripts.
TRAINING = [
    "Natalia sold 48 clips to her friends in April, and then she sold half as many clips in May.",
    "What is 12 + 345? Let's think step by step: we'll add the ones, then the tens, then the hundreds.",
    "The answer is \\boxed{357}. I'm sure that they've checked it; you're welcome to check it again.",
    "def add(a, b):\n    return a + b\n\n\nprint(add(2, 3))  # five\n",
    "Ein schöner Tag für eine kleine Übung: größer, weißer, häufiger.",
    "Le café est déjà fermé, où irons-nous à l'été prochain ?",
    "Сколько будет двадцать два плюс двадцать? Сорок два.",
    "你好，世界。今天天气很好，我们去公园吧。你好吗？",
    "مرحبا بالعالم، كيف حالك اليوم؟", "नमस्ते दुनिया, आप कैसे हैं?", "안녕하세요 세계, 잘 지내세요?",
    "🙂🙂 👩‍👩‍👧 🏳️‍🌈 ok!!! ... ??? --- === ((( )))",
    "1234567890 99 bottles, 3.14159, 1/2, 50%, $20, 10:30\r\n\r\n\t\tindented\n",
]


def texts():
    rng = random.Random(1)
    fixed = [
        "", " ", "  ", "\n", "\t", "a", " a", "a ", "  a", "a  b", "a\u00a0b", "a\u180eb \u180e c", "\u2003x",
        "\r\n\r\n x", "  \n\n  \n x", "it's we'll I'M YOU'RE don'T '\u017f 'Kx", "123 4567 1,234.5 \u00bd \u2167 \u00b2\u00b3",
        "e\u0301 \u212b \ufb01 \u1e9b\u0323 \u1112\u1161\u11ab a\u0323\u0307 \u0f73\u0f75",
        "<|start|>user\nhi<|end|>", "<|star", "x<|end|><|end|>  <|pad|> y", "<think>\n</think>", "<think></think>\n\n<thin",
        "a <mask>  b", "word xwordx word. (word)", "caf\u00e9 cafe\u0301 cafe", "a" * 300, "ab" * 200, " " * 500, "\n" * 300, "!?" * 200,
        "x\u200by", "\u0000\u0001\u007f\u0080\u00ad\u0300", "\ufffd\ufffe", "\U0010ffff", "\\boxed{\\frac{1}{2}}",
        "\uff21\uff22\uff43\uff11\uff12", *TRAINING,
    ]
    pieces = ["'s", "'LL", "<|start|>", "<|end|>", "<|pad|>", "<think>", "</think>", "<|", "...", " word ", "<mask>", "caf\u00e9", "cafe\u0301"]
    spaces = [" ", "  ", "\n", "\n\n", "\t", " \n", "\r\n", "\u00a0", "\u3000"]
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x600), (0x900, 0xD80), (0x1100, 0x1200), (0x2000, 0x2200),
              (0x3040, 0x3100), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1FAFF)]
    for _ in range(120):
        text = ""
        for _ in range(rng.randrange(1, 16)):
            kind = rng.randrange(6)
            if kind == 0:
                text += rng.choice(spaces) * rng.randrange(1, 4)
            elif kind == 1:
                text += str(rng.randrange(10 ** rng.randrange(1, 9)))
            elif kind == 2:
                text += rng.choice(pieces)
            elif kind == 3:
                text += "".join(chr(rng.randrange(*rng.choice(blocks))) for _ in range(rng.randrange(1, 5)))
            else:
                text += rng.choice(["", " "]) + rng.choice(" ".join(TRAINING).split())
        fixed.append(text)
    data = [text.encode() for text in fixed]
    for _ in range(40):
        data.append(bytes(rng.choice([rng.randrange(256), rng.randrange(0x20, 0x7F), 0xE2, 0x82, 0xF0, 0x9F]) for _ in range(rng.randrange(1, 30))))
    return data


def sweep_text():
    return "".join(f"a{chr(c)}1 {chr(c)}" for c in range(0x110000) if not 0xD800 <= c < 0xE000)


def fnv1a(ids):
    value = 0xCBF29CE484222325
    for token in ids:
        for byte in token.to_bytes(4, "little"):
            value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def special(content, **options):
    return AddedToken(content, special=True, normalized=False, **options)


def plain(content, normalized=False, **options):
    return AddedToken(content, special=False, normalized=normalized, **options)


def train(pre_tokenizer, normalizer=None, alphabet=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=700, show_progress=False, special_tokens=[],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet is None else alphabet,
    )
    tokenizer.train_from_iterator(TRAINING * 3, trainer)
    return tokenizer


def split(pattern, behavior="isolated", invert=False):
    """`pattern` is a text to be found, or a list that holds a regular expression."""
    return pre_tokenizers.Split(pattern if isinstance(pattern, str) else Regex(pattern[0]), behavior, invert)


def byte_level(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def smollm():
    tokenizer = train(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]), alphabet=[])
    tokenizer.add_tokens([special("<|pad|>"), special("<|start|>"), special("<|end|>")])
    return tokenizer, {"bos_token": "<|start|>", "eos_token": "<|end|>", "pad_token": "<|pad|>"}


def qwen2():
    tokenizer = train(pre_tokenizers.Sequence([split([QWEN2]), byte_level(False)]), normalizers.NFC())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_tokens([special("<|pad|>"), special("<|start|>"), special("<|end|>"), plain("<think>"), plain("</think>")])
    return tokenizer, {"bos_token": None, "eos_token": {"content": "<|end|>"}, "pad_token": "<|pad|>"}


def llama3():
    tokenizer = train(pre_tokenizers.Sequence([split([LLAMA3]), byte_level(False)]), ignore_merges=True)
    tokenizer.add_tokens([special("<|start|>"), special("<|end|>")])
    bos = tokenizer.token_to_id("<|start|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(single="<|start|> $A", pair="<|start|> $A <|start|>:1 $B:1", special_tokens=[("<|start|>", bos)]),
    ])
    return tokenizer, {"bos_token": "<|start|>", "eos_token": "<|end|>"}


def options():
    """What the others leave out: added tokens with every option, several splits, removed delimiters, runs of digits."""
    steps = [
        split([r"\p{N}{1,3}"]), split("://"), split([r"[\s\p{L}]+|[^\s\p{L}]+"], "removed", True), split([r"\t+"], "removed"),
        pre_tokenizers.Digits(individual_digits=False), byte_level(True),
    ]
    tokenizer = train(pre_tokenizers.Sequence(steps), normalizers.Sequence([normalizers.NFC()]))
    tokenizer.add_tokens([
        special("<|start|>"), special("<|end|>", rstrip=True), special("<mask>", lstrip=True), plain("word", single_word=True),
        plain("caf\u00e9", normalized=True), plain("<think>"), plain("<think>\n", rstrip=True), plain("</think>", lstrip=True, rstrip=True),
        plain("\u4e16\u754c"),
    ])
    return tokenizer, {"eos_token": "<|end|>"}


GGUF_NAMES = {"smollm": "smollm", "qwen2": "qwen2", "llama3": "llama-bpe"}


def write_gguf(path, pre, tokenizer, config):
    """What llama.cpp's conversion writes of a tokenizer."""
    model = json.loads(tokenizer.to_str())
    added = {token["id"]: token for token in model["added_tokens"]}
    count = tokenizer.get_vocab_size(with_added_tokens=True)
    kinds = gguf.TokenType
    types = [kinds.NORMAL if i not in added else kinds.CONTROL if added[i]["special"] else kinds.USER_DEFINED for i in range(count)]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([tokenizer.id_to_token(i) for i in range(count)])
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(merge) for merge in model["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.token_to_id("<|end|>"))
    if config["bos_token"]:
        writer.add_bos_token_id(tokenizer.token_to_id(config["bos_token"]))
    writer.add_chat_template("{{ messages[0].content }}")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def main():
    for make in (smollm, qwen2, llama3, options):
        tokenizer, config = make()
        folder = FOLDER / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        (folder / "tokenizer_config.json").write_text(json.dumps(config | {"tokenizer_class": "PreTrainedTokenizerFast"}))
        if make.__name__ in GGUF_NAMES:
            write_gguf(folder / "tokenizer.gguf", GGUF_NAMES[make.__name__], tokenizer, config)
        cases = []
        for data in texts():
            text = data.decode("utf-8", errors="replace")
            tokenizer.encode_special_tokens = False
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            with_special = tokenizer.encode(text).ids
            decoded = tokenizer.decode(ids, skip_special_tokens=False)
            tokenizer.encode_special_tokens = True
            no_special = tokenizer.encode(text, add_special_tokens=False).ids
            case = {"hex": data.hex(), "ids": ids, "decoded": decoded}
            if with_special != ids:
                case["with_special"] = with_special
            if no_special != ids:
                case["no_special"] = no_special
            cases.append(case)
        tokenizer.encode_special_tokens = False
        sweep = fnv1a(tokenizer.encode(sweep_text(), add_special_tokens=False).ids)
        golden = {"cases": cases, "sweep": str(sweep)}
        (folder / "cases.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")))


if __name__ == "__main__":
    main()

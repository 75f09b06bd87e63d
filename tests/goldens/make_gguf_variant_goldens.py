"""GGUF files of one tiny shape, each with what other people's files have: tests/goldens/gguf/variants/*.gguf

    pip install gguf==0.19.0 numpy; python make_gguf_variant_goldens.py

256 byte tokens, one merge, and a few control tokens; an embedding and no layers' weights: enough to read the
configuration and the tokenizer.
"""

from pathlib import Path

import numpy as np
from gguf import GGUFWriter, TokenType

FOLDER = Path(__file__).parent / "gguf" / "variants"
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "<|eom_id|>"]


def byte_symbols():
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    symbols, other = {}, 0
    for byte in range(256):
        symbols[byte] = chr(byte) if byte in printable else chr(256 + other)
        other += byte not in printable
    return [symbols[byte] for byte in range(256)]


TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
TOKENS = byte_symbols() + ["ab"] + CONTROL
END = TOKENS.index("<|endoftext|>")
NORMAL = [TokenType.NORMAL] * 257


def write(name, keys=None, types=None, pre="qwen2", merges=("a b",), eos=END, template=TEMPLATE, architecture="llama"):
    writer = GGUFWriter(FOLDER / f"{name}.gguf", architecture)
    writer.add_context_length(512)
    writer.add_embedding_length(16)
    writer.add_feed_forward_length(16)
    writer.add_block_count(1)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    for key, (kind, value) in (keys or {}).items():
        getattr(writer, f"add_{kind}")(key.replace("ARCH", architecture), value)
    writer.add_tokenizer_model("gpt2")
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(TOKENS)
    writer.add_token_merges(list(merges))
    if types is not None:
        writer.add_token_types(types)
    writer.add_eos_token_id(eos)
    writer.add_chat_template(template)
    writer.add_tensor("token_embd.weight", np.zeros((len(TOKENS), 16), dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    right = NORMAL + [TokenType.CONTROL] * 3 + [TokenType.USER_DEFINED, TokenType.CONTROL]
    write("plain", types=right)
    # RoPE scaling.
    write("linear", {"ARCH.rope.scaling.type": ("string", "linear"), "ARCH.rope.scaling.factor": ("float32", 4.0)}, right)
    write("scale_linear", {"ARCH.rope.scale_linear": ("float32", 2.0)}, right)
    write("factor_alone", {"ARCH.rope.scaling.factor": ("float32", 4.0)}, right)
    write("no_scaling", {"ARCH.rope.scaling.type": ("string", "none"), "ARCH.rope.scaling.factor": ("float32", 4.0)}, right)
    write("yarn", {"ARCH.rope.scaling.type": ("string", "yarn"), "ARCH.rope.scaling.factor": ("float32", 4.0),
                   "ARCH.rope.scaling.original_context_length": ("uint32", 128)}, right)
    write("longrope", {"ARCH.rope.scaling.type": ("string", "longrope"), "ARCH.rope.scaling.factor": ("float32", 4.0)}, right)
    # Shapes that are not computed.
    write("partial", {"ARCH.rope.dimension_count": ("uint32", 8)}, right)
    write("value_length", {"ARCH.attention.value_length": ("uint32", 32)}, right)
    write("window", {"ARCH.attention.sliding_window": ("uint32", 128)}, right)
    write("wide_window", {"ARCH.attention.sliding_window": ("uint32", 512)}, right)
    write("experts", {"ARCH.expert_count": ("uint32", 8)}, right)
    write("unknown_key", {"ARCH.attention.softcapping": ("float32", 30.0)}, right)
    write("harmless", {"ARCH.expert_count": ("uint32", 0), "ARCH.vocab_size": ("uint32", len(TOKENS)),
                       "ARCH.rope.dimension_count": ("uint32", 16), "tokenizer.ggml.scores": ("array", [0.0] * 3),
                       "somebody.else": ("float32", 1.0)}, right)
    # Tokens.
    write("types_normal", types=NORMAL + [TokenType.NORMAL] * 5)
    write("types_unused", types=NORMAL + [TokenType.UNUSED] * 5)
    write("types_missing")
    write("merges_header", types=right, merges=("#version: 0.2", "a b"))
    write("eot", {"tokenizer.ggml.eot_token_id": ("uint32", END + 2), "tokenizer.ggml.eom_token_id": ("uint32", END + 4)},
          right, template="{{ messages[0].content }}")
    write("pre_missing", types=right, pre=None)
    for pre in ("default", "llama3", "llama-v3", "smaug-bpe", "qwen35"):
        write(f"pre_{pre}", types=right, pre=pre)


if __name__ == "__main__":
    main()

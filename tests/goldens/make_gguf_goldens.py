"""The tiny llama3 model of tests/goldens/models as a GGUF file, as llama.cpp's converter lays it out.

    python make_gguf_goldens.py              rewrites tests/goldens/gguf/llama3.gguf

Made with gguf 0.19.0, safetensors 0.8.0, numpy 2.4.6. Weights are F32, so the file must give the bits of
the folder: rows of q and k permuted for rotations of neighbours, and the RoPE scaling as the tensor
rope_freqs.weight. There is no tokenizer but for the numbers of the tokens that end a text.
"""

import json
import math
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

HERE = Path(__file__).parent
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}


def gguf_name(name):
    stem = name.removesuffix(".weight")
    if stem.startswith("model.layers."):
        _, _, layer, rest = stem.split(".", 3)
        return f"blk.{layer}.{NAMES[rest]}.weight"
    return NAMES[stem] + ".weight"


def interleaved(rows, heads):
    """Row c d/2 + j of a head goes to 2j + c."""
    return rows.reshape(heads, 2, -1, rows.shape[-1]).swapaxes(1, 2).reshape(rows.shape)


def rope_divisors(config):
    rope = config["rope_scaling"]
    d = config["head_dim"]
    divisors = []
    for i in range(d // 2):
        wavelength = 2 * math.pi * config["rope_theta"] ** (2 * i / d)
        turns = rope["original_max_position_embeddings"] / wavelength
        if turns > rope["high_freq_factor"]:
            divisors.append(1.0)
        elif turns < rope["low_freq_factor"]:
            divisors.append(rope["factor"])
        else:
            smooth = (turns - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
            divisors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(divisors, dtype=np.float32)


def main():
    folder = HERE / "models" / "llama3"
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(HERE / "gguf" / "llama3.gguf", "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_eos_token_id(2)
    writer.add_eot_token_id(9)
    writer.add_tensor("rope_freqs.weight", rope_divisors(config))
    for name, tensor in load_file(folder / "model.safetensors").items():
        if "q_proj" in name:
            tensor = interleaved(tensor, config["num_attention_heads"])
        if "k_proj" in name:
            tensor = interleaved(tensor, config["num_key_value_heads"])
        writer.add_tensor(gguf_name(name), np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()

"""Small files written by the reference libraries, read in formats/{safetensors,gguf}_test.cc.

pip install torch safetensors gguf numpy; python make_format_goldens.py
"""

import pathlib

import gguf
import numpy as np
import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).parent / "formats"


def write_safetensors():
    tensors = {
        "matrix": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        "half": torch.ones(3, dtype=torch.float16),
        "brain": torch.ones(5, dtype=torch.bfloat16),
        "empty": torch.zeros(0, 4),
    }
    save_file(tensors, FOLDER / "reference.safetensors", metadata={"format": "pt"})


def write_gguf():
    writer = gguf.GGUFWriter(FOLDER / "reference.gguf", "llama")
    writer.add_uint8("a.u8", 200)
    writer.add_int8("a.i8", -100)
    writer.add_uint16("a.u16", 60000)
    writer.add_int16("a.i16", -30000)
    writer.add_uint32("a.u32", 4000000000)
    writer.add_int32("a.i32", -2000000000)
    writer.add_uint64("a.u64", 9000000000)
    writer.add_int64("a.i64", -9000000000)
    writer.add_float32("a.f32", 0.5)
    writer.add_float64("a.f64", 0.1)
    writer.add_bool("a.bool", True)
    writer.add_array("a.strings", ["one", "", "drei"])
    writer.add_array("a.integers", [1, -2, 3])
    writer.add_array("a.numbers", [0.5, -1.5])
    writer.add_tensor("plain.weight", np.arange(6, dtype=np.float32).reshape(2, 3))
    rows = np.random.default_rng(1).standard_normal((2, 64)).astype(np.float32)
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor("quantized.weight", gguf.quants.quantize(rows, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write_safetensors()
    write_gguf()

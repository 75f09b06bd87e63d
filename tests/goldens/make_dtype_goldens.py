"""Goldens of tensor/dequantize_test.cc: random blocks and the floats that the gguf package reads from them.

pip install gguf numpy; python make_dtype_goldens.py
Writes dtype/NAME.bin (the stored blocks) and dtype/NAME.f32 (little-endian floats).
"""

import pathlib

import numpy as np
from gguf import GGMLQuantizationType as Type, GGML_QUANT_SIZES
from gguf.quants import dequantize

FOLDER = pathlib.Path(__file__).parent / "dtype"
BLOCKS = {1: 600, 32: 12, 256: 3}
# Byte offsets of the f16 scales in a block: they get finite values, all other bytes are random.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}


def random_blocks(rng, name, elements, size):
    count = BLOCKS[elements]
    if name in ("F32", "F16", "BF16"):
        values = rng.standard_normal(count).astype(np.float32) * 10.0 ** rng.integers(-9, 5, count)
        if name == "BF16":
            return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
        return values.astype(np.float32 if name == "F32" else np.float16).view(np.uint8)
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for offset in SCALES[name]:
        scales = (rng.standard_normal(count) * 0.05).astype(np.float16)
        blocks[:, offset : offset + 2] = scales.view(np.uint8).reshape(count, 2)
    return blocks.reshape(-1)


def write(name, data, values):
    (FOLDER / f"{name}.bin").write_bytes(data.tobytes())
    (FOLDER / f"{name}.f32").write_bytes(values.astype("<f4").tobytes())


def main():
    FOLDER.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)
    for name in ["F32", "F16", "BF16", *SCALES]:
        kind = Type[name]
        data = random_blocks(rng, name, *GGML_QUANT_SIZES[kind])
        if name == "F16":
            values = data.view(np.float16).astype(np.float32)
        elif name == "F32":
            values = data.view(np.float32)
        else:
            values = dequantize(data, kind)
        write(name, data, values)
    doubles = rng.standard_normal(BLOCKS[1]) * 10.0 ** rng.integers(-9, 5, BLOCKS[1])
    write("F64", doubles, doubles)


if __name__ == "__main__":
    main()

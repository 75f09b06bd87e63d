"""Reference values of the optimizers, by their papers' formulas in float64.

    python make_optimizer_goldens.py          rewrites tests/goldens/optimizers.json

Made with numpy 2.4.6. The map and its codes are those of bitsandbytes and torchao, Adafactor's steps those of
transformers' class with scale_parameter and relative_step off, the Newton-Schulz steps those of Muon's code.

    dynamic_map        signed, unsigned [256]
    block              values, their codes, absmax, and what the codes stand for
    adamw_8bit         two steps of eight weights that are one block: moments before they are stored, codes, weights
    rounding           f32 numbers, 16 random bits each, and the bf16 numbers that they become
    adafactor          three steps of a matrix: weights, means of rows and columns of the squares
    muon               a matrix made orthogonal; two steps, with the scale sqrt(max(1, rows / columns))
"""

import json
from pathlib import Path

import numpy as np


def dynamic_map(signed):
    values = [0.0, 1.0]
    for i in range(7):
        cells = 2**i if signed else 2 ** (i + 1)
        edges = np.linspace(0.1, 1, cells + 1)
        middles = (edges[:-1] + edges[1:]) / 2 * 10.0 ** (i - 6)
        values += list(middles) + (list(-middles) if signed else [])
    return np.sort(values)


SIGNED, UNSIGNED = dynamic_map(True), dynamic_map(False)


def quantize(table, values):
    absmax = np.abs(values).max()
    middles = (table[:-1] + table[1:]) / 2
    codes = np.searchsorted(middles, values / absmax, side="right")
    return codes, absmax, table[codes] * absmax


def block():
    values = np.array([0.5, -0.25, 0.003, -1e-6, 0.0, 0.7, -0.7, 1e-9])
    codes, absmax, back = quantize(SIGNED, values)
    return {"values": values, "codes": codes, "absmax": absmax, "dequantized": back}


def adamw_8bit():
    lr, b1, b2, eps, decay = 0.01, 0.9, 0.999, 1e-8, 0.1
    p = np.array([0.1, -0.2, 0.3, 0.05, 0.0, 1.0, -1.0, 0.5])
    m, v, steps = np.zeros(8), np.zeros(8), []
    gradients = [[0.01, -0.02, 0.5, 0.0, 0.0001, -0.3, 0.2, 0.05], [0.02, 0.01, -0.4, 0.001, -0.0001, -0.2, 0.1, 0.0]]
    start = p
    for t, g in enumerate(map(np.array, gradients), start=1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        p = p * (1 - lr * decay) - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
        step = {"gradient": g, "m": m, "v": v, "p": p}
        step["m_codes"], _, m = quantize(SIGNED, m)
        step["v_codes"], _, v = quantize(UNSIGNED, v)
        steps.append(step)
    return {"p": start, "lr": lr, "decay": decay, "steps": steps}


def rounding():
    numbers, randoms = [1.00390625, 1.00390625, 1.001, 1.001, -3.14159, -3.14159, 0.001], [0, 32768, 100, 40000, 1000, 65535, 12345]
    rounded = []
    for x, random in zip(numbers, randoms):
        bits = int(np.float32(x).view(np.uint32))
        bits = (bits & 0xFFFF0000) + (0x10000 if random < bits & 0xFFFF else 0)
        rounded.append(float(np.uint32(bits).view(np.float32)))
    return {"numbers": numbers, "random": randoms, "rounded": rounded}


def adafactor():
    p = np.array([[2.041, -2.556, 0.418], [-0.568, -0.453, -0.216]])
    gradients = [[[-2.02, -0.232, -0.865], [3.323, 0.226, -0.353]], [[-0.281, -0.668, -1.055], [-0.391, 0.482, -0.239]],
                 [[0.958, -0.2, 0.024], [1.546, 0.545, -0.505]]]
    lr, decay, start, row, column, steps = 0.01, 0.1, p, np.zeros(2), np.zeros(3), []
    for t, g in enumerate(map(np.array, gradients), start=1):
        b2 = 1 - t**-0.8
        squares = g * g + 1e-30
        row, column = b2 * row + (1 - b2) * squares.mean(1), b2 * column + (1 - b2) * squares.mean(0)
        u = g / np.sqrt(np.outer(row, column) / row.mean())
        u /= max(1, np.sqrt((u * u).mean()))
        p = p * (1 - lr * decay) - lr * u
        steps.append({"gradient": g, "p": p, "rows": row, "columns": column})
    return {"p": start, "lr": lr, "decay": decay, "steps": steps}


def orthogonalize(g):
    x = (g.T if g.shape[0] > g.shape[1] else g) / (np.linalg.norm(g) + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.shape[0] > g.shape[1] else x


def muon():
    x = np.array([[-0.183, 0.541, 1.935, -0.27, -0.244], [1.002, -0.886, -0.292, 0.883, 0.58], [0.092, 0.67, -2.828, 1.021, -0.96]])
    p = np.array([[0.747, 0.194], [1.112, -0.206], [-0.926, 0.584], [0.583, -0.215]])
    gradients = [[[-1.669, 0.276], [0.701, -0.445], [-1.076, 0.026], [-0.053, 1.406]],
                 [[-0.783, 0.229], [-2.494, 0.69], [0.491, -1.639], [0.061, -0.964]]]
    lr, decay, beta, start, m, steps = 0.02, 0.01, 0.95, p, np.zeros((4, 2)), []
    for g in map(np.array, gradients):
        m = beta * m + (1 - beta) * g
        update = orthogonalize(beta * m + (1 - beta) * g) * np.sqrt(max(1, p.shape[0] / p.shape[1]))
        p = p * (1 - lr * decay) - lr * update
        steps.append({"gradient": g, "p": p})
    return {"x": x, "orthogonal": orthogonalize(x), "p": start, "lr": lr, "decay": decay, "beta": beta, "steps": steps}


def main():
    goldens = {"dynamic_map": {"signed": SIGNED, "unsigned": UNSIGNED}, "block": block(), "adamw_8bit": adamw_8bit(),
               "rounding": rounding(), "adafactor": adafactor(), "muon": muon()}
    text = json.dumps(goldens, default=lambda value: value.tolist(), indent=None, separators=(",", ":"))
    (Path(__file__).parent / "optimizers.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

"""Rows through `deepscaler data` and pyarrow, both ways (bench/peers/parquet.sh)."""
import argparse
import json
import random
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 2500  # more than one row group


def made_rows():
    rng = random.Random(1)
    words = ["caf\u00e9", "\U0001f600", "", "$\\frac{1}{2}$", "line\nbreak", "x" * 300]

    def maybe(value):
        return None if rng.random() < 0.2 else value

    return [{
        "id": f"r{i}",
        "problem": f"Problem {i}: " + " ".join(rng.choices(words, k=4)),
        "answer": str(i) if i % 3 else [str(i), f"{i}.0"],
        "level": maybe(rng.randint(-2**40, 2**40)),
        "rate": maybe(rng.random()),
        "checked": maybe(rng.random() < 0.5),
        "tags": maybe([maybe(word) for word in rng.choices(words, k=rng.randint(0, 3))]),
        "votes": maybe([maybe([rng.randint(0, 9) for _ in range(rng.randint(0, 2))]) for _ in range(rng.randint(0, 3))]),
        "steps": maybe([{"text": maybe(rng.choice(words)), "score": maybe(rng.random())} for _ in range(rng.randint(0, 3))]),
        "nothing": None,
    } for i in range(ROWS)]


def run(program, folder, steps):
    (folder / "pipeline.toml").write_text(steps)
    subprocess.run([program, "data", folder / "pipeline.toml", "--set", f"root={folder}", "--output", folder / "out"],
                   check=True, stdout=subprocess.DEVNULL)
    return folder / "out"


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def complete(rows):
    """Rows as a table has them: every key in every row, and answers as lists."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    table = [{key: row.get(key) for key in keys} for row in rows]
    for row in table:
        row["answer"] = row["answer"] if isinstance(row["answer"], list) else [row["answer"]]
    return table


def require_equal(name, rows, expected):
    if len(rows) != len(expected):
        raise SystemExit(f"{name}: {len(rows)} rows instead of {len(expected)}")
    for i, (row, wanted) in enumerate(zip(rows, expected)):
        if row != wanted:
            raise SystemExit(f"{name}: row {i} is {row}\n  instead of {wanted}")
    print(f"{name}: {len(rows)} rows are equal")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    rows = made_rows()
    ours = args.work / "ours"
    ours.mkdir()
    (ours / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ingest = '[[step]]\nkind = "ingest"\nfiles = ["{}"]\nsource = "made"\n'
    writes = "".join(f'[[step]]\nkind = "write"\nform = "{form}"\n' for form in ("jsonl", "parquet", "verl"))
    out = run(args.program, ours, ingest.format("in.jsonl") + writes)
    records = complete(read_lines(out / "train.jsonl"))
    require_equal("pyarrow reads the hub's layout",
                  pq.read_table(out / "data/train-00000-of-00001.parquet").to_pylist(), records)
    verl = pq.read_table(out / "train.parquet").to_pylist()
    require_equal("pyarrow reads verl's layout", [
        {"prompt": row["prompt"][0]["role"], "truth": row["reward_model"]["ground_truth"], "extra": row["extra_info"]}
        for row in verl
    ], [{"prompt": "user", "truth": row["answer"], "extra": {"split": "train", "index": i}}
        for i, row in enumerate(records)])

    table = pa.Table.from_pylist([{**row, "answer": answer["answer"]} for row, answer in zip(rows, records)])
    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        for version in ("1.0", "2.0"):
            theirs = args.work / f"{codec}-{version}"
            theirs.mkdir()
            pq.write_table(table, theirs / "in.parquet", compression=codec, data_page_version=version, row_group_size=700)
            lines = read_lines(run(args.program, theirs, ingest.format("in.parquet") + '[[step]]\nkind = "write"\n')
                               / "train.jsonl")
            require_equal(f"we read pyarrow's {codec}, pages of version {version}", complete(lines), records)


if __name__ == "__main__":
    main()

"""Prints lines of JSON figures as one table and, as the last line, `ratio N.NN`: us / the best peer.

A line holds "engine" (ours is "deepscaler"), settings of any name, and figures, whose names end in one of FIGURES:

    {"engine": "deepscaler", "dtype": "f32", "batch": 64, "decode_tokens_per_second": 1.0, "peak_mib": 2.0}

Of several rounds with the same settings the best one is kept. A ratio above 1 means that we are better,
whether more is better (tokens per second) or less (seconds).
"""

import argparse
import json
import sys

FIGURES = ("per_second", "seconds", "mib", "gflops", "matmul_rate")  # measured; all other names are settings
US = "deepscaler"


def is_figure(name):
    return name.endswith(FIGURES)


def best_rounds(rows, metric, less_is_better):
    """One row for each combination of settings."""
    best = {}
    for row in rows:
        settings = tuple((k, v) for k, v in row.items() if not is_figure(k))
        kept = best.setdefault(settings, row)
        if (row[metric] < kept[metric]) if less_is_better else (row[metric] > kept[metric]):
            best[settings] = row
    return list(best.values())


def cell_text(value):
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def print_table(rows):
    columns = list(dict.fromkeys(k for row in rows for k in row))
    cells = [columns] + [[cell_text(row.get(c, "")) for c in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=argparse.FileType())
    parser.add_argument("--metric", required=True, help="the figure that the ratio is about")
    parser.add_argument("--less-is-better", action="store_true")
    parser.add_argument("--where", metavar="SETTING=VALUE", help="the ratio counts only these rows")
    arguments = parser.parse_args()

    rows = best_rounds(map(json.loads, arguments.results), arguments.metric, arguments.less_is_better)
    print_table(rows)
    if arguments.where:
        setting, value = arguments.where.split("=")
        rows = [row for row in rows if str(row.get(setting)) == value]
    choose = min if arguments.less_is_better else max
    ours = [row[arguments.metric] for row in rows if row["engine"] == US]
    theirs = [row[arguments.metric] for row in rows if row["engine"] != US]
    if not ours or not theirs:
        sys.exit("no ratio: one side has no figures")
    ratio = choose(theirs) / choose(ours) if arguments.less_is_better else choose(ours) / choose(theirs)
    print(f"ratio {ratio:.2f}")


if __name__ == "__main__":
    main()

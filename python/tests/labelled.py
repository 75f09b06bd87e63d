"""The labelled pairs from Python: in eight threads and in eight processes the verdicts of the command.

labelled.py PROGRAM LABELLED_PAIRS
"""

import concurrent.futures
import json
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile

from deepscaler_verify import grade, grade_batch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests"))
from labelled_pairs import labelled_pairs  # noqa: E402


def responses(path):
    """(reference, response, whether it is right) of each labelled pair."""
    for reference, answer, equal in labelled_pairs(path):
        yield reference, rf"So the answer is $\boxed{{{answer}}}$.", equal


def verdicts_of_command(program, pairs):
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.jsonl"), pathlib.Path(folder, "out.jsonl")
        lines = (json.dumps({"answer": answer, "response": response}) + "\n" for answer, response in pairs)
        source.write_text("".join(lines), encoding="utf-8")
        subprocess.run(
            [program, "verify", "--input", source, "--output", target], check=True, stdout=subprocess.DEVNULL
        )
        return [verdict_of_line(line) for line in target.read_text(encoding="utf-8").splitlines()]


def verdict_of_line(line):
    fields = json.loads(line)
    return tuple(fields[name] for name in ("correct", "undecided", "reason", "extracted"))


def grade_all(pairs):
    return [tuple(grade(answer, response)) for answer, response in pairs]


def main():
    program, path = sys.argv[1:]
    cases = list(responses(path))
    pairs = [(answer, response) for answer, response, _ in cases]
    expected = verdicts_of_command(program, pairs)
    assert [verdict[0] for verdict in expected] == [equal for _, _, equal in cases], "the command differs from labels"
    assert [tuple(verdict) for verdict in grade_batch(pairs, threads=8)] == expected, "a batch of eight threads"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for verdicts in pool.map(grade_all, [pairs] * 8):
            assert verdicts == expected, "eight threads of Python"
    with concurrent.futures.ProcessPoolExecutor(8, multiprocessing.get_context("spawn")) as pool:
        for verdicts in pool.map(grade_all, [pairs] * 8):
            assert verdicts == expected, "eight processes"
    print(f"{len(pairs)} labelled pairs: the same in eight threads, in eight processes and from the command")


if __name__ == "__main__":
    main()

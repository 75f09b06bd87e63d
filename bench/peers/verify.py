"""Grades the same pairs with deepscaler verify and with Math-Verify; see verify.sh."""

import json
import logging
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

from math_verify import parse, verify

MAX_PEER_CHECKS = 3000  # of the problem set: the peer does some hundred a second


def labelled_pairs(path):
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        marks = [line.find(mark) for mark in (" == ", " != ") if mark in line]
        if line.startswith("#") or not marks:
            continue
        at = min(marks)
        for answer in line[at + 4 :].split(" ;; "):
            yield line[:at], answer, line[at + 1 : at + 3] == "=="


def problem_set_pairs(path):
    """Each answer with itself and with another problem's."""
    answers = [str(item["answer"]) for item in json.loads(pathlib.Path(path).read_text()) if item.get("answer")]
    shuffled = answers[:]
    random.Random(1).shuffle(shuffled)
    return [(a, a) for a in answers] + list(zip(answers, shuffled))


def grade_ours(program, pairs):
    """Verdicts and CPU seconds of the whole program, reading and writing included."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.jsonl"), pathlib.Path(folder, "out.jsonl")
        with source.open("w", encoding="utf-8") as file:
            for reference, answer in pairs:
                print(json.dumps({"answer": reference, "response": "\\boxed{%s}" % answer}), file=file)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(
            [program, "verify", "--input", source, "--output", target, "--threads", "1"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        verdicts = [json.loads(line)["correct"] for line in target.open(encoding="utf-8")]
    return verdicts, seconds


def grade_peer(pairs):
    logging.disable(logging.CRITICAL)
    start = time.process_time()
    verdicts = []
    for reference, answer in pairs:
        try:
            verdicts.append(bool(verify(parse("$%s$" % reference.strip("$")), parse("\\boxed{%s}" % answer))))
        except Exception:  # a crash is an answer marked wrong, as in a trainer
            verdicts.append(False)
    return verdicts, time.process_time() - start


def main():
    program, labels, *sets = sys.argv[1:]
    cases = list(labelled_pairs(labels))
    pairs = [(reference, answer) for reference, answer, _ in cases]
    print(f"{'':34} {'deepscaler':>12} {'Math-Verify':>12}")
    for name, grader in (("ours", lambda p: grade_ours(program, p)), ("peer", grade_peer)):
        verdicts, _ = grader(pairs)
        right = sum(v == equal for v, (_, _, equal) in zip(verdicts, cases))
        if name == "ours":
            ours = right
        else:
            print(f"{'labelled pairs right, of %d' % len(cases):34} {ours:12} {right:12}")
    for path in sets:
        pairs = problem_set_pairs(path)
        _, seconds = grade_ours(program, pairs)
        sample = random.Random(2).sample(pairs, min(MAX_PEER_CHECKS, len(pairs)))
        _, peer_seconds = grade_peer(sample)
        name = "checks/s, " + pathlib.Path(path).name
        print(f"{name:34} {len(pairs) / seconds:12.0f} {len(sample) / peer_seconds:12.0f}")


if __name__ == "__main__":
    main()

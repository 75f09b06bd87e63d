"""Grades the same pairs with deepscaler verify and with Math-Verify; see verify.sh."""

import json
import logging
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time


MAX_PEER_CHECKS = 3000  # of the problem set: the peer does some hundred a second


def labelled_pairs(path):
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        marks = [line.find(mark) for mark in (" == ", " != ") if mark in line]
        if line.startswith("#") or not marks:
            continue
        at = min(marks)
        for answer in line[at + 4 :].split(" ;; "):
            yield line[:at], answer, line[at + 1 : at + 3] == "=="


def answers_of(path):
    """The answers of a problem set, a JSON list or JSON lines: of alternatives the first, None where missing."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    items = [json.loads(line) for line in text.splitlines() if line.strip()] if path.endswith("l") else json.loads(text)
    answers = [item.get("answer") for item in items]
    return [answer[0] if isinstance(answer, list) and answer else answer for answer in answers]


REWRITINGS = {
    r"\dfrac": lambda a: a.replace(r"\frac", r"\dfrac"),
    "a/b for \\frac{a}{b}": lambda a: re.sub(r"(?<![\d}])\\d?frac\{(\d+)\}\{(\d+)\}(?![\w\\^])", r"\1/\2", a),
    "spaces around signs": lambda a: re.sub(r"(?<=[\w})])([+=])(?=[\w\\({])", r" \1 ", a),
    r"no \left, \right": lambda a: re.sub(r"\\(left|right)(?=[()\[\]])", "", a),
    "no unit": lambda a: re.sub(r"(?<=\d)\s*\\(text|mbox)\{\s*[a-z. ]+\}(\^\d)?$", "", a),
    "no degree sign": lambda a: re.sub(r"^(\d+(\.\d+)?)\^\{?\\circ\}?$", r"\1", a),
}


def data_set_report(program, path):
    """What must hold on any problem set: each answer equals itself and its rewritings, and another
    problem's answer only where they are the same."""
    answers = answers_of(path)
    present = [str(answer) for answer in answers if answer not in (None, "")]
    plain = [answer.rsplit("####", 1)[-1].strip() for answer in present]
    print(f"{pathlib.Path(path).name}: {len(present)} answers, {len(answers) - len(present)} missing")

    def line(name, pairs):
        verdicts, _ = grade_ours(program, pairs, "correct", "undecided")
        equal = sum(correct for correct, _ in verdicts)
        undecided = sum(undecided for _, undecided in verdicts)
        print(f"  {name:32} {equal:7} of {len(pairs):7} equal, {undecided} undecided")
        return [pair for pair, (correct, _) in zip(pairs, verdicts) if not correct], verdicts

    line("itself", list(zip(present, plain)))
    for name, rewrite in REWRITINGS.items():
        pairs = [(answer, rewrite(answer)) for answer in plain if rewrite(answer) != answer]
        for reference, answer in line(name, pairs)[0][:20] if pairs else []:
            print(f"    not equal: {reference}   {answer}")
    shuffled = plain[:]
    random.Random(1).shuffle(shuffled)
    others = [(a, b) for a, b in zip(plain, shuffled) if a != b]
    _, verdicts = line("another problem's, written otherwise", others)
    for (a, b), (correct, _) in zip(others, verdicts):
        if correct:
            print(f"    equal: {a}   {b}")


def problem_set_pairs(path):
    """Each answer with itself and with another problem's."""
    answers = [str(answer) for answer in answers_of(path) if answer]
    shuffled = answers[:]
    random.Random(1).shuffle(shuffled)
    return [(a, a) for a in answers] + list(zip(answers, shuffled))


def grade_ours(program, pairs, *fields):
    """Verdicts (or tuples of `fields`) and CPU seconds of the whole program, reading and writing included."""
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
        lines = [json.loads(line) for line in target.open(encoding="utf-8")]
    verdicts = [tuple(line[f] for f in fields) if fields else line["correct"] for line in lines]
    return verdicts, seconds


def grade_peer(pairs):
    from math_verify import parse, verify  # which the report on our own verdicts does without

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
    if sets and sets[0] == "--sets":
        for path in sets[1:]:
            data_set_report(program, path)
        return
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

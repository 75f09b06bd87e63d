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

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests"))
from labelled_pairs import labelled_pairs  # noqa: E402

MAX_PEER_CHECKS = 3000  # of the problem set: the peer does some hundred a second
PEER_LIMIT_S = 10  # of CPU time, for one pair
PEER_TIMEOUT_S = 3600  # its own limits, of the clock, must not decide on a busy machine
PEER_BYTES = 4 << 30


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


def peer_worker():
    """Reads pairs as lines of JSON, writes for each its verdict and its CPU seconds."""
    from math_verify import parse, verify  # which the report on our own verdicts does without

    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (PEER_BYTES, PEER_BYTES))
    for line in sys.stdin:
        reference, answer = json.loads(line)
        start = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(start) + PEER_LIMIT_S + 1, resource.RLIM_INFINITY))
        try:
            expected = parse("$%s$" % reference.strip("$"), parsing_timeout=PEER_TIMEOUT_S)
            given = parse("\\boxed{%s}" % answer, parsing_timeout=PEER_TIMEOUT_S)
            verdict = bool(verify(expected, given, timeout_seconds=PEER_TIMEOUT_S))
        except Exception:  # a crash is an answer marked wrong, as in a trainer
            verdict = False
        print(json.dumps([verdict, time.process_time() - start]), flush=True)


class Peer:
    """Math-Verify in a process of its own, which ends where a pair takes too long and started anew."""

    def __init__(self):
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--peer-worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.grade("1", "1")  # the imports are no part of a check

    def grade(self, reference, answer):
        """The verdict and CPU seconds, or None where the process has died, of its limits or otherwise."""
        self.process.stdin.write(json.dumps([reference, answer]).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if line:
            return tuple(json.loads(line))
        self.process.wait()
        self.process = None
        return None


def grade_peer(pairs):
    """Verdicts (None where it did not come back in time), and CPU seconds."""
    peer, verdicts, seconds = Peer(), [], 0.0
    for reference, answer in pairs:
        if peer.process is None:
            peer.start()
        verdict, spent = peer.grade(reference, answer) or (None, PEER_LIMIT_S)
        verdicts.append(verdict)
        seconds += spent
    if peer.process is not None:
        peer.process.stdin.close()
        peer.process.wait()
    return verdicts, seconds


def compare_on_labels(program, labels, disagreements):
    """How often each agrees with the labels; where the two differ goes to the file `disagreements`, if named."""
    cases = list(labelled_pairs(labels))
    pairs = [(reference, answer) for reference, answer, _ in cases]
    ours, theirs = grade_ours(program, pairs)[0], grade_peer(pairs)[0]
    print(f"{'':34} {'deepscaler':>12} {'Math-Verify':>12}")

    def row(name, count):
        print(f"{name:34} {count(ours):12} {count(theirs):12}", flush=True)

    def of(label, verdict):
        return lambda verdicts: sum(e == label and v == verdict for v, (_, _, e) in zip(verdicts, cases))

    row(f"labelled pairs right, of {len(cases)}", lambda v: of(True, True)(v) + of(False, False)(v))
    row("  wrong answers taken for right", of(False, True))
    row("  right answers taken for wrong", of(True, False))
    row("  no verdict in %d s" % PEER_LIMIT_S, lambda verdicts: sum(v is None for v in verdicts))
    if disagreements:
        write_disagreements(disagreements, pairs, ours, theirs)


def write_disagreements(path, pairs, ours, theirs):
    with open(path, "w", encoding="utf-8") as file:
        for (reference, answer), our, their in zip(pairs, ours, theirs):
            if our != their:
                line = {"reference": reference, "answer": answer, "deepscaler": our, "math_verify": their}
                print(json.dumps(line, ensure_ascii=False), file=file)


def compare_speed(program, path):
    pairs = problem_set_pairs(path)
    _, seconds = grade_ours(program, pairs)
    sample = random.Random(2).sample(pairs, min(MAX_PEER_CHECKS, len(pairs)))
    _, peer_seconds = grade_peer(sample)
    name = "checks/s, " + pathlib.Path(path).name
    print(f"{name:34} {len(pairs) / seconds:12.0f} {len(sample) / peer_seconds:12.0f}", flush=True)


def compare_on_sets(program, paths, disagreements):
    """Both on every distinct answer of the sets that is no plain integer: with itself, with its rewritings
    and with two other answers."""
    answers = {str(a).rsplit("####", 1)[-1].strip() for path in paths for a in answers_of(path) if a not in (None, "")}
    distinct = sorted(answer for answer in answers if not re.fullmatch(r"-?\d+", answer))
    pairs = [(answer, answer) for answer in distinct]
    pairs += {(a, r(a)) for a in distinct for r in REWRITINGS.values() if r(a) != a}
    chance = random.Random(3)
    pairs += [(a, b) for a in distinct for b in chance.sample(distinct, 2) if a != b]
    ours, theirs = grade_ours(program, pairs)[0], grade_peer(pairs)[0]
    print(f"{len(distinct)} answers, {len(pairs)} pairs: alike on {sum(o == t for o, t in zip(ours, theirs))}")
    write_disagreements(disagreements, pairs, ours, theirs)


def main():
    arguments = sys.argv[1:]
    if arguments == ["--peer-worker"]:
        return peer_worker()
    program, labels, *rest = arguments
    if rest and rest[0] == "--sets":
        for path in rest[1:]:
            data_set_report(program, path)
    elif rest and rest[0] == "--sets-disagreements":
        compare_on_sets(program, rest[2:], rest[1])
    else:
        disagreements = rest[1] if rest and rest[0] == "--disagreements" else None
        compare_on_labels(program, labels, disagreements)
        for path in rest[2:] if disagreements else rest:
            compare_speed(program, path)


if __name__ == "__main__":
    main()

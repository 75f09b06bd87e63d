"""deepscaler-verify and Math-Verify on the same pairs, by the same calls; see library.sh."""

import json
import logging
import pathlib
import resource
import subprocess
import sys
import threading
import time

import deepscaler_verify

from verify import PEER_BYTES, labelled_pairs

PAIR_LIMIT_S = 10  # of CPU time, for one pair of Math-Verify
THREADS = 8


def grade_with(package, pairs):
    """Verdicts of a package with parse() and verify() on (reference, answer), printed one a line as they are made."""
    for reference, answer in pairs:
        start = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(start) + PAIR_LIMIT_S + 1, resource.RLIM_INFINITY))
        try:
            gold = package.parse("$%s$" % reference.strip("$"), parsing_timeout=3600)
            target = package.parse("\\boxed{%s}" % answer, parsing_timeout=3600)
            verdict = bool(package.verify(gold, target, timeout_seconds=3600))
        except Exception:  # a crash is an answer marked wrong, as in a trainer
            verdict = False
        print(json.dumps([verdict, time.process_time() - start]), flush=True)


def worker(name):
    """Grades the pairs on standard input, as lines of JSON, with the package of that name."""
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (PEER_BYTES, PEER_BYTES))
    package = __import__(name)
    grade_with(package, map(json.loads, sys.stdin))


def verdicts_of(name, pairs):
    """(verdict, CPU seconds) of each pair; the verdict is None where the process died of a limit, after which another
    one goes on with the next pair."""
    results = []
    while len(results) < len(pairs):
        left = pairs[len(results) :]
        lines = "".join(json.dumps(pair) + "\n" for pair in left)
        process = subprocess.run([sys.executable, __file__, "--worker", name], input=lines.encode(), capture_output=True)
        done = [tuple(json.loads(line)) for line in process.stdout.splitlines()]
        results += done
        if len(done) < len(left):
            results.append((None, float(PAIR_LIMIT_S)))
    return results


def print_labels(cases):
    pairs = [(reference, answer) for reference, answer, _ in cases]
    ours, theirs = verdicts_of("deepscaler_verify", pairs), verdicts_of("math_verify", pairs)
    row("labelled pairs right, of %d" % len(cases), *(right(results, cases) for results in (ours, theirs)))
    row("  wrong answers taken for right", *(count(results, cases, False, True) for results in (ours, theirs)))
    row("  right answers taken for wrong", *(count(results, cases, True, False) for results in (ours, theirs)))
    row("  no verdict in %d s" % PAIR_LIMIT_S, *(sum(v is None for v, _ in r) for r in (ours, theirs)))
    seconds = [sum(seconds for _, seconds in results) for results in (ours, theirs)]
    row("  parse() and verify(), pairs/s", *("%.0f" % (len(pairs) / s) for s in seconds))


def count(results, cases, label, verdict):
    return sum(equal == label and result[0] == verdict for result, (_, _, equal) in zip(results, cases))


def right(results, cases):
    return count(results, cases, True, True) + count(results, cases, False, False)


def row(name, ours, theirs=""):
    print(f"{name:40} {ours:>14} {theirs:>14}", flush=True)


def rate(pairs, seconds):
    return "%.0f" % (len(pairs) / seconds)


def print_rates(pairs):
    start = time.process_time()
    for answer, response in pairs:
        deepscaler_verify.grade(answer, response)
    row("grade(), checks/s on one core", rate(pairs, time.process_time() - start))
    start = time.process_time()
    deepscaler_verify.grade_batch(pairs, threads=1)
    row("grade_batch(), checks/s on one core", rate(pairs, time.process_time() - start))
    start = time.perf_counter()
    deepscaler_verify.grade_batch(pairs, threads=THREADS)
    row("grade_batch(), %d threads, checks/s" % THREADS, rate(pairs, time.perf_counter() - start))


def longest_pause(work):
    """The longest time, in ms, in which a thread that only looks at the clock did not get the interpreter meanwhile."""
    done, pauses = threading.Event(), []

    def watch():
        before = time.perf_counter()
        while not done.is_set():
            time.sleep(0.0005)
            now = time.perf_counter()
            pauses.append(now - before)
            before = now

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return 1e3 * max(pauses)


def in_threads(work):
    """work() in each of eight threads of Python."""
    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def print_threads(pairs):
    def many_calls():
        for answer, response in pairs[:2000]:
            deepscaler_verify.grade(answer, response)

    row("%d threads of grade(): longest pause, ms" % THREADS, "%.1f" % longest_pause(lambda: in_threads(many_calls)))
    # Calls that would stop all else for as long as they take, if they held the interpreter.
    sums = [r"\sum_{k=1}^{10^6} \sin k + %d" % i for i in range(50)]
    slow = [(answer, r"\boxed{%s + 1}" % answer) for answer in sums]
    start = time.perf_counter()
    deepscaler_verify.grade_batch(slow, threads=1)
    milliseconds = 1e3 * (time.perf_counter() - start)
    pause = longest_pause(lambda: in_threads(lambda: deepscaler_verify.grade_batch(slow, threads=1)))
    row("  of calls that take %.0f ms each" % milliseconds, "%.1f" % pause)


def print_tower():
    pair = [("5", "9^{9^{9^9}}")]
    deepscaler_verify.grade("5", r"\boxed{5}")
    start = time.process_time()
    deepscaler_verify.grade("5", r"\boxed{9^{9^{9^9}}}")
    ours = 1e3 * (time.process_time() - start)
    ((verdict, seconds),) = verdicts_of("math_verify", pair)
    row("9^{9^{9^9}} for 5, ms", "%.2f" % ours, "none in %d s" % PAIR_LIMIT_S if verdict is None else "%.0f" % (1e3 * seconds))


def main():
    if sys.argv[1] == "--worker":
        return worker(sys.argv[2])
    cases = list(labelled_pairs(sys.argv[1]))
    pairs = [(reference, "\\boxed{%s}" % answer) for reference, answer, _ in cases]
    if len(sys.argv) > 2:
        answers = [json.loads(line)["answer"] for line in pathlib.Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()]
        pairs = [(a, "\\boxed{%s}" % b) for a, b in zip(answers + answers, answers + answers[1:] + answers[:1])]
    row(deepscaler_verify.version(), "deepscaler", "Math-Verify")
    print_rates(pairs)
    print_threads(pairs)
    print_tower()
    print_labels(cases)


if __name__ == "__main__":
    main()

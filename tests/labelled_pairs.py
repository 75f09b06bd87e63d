"""Reads src/verify/labelled_pairs.txt, for checks in Python."""

import pathlib


def labelled_pairs(path):
    """(reference, answer, whether they are equal) of each pair in the file."""
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        marks = [line.find(mark) for mark in (" == ", " != ") if mark in line]
        if line.startswith("#") or not marks:
            continue
        at = min(marks)
        for answer in line[at + 4 :].split(" ;; "):
            yield line[:at], answer, line[at + 1 : at + 3] == "=="

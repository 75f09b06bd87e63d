"""The C library, deepscaler_verify.h, by ctypes: calls release the interpreter, and there is nothing to compile for one
version of Python."""

from __future__ import annotations

import ctypes
import os
from typing import NamedTuple, Optional, Sequence


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("bytes", ctypes.c_size_t)]


class Check(ctypes.Structure):
    _fields_ = [
        ("answers", ctypes.POINTER(Text)),
        ("answer_count", ctypes.c_size_t),
        ("response", Text),
        ("problem", Text),
    ]


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL(os.path.join(os.path.dirname(__file__), "libdeepscaler_verify.so"))
    # A result is a pointer that goes back: c_char_p would be turned into bytes, and the pointer lost.
    library.deepscaler_grade.argtypes = [Text, Text, ctypes.c_char_p]
    library.deepscaler_grade.restype = ctypes.c_void_p
    library.deepscaler_grade_batch.argtypes = [
        ctypes.POINTER(Check),
        ctypes.c_size_t,
        ctypes.c_char_p,
        ctypes.c_uint,
    ]
    library.deepscaler_grade_batch.restype = ctypes.c_void_p
    library.deepscaler_extract.argtypes = [Text, ctypes.c_char_p]
    library.deepscaler_extract.restype = ctypes.c_void_p
    library.deepscaler_version.argtypes = []
    library.deepscaler_version.restype = ctypes.c_char_p
    library.deepscaler_free.argtypes = [ctypes.c_void_p]
    library.deepscaler_free.restype = None
    return library


_LIBRARY = _load()


def _take(result: int | None) -> bytes:
    """The JSON of a result, which is freed."""
    if result is None:
        raise MemoryError("there is not enough memory to grade")
    try:
        return ctypes.string_at(result)
    finally:
        _LIBRARY.deepscaler_free(result)


def _text(text: str) -> Text:
    # Lone surrogates, which a tokenizer may leave, go through as bytes that are no UTF-8.
    data = text.encode("utf-8", "surrogatepass")
    return Text(data, len(data))


class CheckTexts(NamedTuple):
    """What one check compares."""

    answers: Sequence[str]
    response: str
    problem: Optional[str]


def grade(check: CheckTexts, options: bytes | None) -> bytes:
    if len(check.answers) == 1 and not check.problem:
        return _take(_LIBRARY.deepscaler_grade(_text(check.answers[0]), _text(check.response), options))
    return grade_batch([check], options, 1)[1:-1]


def grade_batch(checks: Sequence[CheckTexts], options: bytes | None, threads: int) -> bytes:
    answers = [(Text * len(check.answers))(*map(_text, check.answers)) for check in checks]
    array = (Check * len(checks))(
        *(
            Check(texts, len(texts), _text(check.response), _text(check.problem or ""))
            for texts, check in zip(answers, checks)
        )
    )
    return _take(_LIBRARY.deepscaler_grade_batch(array, len(checks), options, threads))


def extract(response: str, options: bytes | None) -> bytes:
    return _take(_LIBRARY.deepscaler_extract(_text(response), options))


def version() -> str:
    """The version and a hash of the verifier's sources, ``"0.1.0+1f3a55c0d2e4"``: what has the same one, the command
    ``deepscaler`` too, gives the same verdicts."""
    return _LIBRARY.deepscaler_version().decode()

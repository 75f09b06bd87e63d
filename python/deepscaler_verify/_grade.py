"""Grading responses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Iterable, List, NamedTuple, Optional, Sequence, Tuple, TypedDict, Union

from . import _library

if TYPE_CHECKING:
    from typing_extensions import Unpack

# How many checks one call of the library gets, so that Ctrl-C is heard in between.
_CHECKS_A_CALL = 4096

Answer = Union[str, int, float, Sequence[Union[str, int, float]]]
Pair = Union[Tuple[Answer, str], Tuple[Answer, str, Optional[str]]]


class CheckError(ValueError):
    """A check that can't be made as it was asked for: an unknown option, a response of another type."""


class Options(TypedDict, total=False):
    """How checks are made; each may be left out. docs/verifier.md explains the policies."""

    extract: str
    """Where the answer is looked for: ``"boxed"``, the last box after the thinking (the default, for rewards), or
    ``"any"``, also "the answer is ...", the last formula or number (for other people's outputs)."""
    prompt_opened_thinking: bool
    """The prompt ended in ``<think>``: a response without ``</think>`` is truncated."""
    grader: str
    """``"answer"`` (the default), or ``"countdown"``: the answer is a task, "98 from 44, 19, 35"."""
    percent_may_be_dropped: bool
    units_may_be_dropped: bool
    names_may_be_dropped: bool
    lists_are_ordered: bool
    asked_names_may_be_given: bool
    references_may_be_rounded: bool
    inequalities_may_be_pairs: bool
    letters_may_differ: bool
    decimal_places: int
    accept_numeric_agreement: bool
    step_limit: int


class Verdict(NamedTuple):
    """What a grader says about a response. True as a condition where it is correct."""

    correct: bool
    """The answer is equal to the reference."""
    undecided: bool
    """Nobody could tell: the reference can't be read, or worked out within the limits. Neither right nor wrong, so a
    trainer should leave the sample out."""
    reason: str
    """Why: ``"equal"``, ``"different"``, ``"no_answer"``, ``"truncated"``, ...; docs/verifier.md has all of them."""
    extracted: str
    """The answer as it stands in the response; empty where there is none."""

    def __bool__(self) -> bool:
        return self.correct


class Extraction(NamedTuple):
    """The final answer of a response. True as a condition where there is one."""

    found: str
    """``"answer"``, ``"none"``, ``"empty"`` (a box with nothing in it) or ``"truncated"``."""
    extracted: str
    """The answer; empty where there is none."""

    def __bool__(self) -> bool:
        return self.found == "answer"


def _json_of(options: Options) -> bytes | None:
    return json.dumps(options).encode() if options else None


def _answered(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise CheckError(answer["error"])
    return answer


def _alternatives(answer: Answer) -> list[str]:
    if isinstance(answer, str):
        return [answer]
    if isinstance(answer, (int, float)) and not isinstance(answer, bool):
        return [str(answer)]
    if isinstance(answer, (list, tuple)):
        return [text for item in answer for text in _alternatives(item)]
    raise CheckError(f"answer: is {type(answer).__name__}; give a text, a number or a list of them")


def _check(answer: Answer, response: str, problem: str | None = None) -> _library.CheckTexts:
    if not isinstance(response, str):
        raise CheckError(f"response: is {type(response).__name__}; give a text")
    if problem is not None and not isinstance(problem, str):
        raise CheckError(f"problem: is {type(problem).__name__}; give a text, or None")
    return _library.CheckTexts(_alternatives(answer), response, problem)


def grade(answer: Answer, response: str, *, problem: str | None = None, **options: Unpack[Options]) -> Verdict:
    """Grades one response against ``answer``: LaTeX or a sentence with the answer in it, a number, or a list of
    alternatives, any of which counts.

    With ``problem`` an answer that only repeats it is wrong. Raises CheckError for options that there are not; never
    for what is in the texts. Thread-safe, and the interpreter is free meanwhile.
    """
    check = _check(answer, response, problem)
    return Verdict(**_answered(json.loads(_library.grade(check, _json_of(options)))))


def grade_batch(pairs: Iterable[Pair], *, threads: int = 0, **options: Unpack[Options]) -> List[Verdict]:
    """Grades many, (answer, response) or (answer, response, problem) each, with threads of the library: one per core
    that the process may use where ``threads`` is 0. Verdicts come in the order of the pairs; the interpreter is free
    meanwhile."""
    if threads < 0:
        raise CheckError(f"threads: is {threads}; give 0 or more")
    checks = [_check(*pair) for pair in pairs]
    asked = _json_of(options)
    verdicts: List[Verdict] = []
    for begin in range(0, len(checks), _CHECKS_A_CALL):
        answers = json.loads(_library.grade_batch(checks[begin : begin + _CHECKS_A_CALL], asked, threads))
        if isinstance(answers, dict):  # wrong options
            _answered(answers)
        verdicts += [Verdict(**_answered(answer)) for answer in answers]
    return verdicts


def extract(response: str, **options: Unpack[Options]) -> Extraction:
    """The final answer of a response, where ``extract`` and ``prompt_opened_thinking`` say; policies do not matter."""
    if not isinstance(response, str):
        raise CheckError(f"response: is {type(response).__name__}; give a text")
    return Extraction(**_answered(json.loads(_library.extract(response, _json_of(options)))))

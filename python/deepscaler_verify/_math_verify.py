"""``parse`` and ``verify`` in the shape of Math-Verify's, so that a trainer written for it runs with another import.

What differs: a verdict comes from this package's grader (docs/verifier.md says where the two differ), nothing is
computed by SymPy, and time limits have no effect, since work is bounded without a clock; so it all works in any thread.
``verify`` is false where nobody could tell; ``grade`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Optional, Sequence, Tuple, Union

from ._grade import CheckError, extract, grade


@dataclass(frozen=True)
class LatexNormalizationConfig:
    """Taken, and without effect: texts are always read in every way that docs/verifier.md names."""

    basic_latex: bool = True
    units: bool = False
    malformed_operators: bool = True
    nits: bool = True
    boxed: str = "all"
    equations: bool = True


@dataclass(frozen=True)
class LatexExtractionConfig:
    """Formulas and boxes."""

    try_extract_without_anchor: bool = True
    """Where no config has this on, boxes alone are read: ``extract="boxed"``."""
    boxed_match_priority: int = 50
    """0: a box before all else. 50: after "the final answer is". Others are refused."""
    normalization_config: Any = field(default_factory=LatexNormalizationConfig)


@dataclass(frozen=True)
class ExprExtractionConfig:
    """Plain numbers and expressions."""

    try_extract_without_anchor: bool = True


@dataclass(frozen=True)
class StringExtractionConfig:
    """Choices: where it is the only config, an answer is one of ``strings`` or none."""

    strings: Tuple[str, ...] = ("A", "B", "C", "D")
    try_extract_without_anchor: bool = True
    lowercase: bool = True


class Answer(str):
    """An answer that parse() found: its text, with what verify() needs of where it stood."""

    response: str
    mode: str

    def __new__(cls, text: str, response: str, mode: str) -> Answer:
        answer = super().__new__(cls, text)
        answer.response = response
        answer.mode = mode
        return answer


Parsed = Union[str, int, float]


def _one_of(name: str, value: Any, known: Sequence[Any]) -> None:
    if value not in known:
        raise CheckError(f"{name}: is {value!r}; give one of {', '.join(map(repr, known))}")


def _modes(configs: Sequence[Any]) -> List[str]:
    """The ways of extraction that the configs ask for, first ones first. Math-Verify's own configs will do: they go by
    the names of their classes."""
    names = [type(config).__name__ for config in configs]
    for name in names:
        _one_of("extraction_config", name, ["LatexExtractionConfig", "ExprExtractionConfig", "StringExtractionConfig"])
    if not configs:
        raise CheckError("extraction_config: is empty; give LatexExtractionConfig() or ExprExtractionConfig()")
    latex = [config for config, name in zip(configs, names) if name == "LatexExtractionConfig"]
    for config in latex:
        _one_of("LatexExtractionConfig.boxed_match_priority", config.boxed_match_priority, [0, 50])
    if not any(config.try_extract_without_anchor for config in configs):
        if not latex:
            raise CheckError(
                f"{names[0]}.try_extract_without_anchor: is False, which only LatexExtractionConfig may have here; "
                "leave it out"
            )
        return ["boxed"]
    return ["boxed", "any"] if any(config.boxed_match_priority == 0 for config in latex) else ["any"]


def _choice(config: Any, answer: Answer) -> List[Answer]:
    """The answer where it is one of the strings."""
    for string in config.strings:
        if answer.strip("() .").lower() == string.lower():
            return [Answer(string.lower() if config.lowercase else string, answer.response, answer.mode)]
    return []


def parse(
    pred: str,
    extraction_config: Sequence[Any] = (LatexExtractionConfig(), ExprExtractionConfig()),
    fallback_mode: str = "first_match",
    extraction_mode: str = "any_match",
    parsing_timeout: Optional[int] = 5,
    raise_on_error: bool = False,
) -> List[Answer]:
    """The final answer of a text, in a list; an empty list where there is none. It is for verify(), which reads it.

    Raises CheckError for configs and modes that there are not. There is one final answer, so the modes do the same.
    """
    _one_of("fallback_mode", fallback_mode, ["first_match", "no_fallback"])
    _one_of("extraction_mode", extraction_mode, ["any_match", "first_match"])
    for mode in _modes(extraction_config):
        found = extract(pred, extract=mode)
        if not found:
            continue
        answer = Answer(found.extracted, pred, mode)
        if all(type(config).__name__ == "StringExtractionConfig" for config in extraction_config):
            return [choice for config in extraction_config for choice in _choice(config, answer)][:1]
        return [answer]
    return []


def _listed(name: str, value: Any) -> List[Parsed]:
    items = value if isinstance(value, (list, tuple)) else [value]
    for item in items:
        if isinstance(item, bool) or not isinstance(item, (str, int, float)):
            raise CheckError(f"{name}: is {type(item).__name__}; give what parse() returned, a text or a number")
    return list(items)


def verify(
    gold: Union[Parsed, Sequence[Parsed]],
    target: Union[Parsed, Sequence[Parsed]],
    float_rounding: int = 6,
    numeric_precision: int = 15,
    strict: bool = True,
    allow_set_relation_comp: bool = False,
    timeout_seconds: Optional[int] = 5,
    raise_on_error: bool = False,
) -> bool:
    """Whether any of ``target`` is equal to any of ``gold``, both as parse() returned them, or as texts.

    The order matters: what is forgiven, such as a unit, is forgiven to ``target``. ``float_rounding`` is
    ``decimal_places`` and ``allow_set_relation_comp`` is ``inequalities_may_be_pairs`` of docs/verifier.md. Values are
    compared exactly, so ``numeric_precision`` has no effect; ``strict=False`` is refused.
    """
    if not strict:
        raise CheckError("strict: is False, which there is not; see letters_may_differ of grade()")
    golds = _listed("gold", gold)
    for item in _listed("target", target):
        is_answer = isinstance(item, Answer)
        verdict = grade(
            golds,
            item.response if is_answer else f"\\boxed{{{item}}}",
            extract=item.mode if is_answer else "boxed",
            decimal_places=float_rounding,
            inequalities_may_be_pairs=allow_set_relation_comp,
        )
        if verdict.correct:
            return True
    return False

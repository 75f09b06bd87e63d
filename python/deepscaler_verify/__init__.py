"""Is the final answer of a response equal to the reference answer?

    >>> from deepscaler_verify import grade
    >>> grade(r"\\frac{1}{2}", r"so it is $\\boxed{0.5}$")
    Verdict(correct=True, undecided=False, reason='equal', extracted='0.5')

A verdict is correct, wrong or undecided, and says why. It takes a counted amount of work, so no answer can hang it; it
needs no signals, so it works in any thread; and it is the same on every machine. ``grade_batch`` grades many in threads
of the library. ``parse`` and ``verify`` have the shape of Math-Verify's. What counts as equal, every reason and every
option are in the project's docs/verifier.md.
"""

from ._grade import CheckError, Extraction, Options, Verdict, extract, grade, grade_batch
from ._library import version
from ._math_verify import (
    ExprExtractionConfig,
    LatexExtractionConfig,
    LatexNormalizationConfig,
    StringExtractionConfig,
    parse,
    verify,
)

__all__ = [
    "CheckError",
    "ExprExtractionConfig",
    "Extraction",
    "LatexExtractionConfig",
    "LatexNormalizationConfig",
    "Options",
    "StringExtractionConfig",
    "Verdict",
    "extract",
    "grade",
    "grade_batch",
    "parse",
    "verify",
    "version",
]

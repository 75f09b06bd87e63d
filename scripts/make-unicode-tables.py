#!/usr/bin/env python3
"""Writes src/text/unicode/unicode_tables.cc from the Unicode data of Python packages.

    python3.11 -m venv v; v/bin/pip install unicodedata2==16.0.0 tokenizers==0.23.3; v/bin/python make-unicode-tables.py

Python 3.11's unicodedata is Unicode 14, unicodedata2 is Unicode 16. Hugging Face's tokenizers match general
categories as of Unicode 16, which is checked over every code point. They normalize as an older version does: its
characters are found by asking it for each.
"""

import pathlib
import unicodedata

import unicodedata2
from tokenizers import Regex, normalizers, pre_tokenizers

assert unicodedata.unidata_version == "14.0.0" and unicodedata2.unidata_version == "16.0.0"
OUTPUT = pathlib.Path(__file__).parent.parent / "src/text/unicode/unicode_tables.cc"
CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn".split()


def check_categories():
    for kind in CATEGORIES:
        if kind in ("Cs", "Cc"):
            continue
        split = pre_tokenizers.Split(Regex(r"\p{%s}" % kind), "removed", invert=True)
        found = set()
        for i in range(1, len(CODES), 20000):
            for piece, _ in split.pre_tokenize_str("".join(map(chr, CODES[i : i + 20000]))):
                found.update(map(ord, piece))
        assert found == {c for c in CODES[1:] if unicodedata2.category(chr(c)) == kind}, kind


def runs(value):
    """(first code, value) of each run of equal values over all code points."""
    result = []
    for code in range(0x110000):
        now = value(code)
        if not result or result[-1][1] != now:
            result.append((code, now))
    return result


def reference_class(code, nfc):
    """The canonical combining class as the reference has it: as Unicode 16's, or 0 for what it does not know."""
    kind = unicodedata2.combining(chr(code))
    if kind == 0:
        return 0
    # Behind a mark of a higher class it moves, if it has a class itself; before one of a lower class likewise.
    above, below = chr(0x0345), chr(0x0334)  # 240 and 1
    moves = nfc.normalize_str(above + chr(code)) != above + chr(code) or nfc.normalize_str(chr(code) + below) != chr(code) + below
    return kind if moves or kind in (240, 1) else 0


def decomposition(code):
    text = unicodedata2.decomposition(chr(code))
    return [int(x, 16) for x in text.split()] if text and not text.startswith("<") else []


def array(name, kind, values, per_line=12):
    lines = [", ".join(values[i : i + per_line]) for i in range(0, len(values), per_line)]
    return f"extern const {kind} {name}[] = {{\n    " + ",\n    ".join(lines) + "};\n" + \
        f"extern const size_t {name}Size = {len(values)};\n\n"


def main():
    check_categories()
    nfc = normalizers.NFC()
    categories = runs(lambda c: CATEGORIES.index(unicodedata2.category(chr(c))))
    newer = runs(lambda c: unicodedata2.category(chr(c)) in ("Cn",) or unicodedata2.category(chr(c)) != unicodedata.category(chr(c)))
    classes = runs(lambda c: 0 if 0xD800 <= c < 0xE000 else reference_class(c, nfc))
    # Full decompositions, and the pairs that compose: those that the reference composes.
    full = {}
    for code in CODES:
        text = unicodedata2.normalize("NFD", chr(code))
        if text != chr(code) and not 0xAC00 <= code < 0xD7A4:
            full[code] = [ord(c) for c in text]
    pairs = []
    for code in CODES:
        parts = decomposition(code)
        if len(parts) == 2 and nfc.normalize_str(chr(parts[0]) + chr(parts[1])) == chr(code):
            pairs.append((parts[0], parts[1], code))
    known = {c for c in full if nfc.normalize_str("".join(map(chr, full[c]))) == chr(c) or nfc.normalize_str(chr(c)) != chr(c)}
    pool, entries = [], []
    for code in sorted(known):
        entries.append(f"{{0x{code:x}, {len(pool)}, {len(full[code])}}}")
        pool += full[code]
    text = "// Made by scripts/make-unicode-tables.py from the data of Unicode 16.\n"
    text += '#include "text/unicode/unicode_tables.h"\n\n// clang-format off\nnamespace deepscaler {\n\n'
    text += array("kCategoryRuns", "CodeRun", [f"{{0x{c:x}, {v}}}" for c, v in categories])
    text += array("kNewerRuns", "CodeRun", [f"{{0x{c:x}, {int(v)}}}" for c, v in newer])
    text += array("kCombiningRuns", "CodeRun", [f"{{0x{c:x}, {v}}}" for c, v in classes])
    text += array("kDecompositions", "Decomposition", entries)
    text += array("kDecomposed", "char32_t", [f"0x{c:x}" for c in pool])
    text += array("kCompositions", "Composition", [f"{{0x{a:x}, 0x{b:x}, 0x{c:x}}}" for a, b, c in sorted(pairs)])
    text += "}  // namespace deepscaler\n"
    OUTPUT.write_text(text)
    print(len(categories), "runs of categories,", len(newer), "of newer characters,", len(classes), "of classes,",
          len(entries), "decompositions,", len(pairs), "compositions")


if __name__ == "__main__":
    main()

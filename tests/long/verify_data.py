"""Writes the answers of problem sets in many ways, right and nearly right, and grades them; see verify_data.sh."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

LIMIT = 0.005  # of exceptions, of either kind


def answers_of(folder):
    for path in sorted(pathlib.Path(folder).rglob("*.json*")):
        text = path.read_text(encoding="utf-8")
        items = [json.loads(line) for line in text.splitlines() if line.strip()] if path.suffix == ".jsonl" else json.loads(text)
        for item in items:
            answer = item.get("answer")
            answer = answer[0] if isinstance(answer, list) and answer else answer
            if answer in (None, "", []):
                continue
            if isinstance(answer, float) and answer.is_integer():
                answer = int(answer)
            yield str(answer).rsplit("####", 1)[-1].strip().strip("$").strip()


def is_whole(answer):
    return re.fullmatch(r"-?\d+", answer) is not None


def is_plain(answer):
    """A number, a fraction or a root: what can be a term of a sum."""
    return re.fullmatch(r"-?(\d+(\.\d+)?|\\d?frac\{\d+\}\{\d+\}|\d*\\sqrt\{\d+\}|\d*\\pi)", answer) is not None


UNICODE = {r"\pi": "π", r"\cdot": "·", r"\times": "×", r"\le ": "≤ ", r"\ge ": "≥ ", r"\infty": "∞", r"^\circ": "°",
           r"\cup": "∪", r"\in ": "∈ ", r"\pm": "±", r"\theta": "θ", r"\alpha": "α"}


def unicode_of(answer):
    for latex, character in UNICODE.items():
        answer = re.sub(re.escape(latex) + r"(?![a-zA-Z])", character, answer)
    return answer


def boxed(form):
    return lambda a: r"\boxed{%s}" % form(a)


def only(test, way):
    return lambda a: way(a) if test(a) else None


def changed(way):
    """Only where the writing differs from the answer itself."""
    return lambda a: way(a) if way(a) != a else None


def boxed_if(form):
    return lambda a: None if form(a) is None else r"\boxed{%s}" % form(a)


def has_no_text(answer):
    return "\\text" not in answer and "\\mbox" not in answer


def can_end_a_sentence(answer):
    return not answer.endswith((".", ",", ":", "!"))


def grouped(answer):
    return f"{int(answer):,}"


RIGHT = {  # name: (mode, way)
    "in a formula": ("boxed", lambda a: f"So we get $\\boxed{{{a}}}$."),
    "behind a sentence": ("boxed", lambda a: f"Therefore, the final answer is \\boxed{{{a}}}. I hope it is correct."),
    "bold": ("boxed", lambda a: f"**Final answer:** **\\boxed{{{a}}}**"),
    "in a display": ("boxed", lambda a: f"Hence\n\\[\n\\boxed{{{a}}}\n\\]\n"),
    "aligned": ("boxed", lambda a: f"\\begin{{align*}}\nx &= \\boxed{{{a}}}\n\\end{{align*}}"),
    "numbered": ("boxed", lambda a: f"Hence\n\\[\n\\boxed{{{a} \\tag{{1}}}}\n\\]\n"),
    "after thinking": ("boxed", lambda a: f"<think>maybe \\boxed{{0}}?</think>It is $\\boxed{{{a}}}$"),
    "boxed again": ("boxed", lambda a: f"First $\\boxed{{{a}}}$. We check it. So again $\\boxed{{{a}}}$"),
    "fbox": ("boxed", lambda a: f"\\fbox{{{a}}}"),
    "full stop inside": ("boxed", boxed_if(only(can_end_a_sentence, lambda a: a + "."))),
    "thin spaces": ("boxed", boxed(lambda a: rf"\,{a}\,")),
    "blanks": ("boxed", boxed(lambda a: f"  {a}\n ")),
    "quad": ("boxed", boxed(lambda a: rf"{a} \quad")),
    "displaystyle": ("boxed", boxed(lambda a: rf"\displaystyle {a}")),
    "braces": ("boxed", boxed(lambda a: "{%s}" % a)),
    "dollars inside": ("boxed", boxed(lambda a: f"${a}$")),
    "equals": ("boxed", boxed(lambda a: f"= {a}")),
    "colour": ("boxed", boxed(lambda a: rf"\color{{blue}}{a}")),
    "the answer is": ("boxed", boxed(lambda a: rf"\text{{The answer is }} {a}")),
    "dfrac": ("boxed", boxed_if(changed(lambda a: a.replace(r"\frac", r"\dfrac")))),
    "tfrac": ("boxed", boxed_if(changed(lambda a: a.replace(r"\frac", r"\tfrac")))),
    "without left and right": ("boxed", boxed_if(changed(lambda a: re.sub(r"\\(left|right)(?=[()\[\]])", "", a)))),
    "Unicode": ("boxed", boxed_if(changed(unicode_of))),
    "doubly escaped": ("boxed", boxed_if(only(lambda a: "\\\\" not in a and re.search(r"\\[a-z]{2}", a), lambda a: a.replace("\\", "\\\\")))),
    "bold number": ("boxed", boxed_if(only(is_plain, lambda a: rf"\mathbf{{{a}}}"))),
    "text number": ("boxed", boxed_if(only(is_whole, lambda a: rf"\text{{{a}}}"))),
    "nested text": ("boxed", boxed_if(only(is_whole, lambda a: rf"\text{{\textbf{{{a}}}}}"))),
    "named": ("boxed", boxed_if(only(is_plain, lambda a: f"x = {a}"))),
    "a unit": ("boxed", boxed_if(only(is_plain, lambda a: rf"{a}\text{{ cm}}"))),
    "a noun": ("boxed", boxed_if(only(is_whole, lambda a: rf"{a} \text{{ apples}}"))),
    "grouped digits": ("boxed", boxed_if(only(lambda a: is_whole(a) and abs(int(a)) > 999, grouped))),
    "grouped in LaTeX": ("boxed", boxed_if(only(lambda a: is_whole(a) and abs(int(a)) > 999, lambda a: grouped(a).replace(",", "{,}")))),
    "with .0": ("boxed", boxed_if(only(is_whole, lambda a: a + ".0"))),
    "any: **Answer:**": ("any", lambda a: f"Some work.\n\n**Answer:** ${a}$"),
    "any: the final answer is": ("any", lambda a: f"Final Answer: The final answer is ${a}$. I hope it is correct."),
    "any: the answer is": ("any", lambda a: f"We add them all.\nSo the answer is ${a}$."),
    "any: a display": ("any", lambda a: f"The answer is\n\\[\n{a}\n\\]"),
    "any: a numbered display": ("any", lambda a: f"The answer is\n\\[\n{a} \\tag{{2}}\n\\]"),
    "any: a tag": ("any", lambda a: f"Some work.\n<answer>{a}</answer>"),
    "any: a tagged formula": ("any", lambda a: f"<answer>${a}$</answer>"),
    "any: the last formula": ("any", lambda a: f"First $u+v$ is found, and then ${a}$."),
    "any: all of it": ("any", only(lambda a: is_plain(a) and not a.startswith("-"), lambda a: a)),
}


def value(a):
    return int(a) if is_whole(a) else None


def change_digit(a, last):
    places = [m.start() for m in re.finditer(r"\d", a)]
    if not places:
        return None
    at = places[-1 if last else 0]
    # Within a base or an index a digit says something else; a leading 0 is none.
    return a[:at] + str((int(a[at]) + 1) % 10 or 3) + a[at + 1 :]


def split_top(a, opening, closing):
    inner, depth, parts = a[len(opening) : len(a) - len(closing)], 0, [""]
    for c in inner:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts]


def elements_of(a):
    """Opening mark, elements, closing mark of a list, tuple or set; None for anything else."""
    for opening, closing in ((r"\left(", r"\right)"), ("(", ")"), (r"\{", r"\}"), ("", "")):
        if a.startswith(opening) and a.endswith(closing):
            parts = split_top(a, opening, closing)
            if len(parts) > 1 and not re.fullmatch(r"-?\d{1,3}(,\\?!?\d{3})+", a) and all(parts):
                return opening, parts, closing
    return None


def missing(a):
    found = elements_of(a)
    if found is None:
        return None
    opening, parts, closing = found
    return opening + ", ".join(parts[:-1]) + closing if len(parts) > 2 or opening else parts[0]


def one_more(a):
    found = elements_of(a)
    return None if found is None else found[0] + ", ".join(found[1] + ["7919"]) + found[2]


def swapped(a):
    found = elements_of(a)
    if found is None or found[0] not in ("(", r"\left(") or found[1][0] == found[1][-1]:
        return None
    return found[0] + ", ".join(found[1][::-1]) + found[2]


UNITS = {"cm": "m", "m": "km", "meters": "inches", "inches": "feet", "feet": "yards", "hours": "minutes",
         "minutes": "hours", "days": "weeks", "miles": "feet", "dollars": "cents", "cents": "dollars", "mph": "meters"}


def other_unit(a):
    found = re.search(r"\\text\{\s*(%s)\s*\}" % "|".join(UNITS), a)
    return None if found is None else a[: found.start(1)] + UNITS[found.group(1)] + a[found.end(1) :]


def not_zero(a):
    return is_plain(a) and re.search(r"[1-9]", a) is not None


def numeric(a):
    return is_plain(a) or re.fullmatch(r"[-+*/\d\s.]+", a) is not None


def other_sign(a):
    """The last sign in it turned round, where it is no list of both."""
    at = [m.start() for m in re.finditer(r"(?<=[\w})\]])\s*[-+]", a)]
    if len(at) != 1 or "pm" in a or elements_of(a):
        return None
    i = a.index("+" if "+" in a[at[0] : at[0] + 4] else "-", at[0])
    return a[:i] + ("-" if a[i] == "+" else "+") + a[i + 1 :]


WRONG = {
    "negated": only(not_zero, lambda a: a[1:] if a[0] == "-" else "-" + a),
    "the last digit": lambda a: change_digit(a, True),
    "the first digit": lambda a: change_digit(a, False),
    "one more": only(is_whole, lambda a: str(value(a) + 1)),
    "one less": only(is_whole, lambda a: str(value(a) - 1)),
    "a digit too many": only(lambda a: not_zero(a) and is_whole(a), lambda a: a + "0"),
    "a digit too few": only(lambda a: is_whole(a) and abs(int(a)) > 9, lambda a: a[:-1]),
    "ten times": only(lambda a: not_zero(a) and is_whole(a), lambda a: f"10 \\cdot {a}"),
    "a tenth": only(lambda a: not_zero(a) and is_whole(a), lambda a: rf"\frac{{{a}}}{{10}}"),
    "half": only(lambda a: not_zero(a) and is_whole(a), lambda a: rf"\frac{{{a}}}{{2}}"),
    "and a bit": only(is_whole, lambda a: a + ".01"),
    "percent": only(lambda a: not_zero(a) and is_whole(a), lambda a: a + r"\%"),
    "squared": only(lambda a: is_whole(a) and value(a) not in (0, 1), lambda a: f"({a})^2"),
    "root": only(lambda a: is_whole(a) and value(a) > 1, lambda a: rf"\sqrt{{{a}}}"),
    "reciprocal": only(lambda a: is_whole(a) and value(a) not in (-1, 0, 1), lambda a: rf"\frac{{1}}{{{a}}}"),
    "times pi": only(not_zero, lambda a: a + r"\pi"),
    "times i": only(not_zero, lambda a: a + "i"),
    "times x": only(not_zero, lambda a: a + "x"),
    "plus one": only(numeric, lambda a: a + "+1"),
    "and another": only(is_plain, lambda a: a + r", 7919"),
    "or another": only(is_plain, lambda a: a + r" \text{ or } 7919"),
    "at least": only(is_plain, lambda a: r"\ge " + a),
    "not": only(is_plain, lambda a: rf"\text{{not }} {a}"),
    "other sign within": other_sign,
    "an element missing": missing,
    "an element more": one_more,
    "order of a tuple": swapped,
    "another unit": other_unit,
}


def grade(program, mode, rows):
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.jsonl"), pathlib.Path(folder, "out.jsonl")
        with source.open("w", encoding="utf-8") as file:
            for answer, response in rows:
                print(json.dumps({"answer": answer, "response": response}), file=file)
        subprocess.run([program, "verify", "--input", source, "--output", target, "--extract", mode], check=True, stdout=subprocess.DEVNULL)
        return [json.loads(line) for line in target.open(encoding="utf-8")]


def report(program, answers, ways, expected, exceptions):
    checks = failures = 0
    for name, (mode, way) in ways.items():
        rows = [(a, response) for a in answers if (response := way(a)) is not None]
        if not rows:
            continue
        verdicts = grade(program, mode, rows)
        failed = [(row, v) for row, v in zip(rows, verdicts) if v["correct"] != expected]
        checks += len(rows)
        failures += len(failed)
        print(f"  {name:28} {len(failed):6} of {len(rows):7}")
        for (answer, response), verdict in failed:
            exceptions.append({"way": name, "expected": expected, "answer": answer, "response": response, "reason": verdict["reason"]})
    print(f"{'right' if expected else 'wrong'}: {failures} exceptions of {checks}, {100 * failures / max(1, checks):.3f} %")
    return failures < LIMIT * max(1, checks)


def main():
    program, folder = sys.argv[1], sys.argv[2]
    answers = list(answers_of(folder))
    print(f"{len(answers)} answers")
    exceptions = []
    right = report(program, answers, RIGHT, True, exceptions)
    boxes = {name: ("boxed", boxed_if(way)) for name, way in WRONG.items()}
    wrong = report(program, answers, boxes, False, exceptions)
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w", encoding="utf-8") as file:
            for exception in exceptions:
                print(json.dumps(exception, ensure_ascii=False), file=file)
    sys.exit(0 if right and wrong else 1)


main()

"""An evaluation by lm-eval of the task of docs/library/lm-eval.md, in the present folder, of a model that says what is
written here."""

import json

import lm_eval
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

RESPONSES = {
    "1": r"It is $\boxed{\frac{1}{2}}$.",
    "2": "The final answer is 6. I hope it is correct.",
    "3": "so 7",
    "4": "I do not know.",
}
PROBLEMS = [("1", "0.5"), ("2", "6"), ("3", "8"), ("4", r"\frac{")]


class Said(LM):
    def generate_until(self, requests, **kwargs):
        return [RESPONSES[request.arguments[0].split("Problem: ")[1][0]] for request in requests]

    def loglikelihood(self, requests, **kwargs):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests, **kwargs):
        raise NotImplementedError


with open("problems.jsonl", "w", encoding="utf-8") as file:
    for problem, answer in PROBLEMS:
        print(json.dumps({"problem": problem, "answer": answer}), file=file)
results = lm_eval.simple_evaluate(
    model=Said(), tasks=["checked_math"], task_manager=TaskManager(include_path="."), bootstrap_iters=0
)["results"]["checked_math"]
assert results["right,none"] == 0.5 and results["undecided,none"] == 0.0, results
print(f"lm-eval: right {results['right,none']}, undecided {results['undecided,none']}")

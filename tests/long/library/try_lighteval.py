"""The task of docs/library/lighteval.md in the present folder: loaded by lighteval, and responses scored by its metric.

Not by its Pipeline, which lists all tasks of lighteval first, and some of these ask the network for what they need."""

import json
import pathlib

from lighteval.metrics import apply_metric
from lighteval.models.model_output import ModelResponse
from lighteval.tasks.lighteval_task import LightevalTask

from checked_tasks import TASKS_TABLE

PROBLEMS = [  # the problem, its reference and a response
    ("What is 1/2?", "0.5", r"It is $\boxed{\frac{1}{2}}$."),
    ("What is 2*3?", "6", "The final answer is 6. I hope it is correct."),
    ("What is 3+5?", "8", "so 7"),
    ("What is 4?", r"\frac{", "I do not know."),
    ("What is 5?", r"\frac{", r"\boxed{5}"),
]

pathlib.Path("problems").mkdir()
with open("problems/test.jsonl", "w", encoding="utf-8") as file:
    for problem, answer, _ in PROBLEMS:
        print(json.dumps({"problem": problem, "answer": answer}), file=file)
(config,) = TASKS_TABLE
task = LightevalTask(config)
docs = task.get_docs()
said = {problem: response for problem, _, response in PROBLEMS}
samples = apply_metric([ModelResponse(text=[said[doc.query]]) for doc in docs], docs, task.metrics)
mean = {name: float(task.aggregation()[name]([sample[name] for sample in samples])) for name in ("right", "undecided")}
assert len(docs) == 5 and mean == {"right": 0.4, "undecided": 0.2}, mean
print(f"lighteval: {mean}")

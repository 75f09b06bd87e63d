"""Reference values of distillation: divergences from a teacher and their gradients, worked out by torch.

    python make_divergence_goldens.py            rewrites tests/goldens/divergence.json

Made with transformers 5.24, torch 2.13.0 (CPU), in float64. The formulas are those of TRL's generalized_jsd_loss, where
beta 0 is forward and beta 1 reverse.

rows        logits of student and teacher; the teacher has more tokens. Over the first `common` tokens: divergence, the
            student's entropy, and the gradient with respect to the student's logits
model       student (tests/goldens/trl) and teacher (tests/goldens/models/llama) on the same tokens: the mean divergence
            over all completion tokens and the Euclidean norm of the gradient of each of the student's tensors
top         of the teacher's most likely tokens: forward sums p (log p - log q) over those alone, with p and q of whole
            vocabularies; reverse and jsd compare both as normalized over those
credit      log-probabilities of sampled tokens by student and teacher, and the advantages of on-policy distillation
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

FOLDER = Path(__file__).parent
KINDS = [
    {"kind": "forward", "jsd_beta": 0.5, "temperature": 1.0},
    {"kind": "reverse", "jsd_beta": 0.5, "temperature": 1.0},
    {"kind": "jsd", "jsd_beta": 0.5, "temperature": 1.0},
    {"kind": "jsd", "jsd_beta": 0.1, "temperature": 1.0},
    {"kind": "jsd", "jsd_beta": 0.9, "temperature": 0.7},
    {"kind": "forward", "jsd_beta": 0.5, "temperature": 0.9},
    {"kind": "reverse", "jsd_beta": 0.5, "temperature": 2.0},
]
STUDENT = [[1.0, 0.5, -0.5, 0.0, -1.0], [0.25, 0.125, 0.0, 2.0, -0.25], [30.0, -40.0, 0.0, 1.0, 90.0]]
TEACHER = [[2.0, 0.0, -1.0, 0.5, -2.0, 7.0], [0.0, 1.5, 0.25, 1.0, -1.0, 0.0], [-35.0, 50.0, 0.0, 3.0, -2.0, 1.0]]
GROUPS = [
    {"prompt": [3, 9, 27], "completions": [[5, 6, 7, 8], [11, 12]]},
    {"prompt": [50, 51, 52, 53, 54], "completions": [[40]]},
]


def divergence(case, student, teacher, common):
    s = torch.log_softmax(student[..., :common] / case["temperature"], -1)
    t = torch.log_softmax(teacher[..., :common] / case["temperature"], -1)
    kl = lambda p, q: (p.exp() * (p - q)).sum(-1)
    if case["kind"] == "forward":
        return kl(t, s)
    if case["kind"] == "reverse":
        return kl(s, t)
    beta = torch.tensor(case["jsd_beta"], dtype=torch.float64)
    m = torch.logsumexp(torch.stack([t + beta.log(), s + torch.log1p(-beta)]), 0)
    return beta * kl(t, m) + (1 - beta) * kl(s, m)


def solve_rows(case, common):
    student = torch.tensor(STUDENT, dtype=torch.float64, requires_grad=True)
    terms = divergence(case, student, torch.tensor(TEACHER, dtype=torch.float64), common)
    terms.sum().backward()
    s = torch.log_softmax(student[:, :common] / case["temperature"], -1)
    return case | {"common": common, "divergence": terms.tolist(), "entropy": (-(s.exp() * s).sum(-1)).tolist(),
                   "gradient": student.grad.tolist()}


def solve_top(case, count):
    student = torch.tensor(STUDENT, dtype=torch.float64, requires_grad=True)
    teacher = torch.tensor(TEACHER, dtype=torch.float64)[:, :5]
    # As a file has them: f32.
    log_p, tokens = [x[:, :count] for x in torch.sort(torch.log_softmax(teacher / case["temperature"], -1),
                                                      descending=True, stable=True)]
    log_p = log_p.float().double()
    log_q = torch.log_softmax(student / case["temperature"], -1)
    if case["kind"] == "forward":
        terms = (log_p.exp() * (log_p - log_q.gather(1, tokens))).sum(-1)
    else:
        terms = divergence(case | {"temperature": 1.0}, student.gather(1, tokens) / case["temperature"], log_p, count)
    terms.sum().backward()
    return case | {"tokens": tokens.tolist(), "log_probs": log_p.tolist(), "divergence": terms.tolist(),
                   "entropy": (-(log_q.exp() * log_q).sum(-1)).tolist(), "gradient": student.grad.tolist()}


def solve_model(case, student, teacher):
    common = min(student.config.vocab_size, teacher.config.vocab_size)
    student.zero_grad()
    terms = []
    for group in GROUPS:
        first = len(group["prompt"]) - 1
        for completion in group["completions"]:
            tokens = torch.tensor([group["prompt"] + completion])
            with torch.no_grad():
                reference = teacher(tokens).logits[0, first:-1]
            terms.append(divergence(case, student(tokens).logits[0, first:-1], reference, common))
    loss = torch.cat(terms).mean()
    loss.backward()
    return case | {"common": common, "value": loss.item(),
                   "gradient_norms": {name: p.grad.norm().item() for name, p in student.named_parameters()}}


def solve_credit(coefficient, discount):
    student, teacher = [-0.5, -1.2, -0.1, -3.0], [-0.7, -0.4, -0.1, -6.0]
    gains = [t - s for s, t in zip(student, teacher)]
    advantages = [coefficient * sum(discount ** (k - i) * gains[k] for k in range(i, len(gains)))
                  for i in range(len(gains))]
    return {"coefficient": coefficient, "discount": discount, "student": student, "teacher": teacher,
            "advantages": advantages}


def main():
    load = lambda name: AutoModelForCausalLM.from_pretrained(FOLDER / name, dtype=torch.float64)
    student, teacher = load("trl"), load("models/llama")
    lists = {
        "rows": [solve_rows(case, common) for case in KINDS for common in (5, 4)],
        "model": [solve_model(case, student, teacher) for case in KINDS],
        "top": [solve_top(case, count) for case in KINDS for count in (2, 5)],
        "credit": [solve_credit(c, d) for c, d in ((1.0, 0.0), (1.0, 0.5), (0.25, 1.0))],
    }
    text = {"student": STUDENT, "teacher": TEACHER, "groups": GROUPS}
    lines = [f' "{key}": {json.dumps(value)}' for key, value in text.items()]
    for key, cases in lists.items():
        lines.append(f' "{key}": [\n' + ",\n".join("  " + json.dumps(case) for case in cases) + "\n ]")
    (FOLDER / "divergence.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()

"""What tokens are drawn from under each sampling option, according to transformers.

    python make_sampling_goldens.py          rewrites tests/goldens/sampling.json

Made with torch 2.13.0 (CPU), transformers 5.23.0. Each case has `logits`, `options` (by the names of
SamplingOptions), `prompt` and `response` (token numbers, for the repetition penalty), and as results
`probabilities`, of the distribution that a token is drawn from after transformers' own processors in the
order of its generate(), and `log_probs`, log softmax(logits / temperature) in float64. Logits are float32
values; in some cases several are equal, so that ties are covered.
"""

import json
from pathlib import Path

import torch
from transformers.generation.logits_process import (
    MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, SequenceBiasLogitsProcessor, TemperatureLogitsWarper,
    TopKLogitsWarper, TopPLogitsWarper,
)

CASES = [
    dict(size=40),
    dict(size=40, temperature=0.6),
    dict(size=40, temperature=0.0),
    dict(size=40, temperature=0.0, repetition_penalty=1.8),
    dict(size=40, temperature=0.0, logit_bias=[[3, 9.0]]),
    dict(size=40, top_k=1),
    dict(size=40, top_k=7),
    dict(size=40, top_k=7, ties=4),
    dict(size=40, top_k=400),
    dict(size=40, top_p=0.9),
    dict(size=40, top_p=0.01),
    dict(size=40, top_p=0.5, temperature=1.7),
    dict(size=1500, top_p=0.95, temperature=0.6),
    dict(size=40, min_p=0.1),
    dict(size=40, min_p=0.02, temperature=0.7, ties=10),
    dict(size=40, top_k=12, top_p=0.8),
    dict(size=40, top_k=20, top_p=0.95, min_p=0.05, temperature=0.8),
    dict(size=40, repetition_penalty=1.3),
    dict(size=40, repetition_penalty=0.7),
    dict(size=40, logit_bias=[[0, 2.5], [7, -100.0], [39, 1.25]]),
    dict(size=40, logit_bias=[[5, 3.0]], repetition_penalty=1.5, top_k=15, top_p=0.9, min_p=0.03, temperature=1.2),
]


def make_case(seed, size, ties=0, **options):
    generator = torch.Generator().manual_seed(seed)
    logits = 2.5 * torch.randn(size, generator=generator)
    if ties:  # the most likely ones in descending pairs, then a run of equal ones
        order = logits.argsort(descending=True)
        logits[order[5:5 + ties]] = logits[order[5]].item()
    prompt = torch.randint(size, (5,), generator=generator)
    response = torch.cat([torch.randint(size, (4,), generator=generator), logits.argmax()[None]])

    ids = torch.cat([prompt, response])[None]
    scores = logits[None].clone()
    if bias := options.get("logit_bias"):
        scores = SequenceBiasLogitsProcessor({(token,): value for token, value in bias})(ids, scores)
    if (penalty := options.get("repetition_penalty", 1.0)) != 1:
        scores = RepetitionPenaltyLogitsProcessor(penalty)(ids, scores)
    temperature = options.get("temperature", 1.0)
    if temperature == 0:
        probabilities = torch.zeros(size, dtype=torch.float64)
        probabilities[scores[0].argmax()] = 1
    else:
        if temperature != 1:
            scores = TemperatureLogitsWarper(temperature)(ids, scores)
        if top_k := options.get("top_k"):
            scores = TopKLogitsWarper(top_k)(ids, scores)
        if top_p := options.get("top_p"):
            scores = TopPLogitsWarper(top_p)(ids, scores)
        if min_p := options.get("min_p"):
            scores = MinPLogitsWarper(min_p)(ids, scores)
        probabilities = scores[0].double().softmax(-1)
    log_probs = (logits.double() / (temperature or 1)).log_softmax(-1)
    return dict(
        options=options, prompt=prompt.tolist(), response=response.tolist(), logits=logits.tolist(),
        probabilities=[float(f"{p:.9g}") for p in probabilities.tolist()],
        log_probs=[float(f"{p:.9g}") for p in log_probs.tolist()],
    )


def main():
    cases = [make_case(seed, **case) for seed, case in enumerate(CASES)]
    text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
    (Path(__file__).parent / "sampling.json").write_text(text)


if __name__ == "__main__":
    main()

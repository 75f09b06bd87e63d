"""Reference numbers of the reinforcement-learning formulas: tests/goldens/losses.json.

    python make_loss_goldens.py           rewrites losses.json beside this file

Made with torch 2.13.0 (CPU), in float64; gradients are torch autograd's. Each formula is written here
as its paper has it, token by token, without regard for speed.

Legend: N sequences, R longest response; arrays [N][R] hold zeros past a response's end.

inputs      group [N]           which problem a sequence answers
            rewards [N]
            lengths [N]         response tokens
            mask [N][R]         1 where a token counts; sequence `masked_sequence` counts nowhere in `masked_mask`
            logp, old_logp, ref_logp, entropy [N][R]
advantages  by name, [N]; the std of a group is unbiased (divided by n - 1)
    grpo                (R - mean) / (std + eps), eps 1e-6            (grpo_trl: eps 1e-4)
    mean_only           R - mean                                      Dr. GRPO
    rloo                (n R - sum R) / (n - 1)
    maxrl               (R - mean) / (mean + eps), eps 1e-6
    reinforce_pp        R whitened over the batch's tokens: every token carries its sequence's R,
                        (R - mean) / sqrt(var + 1e-8), var unbiased
    reinforce_pp_baseline            R - group mean, then whitened over the batch's tokens
    *_by_sequence       the same whitened over sequences, each counting once
    undecided.*         grpo and mean_only with `undecided` sequences out of the statistics, at 0
uncertainty exp(-sharpness KL(p || 0.5)) of pass rates p (MGPO)
covariance  (A - mean A) (logp - mean logp) over the tokens of `mask`, row after row, A of `mean_only`; the `share` of
            them with the largest; those between `low` and `high`
top_entropy the (1 - share) quantiles of the entropies of `mask` (torch.quantile)
kl          k1 = d, k2 = d^2 / 2, k3 = exp(-d) + d - 1 per token, d = logp - ref_logp
overlong    min(0, (max_tokens - cache - length) / cache) for each length
losses      a list of cases: settings, then loss, d_logp [N][R], d_entropy [N][R].
    r = exp(logp - old_logp); A is the advantage named by the case; per token
    clip        max(-A r, -A clip(r, 1 - low, 1 + high)); with `dual_clip` c and A < 0: min(that, -c A)
    gspo        the same with r = exp(mean over the sequence of (logp - old_logp))
    cispo       -stop_gradient(clip(r, 1 - low, 1 + high)) A logp
    sapo        -A sigmoid(t (r - 1)) 4 / t, t = 0.8 where A > 0, else 1.3
    clip-cov    clip times 0 for the tokens of `high_covariance`
    kl-cov      -A r, + 0.7 |logp - old_logp| for the tokens of `high_covariance`
    then + kl_coefficient * KL - entropy_coefficient * entropy, and the aggregation (l loss, m mask):
    token-mean                  sum l m / sum m
    seq-mean-token-mean         mean over all N of (sum l m / max(1, sum m))
    seq-mean-token-sum          mean over all N of sum l m
    seq-mean-token-sum-norm     mean over all N of (sum l m / constant_length)
"""

import json
from pathlib import Path

import torch

GROUPS = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
LENGTHS = [3, 6, 1, 4, 2, 5, 6, 3, 4, 1]
REWARDS = [1.0, 0.0, 0.0, 1.5, 0.25, 0.0, 0.0, 1.0, 1.0, 1.0]  # the last group's are all equal
UNDECIDED = [2, 4]
MASKED_SEQUENCE = 6
CONSTANT_LENGTH = 8
EPSILON = 1e-6
SAPO_POSITIVE, SAPO_NEGATIVE, KL_COV = 0.8, 1.3, 0.7
HIGH_COVARIANCE = [(0, 1), (1, 3), (3, 2), (5, 1), (6, 0), (6, 2)]  # (sequence, token)


def make_inputs():
    generator = torch.Generator().manual_seed(7)
    shape = len(LENGTHS), max(LENGTHS)
    mask = (torch.arange(shape[1])[None] < torch.tensor(LENGTHS)[:, None]).double()

    def noise(scale):
        return scale * torch.randn(shape, generator=generator, dtype=torch.float64)

    old_logp = -noise(1.5).abs() - 0.1
    logp = old_logp + noise(0.3)
    logp[5, 1] = old_logp[5, 1] + 1.4  # a ratio above 4 with a negative advantage: for the dual clip
    logp[6, 2] = old_logp[6, 2] + 1.2  # above 3
    entropy = noise(1.0).abs()
    masked = mask.clone()
    masked[MASKED_SEQUENCE] = 0
    return {
        "group": torch.tensor(GROUPS),
        "rewards": torch.tensor(REWARDS, dtype=torch.float64),
        "lengths": torch.tensor(LENGTHS),
        "mask": mask,
        "masked_mask": masked,
        "logp": logp * mask,
        "old_logp": old_logp * mask,
        "ref_logp": (old_logp + noise(0.4)) * mask,
        "entropy": entropy * mask,
    }


def by_group(rewards, formula):
    """Applies a formula to each group's rewards."""
    groups = torch.tensor(GROUPS)
    advantages = torch.zeros_like(rewards)
    for g in groups.unique():
        advantages[groups == g] = formula(rewards[groups == g])
    return advantages


def whiten(values, weights):
    """Each value counts `weights` times: once for every token of its sequence, say."""
    count = weights.sum()
    mean = (values * weights).sum() / count
    variance = ((values - mean) ** 2 * weights).sum() / (count - 1)
    return (values - mean) / (variance + 1e-8).sqrt()


def make_advantages(inputs):
    rewards = inputs["rewards"]
    tokens = inputs["lengths"].double()
    once = torch.ones_like(rewards)

    def standardized(eps):
        return lambda r: (r - r.mean()) / (r.std() + eps)

    def centred(r):
        return r - r.mean()

    def leave_one_out(r):
        return (len(r) * r - r.sum()) / (len(r) - 1)

    baseline = by_group(rewards, centred)
    advantages = {
        "grpo": by_group(rewards, standardized(EPSILON)),
        "grpo_trl": by_group(rewards, standardized(1e-4)),
        "mean_only": baseline,
        "rloo": by_group(rewards, leave_one_out),
        "maxrl": by_group(rewards, lambda r: (r - r.mean()) / (r.mean() + EPSILON)),
        "reinforce_pp": whiten(rewards, tokens),
        "reinforce_pp_baseline": whiten(baseline, tokens),
        "reinforce_pp_by_sequence": whiten(rewards, once),
        "reinforce_pp_baseline_by_sequence": whiten(baseline, once),
    }
    for name, formula in {"grpo": standardized(EPSILON), "mean_only": centred}.items():
        advantages[f"undecided.{name}"] = without_undecided(rewards, formula)
    return advantages


def without_undecided(rewards, formula):
    groups = torch.tensor(GROUPS)
    decided = torch.ones_like(groups, dtype=torch.bool)
    decided[UNDECIDED] = False
    advantages = torch.zeros_like(rewards)
    for g in groups.unique():
        members = (groups == g) & decided
        advantages[members] = formula(rewards[members])
    return advantages


def kl_per_token(kind, logp, ref_logp):
    d = logp - ref_logp
    return {"k1": d, "k2": d**2 / 2, "k3": torch.exp(-d) + d - 1}[kind]


def policy_loss(case, logp, old_logp, advantages, mask):
    a = advantages[:, None]
    low, high = 1 - case["clip_low"], 1 + case["clip_high"]
    log_r = logp - old_logp
    if case["policy"] == "gspo":
        log_r = ((log_r * mask).sum(1) / mask.sum(1).clamp(min=1))[:, None].expand_as(logp)
    r = log_r.exp()
    clipped = r.clamp(low, high)
    if case["policy"] == "cispo":
        return -clipped.detach() * a * logp
    if case["policy"] == "sapo":
        t = torch.where(a > 0, SAPO_POSITIVE, SAPO_NEGATIVE)
        return -a * torch.sigmoid(t * (r - 1)) * 4 / t
    chosen = high_covariance(logp.shape)
    if case["policy"] == "kl-cov":
        return -a * r + KL_COV * chosen * log_r.abs()
    loss = torch.maximum(-a * r, -a * clipped)
    if case["policy"] == "clip-cov":
        loss = loss * (1 - chosen)
    if case["dual_clip"]:
        loss = torch.where(a < 0, torch.minimum(loss, -case["dual_clip"] * a), loss)
    return loss


def high_covariance(shape):
    """Some tokens, whatever their covariance."""
    chosen = torch.zeros(shape, dtype=torch.float64)
    for sequence, token in HIGH_COVARIANCE:
        chosen[sequence, token] = 1
    return chosen


def aggregate(kind, loss, mask):
    per_sequence = (loss * mask).sum(1)
    tokens = mask.sum(1)
    return {
        "token-mean": per_sequence.sum() / tokens.sum(),
        "seq-mean-token-mean": (per_sequence / tokens.clamp(min=1)).mean(),
        "seq-mean-token-sum": per_sequence.mean(),
        "seq-mean-token-sum-norm": (per_sequence / CONSTANT_LENGTH).mean(),
    }[kind]


CASE = dict(
    policy="clip", clip_low=0.2, clip_high=0.2, dual_clip=0, advantage="grpo", mask="mask",
    aggregation="token-mean", kl="none", kl_coefficient=0, entropy_coefficient=0, on_policy=False,
)
CASES = {
    "clipped ratio": {},
    "clipped ratio, mean per sequence": dict(aggregation="seq-mean-token-mean"),
    "clipped ratio, sum per sequence": dict(aggregation="seq-mean-token-sum"),
    "Dr. GRPO": dict(advantage="mean_only", aggregation="seq-mean-token-sum-norm"),
    "DAPO": dict(clip_high=0.28),
    "dual clip": dict(dual_clip=3),
    "first update on recorded log-probabilities": dict(on_policy=True),
    "GSPO": dict(policy="gspo", clip_low=3e-4, clip_high=4e-4, aggregation="seq-mean-token-mean"),
    "GSPO, wide": dict(policy="gspo", clip_low=0.1, clip_high=0.15, aggregation="seq-mean-token-mean"),
    "CISPO": dict(policy="cispo", clip_low=0.2, clip_high=0.28),
    "SAPO": dict(policy="sapo", aggregation="seq-mean-token-mean"),
    "Clip-Cov": dict(policy="clip-cov"),
    "KL-Cov": dict(policy="kl-cov", kl="k3", kl_coefficient=0.04),
    "KL k1": dict(kl="k1", kl_coefficient=0.04),
    "KL k2": dict(kl="k2", kl_coefficient=0.04),
    "KL k3": dict(kl="k3", kl_coefficient=0.04),
    "DeepScaleR": dict(kl="k3", kl_coefficient=0.001, entropy_coefficient=0.001),
    "RLOO": dict(advantage="rloo", aggregation="seq-mean-token-sum"),
    "a masked sequence, token mean": dict(mask="masked_mask", kl="k3", kl_coefficient=0.04),
    "a masked sequence, mean per sequence": dict(
        mask="masked_mask", aggregation="seq-mean-token-mean", entropy_coefficient=0.01),
    "a masked sequence, Dr. GRPO": dict(
        mask="masked_mask", advantage="mean_only", aggregation="seq-mean-token-sum-norm"),
}


def solve(name, changes, inputs, advantages):
    case = CASE | changes
    logp = inputs["logp"].clone().requires_grad_()
    entropy = inputs["entropy"].clone().requires_grad_()
    mask = inputs[case["mask"]]
    old_logp = inputs["logp"] if case["on_policy"] else inputs["old_logp"]
    loss = policy_loss(case, logp, old_logp, advantages[case["advantage"]], mask)
    if case["kl"] != "none":
        loss = loss + case["kl_coefficient"] * kl_per_token(case["kl"], logp, inputs["ref_logp"])
    loss = aggregate(case["aggregation"], loss - case["entropy_coefficient"] * entropy, mask)
    loss.backward()
    return {"name": name, **case, "loss": loss.item(), "d_logp": listed(logp.grad),
            "d_entropy": listed(entropy.grad)}


def make_overlong():
    max_tokens, cache = 100, 20
    lengths = [1, 79, 80, 81, 90, 99, 100]
    penalties = [min(0.0, (max_tokens - cache - n) / cache) for n in lengths]
    return {"max_tokens": max_tokens, "cache": cache, "lengths": lengths, "penalties": penalties}


def make_uncertainty():
    rates = torch.tensor([0.0, 0.125, 0.5, 0.75, 1.0], dtype=torch.float64)
    sharpness = 2.0
    half = torch.full_like(rates, 0.5)
    divergence = torch.xlogy(rates, rates / half) + torch.xlogy(1 - rates, (1 - rates) / half)
    return {"sharpness": sharpness, "pass_rates": listed(rates), "weights": listed(torch.exp(-sharpness * divergence))}


def make_covariance(inputs, advantages):
    valid = inputs["mask"] > 0
    a = advantages["mean_only"][:, None].expand_as(inputs["logp"])[valid]
    logp = inputs["logp"][valid]
    values = (a - a.mean()) * (logp - logp.mean())
    share, low, high = 0.15, 0.1, 0.5
    largest = torch.topk(values, max(1, int(len(values) * share))).indices.sort().values
    between = ((values > low) & (values < high)).nonzero()[:, 0]
    return {"share": share, "low": low, "high": high, "advantages": listed(a), "logp": listed(logp),
            "largest": listed(largest), "between": listed(between)}


def make_top_entropy(inputs):
    entropies = inputs["entropy"][inputs["mask"] > 0]
    shares = [0.2, 0.5, 1.0]
    return {"entropies": listed(entropies), "shares": shares,
            "thresholds": [torch.quantile(entropies, 1 - share).item() for share in shares]}


def listed(tensor):
    """Python numbers; no negative zeros, which only confuse a reader."""
    return (tensor + 0).tolist()


def main():
    inputs = make_inputs()
    advantages = make_advantages(inputs)
    goldens = {
        "inputs": {k: listed(v) for k, v in inputs.items()} | {
            "masked_sequence": MASKED_SEQUENCE, "undecided": UNDECIDED,
            "constant_length": CONSTANT_LENGTH, "high_covariance": HIGH_COVARIANCE,
            "sapo_temperatures": [SAPO_POSITIVE, SAPO_NEGATIVE], "kl_cov_coefficient": KL_COV},
        "advantages": {k: listed(v) for k, v in advantages.items()},
        "uncertainty": make_uncertainty(),
        "covariance": make_covariance(inputs, advantages),
        "top_entropy": make_top_entropy(inputs),
        "kl": {k: listed(kl_per_token(k, inputs["logp"], inputs["ref_logp"])) for k in ("k1", "k2", "k3")},
        "overlong": make_overlong(),
        "losses": [solve(name, changes, inputs, advantages) for name, changes in CASES.items()],
    }
    lines = []  # one line a value or case: a change shows as the line of what changed
    for part, content in goldens.items():
        if isinstance(content, list):
            body = ",\n".join("  " + json.dumps(item) for item in content)
            lines.append(f' "{part}": [\n{body}\n ]')
        else:
            body = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in content.items())
            lines.append(f' "{part}": {{\n{body}\n }}')
    (Path(__file__).parent / "losses.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()

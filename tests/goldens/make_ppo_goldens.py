"""Reference values of PPO: advantage estimation, the critic's loss, and whole steps on tiny models.

    python make_ppo_goldens.py            rewrites tests/goldens/ppo

Made with torch 2.13.0 (CPU), transformers 5.24.0, in float64. The formulas are those of verl's core_algos
(compute_gae_advantage_return, masked_whiten, compute_value_loss, compute_policy_loss with token-mean,
AdaptiveKLController), written anew.

gae.json
    rows        two responses of six positions: mask, values, log-probabilities of the policy and the reference, score;
                the divergence k1 is taken off the rewards times beta, the score stands at the last unmasked position
    rewards     of the positions
    cases       gamma, lambda; advantages, returns and whitened advantages, 0 where the mask is 0
    value       values, old_values, returns; for each clip (null: none) the mean loss over unmasked positions, its
                derivatives, and the share of clipped ones
    adaptive    coefficient after a step: coef, kl, target, n, horizon
    lambdas     length-adaptive: alpha, length, lambda
steps.json, steps.safetensors
    Two steps of PPO from the policy tests/goldens/trl and the critic tests/goldens/reward. A rollout has two problems
    with two responses each; two mini-batches (a problem each), two epochs.
    settings    of PPO and of the two optimizers (AdamW without weight decay)
    rollouts    per step: prompts, responses, rewards
    losses      per step, means over its updates: policy, value; and the critic's values before the step
    CASE/policy.NAME, CASE/critic.NAME    weights after the two steps
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

HERE = Path(__file__).parent
FOLDER = HERE / "ppo"
MASK = [[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 1]]
VALUES = [[0.2, 0.3, 0.1, 0.4, 0.9, 0.9], [-0.1, 0.0, 5.0, 0.25, 0.5, 0.6]]
LOGP = [[-1.0, -0.5, -2.0, -0.1, -9, -9], [-0.3, -0.7, -9, -1.2, -0.2, -0.05]]
REFERENCE = [[-1.1, -0.4, -1.5, -0.2, -9, -9], [-0.3, -0.9, -9, -1.0, -0.25, -0.04]]
SCORES, BETA = [1.0, 0.0], 0.05
NEW_VALUES = [[0.9, 0.25, 0.7, 0.35, 0.0, 0.0], [0.5, -0.7, 0.0, 0.3, 0.45, -0.2]]
PPO = dict(gamma=1.0, clip=0.2, value_clip=0.05, epochs=2, temperature=1.0)
CASES = [
    dict(name="plain", lam=0.95, critic_lam=0.95, alpha=None, whiten=True, kl=0.0, nll=0.0),
    dict(name="kl", lam=0.9, critic_lam=0.9, alpha=None, whiten=False, kl=0.05, nll=0.0),
    dict(name="vapo", lam=1.0, critic_lam=1.0, alpha=0.3, whiten=True, kl=0.0, nll=0.1),
]
POLICY_LR, CRITIC_LR, ADAM = 1e-3, 3e-3, dict(betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0)


def tensor(rows):
    return torch.tensor(rows, dtype=torch.float64)


def advantages_of(rewards, values, mask, gamma, lam):
    """Position by position from the end; what is masked carries the next value and advantage over."""
    out = torch.zeros_like(values)
    for row in range(len(values)):
        value = advantage = 0.0
        for t in reversed(range(values.shape[1])):
            if mask[row][t]:
                advantage = rewards[row, t] + gamma * value - values[row, t] + gamma * lam * advantage
                value = values[row, t]
                out[row, t] = advantage
    return out


def whitened(advantages, mask):
    chosen = advantages[mask]
    out = torch.zeros_like(advantages)
    out[mask] = (chosen - chosen.mean()) * torch.rsqrt(chosen.var() + 1e-8)
    return out


def value_losses(values, old, returns, clip):
    losses = (values - returns) ** 2
    if clip is None:
        return losses / 2, torch.zeros_like(losses, dtype=torch.bool)
    clipped = (torch.clamp(values, old - clip, old + clip) - returns) ** 2
    return torch.maximum(losses, clipped) / 2, clipped > losses


def make_gae():
    mask, values = torch.tensor(MASK, dtype=torch.bool), tensor(VALUES)
    rewards = -BETA * (tensor(LOGP) - tensor(REFERENCE)) * mask
    for row, last in enumerate([3, 5]):
        rewards[row, last] += SCORES[row]
    cases = []
    for gamma, lam in [(1.0, 1.0), (1.0, 0.95), (0.99, 0.9), (1.0, 0.0)]:
        advantages = advantages_of(rewards, values, mask, gamma, lam)
        cases.append({"gamma": gamma, "lambda": lam, "advantages": advantages.tolist(),
                      "returns": ((advantages + values) * mask).tolist(), "whitened": whitened(advantages, mask).tolist()})
    returns = tensor(cases[1]["returns"])
    value = {"values": NEW_VALUES, "returns": returns.tolist(), "cases": []}
    for clip in (None, 0.5, 0.2):
        new = tensor(NEW_VALUES).requires_grad_()
        losses, clipped = value_losses(new, values, returns, clip)
        loss = losses[mask].mean()
        loss.backward()
        value["cases"].append({"clip": clip, "loss": loss.item(), "derivatives": new.grad.tolist(),
                               "clipped": clipped[mask].double().mean().item()})
    adaptive = [{"coef": 0.1, "kl": kl, "target": 0.1, "n": 1024, "horizon": 10000,
                 "next": 0.1 * (1 + min(max(kl / 0.1 - 1, -0.2), 0.2) * 1024 / 10000)} for kl in (0.05, 0.11, 0.5)]
    lambdas = [{"alpha": a, "length": n, "lambda": 1 - 1 / max(1, a * n)} for a in (0.05, 1.5) for n in (4, 20, 100, 8192)]
    text = json.dumps({"mask": MASK, "values": VALUES, "logp": LOGP, "reference": REFERENCE, "score": SCORES, "beta": BETA,
                       "rewards": rewards.tolist(), "cases": cases, "value": value, "adaptive": adaptive,
                       "lambdas": lambdas}, indent=1)
    (FOLDER / "gae.json").write_text(text + "\n")


def make_rollouts():
    generator = torch.Generator().manual_seed(23)

    def tokens(low, high):
        count = torch.randint(low, high + 1, (1,), generator=generator).item()
        return torch.randint(3, 67, (count,), generator=generator).tolist()

    return [{"prompts": [tokens(2, 6) for _ in range(2)],
             "responses": [[tokens(3, 10) for _ in range(2)] for _ in range(2)],
             "rewards": [[1.0, 0.0], [0.0, 1.0]]} for _ in range(2)]


def log_probs(model, prompt, response):
    logits = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
    return logits.log_softmax(-1).gather(1, torch.tensor(response)[:, None])[:, 0]


def values_of(critic, prompt, response):
    hidden = critic.model(torch.tensor([prompt + response])).last_hidden_state[0, len(prompt) - 1 : -1]
    return critic.score(hidden)[:, 0]


def step(case, policy, critic, reference, optimizers, rollout):
    samples = []
    for prompt, responses, rewards in zip(rollout["prompts"], rollout["responses"], rollout["rewards"]):
        samples.append([])
        for response, reward in zip(responses, rewards):
            with torch.no_grad():
                old, values = log_probs(policy, prompt, response), values_of(critic, prompt, response)
                kl = old - log_probs(reference, prompt, response)
            token_rewards = -case["kl"] * kl
            token_rewards[-1] += reward
            n, gamma = len(response), PPO["gamma"]
            lam = 1 - 1 / max(1, case["alpha"] * n) if case["alpha"] else case["lam"]
            mask = torch.ones(1, n, dtype=torch.bool)
            row = token_rewards[None], values[None], mask, gamma
            samples[-1].append({"prompt": prompt, "response": response, "right": reward == 1.0, "old": old, "values": values,
                                "advantages": advantages_of(*row, lam)[0],
                                "returns": advantages_of(*row, case["critic_lam"])[0] + values})
    flat = [s for group in samples for s in group]
    if case["whiten"]:
        everything = torch.cat([s["advantages"] for s in flat])
        for s in flat:
            s["advantages"] = (s["advantages"] - everything.mean()) * torch.rsqrt(everything.var() + 1e-8)
    policy_losses, value_losses_ = [], []
    for _ in range(PPO["epochs"]):
        for group in samples:
            tokens = sum(len(s["response"]) for s in group)
            right = sum(len(s["response"]) for s in group if s["right"])
            loss = 0.0
            for s in group:
                new = log_probs(policy, s["prompt"], s["response"])
                ratio = (new - s["old"]).exp()
                clipped = ratio.clamp(1 - PPO["clip"], 1 + PPO["clip"])
                loss = loss + torch.maximum(-s["advantages"] * ratio, -s["advantages"] * clipped).sum() / tokens
                if s["right"]:
                    loss = loss - case["nll"] * new.sum() / right
            policy_losses.append(update(optimizers[0], loss))
    for _ in range(PPO["epochs"]):
        for group in samples:
            tokens = sum(len(s["response"]) for s in group)
            loss = sum(value_losses(values_of(critic, s["prompt"], s["response"]), s["values"], s["returns"],
                                    PPO["value_clip"])[0].sum() for s in group) / tokens
            value_losses_.append(update(optimizers[1], loss))
    return {"policy": sum(policy_losses) / len(policy_losses), "value": sum(value_losses_) / len(value_losses_),
            "values": [[s["values"].tolist() for s in group] for group in samples]}


def update(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
    optimizer.step()
    return loss.item()


def make_steps():
    rollouts, lines, tensors = make_rollouts(), [], {}
    for case in CASES:
        policy, reference = (transformers.AutoModelForCausalLM.from_pretrained(HERE / "trl", dtype=torch.float64)
                             for _ in range(2))
        critic = transformers.AutoModelForSequenceClassification.from_pretrained(HERE / "reward", dtype=torch.float64)
        critic.config.pad_token_id = None
        optimizers = (torch.optim.AdamW(policy.parameters(), lr=POLICY_LR, **ADAM),
                      torch.optim.AdamW(critic.parameters(), lr=CRITIC_LR, **ADAM))
        steps = [step(case, policy, critic, reference, optimizers, rollout) for rollout in rollouts]
        lines.append(json.dumps(case | {"steps": steps}))
        for name, model in (("policy", policy), ("critic", critic)):
            tensors |= {f"{case['name']}/{name}.{n}": p.data.float().clone() for n, p in model.named_parameters()}
    settings = json.dumps(PPO | {"policy_lr": POLICY_LR, "critic_lr": CRITIC_LR, "adam_eps": ADAM["eps"]})
    (FOLDER / "steps.json").write_text(
        f'{{"settings": {settings},\n "rollouts": [\n  ' + ",\n  ".join(map(json.dumps, rollouts)) +
        '\n],\n "cases": [\n  ' + ",\n  ".join(lines) + "\n]}\n")
    save_file(tensors, FOLDER / "steps.safetensors")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    make_gae()
    make_steps()

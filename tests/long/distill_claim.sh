#!/usr/bin/env bash
# On-policy distillation beside the reinforcement learning that made its teacher. For each seed: the demo; then from
# the demo's cold start `distill` with the demo's final model as the teacher, and no rewards. The claim: the
# student's pass@1 equals the teacher's (the interval of their difference, paired by problem, includes 0) after at
# most a third of the tokens that reinforcement learning has sampled. The table says whether it holds; a claim that
# fails is no failure of the script.
#
#     tests/long/distill_claim.sh MODEL [FOLDER]      MODEL: SmolLM2-135M-Instruct; FOLDER keeps the runs
#
# SEEDS="1 2 3" and PROBLEMS=512 (held out, for the comparison) may be set. The same command goes on with what is in
# the folder. A seed takes about as long as twice the demo (./run.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."

model=$(realpath "${1:?name a model}")
folder=${2:-}
if [[ -z $folder ]]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder"
folder=$(realpath "$folder")
deepscaler=build/deepscaler

# 16 responses a step, so that there are about as many updates as the demo has.
cat >"$folder/distill.toml" <<'RECIPE'
token_budget = 2048

[prompt]
text = "{problem}"
system = "Add step by step."

[[stage]]
kind = "distill"
steps = 20
sampling.problems_per_step = 8
sampling.samples_per_problem = 2
sampling.max_response_tokens = 112
optimizer.lr = 3e-5
data.kinds = ["add", "sum3"]
data.count = 512
RECIPE

# Tokens sampled in the steps of a run, from the lengths in its rollouts.
sampled() {
  python3 - "$1" <<'PYTHON'
import json, pathlib, sys
total = 0
for file in sorted(pathlib.Path(sys.argv[1], "rollouts").glob("step-*.jsonl")):
    with open(file) as lines:
        total += sum(len(json.loads(line)["token_ids"]) for line in lines)
print(total)
PYTHON
}

evaluate() {  # CHECKPOINT REPORT
  [[ -e $2 ]] && return
  "$deepscaler" eval --model "$1" --kind add,sum3 --count "${PROBLEMS:-512}" --prompt '{problem}' \
    --system 'Add step by step.' --temperature 0.6 --max-response-tokens 112 --output "$2" >/dev/null
}

rows=()
for seed in ${SEEDS:-1 2 3}; do
  demo=$folder/demo-$seed student=$folder/student-$seed
  "$deepscaler" train recipes/demo.toml --set "model.path=$model" --set "seed=$seed" --output "$demo"
  start=$(realpath "$demo"/checkpoints/01-*) teacher=$(realpath "$demo"/checkpoints/03-*)
  "$deepscaler" train "$folder/distill.toml" --set "model.path=$start" --set "seed=$seed" \
    --set "stage.0.teacher.model=$teacher" --output "$student"
  evaluate "$start" "$folder/start-$seed.json"
  evaluate "$teacher" "$folder/teacher-$seed.json"
  evaluate "$(realpath "$student"/checkpoints/01-*)" "$folder/student-$seed.json"
  "$deepscaler" eval --compare "$folder/start-$seed.json" "$folder/student-$seed.json" >"$folder/gain-$seed.md"
  "$deepscaler" eval --compare "$folder/teacher-$seed.json" "$folder/student-$seed.json" >"$folder/claim-$seed.md"
  rows+=("$seed $(sampled "$demo") $(sampled "$student")")
done

python3 - "$folder" "${rows[@]}" <<'PYTHON'
import pathlib, re, sys

folder = pathlib.Path(sys.argv[1])


def average(name):
    """The cells of the table's last row: the difference, with its interval, over both kinds of problems."""
    row = [line for line in (folder / name).read_text().splitlines() if line.startswith("| average")][0]
    return [cell.strip() for cell in row.split("|")][4]


holds = []
print("\nseed   student - start       student - teacher     sampled by RL   by distill   share   claim")
for row in sys.argv[2:]:
    seed, rl, distill = (int(number) for number in row.split())
    gain, difference = average(f"gain-{seed}.md"), average(f"claim-{seed}.md")
    low, high = (float(number) for number in re.search(r"\[\s*(\S+),\s*(\S+)\s*\]", difference).groups())
    holds.append(low <= 0 <= high and distill <= rl / 3)
    print(f"{seed:4}   {gain:20}  {difference:20}  {rl:13,}   {distill:10,}   {distill / rl:5.2f}   "
          f"{'holds' if holds[-1] else 'fails'}")
print(f"pass@1 in %, with 95 % intervals, paired by problem; the claim holds for {sum(holds)} of {len(holds)} seeds")
PYTHON

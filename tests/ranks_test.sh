#!/usr/bin/env bash
# ranks_test.sh PROGRAM RECIPES: a run computed by several processes has the bits of one, however many there are, when
# one of them is killed, and when they are asked to stop. Exits 77, skipped, where there is no mpirun.
set -euo pipefail
program=$1 recipes=$(realpath "$2")
[[ -e $(dirname "$program")/libdeepscaler_mpi.so ]] && command -v mpirun >/dev/null || exit 77
source "$(dirname "$0")/program.sh"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none HWLOC_COMPONENTS=-gl OMPI_MCA_mpi_yield_when_idle=1

# on RANKS ARGUMENT...
on() {
  local count=$1
  shift
  mpirun -n "$count" --bind-to none "$program" "$@" --threads 1
}

for i in 0 1 2 3 4 5 6 7; do
  echo "{\"id\": \"$i\", \"problem\": \"p$i\", \"answer\": \"$((i % 3))\", \"solution\": \"\\\\boxed{$((i % 3))}\"}"
done >problems.jsonl
for i in 0 1 2 3; do
  echo "{\"prompt\": \"p$i\", \"chosen\": \"\\\\boxed{$((i % 3))}\", \"rejected\": \"\\\\boxed{$(((i + 1) % 3))}\"}"
done >pairs.jsonl
for i in 0 1 2 3; do
  echo "{\"prompt\": \"p$i\", \"completions\": [\"0\", \"$((i % 3))\"], \"labels\": [true, $((i % 3 == 0))]}"
done >steps.jsonl
cat >reward.sh <<'END'
#!/bin/sh
echo started >>starts
while read -r line; do echo "$(($(od -An -N1 -tu1 /dev/urandom) % 2))"; done
END
chmod +x reward.sh
cat >recipe.toml <<END
gradients = "fixed"
token_budget = 128
model.random = "$recipes/tiny-model"
prompt.text = "{problem}"
eval = {every = 2, samples = 2, max_response_tokens = 12, data = {files = ["problems.jsonl"]}}
output.save_every = 2
[[stage]]
kind = "sft"
name = "cold start"
steps = 30
examples_per_step = 8
data.files = ["problems.jsonl"]
eval_share = 0.3
optimizer.lr = 1e-2
[[stage]]
kind = "grpo"
name = "RL"
steps = 6
data.files = ["problems.jsonl"]
sampling = {problems_per_step = 4, samples_per_problem = 4, max_response_tokens = 12}
loss = {mini_batches = 2, kl_coefficient = 0.01, reference_every_rollouts = 2, top_entropy_share = 0.5}
optimizer.lr = 1e-3
[[stage]]
kind = "gkd"
name = "near"
steps = 2
examples_per_step = 4
student_share = 0.5
data.files = ["problems.jsonl"]
teacher.model = "stage cold start"
sampling.max_response_tokens = 12
optimizer.lr = 1e-3
[[stage]]
kind = "reward-model"
name = "scores"
steps = 2
examples_per_step = 3
data.files = ["pairs.jsonl"]
optimizer.lr = 1e-3
[[stage]]
kind = "process-reward-model"
name = "steps"
steps = 2
examples_per_step = 3
data.files = ["steps.jsonl"]
eval_files = ["steps.jsonl"]
optimizer.lr = 1e-3
[[stage]]
kind = "ppo"
name = "critic"
steps = 2
data.files = ["problems.jsonl"]
sampling = {problems_per_step = 4, samples_per_problem = 2, max_response_tokens = 12}
critic = {model = "stage scores", optimizer.lr = 1e-3}
optimizer.lr = 1e-3
[[stage]]
kind = "dpo"
name = "pairs"
steps = 2
examples_per_step = 3
data.files = ["pairs.jsonl"]
optimizer.lr = 1e-3
END

# same FOLDER: it holds the run that one process made.
same() {
  "$program" diff one "$1" >out 2>err || fail "$1: $(cat err)"
  grep -q 'the runs differ in time at most' out || fail "$1: $(cat out)"
}

"$program" train recipe.toml --output one --threads 2 >log 2>&1 || fail "one rank: $(cat log)"
for count in 2 3; do
  on "$count" train recipe.toml --output "on-$count" >"log-$count" 2>&1 || fail "$count ranks: $(cat "log-$count")"
  same "on-$count"
done
grep -q '^2 ranks compute the run$' log-2 || fail "it does not say on how many ranks: $(cat log-2)"
grep -q '"time/rank/wait_max":[0-9.e-]*,"time/rank/mib":' on-3/metrics.jsonl || fail "it does not say how ranks waited"
grep -q time/rank one/metrics.jsonl && fail "one rank waits for none"
[[ $(grep -c '^the run is in ' log-2) == 1 ]] || fail "each rank speaks: $(cat log-2)"

# until_step N FOLDER: waits for its record.
until_step() {
  for _ in $(seq 600); do
    grep -qs "\"step\":$1," "$2/metrics.jsonl" && return
    sleep 0.05
  done
  fail "step $1 does not come: $(cat log)"
}
ranks_of() { pgrep -f -- "$program train recipe.toml --output $1 " | grep -vx "$mpirun"; }

# A killed rank ends all; another number of ranks goes on.
on 2 train recipe.toml --output killed >log 2>&1 &
mpirun=$!
until_step 32 killed
kill -KILL "$(ranks_of killed | tail -n 1)"
status=0
wait "$mpirun" || status=$?
[[ $status != 0 ]] || fail "a killed rank goes unnoticed"
on 3 train recipe.toml --output killed >log 2>&1 || fail "resumed on 3 ranks: $(cat log)"
grep -q '^goes on after step ' log || fail "begins anew: $(cat log)"
same killed

# Asked to stop, all leave at the same point; one goes on alone.
on 2 train recipe.toml --output stopped >log 2>&1 &
mpirun=$!
until_step 31 stopped
kill -TERM "$(ranks_of stopped | tail -n 1)"
wait "$mpirun" || fail "asked to stop: $(cat log)"
grep -q '^stopped after step [0-9]*, which is saved; the same command goes on from there$' log || fail "$(cat log)"
"$program" train recipe.toml --output stopped --threads 1 >log 2>&1 || fail "resumed alone: $(cat log)"
same stopped

# A program of the user's is run once for all.
on 2 train recipe.toml --output rewarded --set 'stage.1.reward.command=[{name = "mine", program = ["./reward.sh"]}]' \
  >log 2>&1 || fail "a reward program: $(cat log)"
[[ $(wc -l <starts) == 6 ]] || fail "the reward program was started $(wc -l <starts) times"

# A rank with a recipe of its own.
cat >differ.sh <<'END'
#!/bin/sh
[ "$OMPI_COMM_WORLD_RANK" = 1 ] && set -- "$@" --set stage.1.sampling.temperature=0.5
exec "$PROGRAM" "$@"
END
chmod +x differ.sh
status=0
PROGRAM=$program mpirun -n 2 --bind-to none ./differ.sh train recipe.toml --output differ --threads 1 >out 2>err || status=$?
[[ $status == 1 ]] && grep -q "^deepscaler: rank [01] on $(hostname): rank 1 on $(hostname): the hash of the recipe is " err ||
  fail "ranks with other recipes: exit code $status, $(cat err)"

status=0
on 2 train recipe.toml --output float --set 'gradients="f32"' >out 2>err || status=$?
message="deepscaler: rank 0 on $(hostname): gradients: is \"f32\", and 2 ranks would each have a number of their own; set gradients = \"fixed\": any number of ranks then ends in the same bits"
[[ $status == 1 && $(grep '^deepscaler: ' err) == "$message" ]] || fail "exit code $status, $(cat err)"

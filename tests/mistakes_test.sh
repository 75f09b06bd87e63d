#!/usr/bin/env bash
# What people get wrong in recipes, data and command lines, and what runs claim: exact texts, from outside.
# mistakes_test.sh PROGRAM RECIPES
set -euo pipefail
program=$1
recipes=$2
source "$(dirname "$0")/program.sh"

make_tiny_model

# recipe LINE...: writes r.toml: a stage of RL on train.jsonl, and these lines in it.
recipe() {
  cat >r.toml <<END
model.random = "$recipes/tiny-model"
prompt.text = "{problem}"
eval.max_response_tokens = 4
[[stage]]
kind = "grpo"
steps = 1
data.files = ["train.jsonl"]
sampling.problems_per_step = 2
sampling.samples_per_problem = 2
sampling.max_response_tokens = 4
END
  printf '%s\n' "$@" >>r.toml
}
printf '{"id": "%s", "problem": "1+%s=", "answer": "%s", "topic": "sums"}\n' a 1 2 b 2 3 c 3 4 >train.jsonl
printf '{"problem": "2+%s=", "answer": "%s"}\n' 1 3 2 4 >held-out.jsonl
rl() { refuses 1 "deepscaler: $1" train r.toml --output "never$RANDOM" "${@:2}"; }

# A command that takes a file and has commands below it.
refuses 2 "deepscaler: unknown option --ouput; did you mean --output?" data p.toml --ouput x
printf '[[step]]\nkind = "judge"\n' >p.toml
refuses 1 'deepscaler: p.toml:2: "step.0.kind" can'"'"'t be "judge"; known are ingest, answers, proofs, gradable, duplicates, decontaminate, difficulty, split, pools, mix, write' data p.toml --output never-made

# Keys: misspelt ones that are required, of the wrong level, of another program, of another kind.
recipe && sed -i 's/^steps/stpes/' r.toml
rl 'r.toml:6: unknown key "stage.0.stpes"; did you mean "steps"?'
recipe && sed -i 's/^kind/knid/' r.toml
rl 'r.toml:5: unknown key "stage.0.knid"; did you mean "kind"?'
recipe '[[stage.reward.command]]' 'nmae = "x"' 'program = ["true"]'
rl 'r.toml:12: unknown key "stage.0.reward.command.0.nmae"; did you mean "name"?'
while IFS='|' read -r key meant; do
  recipe "$key = 1"
  rl "r.toml:11: unknown key \"stage.0.$key\"; did you mean \"$meant\"?"
done <<'END'
beta|stage.0.loss.kl_coefficient
num_generations|stage.0.sampling.samples_per_problem
max_completion_length|stage.0.sampling.max_response_tokens
learning_rate|stage.0.optimizer.lr
temperature|stage.0.sampling.temperature
max_grad_norm|stage.0.optimizer.max_grad_norm
kl_loss_coef|stage.0.loss.kl_coefficient
END
recipe 'epochs = 2'
rl 'r.toml:11: unknown key "stage.0.epochs"; it belongs to kind = "sft"'
recipe
sed -i 's/{problem}/{problem} within \\boxed{}/' r.toml
rl 'r.toml:2: "prompt.text" has \boxed, which TOML takes for a control character; write \\boxed, or put the text between single quotes'
recipe 'sampling.problems_per_step = 1048577'
sed -i '8d' r.toml
rl 'r.toml:10: "stage.0.sampling.problems_per_step" must be >= 1 and <= 1048576, not 1048577; change the value'
recipe
rl "r.toml: stage.0.sampling: asks for 65536 responses to each of 1048576, more than 16777216 in all; lower the number of samples, or divide the work" \
  --set stage.0.sampling.problems_per_step=1048576 --set stage.0.sampling.samples_per_problem=65536

# Keys that a stage of pairs has no use for.
pairs() {
  recipe
  sed -i -e 's/"grpo"/"dpo"/' -e '/^sampling/d' -e 's/train.jsonl/pairs.jsonl/' r.toml
  printf '%s\n' "$@" >>r.toml
}
printf '{"prompt": "1+1=", "chosen": "2", "rejected": "3"}\n' >pairs.jsonl
pairs 'data.pass_rate = [0.1, 0.9]'
rl 'r.toml: stage.0: sets data.pass_rate or data.min_prompt_tokens, which choose problems; a stage of kind dpo trains on examples; leave them out'
pairs 'data.kinds = ["add"]' 'data.count = 1'
rl 'r.toml: stage.0: has data.kinds, and generated problems are no preference pairs; name files of pairs in data.files'
pairs 'reference = "stage before"'
rl 'r.toml: stage.0.reference is "stage before", which names no stage before it; name one by its name, as "stage NAME"'

# Names of other programs that stand for a key of one kind of stage.
pairs 'beta = 0.1'
rl 'r.toml:9: unknown key "stage.0.beta"; did you mean "reference_beta"?'
recipe && sed -i -e 's/"grpo"/"sft"/' -e '/^sampling/d' r.toml && printf 'beta = 0.1\n' >>r.toml
rl 'r.toml:9: unknown key "stage.0.beta"; it is "loss.kl_coefficient" here, which belongs to kind = "grpo"'
recipe && sed -i -e 's/"grpo"/"gkd"/' -e '/^sampling/d' r.toml
printf 'teacher.model = "stage 0"\nbeta = 0.1\n' >>r.toml
rl 'r.toml:10: unknown key "stage.0.beta"; did you mean "jsd_beta"?'

# Keys of other programs, at the places where they have them.
while IFS='|' read -r key meant; do
  recipe
  rl "--set $key=1: unknown key \"$key\"; did you mean $meant?" --set "$key=1"
done <<'END'
actor_rollout_ref.rollout.n|"stage.N.sampling.samples_per_problem"
actor_rollout_ref.rollout.val_kwargs.n|"eval.samples" or "stage.N.eval.samples"
actor_rollout_ref.rollout.response_length|"eval.max_response_tokens" or "stage.N.sampling.max_response_tokens"
actor_rollout_ref.actor.optim.lr_warmup_steps|"stage.N.optimizer.warmup_steps" or "stage.N.critic.optimizer.warmup_steps"
actor_rollout_ref.actor.clip_ratio_high|"stage.N.loss.clip_high"
actor_rollout_ref.model.path|"model.path"
algorithm.kl_ctrl.kl_coef|"stage.N.loss.kl_coefficient"
algorithm.adv_estimator|"stage.N.loss.advantage"
data.train_batch_size|"stage.N.sampling.problems_per_step"
data.max_prompt_length|"stage.N.sampling.max_prompt_tokens"
trainer.save_freq|"output.save_every"
reward_model.overlong_buffer.len|"stage.N.reward.overlong_buffer_tokens"
custom_reward_function.path|"stage.N.reward.command.N.program"
init_kl_coef|"stage.N.loss.kl_coefficient"
rollout_batch_size|"stage.N.sampling.problems_per_step"
micro_train_batch_size|"token_budget"
n_samples_per_prompt|"stage.N.sampling.samples_per_problem"
actor_learning_rate|"stage.N.optimizer.lr" or "stage.N.critic.optimizer.lr"
eps_clip|"stage.N.loss.clip_low"
pretrain|"model.path"
END

# Early: what a rollout would find out after hours.
recipe
rl "r.toml: stage.0.reward: reward mine: can't start nosuchprogram: there is no such program; check the program's path and permissions" \
  --set stage.0.reward.command.0.name=mine --set 'stage.0.reward.command.0.program=["nosuchprogram"]'
sed -e 's/"grpo"/"sft"\nname = "first"/' -e '/^sampling/d' -e 's/^data.files.*/data.kinds = ["sub"]\ndata.count = 4/' r.toml >from.toml
printf '[[stage]]\nkind = "sft"\nsteps = 1\ndata.from = "stage first"\n' >>from.toml
refuses 1 'deepscaler: from.toml: stage.1.data.from is "stage first", a stage of kind sft, which writes no data; name files in data.files' \
  train from.toml --output never
sed '/^data.from/d; /"stage first"/d' from.toml >none.toml
for key in stage.0.data.count eval.data.count; do
  refuses 1 "deepscaler: --set $key=0: \"$key\" is 0, and kinds asks for generated problems; set it to their number" \
    train none.toml --output never --set $key=0 --set "${key%count}kinds=[\"add\"]"
done
refuses 1 "deepscaler: --set seed=4: has no effect, since the seeds are those of --seeds; leave it out" seeds r.toml --set seed=4
refuses 1 "deepscaler: run: is a run's folder, not a model; name one of the checkpoints in run/checkpoints" \
  train r.toml --output never --set model.random= --set model.path=run
for command in "inspect" "eval --kind add --model" "generate --prompt x --model" "tokenize --text x --model" \
  "convert --output none --model" "bench decode --model" "bench train --model" "bench grpo --prompts x --model" \
  "bench tokenize --input x --model" \
  "quantize --type Q8_0 --output none --model" "imatrix --text train.jsonl --output none --model" \
  "perplexity --text train.jsonl --model"; do
  refuses 1 "deepscaler: run: is a run's folder, not a model; name one of the checkpoints in run/checkpoints" $command run
done

# Tables that a data pipeline reads.
for ending in csv parquet gz; do
  echo "problem,answer" >table.$ending
  refuses 1 "deepscaler: table.$ending: is a .$ending file, and data here are JSON or JSON Lines; make a data set of it with \`deepscaler data\`" \
    eval --model $model --data table.$ending
done

# The same data named twice, and copies of it.
refuses 1 "deepscaler: ./train.jsonl: is the same file as train.jsonl, and its problems would count twice; name it once" \
  eval --model $model --data train.jsonl ./train.jsonl
cp train.jsonl copy.jsonl
"$program" eval --model $model --data train.jsonl copy.jsonl --max-response-tokens 2 >/dev/null 2>err
grep -qx 'warning: --data: 3 of 6 problems are copies of others, so intervals are narrower than they should be' err || fail "$(cat err)"
grep -qx 'warning: --data: 3 of 6 problems have an id that came before, or the same text without one; -2 and so on is appended' err || fail "$(cat err)"
refuses 2 "Run with --help for more information." eval --model $model --data train.jsonl --count 2
grep -qx -- '--count requires --kind' err || fail "--count without --kind: $(cat err)"

# Text that is not UTF-8.
printf 'caf\xe9 %0900d' 1 >latin1.txt
latin1=$(printf 'caf\xe9')
for command in "tokenize --input" "perplexity --context 64 --text" "imatrix --context 64 --output none.gguf --text"; do
  refuses 1 "deepscaler: latin1.txt: is not UTF-8 at byte 4; save the file as UTF-8" $command latin1.txt --model $model
done
for command in "tokenize --text" "generate --prompt" "generate --input prompts.jsonl --output none.jsonl --stop" \
  "eval --kind add --prompt" "eval --kind add --system"; do
  refuses 2 "Run with --help for more information." ${command%% *} --model $model ${command#* } "$latin1"
  grep -qx -- "${command##* }: is not UTF-8 at byte 4; give UTF-8" err || fail "$command: $(cat err)"
done
refuses 2 "Run with --help for more information." train r.toml --set "prompt.text={problem}$latin1"
grep -qx -- "--set: is not UTF-8 at byte 25; give UTF-8" err || fail "--set: $(cat err)"
printf '{"problem": "1+1", "answer": NaN}\n' >nan.jsonl
refuses 1 "deepscaler: nan.jsonl:1: has the word NaN at byte 30, which is no JSON; write null, true, false or a number, or put a text between double quotes" \
  eval --model $model --data nan.jsonl
printf '{"problem": "1+1 \\ud83d", "answer": "2"}\n' >half.jsonl
refuses 1 "deepscaler: half.jsonl:1: has half of a character at byte 24: a surrogate without its other half; write the whole character, or leave it out" \
  eval --model $model --data half.jsonl
printf '{"problem": "1+1", "answer": "(1,)\\\\begin{"}\n' >unreadable.jsonl
"$program" eval --model $model --data unreadable.jsonl --max-response-tokens 2 >/dev/null 2>err
grep -q "^warning: unreadable.jsonl:1: the verifier can't read its answer '.*': responses with an answer are undecided, others have none$" err || fail "$(cat err)"

# Words of a command line that there are not, before what is missing because of them.
refuses 2 'deepscaler: unknown command trian; did you mean train?' trian r.toml
refuses 2 'deepscaler: unknown command decod; did you mean decode?' bench decod --model $model
refuses 2 'deepscaler: unknown option --promt; did you mean --prompt?' generate --model $model --promt "hi"
refuses 2 'deepscaler: unknown option --ouput; did you mean --output?' eval --model $model --data train.jsonl --ouput=x.json
refuses 2 'deepscaler: unknown option --max-tokens; did you mean --max-response-tokens?' generate --model $model --max-tokens 4
refuses 2 'deepscaler: unknown option --qqqqqqqq; run with --help for those there are' eval --model $model --qqqqqqqq 3

# A model folder that is not whole, or may not be read.
mkdir empty
refuses 1 "deepscaler: empty: has no tokenizer.json; name a folder that holds a whole Hugging Face model" inspect empty
touch empty/tokenizer.model
refuses 1 "deepscaler: empty: has its tokenizer in tokenizer.model, and no tokenizer.json; save it with transformers: AutoTokenizer.from_pretrained(M).save_pretrained(M)" inspect empty
cp $model/tokenizer.json empty
refuses 1 "deepscaler: empty: has no config.json; name a folder that holds a Hugging Face model" inspect empty
cp -r "$(realpath $model)" secret && chmod 0 secret/model.safetensors train.jsonl
program=./held refuses 1 "deepscaler: secret/model.safetensors: can't open: Permission denied; check the path and its permissions" inspect secret
program=./held refuses 1 "deepscaler: train.jsonl: can't open: Permission denied; check the path and its permissions" eval --model $model --data train.jsonl
chmod 600 train.jsonl
refuses 1 "deepscaler: none.jsonl: can't open: No such file or directory; check the path and its permissions" eval --model $model --data none.jsonl

# A full disk behind a redirection.
for command in "problems --kind add --count 5" "tokenize --model $model --text hi" "inspect $model" "plan tiny.toml"; do
  status=0
  "$program" $command >/dev/full 2>err || status=$?
  [[ $status == 1 && $(tail -n 1 err) == "deepscaler: "*[sS]pace* ]] || fail "'$command' to a full disk exits $status: $(cat err)"
done

# Only a part of the data.
"$program" eval --model $model --data train.jsonl --limit 2 --max-response-tokens 2 2>err | grep -q '^| train *| 2 ' || fail "--limit: $(cat err)"
grep -q "^model .*: f32, [a-z0-9]* kernels, [0-9]* threads" err || fail "the precision is not said: $(cat err)"
printf '{"prompt": "%s"}\n' a b c >prompts.jsonl
"$program" generate --model $model --input prompts.jsonl --output two.jsonl --limit 2 --max-response-tokens 2 2>/dev/null
[[ $(wc -l <two.jsonl) == 2 ]] || fail "generate --limit wrote $(wc -l <two.jsonl) lines"
"$program" generate --model $model --input prompts.jsonl --output two.jsonl --max-response-tokens 2 --resume 2>/dev/null
[[ $(wc -l <two.jsonl) == 3 ]] || fail "what --limit left can't be gone on with"
printf '{"problem": "%0300d", "answer": "1"}\n' 0 >long.jsonl
refuses 1 "deepscaler: long.jsonl:1: its prompt of 300 tokens and 4 of a response exceed the model's context of 256 by 48; leave such problems out with max_prompt_tokens" \
  eval --model $model --data long.jsonl train.jsonl --max-response-tokens 4 --prompt '{problem}'
"$program" eval --model $model --data long.jsonl train.jsonl --max-response-tokens 4 --max-prompt-tokens 200 >/dev/null 2>err
grep -qx 'warning: 1 problems have prompts of more than 200 tokens and are left out' err || fail "$(cat err)"

printf '{"prompt": "%s", "completion": "2"}\n' 1+1= 4-2= >demonstrations.jsonl
# "Held out" only where it is true.
train() { "$program" train r.toml --output "$1" "${@:2}" >log 2>err || fail "$(cat err)"; }
recipe
train overlap --set 'eval.data.files=["held-out.jsonl","train.jsonl"]'
grep -qx 'warning: eval.data: 3 of 5 problems are trained on too, by stage.0.data: they are not held out, and show what was learned by heart; evaluate on others' err ||
  fail "$(cat err)"
grep -qx '5 problems, the same each time; trained on too: 3' log || fail "$(cat log)"
grep -q '"trained_on": 3' overlap/manifest.json || fail "$(cat overlap/manifest.json)"
train apart --set 'eval.data.files=["held-out.jsonl"]'
grep -qx '2 held-out problems, the same each time' log || fail "$(cat log)"
! grep -q warning err || fail "$(cat err)"
recipe
sed -i 's/^data.files.*/data.kinds = ["add"]\ndata.count = 20/' r.toml
train generated --set 'eval.data.kinds=["add"]' --set eval.data.count=3
grep -qx '3 held-out problems, the same each time' log || fail "generated problems are held out by default: $(cat log err)"
train trained --set 'eval.data.kinds=["add"]' --set eval.data.count=3 --set eval.data.held_out=false
grep -qx '3 problems, the same each time; trained on too: 3' log || fail "$(cat log)"
# No answers, no change: not certain.
grep -q '^grpo  *0.0 \[ *0.0, *[0-9.]*\] *0.0 \[-56.1, *56.1\] .* 100.0 %' log || fail "$(cat log)"

"$program" sft --model $model --data demonstrations.jsonl --output sft_overlap --set 'stage.0.eval_files=["demonstrations.jsonl"]' \
  >/dev/null 2>err
grep -qx 'warning: stage.0.eval_files: 2 of 2 examples are trained on too: eval/loss is not of held-out text alone' err || fail "$(cat err)"

# A warm-up that is longer than its stage.
recipe 'optimizer.warmup_steps = 5'
train warmup
grep -qx 'warning: stage.0.optimizer.warmup_steps is 5 and the stage has 1 steps, so its rate never reaches lr' err || fail "$(cat err)"
train generated_none --set stage.0.data.count=3
grep -qx 'warning: stage.0.data.count is 3, but kinds names none, so no problems are generated' err || fail "$(cat err)"

# Samples of others, graded again.
printf '{"question": "1/2 of 1?", "answer": "\\\\frac{1}{2}", "response": "\\\\boxed{%s}"}\n' 1/2 2/4 >samples.jsonl
"$program" eval --replay samples.jsonl --graders ours,hendrycks --output verdicts.jsonl >out 2>err || fail "$(cat err)"
grep -q '^| hendrycks | 50.0 \[' out && grep -q '^2 samples of 1 problems; the answer checker is ' out || fail "$(cat out)"
grep -q '"sample":1,"graders":{"ours":{"correct":true,"extracted":"2/4"},"hendrycks":{"correct":false,' verdicts.jsonl || fail "$(cat verdicts.jsonl)"
refuses 1 "deepscaler: verdicts.jsonl: is there already; remove it, or choose another --output" \
  eval --replay samples.jsonl --output verdicts.jsonl
refuses 1 "deepscaler: samples.jsonl: is the input too, which is read while this is written; choose another --output" \
  eval --replay samples.jsonl --output samples.jsonl
refuses 1 "deepscaler: --temperature: has no effect with --replay; leave it out" eval --replay samples.jsonl --temperature 1
refuses 1 "deepscaler: --samples: has no effect with --compare; leave it out" eval --compare a.json b.json --samples 2

# What nothing can be learned from, or nothing more.
recipe
train still --set stage.0.steps=6
[[ $(grep -c 'so nothing is learned' err) == 1 ]] && grep -qx "warning: the last 5 steps had no gradient, so nothing is learned: all responses to a problem get the same reward; \`deepscaler show still\` has them" err ||
  fail "$(cat err)"
"$program" eval --model $model --data train.jsonl --samples 2 --temperature 0 --max-response-tokens 2 >/dev/null 2>err
grep -qx 'warning: --samples: at temperature 0 all 2 samples of a problem are the same; one says as much' err || fail "$(cat err)"
"$program" generate --model $model --input train.jsonl --grade --limit 1 --samples 2 --temperature 0 --max-response-tokens 2 --output equal.jsonl 2>err
grep -qx 'warning: --samples: at temperature 0 all 2 samples of a problem are the same; one says as much' err || fail "$(cat err)"
printf '{"problem": "1+%s=", "answer": "%s", "solution": "%s"}\n' 1 2 'so 2' 2 3 'so \\boxed{3}' >worked.jsonl
"$program" sft --model $model --data worked.jsonl --output sft_worked >/dev/null 2>err || fail "$(cat err)"
grep -qx 'warning: worked.jsonl: in 1 worked solutions of 2 the checker does not find the answer; it looks in \\boxed{}' err || fail "$(cat err)"

# A step of everything is left at once, and all before it is there.
for ((i = 0; i < 20000; ++i)); do
  printf '{"prompt": "%d+1=", "completion": "%d", "chosen": "%d", "rejected": "0"}\n' $i $((i + 1)) $((i + 1))
done >many.jsonl
for kind in sft dpo; do
  recipe && sed -i "s/\"grpo\"/\"$kind\"/; /^sampling/d; s/train.jsonl/many.jsonl/" r.toml
  echo 'examples_per_step = 20000' >>r.toml
  "$program" train r.toml --output many_$kind >log 2>err &
  training=$!
  until grep -q "^stage 1 of 1" err; do kill -0 $training 2>/dev/null || fail "$(cat err)"; sleep 0.01; done
  sleep 0.2
  kill -TERM $training
  wait $training || fail "$(cat err)"
  grep -qx "stopped after step 0; the same command goes on from there" log || fail "$kind: $(cat log err)"
done

# A reward of one's own alone: no answers, and every field of the record.
cat >topical.sh <<'END'
while read -r line; do
  case $line in *'"record":{"topic":"sums"}'*) echo 1 ;; *) echo 0 ;; esac
done
END
recipe 'reward.accuracy = 0' '[[stage.reward.command]]' 'name = "topical"' 'program = ["sh", "topical.sh"]'
sed -i 's/"answer": "[0-9]*", //' train.jsonl
train own
grep -q '"rewards/topical/mean":1,' own/metrics.jsonl || fail "$(cat own/metrics.jsonl)"
recipe 'reward.accuracy = 0' '[[stage.reward.command]]' 'name = "mute"' \
  'program = ["sh", "-c", "while read -r line; do echo null; done"]'
rl "rollout: 4 of 4 samples are undecided, most by the reward mute; look at why the program answers null, or raise reward.max_undecided_share"

# A recipe finds its files from where one stands, and beside itself.
mkdir -p project elsewhere
mv r.toml train.jsonl project
recipe
mv r.toml project
printf '{"id": "%s", "problem": "1+%s=", "answer": "%s"}\n' a 1 2 b 2 3 >project/train.jsonl
(cd elsewhere && "$program" train ../project/r.toml --output run >/dev/null 2>err) || fail "$(cat elsewhere/err)"

# A damaged checkpoint of one's own.
cp -r apart damaged
last=$(basename "$(find damaged/checkpoints -name 'step-*' -type d)")
truncate -s 1000 "damaged/checkpoints/$last/model.safetensors"
recipe
printf '{"id": "%s", "problem": "1+%s=", "answer": "%s", "topic": "sums"}\n' a 1 2 b 2 3 c 3 4 >train.jsonl
status=0
"$program" train r.toml --output damaged --set 'eval.data.files=["held-out.jsonl"]' >log 2>err || status=$?
[[ $status == 1 ]] && tail -n 1 err | grep -q "^deepscaler: damaged/checkpoints/$last: the checkpoint is damaged (.*); choose another --output to begin a new run: there is no earlier checkpoint$" ||
  fail "$(cat err)"

refuses 1 "deepscaler: --decode: 99999999 is not a token id of the model; give ids from 0 to 256" \
  tokenize --model $model --decode --text 99999999
refuses 1 "deepscaler: train.jsonl: does not end in .json; name the config.json of a model" init --config train.jsonl --output none
echo '{"messages": []}' >empty.jsonl
refuses 1 'deepscaler: empty.jsonl:1: its list of messages is empty; a line is {"prompt": text}, {"messages": [...]} or {"token_ids": [...]}, with an optional "id"' \
  generate --model $model --input empty.jsonl --output out.jsonl
refuses 1 "deepscaler: own: step 1 has no sample 77; name one from 0 to 1" show own --sample 77
echo "all good"

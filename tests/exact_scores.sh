#!/usr/bin/env bash
# exact_scores.sh PROGRAM MODEL: on a real model, the log-probabilities that `generate` records are the bits
# that `score` computes, and a response is the same whatever it is computed beside. In f32 and bf16, for groups of
# 1, 8 and 64 samples, each prompt computed once for its group or once for each sample, with much memory for keys
# and values on two threads, and on one with so little that responses are preempted. A line a case; fails on
# the first difference. Needs minutes (a 135M model on two cores: about ten), so it is no part of ./test.sh.
# DTYPES and SAMPLES narrow the work, e.g. DTYPES=bf16 SAMPLES="1 8".
set -euo pipefail
program=$1
model=$(realpath "$2")
new_tokens=32
source "$(dirname "$0")/program.sh"

first='A baker fills 12 trays with 8 rolls each and sells 70 rolls. How many rolls are left? Think step by step.'
second='A train of 9 cars has 52 seats in each car, and 31 seats are taken. How many are free? Think step by step.'

# lines COUNT: each prompt COUNT times.
lines() {
  local prompt i
  for prompt in "$first" "$second"; do
    for ((i = 0; i < $1; ++i)); do
      printf '{"messages": [{"role": "user", "content": "%s"}], "id": "%s %s"}\n' "$prompt" "${prompt:0:7}" $i
    done
  done
}

# generated NAME MEMORY THREADS: writes NAME.jsonl.
generated() {
  rm -f "$1.jsonl"
  "$program" generate --model "$model" --input prompts.jsonl --output "$1.jsonl" --samples "$samples" \
    --max-response-tokens $new_tokens --dtype $dtype --kv-memory "$2" --threads "$3" 2>"$1.log" || fail "$(cat "$1.log")"
}

# the_same_bits THREADS: scores order.jsonl.
the_same_bits() {
  rm -f scored.jsonl
  "$program" score --model "$model" --input order.jsonl --output scored.jsonl --dtype $dtype --threads "$1" \
    2>score.log || fail "$(cat score.log)"
  grep -q "the recorded log-probabilities are the same bits" score.log || fail "$case: $(tail -n 1 score.log)"
}

# Little memory: MiB in which the responses of a group start, but can't all end; the first that preempts one is
# taken. Keys and values in bf16 take half.
declare -A little_in_f32=([1]=8 [8]="12 15 10" [64]="64 48 40 32 24")
declare -A little_in_bf16=([1]=4 [8]="6 7 5" [64]="24 22 20 18 16 12")

for dtype in ${DTYPES:-f32 bf16}; do
  for group in ${SAMPLES:-1 8 64}; do
    for prompts in shared apart; do
      [[ $group == 1 && $prompts == apart ]] && continue
      case="$dtype, groups of $group, prompts $prompts"
      declare -n little_of=little_in_$dtype
      count=1 samples=$group
      [[ $prompts == apart ]] && count=$group samples=1
      lines $count >prompts.jsonl
      generated much 2048 2
      for little in ${little_of[$group]}; do
        generated little "$little" 1
        cmp -s much.jsonl little.jsonl || fail "$case: responses depend on threads or --kv-memory"
        preempted=$(sed -n 's/^\([0-9]*\) times a response .*/\1/p' little.log)
        [[ -z $preempted ]] || break
      done
      [[ $group == 1 || -n $preempted ]] || fail "$case: $little MiB preempted nothing"

      cp much.jsonl order.jsonl
      the_same_bits 2
      # Neighbours with different prompts share nothing.
      paste -d '\n' <(head -n "$group" much.jsonl) <(tail -n "$group" much.jsonl) >order.jsonl
      the_same_bits 1
      tokens=$(sed -n 's/.* responses, \([0-9]*\) tokens.*/\1/p' score.log)
      echo "$case: $((2 * group)) responses, $tokens tokens the same with $little MiB" \
        "(${preempted:-0} preemptions), on 1 and 2 threads, and scored"
    done
  done
done
echo "all the same bits"

#!/usr/bin/env bash
# `deepscaler chat` at a terminal, driven by keys through tmux, and with piped input. chat_test.sh PROGRAM RECIPES
set -euo pipefail
command -v tmux >/dev/null || exit 77
program=$1 recipes=$2
source "$(dirname "$0")/program.sh"
export LC_ALL=C.UTF-8 HOME=$folder
unset XDG_STATE_HOME NO_COLOR TMUX

# A model whose answers are noise, and as long as they may be.
mkdir config
sed 's/"max_position_embeddings": [0-9]*/"max_position_embeddings": 200000/' "$recipes/tiny-model/config.json" \
  >config/config.json
"$program" init --config config/config.json --output model >/dev/null 2>&1 || fail "no model"
refuses 1 "deepscaler: chat: the model has no chat template; use \`deepscaler generate --prompt\`" chat --model model
echo "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[a]<think>{% endif %}" \
  >model/chat_template.jinja

# Piped input is one question, and no control character comes out.
sed 's/<think>//' model/chat_template.jinja >plain.jinja
cp -r model plain && mv plain.jinja plain/chat_template.jinja
ask=(chat --model plain --temperature 1 --top-p 1 --max-response-tokens 20 --kv-memory 64)
printf 'Hello\nworld' | "$program" "${ask[@]}" >first 2>err || fail "$(cat err)"
printf 'Hello\nworld\n' | "$program" "${ask[@]}" >second 2>/dev/null
[[ -s first ]] && cmp first second || fail "not the same answer"
LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' first && fail "controls in $(cat -v first)"
grep -q '^warning: the answer is cut after 20 tokens$' err || fail "$(cat err)"
refuses 1 "deepscaler: chat: the input holds no question; write one into it" "${ask[@]}" </dev/null

tmux=(tmux -S "$folder/tmux" -f /dev/null -u)
trap '"${tmux[@]}" kill-server 2>/dev/null || true; rm -rf "$folder"' EXIT
screen() { "${tmux[@]}" capture-pane -p -S - -t chat; }
keys() { "${tmux[@]}" send-keys -t chat "$@"; }
# shows TEXT: waits until it is on the screen.
shows() {
  for _ in $(seq 400); do
    ! screen | grep -qF -- "$1" || return 0
    sleep 0.05
  done
  fail "no '$1' on the screen: $(screen)"
}
# prompts LINE: waits until the last line on the screen is this one.
prompts() {
  for _ in $(seq 400); do
    [[ $(screen | grep -v '^$' | tail -n 1) != "$1" ]] || return 0
    sleep 0.05
  done
  fail "the last line is not '$1': $(screen)"
}
# answers N: waits until N answers are complete and the prompt is there.
answers() {
  for _ in $(seq 400); do
    [[ $(screen | grep -c ' a second; ') != "$1" ]] || break
    sleep 0.05
  done
  [[ $(screen | grep -c ' a second; ') == "$1" ]] || fail "not $1 answers: $(screen)"
  prompts '>>>'
}
start() {
  rm -f ended
  "${tmux[@]}" new-session -d -s chat -x 70 -y 50 \
    "$* '$program' chat --model model --temperature 1 --max-response-tokens 12 --kv-memory 64; echo \$? >ended"
  prompts '>>>'
}
ends() {
  for _ in $(seq 200); do
    [[ ! -s ended ]] || return 0
    sleep 0.05
  done
  fail "it does not end: $(screen)"
}

start
keys -l 'What is 漢字?'
keys Enter
answers 1
shows 'Thinking ...'
shows '12 tokens, '
"${tmux[@]}" capture-pane -p -e -t chat | grep -q $'\e\[2m' || fail "thoughts are not dim"

# A paste submits nothing; an edited line is sent as it reads.
"${tmux[@]}" set-buffer $'one\ntwo'
"${tmux[@]}" paste-buffer -p -t chat
prompts two
[[ $(screen | grep -c ' a second; ') == 1 ]] || fail "a paste was submitted: $(screen)"
keys -l '3'
prompts two3
keys BSpace
keys Enter
answers 2
keys -l '"""a'
keys Enter
prompts '...'
keys -l 'b"""'
keys Enter
answers 3
keys -l 'gone'
prompts '>>> gone'
keys C-c
prompts '>>>'
keys Up Up Enter # the paste again
answers 4
keys -l '/save talk.json'
keys Enter
shows '8 turns are in talk.json'
for text in 'What is 漢字?' 'one\ntwo' 'a\nb'; do
  grep -qF "\"content\": \"$text\"" talk.json || fail "no '$text' in $(cat talk.json)"
done
[[ $(grep -cF '"content": "one\ntwo"' talk.json) == 2 ]] || fail "history: $(cat talk.json)"
grep -q gone talk.json && fail "what was given up was sent"
[[ $(stat -c %a talk.json .local/state/deepscaler/chat_history) == $'600\n600' ]] || fail "others may read it"

# Ctrl-C stops an answer, and the chat goes on.
keys -l '/set max_response_tokens 0'
keys Enter
shows 'max_response_tokens is 0'
keys -l '/clear'
keys Enter
shows 'a new conversation'
keys -l '/set thoughts fold'
keys Enter
shows 'thoughts is fold'
keys -l 'go'
keys Enter
shows '(/thoughts shows what)'
keys C-c
shows 'stopped'
keys -l '/info'
keys Enter
shows '2 turns, '
prompts '>>>'
keys C-d
ends
[[ $(cat ended) == 0 ]] || fail "it ended with $(cat ended)"

# No styles where none are wanted; the history is there again.
start NO_COLOR=1
keys Up Up Up Up Up Up Up Enter # /info, go, /set, /clear, /set, /save, the paste
answers 1
"${tmux[@]}" capture-pane -p -e -t chat | grep -q $'\e\[2m' && fail "styled in spite of NO_COLOR"
screen | grep -q '^two$' || fail "no history: $(screen)"
keys -l '/bye'
keys Enter
ends
echo "all good"

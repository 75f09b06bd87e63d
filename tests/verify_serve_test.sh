#!/usr/bin/env bash
# `deepscaler verify --serve`: a line of answer for a line, at once and in order, whatever the lines and the client do.
# verify_serve_test.sh PROGRAM
set -euo pipefail
program=$1
source "$(dirname "$0")/program.sh"

serve() { "$program" verify --serve "$@"; }

{
  printf '%s\n' '{"id": 7, "answer": "\\frac{1}{2}", "response": "\\boxed{0.5}"}' '{"answer": [46, "7"], "response": "\\boxed{12+34}", "problem": "What is $12+34$?"}' \
    '' 'hello' '[1]' '{"id": 8, "answer": "5"}' '{"answer": "5", "response": 5}' '{"answer": "5", "response": "5", "response": "6"}'
  printf '{"answer": "5", "response": "\xff"}\r\n'
  printf '%s' '{"answer": "5", "response": "\\boxed{5}"}' # with no line break behind it
} >lines
cat >expected <<'END2'
{"id":7,"answer":"\\frac{1}{2}","response":"\\boxed{0.5}","correct":true,"undecided":false,"extracted":"0.5","reason":"equal"}
{"answer":[46,"7"],"response":"\\boxed{12+34}","problem":"What is $12+34$?","correct":false,"undecided":false,"extracted":"12+34","reason":"copied"}
{"error":"line 3: not valid JSON at byte 1; check that the file is complete"}
{"error":"line 4: is not JSON: it begins with 'hello'; give JSON, or JSON Lines: an object {\"key\": value} a line"}
{"error":"line 5: not a JSON object; write one {\"answer\": ..., \"response\": ...} a line"}
{"id":8,"answer":"5","error":"line 6: no \"answer\" or no \"response\"; give both in every line"}
{"answer":"5","response":5,"error":"line 7: \"response\" is no text; write it as a string"}
{"error":"line 8: JSON key 'response' appears twice in one object; remove one of them"}
{"error":"line 9: is not UTF-8 at byte 30; save the file as UTF-8"}
{"answer":"5","response":"\\boxed{5}","correct":true,"undecided":false,"extracted":"5","reason":"same_text"}
END2
serve <lines >answers
diff expected answers >&2 || fail "other answers than expected"
serve </dev/null >answers
[[ ! -s answers ]] || fail "an answer to nothing"
echo '{"answer": "12", "response": "it is 12"}' | serve --extract any | grep -q '"correct":true' || fail "--extract any"

# As many lines as one read brings, and more: the verdicts of a file.
for i in $(seq 3000); do echo "{\"answer\": \"$i\", \"response\": \"\\\\boxed{$((i - i % 2))}\"}"; done >many
"$program" verify --input many --output file.jsonl >/dev/null
serve <many | cmp - file.jsonl || fail "lines and a file are graded differently"

# A client that waits for each answer gets it. Lines without end take no memory, and the next one is answered.
coproc server { exec "$program" verify --serve; }
ask() { echo "$1" >&"${server[1]}" && read -r -t 60 answer <&"${server[0]}" || fail "no answer to '$1'"; }
ask '{"answer": "5", "response": "\\boxed{5}"}'
[[ $answer == *'"correct":true'* ]] || fail "answered $answer"
{ printf '{"answer": "5", "response": "'; head -c 100000000 /dev/zero | tr '\0' x; } >&"${server[1]}"
ask '"}'
[[ $answer == '{"error":"line 2: has more than 4194304 bytes; cut the response"}' ]] || fail "answered ${answer:0:200}"
{ printf '{"x": '; head -c 4000000 /dev/zero | tr '\0' '['; } >&"${server[1]}"
ask ''
[[ $answer == '{"error":"line 3: JSON nested deeper than 100 levels; flatten it"}' ]] || fail "answered ${answer:0:200}"
ask '{"answer": "5", "response": "\\boxed{6}"}'
[[ $answer == *'"reason":"different"'* ]] || fail "answered $answer"
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server_PID/status")
[[ $peak -lt 200000 ]] || fail "a line of 100 MB took $peak kB"
pid=$server_PID # which goes with the process
eval "exec ${server[1]}>&-"
wait "$pid" || fail "the server failed when its client was done"

# A client that dies.
printf '{"answer": "5", "resp' | serve >answers || fail "half a line ended the server"
[[ $(cat answers) == '{"error":"line 1: not valid JSON at byte 22; check that the file is complete"}' ]] || fail "answered $(cat answers)"
status=0
{ for _ in $(seq 50); do cat many; done | serve 2>err || echo $? >status; } | head -n 1 >answers
[[ $(cat answers) == *'"correct":false'* ]] || fail "answered $(cat answers)"
[[ $(cat status) == 1 && $(cat err) == "deepscaler: verify --serve: can't write an answer: Broken pipe; read the answers to the last one" ]] ||
  fail "a client that reads no more: $(cat status err)"

refuses 2 "Run with --help for more information." verify --serve --input lines
refuses 2 "Run with --help for more information." verify --serve --threads 2
refuses 1 "deepscaler: verify --serve: can't read: Is a directory; give the lines on standard input" verify --serve <.
echo "all good"

#!/usr/bin/env bash
# `deepscaler verify` from outside: order, other fields, every shape of "answer", modes, threads, the
# summary, --explain and what bad input says.
# verify_cli_test.sh PROGRAM
set -euo pipefail
program=$1
source "$(dirname "$0")/program.sh"

# graded ARGUMENT...: verify, over what an earlier case left.
graded() {
  rm -f out.jsonl
  "$program" verify "$@"
}

cat >in.jsonl <<'END'
{"id": "a", "answer": "\\frac{1}{2}", "response": "so $\\boxed{0.5}$", "level": 3, "tags": ["x", null]}
{"answer": ["7", "\\pi"], "response": "\\boxed{\\pi}", "id": "b"}
{"answer": 42, "response": "\\boxed{42.0}"}

{"answer": 0.1, "response": "\\boxed{\\frac{1}{10}}"}
{"answer": "$\\{1, 2\\}$", "response": "\\boxed{1}"}
{"answer": null, "response": "\\boxed{1}"}
{"answer": [null], "response": "\\boxed{1}"}
{"answer": "\\frac{", "response": "\\boxed{1}"}
{"answer": "5", "response": "it is 5"}
{"answer": "5", "response": "\\boxed{}"}
{"answer": "5", "response": "\\boxed{5"}
{"answer": "5", "response": "<think>\\boxed{5}"}
{"answer": "5", "response": "\\boxed{\\frac}"}
{"answer": "so 2+3=5\n#### 5", "response": "\\boxed{5}"}
{"answer": "The answer is $5$.", "response": "\\boxed{5}", "correct": "overwritten"}
{"answer": "\\int_0^1 x\\,dx", "response": "\\boxed{\\frac12}"}
{"answer": "é", "response": "\\boxed{é\u0000}"}
END
cat >expected <<'END'
{"id":"a","answer":"\\frac{1}{2}","response":"so $\\boxed{0.5}$","level":3,"tags":["x",null],"correct":true,"undecided":false,"extracted":"0.5","reason":"equal"}
{"answer":["7","\\pi"],"response":"\\boxed{\\pi}","id":"b","correct":true,"undecided":false,"extracted":"\\pi","reason":"same_text"}
{"answer":42,"response":"\\boxed{42.0}","correct":true,"undecided":false,"extracted":"42.0","reason":"equal"}
{"answer":0.1,"response":"\\boxed{\\frac{1}{10}}","correct":true,"undecided":false,"extracted":"\\frac{1}{10}","reason":"equal"}
{"answer":"$\\{1, 2\\}$","response":"\\boxed{1}","correct":false,"undecided":false,"extracted":"1","reason":"different"}
{"answer":null,"response":"\\boxed{1}","correct":false,"undecided":true,"extracted":"1","reason":"unparsable_reference"}
{"answer":[null],"response":"\\boxed{1}","correct":false,"undecided":true,"extracted":"1","reason":"unparsable_reference"}
{"answer":"\\frac{","response":"\\boxed{1}","correct":false,"undecided":true,"extracted":"1","reason":"unparsable_reference"}
{"answer":"5","response":"it is 5","correct":false,"undecided":false,"extracted":"","reason":"no_answer"}
{"answer":"5","response":"\\boxed{}","correct":false,"undecided":false,"extracted":"","reason":"empty_answer"}
{"answer":"5","response":"\\boxed{5","correct":false,"undecided":false,"extracted":"","reason":"truncated"}
{"answer":"5","response":"<think>\\boxed{5}","correct":false,"undecided":false,"extracted":"","reason":"truncated"}
{"answer":"5","response":"\\boxed{\\frac}","correct":false,"undecided":false,"extracted":"\\frac","reason":"unparsable_answer"}
{"answer":"so 2+3=5\n#### 5","response":"\\boxed{5}","correct":true,"undecided":false,"extracted":"5","reason":"same_text"}
{"answer":"The answer is $5$.","response":"\\boxed{5}","correct":true,"undecided":false,"extracted":"5","reason":"same_text"}
{"answer":"\\int_0^1 x\\,dx","response":"\\boxed{\\frac12}","correct":false,"undecided":true,"extracted":"\\frac12","reason":"work_limit"}
END
graded --input in.jsonl --output one.jsonl --threads 1 >summary
head -n 16 one.jsonl | diff expected - >&2 || fail "other lines than expected"
[[ $(wc -l <one.jsonl) == 17 ]] || fail "$(wc -l <one.jsonl) lines, not 17: a blank one is none"

cat >expected_summary <<'END'
responses                    17
correct                       7
wrong                         2
no answer                     2
truncated                     2
unparsable reference          3
  of them missing             2
undecided                     1
END
diff expected_summary summary >&2 || fail "another summary than expected"

# The same bytes from two threads, over more lines than one thread takes at a time.
for _ in $(seq 200); do cat in.jsonl; done >many.jsonl
graded --input many.jsonl --output many_one.jsonl --threads 1 >/dev/null
graded --input many.jsonl --output many_two.jsonl --threads 2 >/dev/null
cmp many_one.jsonl many_two.jsonl || fail "verdicts depend on the number of threads"

# Other people's outputs, and prompts that opened the thinking.
cat >any.jsonl <<'END'
{"answer": "12", "response": "The final answer is 12. I hope it is correct."}
{"answer": "12", "response": "which makes $3 \\cdot 4$"}
{"answer": "12", "response": "hm \\boxed{12}</think>Answer: 12"}
END
graded --input any.jsonl --output out.jsonl --extract any | grep -q "^correct  *3$" || fail "--extract any"
graded --input any.jsonl --output out.jsonl | grep -q "^correct  *0$" || fail "--extract boxed"
graded --input any.jsonl --output out.jsonl --extract any --prompt-opened-thinking |
  grep -q "^truncated  *2$" || fail "--prompt-opened-thinking"

# Policies.
echo '{"answer": "1, 2", "response": "\\boxed{2, 1}"}' >list.jsonl
graded --input list.jsonl --output out.jsonl | grep -q "^correct  *1$" || fail "lists are unordered"
graded --input list.jsonl --output out.jsonl --ordered-lists | grep -q "^wrong  *1$" || fail "--ordered-lists"
echo '{"answer": "\\sin^2 x", "response": "\\boxed{1-\\cos^2 x}"}' >numeric.jsonl
graded --input numeric.jsonl --output out.jsonl --no-numeric-agreement | grep -q "^undecided  *1$" ||
  fail "--no-numeric-agreement"
echo '{"answer": "\\pi", "response": "\\boxed{3.14}"}' >pi.jsonl
graded --input pi.jsonl --output out.jsonl | grep -q "^wrong  *1$" || fail "3.14 is no pi"
graded --input pi.jsonl --output out.jsonl --decimal-places 2 | grep -q "^correct  *1$" || fail "--decimal-places"

# A copy of the problem is wrong where the problem is given.
cat >copies.jsonl <<'END'
{"answer": "46", "response": "\\boxed{12+34}", "problem": "What is $12+34$?"}
{"answer": "46", "response": "\\boxed{12+34}", "problem": null}
{"answer": "46", "response": "\\boxed{46}", "problem": "What is $12+34$?"}
END
graded --input copies.jsonl --output out.jsonl >summary
head -n 1 out.jsonl | grep -q '"correct":false,"undecided":false,"extracted":"12+34","reason":"copied"}$' || fail "a copy"
grep -q "^correct  *2$" summary && grep -q "^wrong  *1$" summary && grep -q "^  of them copied  *1$" summary ||
  fail "the summary of copies"
"$program" verify --explain 46 '\boxed{12+34}' --problem 'What is 12 + 34?' | grep -q "^reason     copied$" || fail "--problem"

"$program" verify --explain '\sqrt{8}' 'so \boxed{2\sqrt2}' >explained
cat >expected_explained <<'END'
reference  \sqrt{8}
read as    8^1/2
extracted  2\sqrt2
read as    (2 * 2^1/2)
verdict    correct
reason     equal
END
head -n 6 explained | diff expected_explained - >&2 || fail "--explain"
grep -q "^steps      [0-9][0-9]*$" explained || fail "--explain counts no steps"

# Bad input: one line that names file, line and remedy; no output is left.
rm -f out.jsonl
printf '%s\n' '{"answer": "1", "response": "\\boxed{1}"}' '{"answer": "1", "resp' >bad.jsonl
refuses 1 'deepscaler: bad.jsonl:2: not valid JSON at byte 22; check that the file is complete' \
  verify --input bad.jsonl --output out.jsonl
printf '\n%s\n' '{"answer": "1"}' >bad.jsonl
refuses 1 'deepscaler: bad.jsonl:2: no "answer" or no "response"; give both in every line' verify --input bad.jsonl --output out.jsonl
echo '{"answer": "1", "response": 1}' >bad.jsonl
refuses 1 'deepscaler: bad.jsonl:1: "response" is no text; write it as a string' verify --input bad.jsonl --output out.jsonl
echo '{"answer": {"x": 1}, "response": "1"}' >bad.jsonl
refuses 1 'deepscaler: bad.jsonl:1: "answer" is no text, number or list; write it as a string' verify --input bad.jsonl --output out.jsonl
echo '{"answer": "1", "response": "1", "problem": 7}' >bad.jsonl
refuses 1 'deepscaler: bad.jsonl:1: "problem" is no text; write the problem as a string, or leave the field out' verify --input bad.jsonl --output out.jsonl
refuses 1 "deepscaler: none.jsonl: can't open: No such file or directory; check the path and its permissions" \
  verify --input none.jsonl --output out.jsonl
refuses 1 'deepscaler: verify: nothing to do; give --input and --output, --serve or --explain' verify --input in.jsonl
[[ ! -e out.jsonl ]] || fail "a failed run left its output"
refuses 2 "Run with --help for more information." verify --extract everything
: >empty.jsonl
graded --input empty.jsonl --output out.jsonl | grep -q "^responses  *0$" || fail "an empty file"
echo "all good"

#!/usr/bin/env bash
# The report of a run in a real browser: it draws without errors, its curves have points, its tables rows, and
# what a model wrote is text. report_page_test.sh PROGRAM RECIPES; skipped (exit 77) without chromium.
set -euo pipefail
program=$1
recipes=$2
browser=$(command -v chromium || command -v chromium-browser || true)
if [[ -z $browser ]]; then
  echo "skipped: chromium is not installed"
  exit 77
fi
source "$(dirname "$0")/program.sh"

cat >tiny.toml <<END
model.random = "$recipes/tiny-model"
prompt.text = "{problem}"
[eval]
max_response_tokens = 8
data.kinds = ["sub", "add"]
data.count = 6
data.held_out = true
[[stage]]
kind = "sft"
name = "cold <i>start</i>"
steps = 3
data.kinds = ["sub"]
data.count = 8
[[stage]]
kind = "grpo"
name = "RL"
steps = 3
sampling.problems_per_step = 2
sampling.max_response_tokens = 8
data.kinds = ["sub"]
data.count = 8
END
"$program" train tiny.toml --output run >train.log 2>&1 || fail "$(cat train.log)"
[[ -s run/report.html ]] || fail "the run wrote no report"
grep -qx "the report is in run/report.html" train.log || fail "the run does not name its report"

# A response that tries to become part of the page.
text='"text":"\([^"\\]\|\\.\)*"'
attack='"text":"<\\/script><img src=x onerror=console.error(\\"attacked\\")><script>console.error(\\"attacked\\")<\\/script>"'
sed -i "1s#$text#$attack#" run/rollouts/step-000006.jsonl
grep -q attacked run/rollouts/step-000006.jsonl || fail "the test's own attack is not in the rollouts"
"$program" report run --output page.html >/dev/null

"$browser" --headless --no-sandbox --disable-gpu --enable-logging=stderr --v=0 --user-data-dir="$folder/profile" \
  --virtual-time-budget=4000 --dump-dom "file://$folder/page.html" >dom.html 2>browser.log ||
  fail "the browser: $(tail -n 5 browser.log)"

! grep -q CONSOLE browser.log || fail "errors in the page: $(grep CONSOLE browser.log)"
sed '/<script/,$d' dom.html >body.html  # what is seen; data and script follow it
count() { grep -o "$1" body.html | wc -l; }
[[ $(count '<figure') -ge 7 && $(count '<figure') == $(count '<svg') ]] || fail "only $(count '<figure') charts"
[[ $(count 'class="mean [a-z]*" points="[0-9.]*,[0-9.]* ') -ge 7 ]] || fail "curves without points"
! grep -q 'NaN\|Infinity\|undefined\|null' body.html || fail "$(grep -o '.\{30\}\(NaN\|Infinity\|undefined\|null\).*' body.html)"
# A head; a row before the first stage and one after each, and two for the kinds of problems below each.
[[ $(count '<tr>') == 10 ]] || fail "$(count '<tr>') rows in the table"
[[ $(count '<article') -ge 2 ]] || fail "no rollouts"
grep -q '&lt;/script&gt;&lt;img src=x onerror=' body.html || fail "the attack is not shown as text"
! grep -q '<img' body.html || fail "the attack is part of the page"
grep -q 'cold &lt;i&gt;start' body.html || fail "the stage's name is not shown as text"

# A fork's page has the curves of the other run too.
"$program" fork run --at 3 --set stage.1.optimizer.lr=1e-3 --output forked >/dev/null 2>err || fail "$(cat err)"
"$browser" --headless --no-sandbox --disable-gpu --enable-logging=stderr --v=0 --user-data-dir="$folder/profile" \
  --virtual-time-budget=4000 --dump-dom "file://$folder/forked/report.html" >dom.html 2>browser.log || fail "the browser: $(tail -n 5 browser.log)"
! grep -q CONSOLE browser.log || fail "errors in the page of a fork: $(grep CONSOLE browser.log)"
sed '/<script/,$d' dom.html >body.html
[[ $(count 'class="mean first parent" points="[0-9.]*,[0-9.]* ') -ge 5 ]] || fail "the other run's curves are not drawn"
grep -q 'It shares 3 steps with run, and then has stage.1.optimizer.lr = 0.001 (was 1e-06); the pale curves are the other run' body.html ||
  fail "the page does not say what it was forked from"

# The picture is one the browser draws: XML without faults.
"$program" report run --picture run.svg >shown
[[ $(cat shown) == "the picture is in run.svg" ]] || fail "the picture's place: $(cat shown)"
"$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$folder/profile" --dump-dom \
  "file://$folder/run.svg" >drawn.svg 2>/dev/null || fail "the browser refuses the picture"
! grep -q parsererror drawn.svg || fail "the picture is no XML: $(grep -o 'error on line.*' drawn.svg)"
grep -q '>cold &lt;i&gt;start' drawn.svg || fail "the picture does not name the stage"

code=0
"$program" report nowhere 2>err || code=$?
[[ $code == 1 && $(cat err) == "deepscaler: nowhere: is no run: it has no config.toml; name a folder that \`deepscaler train\` wrote" ]] ||
  fail "a folder that is no run: $code $(cat err)"
code=0
"$program" show run --step 2 2>err || code=$?
[[ $code == 1 && $(cat err) == "deepscaler: run: has no rollouts of step 2; name one of its 3 steps from 4 to 6" ]] ||
  fail "a step without rollouts: $code $(cat err)"
"$program" show run --step 6 --sample 0 >shown
grep -q '<img src=x' shown || fail "show: $(head -n 5 shown)"
! grep -q $'\x1b' shown || fail "show writes colours into a file"
echo "all good"

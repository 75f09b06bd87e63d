#!/usr/bin/env bash
# The page of `deepscaler serve` in a real browser: an answer comes in pieces, its thoughts fold, it is stopped, made anew
# and its question changed; what a model writes is text; formulas are MathML; it fits a phone.
# serve_page_test.sh PROGRAM RECIPES; skipped (exit 77) without chromium or python3.
set -euo pipefail
program=$1 recipes=$2
browser=$(command -v chromium || command -v chromium-browser || true)
tests=$(realpath "$(dirname "$0")")
if [[ -z $browser ]] || ! command -v python3 >/dev/null; then
  echo "skipped: chromium or python3 is not installed"
  exit 77
fi
source "$tests/program.sh"

mkdir config
sed 's/"max_position_embeddings": [0-9]*/"max_position_embeddings": 200000/' "$recipes/tiny-model/config.json" \
  >config/config.json
"$program" init --config config/config.json --output model >/dev/null 2>&1 || fail "no model"
echo "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[a]<think>{% endif %}" \
  >model/chat_template.jinja
echo "the-key" >keys
chmod 600 keys
: >log  # there before the server is
"$program" serve --model model --port 0 --kv-memory 64 --api-key-file keys 2>log &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 600); do
  url=$(sed -n 's|^model at \(http://127.0.0.1:[0-9]*\)/v1; Ctrl-C stops it$|\1|p' log)
  [[ -z $url ]] || break
  sleep 0.05
done
[[ -n $url ]] || fail "no address: $(cat log)"

cat >drive.py <<'END'
import base64
import sys

from browser import Browser

chromium, url, folder = sys.argv[1:]
browser = Browser(chromium, folder + "/profile").open(url + "/")
run, wait = browser.run, browser.wait


def check(is_right, what):
    if not is_right:
        raise SystemExit(f"FAILED: {what}\n{run('document.body.outerHTML')}")


def click(label):
    run(f"[...document.querySelectorAll('button')].filter(b => b.textContent === {label!r} && !b.hidden).at(-1).click()")


def ask(text):
    run(f"byId('question').value = {text!r}; byId('question').dispatchEvent(new Event('input')); byId('send').click()")


def set_to(name, value):
    run(f"fields.find(f => f.name === {name!r}).value = {value!r}; keepSettings()")


# The server wants its key, and says so.
wait("byId('settings').open")
check(run("byId('notice').textContent") == "The server asks for an API key.", "no word of the key")
faults = len(browser.faults)  # the browser counts the 401 as one
set_to("key", "the-key")
click("Close")
wait("byId('model').textContent === 'model'")

run("const asked = request; request = () => ({...asked(), ignore_eos: true})")  # noise would end at any time
set_to("max_tokens", "40")
set_to("seed", "1")
ask("Hello <b>there</b>")
wait("turns.length === 2 && turns[1].figures")
check(run("turns[1].figures").startswith("40 tokens, 40 of them thoughts, "), "figures")
check(run("document.querySelector('details.thoughts summary').textContent") == "Thoughts", "no thoughts")
check(run("document.querySelector('.turn.user .text').textContent") == "Hello <b>there</b>", "markup in a question")
check("cut" in run("turns[1].fault"), "no word of the cut")

first = run("turns[1].thoughts")
set_to("seed", "2")
click("Regenerate")
wait("answering === null && turns.length === 2 && turns[1].figures")
check(run("turns[1].thoughts") != first, "not another answer")
click("Edit")
check(run("byId('question').value") == "Hello <b>there</b>", "nothing to change")
set_to("seed", "1")
ask("Hello <b>there</b>")
wait("answering === null && turns.length === 2 && turns[1].figures")
check(run("turns[1].thoughts") == first, "the same request has another answer")

# As long as there is room, until it is stopped.
set_to("max_tokens", "")
ask("Go on")
wait("turns.length === 4 && turns[3].thoughts.length > 100 && document.querySelector('details[open]') !== null")
check(run("document.querySelector('details[open] summary').textContent") == "Thinking …", "thoughts are not open while they come")
click("Stop")
wait("answering === null")
check(run("turns[3].fault") == "Stopped.", "not stopped")

# What a model may write.
show = "(text => { const box = document.createElement('div'); box.append(...markdownNodes(text)); return box.innerHTML; })"
attack = "<img src=x onerror=alert(1)> ![x](http://example.org/leak) [y](javascript:alert) [z](data:text/html,z) <script>alert(1)</script>"
html = run(f"{show}({attack!r})")
check("<img" not in html and "<script" not in html and "javascript:" not in html and "data:" not in html, html)
check('<a href="http://example.org/leak" target="_blank" rel="noopener noreferrer">' in html, html)
html = run(show + r"""('So \\(\\frac{1}{2}x^2\\) and\n\\[ \\boxed{\\sqrt[3]{8} = 2} \\]\n$$\\begin{cases} a & b \\\\ c & d \\end{cases}$$ costs $5 or $6')""")
for part in ("<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac><msup><mi>x</mi><mn>2</mn></msup>", 'class="boxed"',
             "<mroot>", "<mtable", "costs $5 or $6"):
    check(part in html, f"no {part} in {html}")
html = run(show + r"""('# A\n\n- one\n  - two **b**\n- three\n\n```c\nint a<b;\n```\n| x | y |\n|---|---|\n| `1` | *2* |')""")
for part in ("<h3>A</h3>", "<ul><li><p>one</p><ul><li><p>two <strong>b</strong></p></li></ul></li><li>", "int a&lt;b;",
             "<td><code>1</code></td><td><em>2</em></td>"):
    check(part in html, f"no {part} in {html}")
# Formulas nested however deep are shown, and names of JavaScript are none of its tables'.
for deep in (r"\sqrt", r"\hat", r"\not", "x^", r"\frac12^", r"\sqrt[2]", r"\sqrt{", r"\left("):
    run(f"mathOf({deep!r}.repeat(20000), false); true")
check(run(r"mathOf('\\sqrt'.repeat(3) + '2', false).querySelectorAll('msqrt').length") == 3, "no nested roots")
for name in ("constructor", "toString", "hasOwnProperty", "__proto__"):
    html = run(show + rf"('$\\{name}$ $\\mathbb{{{name}}}$ $\\begin{{{name}}}x\\end{{{name}}}$')")
    check("native code" not in html and "object" not in html and html.count("<math") == 3, html)
# The time to read a text grows with its length, and little more.
for text in ("a " + "`" * 20000 + " a", "[" * 20000 + "a"):
    check(run(f"{show}({text!r})") == f"<p>{text}</p>", "lone marks are no text")
check(run(show + "('a ``b`c`` `d`')") == "<p>a <code>b`c</code> <code>d</code></p>", "code in a line")
# What can't be made into elements is text.
run("const nodes = markdownNodes; markdownNodes = () => { throw new RangeError('too deep'); }; turns[1].content = '*x*'; show(turns[1])")
check(run("turns[1].element.querySelector('.text').innerHTML") == "*x*", "a fault in a text hides it")
run("markdownNodes = nodes; turns[1].content = 'x'; showAll()")
# Answers that say nothing are not in the next prompt.
check(run("turns.map(turn => turn.content)") == ["Hello <b>there</b>", "x", "Go on", ""], "other turns")
run("turns.push({role: 'user', content: 'More'}, {role: 'assistant', content: ''})")
check(run("request().messages.map(message => message.content)") == ["Hello <b>there</b>", "x", "Go on", "More"], "an empty message")
run("turns.splice(-2)")
# Without a clipboard nothing offers to copy.
copies = "(() => { showAll(); const box = make('div', {}, ...markdownNodes('```\\nx\\n```')); " \
    "return [box, byId('turns')].map(b => [...b.querySelectorAll('button')].filter(c => c.textContent === 'Copy').length); })()"
check(run(copies) == [1, 2], "nothing to copy with")
run("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})")
check(run(copies) == [0, 0], "copies without a clipboard")
run("mathOf('{'.repeat(5000), false); mathOf('\\\\frac\\\\left\\\\begin{', true); markdownNodes('> '.repeat(5000)); true")

# In the light, in the dark, and on a phone: other colours, and nothing wider than the screen.
pictures, papers = [], []
for width, is_dark in ((1000, False), (1000, True), (360, False)):
    browser.resize(width, 700, is_dark)
    pictures.append(browser.call("Page.captureScreenshot")["data"])
    papers.append(run("getComputedStyle(document.body).backgroundColor"))
    check(run("document.documentElement.scrollWidth") <= width, f"wider than {width}")
    with open(f"{folder}/page-{len(pictures)}.png", "wb") as file:
        file.write(base64.b64decode(pictures[-1]))
check(papers[0] == papers[2] != papers[1], f"dark looks as light: {papers}")
# The policy holds: a script that was not there does not run.
run("const s = document.createElement('script'); s.textContent = 'window.attacked = true'; document.body.append(s)")
check(run("window.attacked") is None, "a foreign script ran")
check(all("Content Security Policy" in fault for fault in browser.faults[faults:]), f"faults in the page: {browser.faults}")
browser.close()
END
PYTHONPATH=$tests python3 drive.py "$browser" "$url" "$folder" || exit 1
[[ -z ${PAGE_PICTURES-} ]] || cp page-?.png "$PAGE_PICTURES"
echo "all good"

"use strict";
// The conversation: turns, requests to /v1/chat/completions, and what may be done with an answer.

const byId = (id) => document.getElementById(id);
const turns = [];  // {role, content, thoughts, figures, fault, element}
let answering = null;  // the AbortController of the answer under way
let edited = null;     // the place of the turn that is being changed
let room = 0;          // tokens of a prompt and its answer

// ---- Settings, which the browser keeps; the key only as long as its window ----

const fields = [...byId("settings").querySelectorAll("[name]")];

function storeOf(field) {
  return field.name === "key" ? sessionStorage : localStorage;
}

function readSettings() {
  for (const field of fields) field.value = storeOf(field).getItem(`deepscaler.${field.name}`) || "";
}

function keepSettings() {
  for (const field of fields) storeOf(field).setItem(`deepscaler.${field.name}`, field.value);
}

function setting(name) {
  return fields.find((field) => field.name === name).value.trim();
}

function headers() {
  const all = {"Content-Type": "application/json"};
  if (setting("key")) all.Authorization = `Bearer ${setting("key")}`;
  return all;
}

// ---- What the server says of itself ----

function say(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = text === "";
}

function askForKey() {
  say("The server asks for an API key.");
  byId("settings").showModal();
  fields.find((field) => field.name === "key").focus();
}

async function readModel() {
  try {
    const answer = await fetch("v1/models", {headers: headers()});
    if (answer.status === 401) return askForKey();
    const model = (await answer.json()).data[0];
    room = model.max_model_len;
    byId("model").textContent = model.id;
    document.title = model.id;
    say("");
  } catch {
    say("The server does not answer.");
  }
}

// ---- Turns on the screen ----

function button(label, action) {
  const element = make("button", {type: "button"}, label);
  element.addEventListener("click", action);
  return element;
}

// A text that can't be made into elements is better read as it is than not at all.
function textNodes(turn) {
  if (turn.role === "user") return [turn.content];
  try {
    return markdownNodes(turn.content);
  } catch {
    return [turn.content];
  }
}

function show(turn) {
  const isUser = turn.role === "user";
  const parts = [];
  if (turn.thoughts) {
    const wasOpen = turn.element.querySelector("details.thoughts")?.open;
    const isThinking = turn === turns.at(-1) && answering !== null && !turn.content;
    const details = make("details", {class: "thoughts"}, make("summary", {}, isThinking ? "Thinking …" : "Thoughts"),
      make("div", {}, turn.thoughts));
    details.open = turn.isFolded === undefined ? isThinking : wasOpen;  // once the user has folded them, as they are
    details.querySelector("summary").addEventListener("click", () => (turn.isFolded = details.open));
    parts.push(details);
  }
  parts.push(make("div", {class: "text"}, ...textNodes(turn)));
  if (turn.fault) parts.push(make("p", {class: "fault"}, turn.fault));
  const tools = make("div", {class: "tools"});
  if (answering === null) {
    if (isUser) tools.append(button("Edit", () => beginEdit(turn)));
    else if (canCopy()) tools.append(button("Copy", () => navigator.clipboard.writeText(turn.content)));
    if (!isUser && turn === turns.at(-1)) tools.append(button("Regenerate", regenerate));
  }
  if (turn.figures) tools.append(make("span", {class: "figures"}, turn.figures));
  parts.push(tools);
  turn.element.replaceChildren(...parts);
}

function add(role, content) {
  const turn = {role, content, thoughts: "", figures: "", fault: "", element: make("li", {class: `turn ${role}`})};
  turns.push(turn);
  byId("turns").append(turn.element);
  return turn;
}

function cutAt(place) {
  for (const turn of turns.splice(place)) turn.element.remove();
}

function showAll() {
  for (const turn of turns) show(turn);
  byId("send").hidden = answering !== null;
  byId("stop").hidden = answering === null;
  byId("give-up-edit").hidden = edited === null;
}

// ---- An answer ----

function request() {
  const messages = setting("system") ? [{role: "system", content: setting("system")}] : [];
  for (const turn of turns.slice(0, -1)) {
    // An answer that failed, or was stopped while the model thought, says nothing.
    if (turn.role === "user" || turn.content !== "") messages.push({role: turn.role, content: turn.content});
  }
  const body = {messages, stream: true, stream_options: {include_usage: true}};
  for (const name of ["temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens", "seed"]) {
    if (setting(name) !== "") body[name] = Number(setting(name));
  }
  return body;
}

// The data of each event of a stream.
async function* events(body) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let held = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    held += decoder.decode(value, {stream: true});
    const lines = held.split("\n");
    held = lines.pop();
    for (const line of lines) if (line.startsWith("data: ")) yield line.slice(6);
  }
}

function figuresOf(usage, seconds) {
  const tokens = usage.completion_tokens, used = usage.total_tokens;
  const thoughts = usage.completion_tokens_details?.reasoning_tokens || 0;
  const rate = seconds > 0 ? (tokens / seconds).toFixed(1) : "–";
  return `${tokens} tokens${thoughts ? `, ${thoughts} of them thoughts` : ""}, ${rate} a second` +
    (room ? `; ${used} of ${room} in use` : "");
}

// Takes what comes into the turn until the stream is over.
async function take(answer, turn, drawing) {
  let begun = 0, reason = "";
  for await (const data of events(answer.body)) {
    if (data === "[DONE]") break;
    const event = JSON.parse(data);
    if (event.error) throw new Error(event.error.message);
    begun ||= performance.now();
    const choice = event.choices[0];
    turn.thoughts += choice?.delta.reasoning_content || "";
    turn.content += choice?.delta.content || "";
    reason = choice?.finish_reason || reason;
    if (event.usage) turn.figures = figuresOf(event.usage, (performance.now() - begun) / 1000);
    drawing.change();
  }
  if (reason === "length") turn.fault = "The answer is cut: no more tokens were allowed, or there was no more room.";
  else if (reason === "") throw new Error("the connection broke off");
}

// Draws a turn while it comes: some ten times a second, less often where that takes long. Follows the end of the page
// where it was in sight.
class Drawing {
  constructor(turn) {
    this.turn = turn;
    this.last = this.spent = this.timer = 0;
  }

  draw() {
    this.end();
    const main = document.querySelector("main"), start = performance.now();
    const wasAtEnd = main.scrollHeight - main.scrollTop - main.clientHeight < 80;
    show(this.turn);
    if (wasAtEnd) main.scrollTop = main.scrollHeight;
    this.last = performance.now();
    this.spent = this.last - start;
  }

  // There is something new. Timers come late while a stream is fast.
  change() {
    if (performance.now() - this.last > Math.max(100, 5 * this.spent)) this.draw();
    else this.timer ||= setTimeout(() => this.draw(), 150);
  }

  end() {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}

async function answerLastTurn() {
  const turn = add("assistant", "");
  const controller = answering = new AbortController();
  say("");
  showAll();
  turn.element.scrollIntoView();
  const drawing = new Drawing(turn);
  try {
    const answer = await fetch("v1/chat/completions",
      {method: "POST", headers: headers(), body: JSON.stringify(request()), signal: controller.signal});
    if (answer.ok) await take(answer, turn, drawing);
    else if (answer.status === 401) askForKey();
    else throw new Error((await answer.json()).error.message);
  } catch (error) {
    if (error.name === "AbortError") turn.fault = "Stopped.";
    else if (error instanceof TypeError) turn.fault = "The server does not answer; is it still running?";
    else turn.fault = `No answer: ${error.message}`;
  }
  drawing.end();
  answering = null;
  showAll();
  byId("question").focus();
}

// ---- What the user does ----

function fitQuestion() {
  const question = byId("question");
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight + 2}px`;
}

function send() {
  const text = byId("question").value.trim();
  if (text === "" || answering) return;
  if (edited !== null) cutAt(edited);
  edited = null;
  add("user", text);
  byId("question").value = "";
  fitQuestion();
  answerLastTurn();
}

function regenerate() {
  if (answering) return;
  cutAt(turns.length - 1);
  answerLastTurn();
}

function beginEdit(turn) {
  edited = turns.indexOf(turn);
  byId("question").value = turn.content;
  fitQuestion();
  showAll();
  byId("question").focus();
}

function giveUpEdit() {
  edited = null;
  byId("question").value = "";
  fitQuestion();
  showAll();
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
byId("question").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
byId("question").addEventListener("input", fitQuestion);
byId("stop").addEventListener("click", () => answering?.abort());
byId("give-up-edit").addEventListener("click", giveUpEdit);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !byId("settings").open) answering?.abort();
});
byId("begin-anew").addEventListener("click", () => {
  answering?.abort();
  cutAt(0);
  giveUpEdit();
  say("");
});
byId("open-settings").addEventListener("click", () => byId("settings").showModal());
byId("settings").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("settings").close();
});
byId("reset-settings").addEventListener("click", (event) => {
  event.preventDefault();
  for (const field of fields) if (field.name !== "key") field.value = "";
});
byId("settings").addEventListener("close", () => {
  keepSettings();
  readModel();
});

readSettings();
readModel();

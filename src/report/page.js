"use strict";
// Draws the report from the data in the page. Texts go in as text nodes only, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

// ---- Small helpers for the document ----

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function draw(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

const byId = (id) => document.getElementById(id);
const percent = (share) => (100 * share).toFixed(1);
const interval = ([, low, high]) => `[${percent(low)}, ${percent(high)}]`;

function number(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1).replace("e+", "e").replace(".0e", "e");
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

// ---- The table of evaluations ----

function changeCell(change) {
  if (!change) return make("td", {}, "");
  const [mean, low, high] = change;
  const kind = low > 0 ? "better" : high < 0 ? "worse" : "";
  const sign = mean > 0 ? "+" : "";
  return make("td", { class: "interval" }, make("span", { class: kind }, sign + percent(mean)), " ",
    make("span", { class: "range" }, interval(change)));
}

function passCell(pass) {
  return make("td", { class: "interval" }, percent(pass[0]), " ", make("span", { class: "range" }, interval(pass)));
}

const rounded = (tokens) => (tokens === null ? "–" : tokens.toFixed(0));

function showResults() {
  const list = data.evaluations;
  if (list.length === 0) {
    byId("results").append(make("p", {}, "The run has no evaluation."));
    return;
  }
  const head = ["after", "pass@1, %", "change, points", "step", "tokens", "of right", "of wrong", "no answer, %",
    "truncated, %", "undecided, %"];
  const body = make("tbody");
  for (const e of list) {
    const only = e.sets.length === 1 ? e.sets[0] : null;
    body.append(make("tr", {}, make("td", {}, e.name), passCell(e.pass), changeCell(e.change),
      make("td", {}, number(e.step)), make("td", {}, rounded(e.tokens)), make("td", {}, only ? rounded(only.right) : ""),
      make("td", {}, only ? rounded(only.wrong) : ""), make("td", {}, percent(e.no_answer)),
      make("td", {}, percent(e.truncated)),
      make("td", {}, percent(e.undecided))));
    if (only) continue;
    for (const set of e.sets) {
      body.append(make("tr", {}, make("td", { class: "set" }, `${set.name} (${set.problems})`),
        passCell(set.pass), make("td"), make("td"), make("td"), make("td", {}, rounded(set.right)),
        make("td", {}, rounded(set.wrong)), make("td"), make("td"), make("td")));
    }
  }
  const row = make("tr");
  for (const text of head) row.append(make("th", { scope: "col" }, text));
  byId("results").append(make("table", {}, make("thead", {}, row), body));
  const problems = list[list.length - 1].problems;
  const samples = [...new Set(list.map((e) => e.samples))].join(" or ");  // a stage may have its own
  const trainedOn = data.manifest ? data.manifest.trained_on : undefined;  // unknown of runs of earlier versions
  const kind = trainedOn === 0 ? "held-out problems" : "problems";
  const warning = trainedOn > 0 ? ` Trained on too, so not held out: ${trainedOn}.` : "";
  byId("results-note").textContent = `${problems} ${kind}, ${samples} ` +
    `answer${samples === "1" ? "" : "s"} each, the same problems every time. In brackets: 95 % intervals; a change is ` +
    "the mean difference problem by problem from the row above, coloured where its interval leaves out 0." + warning;
}

// ---- Curves ----

// Each line is the first of its metrics that the run has.
const charts = [
  { title: "Reward", unit: "mean of the step", lines: [["reward"]], low: 0 },
  { title: "pass@1 of evaluations", unit: "%, with 95 % interval", lines: [["eval/pass@1"]], scale: 100, low: 0,
    intervals: true },
  { title: "Response length", unit: "tokens", low: 0,
    lines: [["completions/mean_length_right", "completions/mean_length"], ["completions/mean_length_wrong"]],
    names: ["right", "wrong"] },
  { title: "Truncated responses", unit: "%", lines: [["completions/clipped_ratio"]], scale: 100, low: 0 },
  { title: "Responses without an answer", unit: "%", lines: [["completions/no_answer_ratio"]], scale: 100, low: 0 },
  { title: "Entropy", unit: "nats a token", lines: [["entropy"]], low: 0 },
  { title: "Gradient norm", unit: "before clipping", lines: [["grad_norm"]], low: 0 },
  { title: "Groups without signal", unit: "%, all rewards equal", lines: [["frac_reward_zero_std"]], scale: 100,
    low: 0 },
  { title: "KL from the reference", unit: "nats a token", lines: [["kl"]] },
  { title: "Loss", unit: "", lines: [["loss"]] },
  { title: "Learning rate", unit: "", lines: [["learning_rate"]], low: 0 },
  { title: "Speed", unit: "tokens trained on a second", lines: [["time/tokens_per_second"]], low: 0 },
];

// The mean of the points around each one; the window grows with the length of the line.
function smooth(points) {
  const half = Math.floor(points.length / 40);
  if (half === 0) return points;
  return points.map(([step], i) => {
    const around = points.slice(Math.max(0, i - half), i + half + 1);
    return [step, around.reduce((sum, p) => sum + p[1], 0) / around.length];
  });
}

const stageOf = (step) => data.stages.find((s) => s.first <= step && step <= s.last);

// A line breaks where a stage ends: the next one may measure something else.
function pieces(points) {
  const list = [];
  for (const point of points) {
    const stage = stageOf(point[0]);
    if (list.length === 0 || list[list.length - 1].stage !== stage) list.push({ stage, points: [] });
    list[list.length - 1].points.push(point);
  }
  return list.map((piece) => piece.points);
}

// Round values from low to high, about `count` of them.
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const list = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) list.push(i * step);
  return list;
}

const WIDTH = 400, HEIGHT = 220, LEFT = 46, RIGHT = 10, TOP = 20, BOTTOM = 36;

// The lines of a chart, cut to a range of steps.
function linesOf(chart, range) {
  const list = [];
  chart.lines.forEach((metrics, i) => {
    const metric = metrics.find((m) => data.series[m] && data.series[m].length > 0);
    if (!metric) return;
    let points = data.series[metric].filter((p) => p[1] !== null && range.first <= p[0] && p[0] <= range.last);
    points = points.map(([step, value]) => [step, value * (chart.scale || 1)]);
    if (points.length === 0) return;
    const fallback = metrics.indexOf(metric) > 0;
    const name = chart.names ? (fallback ? "all" : chart.names[i]) : "";
    const kind = i === 0 ? "first" : "second";
    list.push({ points, kind, name });
    const other = data.parent ? data.parent.series[metric] : undefined;
    if (!other) return;
    const shared = other.filter((p) => p[1] !== null && range.first <= p[0] && p[0] <= range.last)
      .map(([step, value]) => [step, value * (chart.scale || 1)]);
    if (shared.length === 0) return;
    list.push({ points: shared, kind: `${kind} parent`, parent: true,
      name: name ? `${name}, ${data.parent.name}` : data.parent.name });
  });
  return list;
}

// The 95 % intervals of evaluations by step, as in the table.
function whiskersOf(chart, points) {
  if (!chart.intervals) return [];
  const steps = new Set(points.map((p) => p[0]));
  return data.evaluations.filter((e) => steps.has(e.step)).map((e) => [e.step, 100 * e.pass[1], 100 * e.pass[2]]);
}

function scalesOf(chart, lines, whiskers, range) {
  const values = lines.flatMap((l) => l.points.map((p) => p[1])).concat(whiskers.flatMap((w) => w.slice(1)));
  let low = Math.min(...values), high = Math.max(...values);
  if (chart.low !== undefined) low = Math.min(chart.low, low);
  if (high === low) high = low + (Math.abs(low) || 1);
  const margin = (high - low) * 0.06;
  high += margin;
  if (low !== chart.low) low -= margin;
  const width = WIDTH - LEFT - RIGHT, height = HEIGHT - TOP - BOTTOM;
  const span = Math.max(1, range.last - range.first);
  return {
    low, high,
    x: (step) => LEFT + ((step - range.first) / span) * width,
    y: (value) => HEIGHT - BOTTOM - ((value - low) / (high - low)) * height,
    step: (x) => range.first + ((x - LEFT) / width) * span,
  };
}

function drawFrame(svg, scales, range) {
  data.stages.forEach((stage) => {
    const first = Math.max(stage.first, range.first), last = Math.min(stage.last, range.last);
    if (first > last) return;
    const left = scales.x(Math.max(range.first, first - 0.5)), right = scales.x(Math.min(range.last, last + 0.5));
    if (stage.number % 2 === 1) {
      draw(svg, "rect", { class: "band", x: left, y: TOP, width: right - left, height: HEIGHT - TOP - BOTTOM });
    }
    if (first > range.first) {
      draw(svg, "line", { class: "edge", x1: left, x2: left, y1: TOP - 12, y2: HEIGHT - BOTTOM });
    }
    const room = Math.floor((right - left - 8) / 6);
    if (room < 2) return;
    const name = stage.name.length <= room ? stage.name : `${stage.name.slice(0, room - 1)}…`;
    draw(svg, "text", { x: left + 4, y: TOP - 7 }, name);
  });
  for (const value of ticks(scales.low, scales.high, 4)) {
    const y = scales.y(value);
    draw(svg, "line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y });
    draw(svg, "text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, number(Number(value.toPrecision(12))));
  }
  for (const step of ticks(range.first, range.last, 5).filter(Number.isInteger)) {
    const x = scales.x(step);
    const anchor = x > WIDTH - RIGHT - 14 ? "end" : "middle";
    draw(svg, "text", { x, y: HEIGHT - BOTTOM + 15, "text-anchor": anchor }, String(step));
  }
  draw(svg, "text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "step");
}

function drawLine(svg, line, scales, isEvaluation) {
  const place = ([step, value]) => `${scales.x(step).toFixed(1)},${scales.y(value).toFixed(1)}`;
  const parts = isEvaluation ? [line.points] : pieces(line.points);
  for (const points of parts) {
    const mean = isEvaluation ? points : smooth(points);
    if (mean !== points) draw(svg, "polyline", { class: `raw ${line.kind}`, points: points.map(place).join(" ") });
    draw(svg, "polyline", { class: `mean ${line.kind}`, points: mean.map(place).join(" ") });
    if (!isEvaluation && points.length > 1) continue;
    for (const [step, value] of points) {
      draw(svg, "circle", { class: `lone ${line.kind}`, cx: scales.x(step), cy: scales.y(value), r: 3.5 });
    }
  }
}

// What a reader who can't see the curve is told of it.
function describe(chart, lines) {
  return lines.map((line) => {
    const first = line.points[0], last = line.points[line.points.length - 1];
    return `${chart.title}${line.name ? `, ${line.name}` : ""}: ${number(first[1])} at step ${first[0]}, ` +
      `${number(last[1])} at step ${last[0]}`;
  }).join("; ");
}

function addReading(svg, chart, lines, whiskers, scales) {
  const steps = [...new Set(lines.flatMap((l) => l.points.map((p) => p[0])))].sort((a, b) => a - b);
  const cursor = draw(svg, "g", { visibility: "hidden" });
  const tip = byId("tip");
  let at = steps.length - 1;
  const show = (index) => {
    at = Math.max(0, Math.min(steps.length - 1, index));
    const step = steps[at], x = scales.x(step);
    cursor.replaceChildren();
    draw(cursor, "line", { class: "cursor", x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM });
    const stage = stageOf(step);
    const rows = [`step ${step}${stage ? `, ${stage.name}` : ""}`];
    for (const line of lines) {
      const point = line.points.filter((p) => p[0] === step).pop();
      if (!point) continue;
      draw(cursor, "circle", { class: `dot ${line.kind}`, cx: x, cy: scales.y(point[1]), r: 3.5 });
      const whisker = whiskers.find((w) => w[0] === step);
      rows.push(`${line.name ? `${line.name}: ` : ""}${number(point[1])}` +
        (whisker ? ` [${number(whisker[1])}, ${number(whisker[2])}]` : ""));
    }
    cursor.setAttribute("visibility", "visible");
    tip.textContent = rows.join("\n");
    tip.hidden = false;
    const box = svg.getBoundingClientRect();
    const left = window.scrollX + box.left + (x / WIDTH) * box.width + 12;
    const room = window.scrollX + document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(4, Math.min(left, room))}px`;
    tip.style.top = `${window.scrollY + box.top - tip.offsetHeight + 8}px`;
  };
  const hide = () => {
    cursor.setAttribute("visibility", "hidden");
    tip.hidden = true;
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const wanted = scales.step(((event.clientX - box.left) / box.width) * WIDTH);
    let nearest = 0;
    steps.forEach((step, i) => {
      if (Math.abs(step - wanted) < Math.abs(steps[nearest] - wanted)) nearest = i;
    });
    show(nearest);
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: steps.length - 1 };
    if (event.key === "Escape") hide();
    if (moves[event.key] === undefined) return;
    event.preventDefault();
    show(moves[event.key]);
  });
}

function figureOf(chart, chosen) {
  // An evaluation before a stage stands at the step before its first.
  const range = chart.intervals ? { first: Math.max(0, chosen.first - 1), last: chosen.last } : chosen;
  const lines = linesOf(chart, range);
  if (lines.length === 0) return null;
  // Stages in which the metric does not exist are left out at both ends.
  const steps = lines.flatMap((l) => l.points.map((p) => p[0]));
  const begin = stageOf(Math.min(...steps)), end = stageOf(Math.max(...steps));
  const shown = chart.intervals ? range : { first: Math.max(range.first, begin ? begin.first : range.first),
    last: Math.min(range.last, end ? end.last : range.last) };
  const whiskers = whiskersOf(chart, lines[0].points);
  const scales = scalesOf(chart, lines, whiskers, shown);
  const caption = make("figcaption", {}, make("h3", {}, chart.title), make("span", { class: "unit" }, chart.unit));
  for (const line of lines) if (line.name) caption.append(make("span", { class: `key ${line.kind}` }, line.name));
  const figure = make("figure", {}, caption);
  const svg = draw(figure, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", tabindex: "0",
    "aria-label": describe(chart, lines) });
  drawFrame(svg, scales, shown);
  for (const [step, low, high] of whiskers) {
    const x = scales.x(step);
    draw(svg, "line", { class: "whisker first", x1: x, x2: x, y1: scales.y(low), y2: scales.y(high) });
  }
  const below = lines.filter((l) => l.parent), above = lines.filter((l) => !l.parent);
  for (const line of [...below, ...above]) drawLine(svg, line, scales, Boolean(chart.intervals));
  addReading(svg, chart, lines, whiskers, scales);
  return figure;
}

function showCharts() {
  const stages = data.stages;
  const whole = { first: data.evaluations.length > 0 || stages.length === 0 ? 0 : stages[0].first,
    last: stages.length > 0 ? stages[stages.length - 1].last : 1 };
  const buttons = [];
  const show = (range, chosen) => {
    byId("charts").replaceChildren(...charts.map((chart) => figureOf(chart, range)).filter(Boolean));
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === chosen)));
  };
  const add = (name, range) => {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => show(range, button));
    buttons.push(button);
    byId("stage-picker").append(button);
  };
  add("whole run", whole);
  if (stages.length > 1) for (const stage of stages) add(stage.name, { first: stage.first, last: stage.last });
  else byId("stage-picker").hidden = true;
  show(whole, buttons[0]);
}

// ---- Rollouts ----

function sampleCard(sample) {
  const kind = sample.reward === null ? "open" : sample.reward > 0 ? "right" : "wrong";
  const parts = sample.parts.length > 1
    ? ` (${sample.parts.map(([name, value]) => `${name} ${value === null ? "undecided" : number(value)}`).join(", ")})`
    : "";
  const reward = sample.reward === null ? "undecided" : `reward ${number(sample.reward)}${parts}`;
  const sign = sample.advantage > 0 ? "+" : "";
  const line = make("p", {}, make("b", {}, reward), make("span", {}, `advantage ${sign}${sample.advantage.toFixed(2)}`),
    make("span", {}, `${sample.tokens} tokens`),
    make("span", {}, sample.finish === "length" ? "cut at the limit" : "ended by itself"),
    make("span", {}, sample.extracted === "" ? "no answer" : `answer ${sample.extracted}`));
  const text = make("pre", { tabindex: "0" }, sample.text);
  if (sample.left_out > 0) text.append(`\n… ${number(sample.left_out)} more bytes: see deepscaler show`);
  return make("article", { class: kind }, line, text);
}

function showGroup(group) {
  const answers = make("p", { class: "quiet" }, `Reference: ${group.answers.join(" or ")}`);
  const grid = make("div", { class: "samples" }, ...group.samples.map(sampleCard));
  const question = make("pre", { class: "question" }, group.problem || `problem ${group.id}`);
  byId("rollouts").replaceChildren(question, answers, grid);
  if (group.of > group.samples.length) {
    byId("rollouts").append(make("p", { class: "quiet" },
      `${group.samples.length} of ${group.of} samples; deepscaler show has all of them.`));
  }
}

function showRollouts() {
  if (data.rollouts.length === 0) {
    byId("rollouts").append(make("p", { class: "quiet" }, "The run has no rollouts: no stage of reinforcement learning."));
    return;
  }
  const steps = make("select"), problems = make("select");
  for (const stage of data.stages) {
    const group = make("optgroup", { label: stage.name });
    data.rollouts.forEach((step, i) => {
      if (step.stage === stage.number) group.append(make("option", { value: i }, `step ${step.step}`));
    });
    if (group.children.length > 0) steps.append(group);
  }
  const chosen = () => data.rollouts[Number(steps.value)];
  const showProblem = () => showGroup(chosen().groups[Number(problems.value)]);
  const showStep = () => {
    const kept = Math.min(Math.max(0, problems.selectedIndex), chosen().groups.length - 1);
    problems.replaceChildren(...chosen().groups.map((g, i) => {
      const right = g.samples.filter((s) => s.reward > 0).length;
      return make("option", { value: i }, `${i + 1} of ${chosen().of}: ${right} of ${g.samples.length} rewarded`);
    }));
    problems.selectedIndex = kept;
    showProblem();
  };
  const turn = (text, by) => {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      steps.selectedIndex = Math.min(Math.max(0, steps.selectedIndex + by), steps.options.length - 1);
      showStep();
    });
    return button;
  };
  steps.addEventListener("change", showStep);
  problems.addEventListener("change", showProblem);
  byId("rollout-picker").append(make("label", {}, "Step", steps), turn("Earlier", -1), turn("Later", 1),
    make("label", {}, "Problem", problems));
  steps.selectedIndex = steps.options.length - 1;
  showStep();
}

// ---- The rest ----

// Of a fork: what it shares, and what it was given otherwise.
function origin() {
  const from = data.manifest ? data.manifest.forked_from : undefined;
  if (!from) return "";
  const curves = data.parent ? "; the pale curves are the other run's" : "";
  const changes = from.changes.join(", ") || "the same keys";
  return ` It shares ${from.step} steps with ${from.run}, and then has ${changes}${curves}.`;
}

function showHeader() {
  document.title = `${data.name}: run report`;
  byId("title").textContent = data.name;
  const stages = data.stages.map((s) => s.name).join(", then ");
  const times = (data.series["time/step"] || []).reduce((sum, p) => sum + p[1], 0);
  const time = times >= 5400 ? `${(times / 3600).toFixed(1)} hours` : `${(times / 60).toFixed(1)} minutes`;
  const last = data.stages.length > 0 ? data.stages[data.stages.length - 1].last : 0;
  byId("subtitle").textContent =
    `${number(last)} steps: ${stages}. ${time} of training, evaluations apart.${origin()}`;
  const list = byId("manifest");
  for (const [name, value] of Object.entries(data.manifest || {})) {
    const text = typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? value.toLocaleString("en") : String(value);
    list.append(make("dt", {}, name.replaceAll("_", " ")), make("dd", {}, text));
  }
  byId("recipe").textContent = data.recipe;
}

showHeader();
showResults();
showCharts();
showRollouts();

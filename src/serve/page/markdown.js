"use strict";
// A model's text as elements: the Markdown and the formulas that models write. Every text becomes a text node, never
// markup; links lead to http and https alone, and no picture is loaded.

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// What stands in a line, the first that matches counting: code, formulas, links and pictures, bold, italic, struck out.
const INLINE = new RegExp(
  [
    "(?<!`)(?<ticks>`+)(?!`)(?<code>[^]*?[^`])\\k<ticks>(?!`)",
    "\\\\\\((?<paren>[^]+?)\\\\\\)",
    "\\\\\\[(?<bracket>[^]+?)\\\\\\]",
    "\\$\\$(?<dollars>[^]+?)\\$\\$",
    "\\$(?<dollar>[^\\s$](?:[^$\\n]*[^\\s$\\\\])?)\\$(?![0-9])",
    "!?\\[(?<label>[^\\]\\n]{0,999})\\]\\((?<target>[^()\\s]+)\\)",
    "\\*\\*(?<bold>[^\\s*](?:[^]*?[^\\s*])?)\\*\\*",
    "\\*(?<italic>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*",
    "~~(?<struck>[^~\\n]+)~~",
    "(?<url>https?://[^\\s<>()]+[^\\s<>().,;:!?'\"])",
    "\\\\(?<escaped>[\\\\`*_{}#+.!|~-])",
  ].join("|"), "u");
const MOST_NESTED = 8;

function linkTo(target, label) {
  let url;
  try {
    url = new URL(target);
  } catch {
    return document.createTextNode(label);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return document.createTextNode(label);
  return make("a", {href: url.href, target: "_blank", rel: "noopener noreferrer"}, label);
}

function inlineNodes(text, depth = 0) {
  const nodes = [];
  for (let rest = text; rest !== "";) {
    const found = depth < MOST_NESTED ? INLINE.exec(rest) : null;
    if (!found) {
      nodes.push(rest);
      break;
    }
    if (found.index > 0) nodes.push(rest.slice(0, found.index));
    rest = rest.slice(found.index + found[0].length);
    const part = found.groups;
    if (part.code !== undefined) nodes.push(make("code", {}, part.code.replace(/\n/g, " ")));
    else if (part.paren !== undefined) nodes.push(mathOf(part.paren, false));
    else if (part.bracket !== undefined) nodes.push(mathOf(part.bracket, true));
    else if (part.dollars !== undefined) nodes.push(mathOf(part.dollars, true));
    else if (part.dollar !== undefined) nodes.push(mathOf(part.dollar, false));
    else if (part.target !== undefined) nodes.push(linkTo(part.target, part.label || part.target));
    else if (part.bold !== undefined) nodes.push(make("strong", {}, ...inlineNodes(part.bold, depth + 1)));
    else if (part.italic !== undefined) nodes.push(make("em", {}, ...inlineNodes(part.italic, depth + 1)));
    else if (part.struck !== undefined) nodes.push(make("del", {}, ...inlineNodes(part.struck, depth + 1)));
    else if (part.url !== undefined) nodes.push(linkTo(part.url, part.url));
    else nodes.push(part.escaped);
  }
  return nodes;
}

// Browsers give a clipboard to pages of this machine and over TLS alone.
function canCopy() {
  return navigator.clipboard !== undefined;
}

function codeBlock(language, code) {
  const caption = make("figcaption", {}, make("span", {}, language));
  if (canCopy()) {
    const copy = make("button", {type: "button", class: "copy"}, "Copy");
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code);
      copy.textContent = "Copied";
      setTimeout(() => (copy.textContent = "Copy"), 1500);
    });
    caption.append(copy);
  }
  return make("figure", {class: "code"}, caption, make("pre", {}, make("code", {}, code)));
}

function tableOf(lines) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inlineNodes(cell.trim()));
  const row = (line, tag) => make("tr", {}, ...cells(line).map((nodes) => make(tag, {}, ...nodes)));
  return make("div", {class: "table"}, make("table", {}, make("thead", {}, row(lines[0], "th")),
    make("tbody", {}, ...lines.slice(2).map((line) => row(line, "td")))));
}

const ITEM = /^(\s*)([-*+]|[0-9]{1,9}[.)])\s+/;

// The items from lines[at] on that are indented as far as the first of them, and where they end.
function listAt(lines, at, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const isOrdered = /[0-9]/.test(mark);
  const list = isOrdered ? make("ol", {start: parseInt(mark, 10)}) : make("ul");
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]);
    if (!item || item[1].length < indent.length || /[0-9]/.test(item[2]) !== isOrdered) break;
    const body = [lines[at].slice(item[0].length)];
    for (at++; at < lines.length; at++) {
      const isInner = /^\s/.test(lines[at]) && lines[at].search(/\S/) > indent.length;
      const isGap = lines[at].trim() === "" && at + 1 < lines.length && lines[at + 1].search(/\S/) > indent.length;
      if (!isInner && !isGap) break;
      body.push(lines[at].slice(Math.min(item[0].length, Math.max(lines[at].search(/\S/), 0))));
    }
    list.append(make("li", {}, ...blockNodes(body, depth + 1)));
    while (at + 1 < lines.length && lines[at].trim() === "" && ITEM.test(lines[at + 1])) at++;
  }
  return [list, at];
}

function blockNodes(lines, depth = 0) {
  const nodes = [];
  let paragraph = [];
  const endParagraph = () => {
    if (paragraph.length > 0) nodes.push(make("p", {}, ...inlineNodes(paragraph.join("\n"))));
    paragraph = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    const fence = /^\s*(```+|~~~+)\s*([\w+#.-]*)/.exec(line);
    const formula = /^\s*(\\\[|\$\$)/.exec(line);
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (fence) {
      endParagraph();
      let end = at + 1;
      while (end < lines.length && !lines[end].trim().startsWith(fence[1])) end++;
      nodes.push(codeBlock(fence[2], lines.slice(at + 1, end).join("\n")));
      at = end + 1;
    } else if (formula) {
      endParagraph();
      const closing = formula[1] === "$$" ? "$$" : "\\]";
      let text = line.slice(line.indexOf(formula[1]) + 2);
      for (at++; !text.includes(closing) && at < lines.length; at++) text += "\n" + lines[at];
      const end = text.indexOf(closing);
      nodes.push(make("p", {}, mathOf(end < 0 ? text : text.slice(0, end), true)));
      const rest = end < 0 ? "" : text.slice(end + 2).trim();
      if (rest !== "") nodes.push(make("p", {}, ...inlineNodes(rest)));
    } else if (heading) {
      endParagraph();
      nodes.push(make(`h${Math.min(heading[1].length + 2, 6)}`, {}, ...inlineNodes(heading[2])));
      at++;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      endParagraph();
      nodes.push(make("hr"));
      at++;
    } else if (ITEM.test(line) && depth < MOST_NESTED) {
      endParagraph();
      const [list, end] = listAt(lines, at, depth);
      nodes.push(list);
      at = end;
    } else if (/^\s*>/.test(line) && depth < MOST_NESTED) {
      endParagraph();
      const quoted = [];
      for (; at < lines.length && /^\s*>/.test(lines[at]); at++) quoted.push(lines[at].replace(/^\s*>\s?/, ""));
      nodes.push(make("blockquote", {}, ...blockNodes(quoted, depth + 1)));
    } else if (line.includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] || "") && lines[at + 1].includes("|")) {
      endParagraph();
      let end = at + 2;
      while (end < lines.length && lines[end].includes("|")) end++;
      nodes.push(tableOf(lines.slice(at, end)));
      at = end;
    } else {
      if (line.trim() === "") endParagraph();
      else paragraph.push(line);
      at++;
    }
  }
  endParagraph();
  return nodes;
}

function markdownNodes(text) {
  return blockNodes(text.replace(/\r/g, "").split("\n"));
}

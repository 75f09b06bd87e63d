"use strict";
// LaTeX as models write it, made into MathML elements. What is not known stands there as it was written.

const MATHML = "http://www.w3.org/1998/Math/MathML";

// Tables without a prototype: a model may write \constructor.
const LETTERS = {
  __proto__: null,
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ϵ", varepsilon: "ε", zeta: "ζ", eta: "η", theta: "θ",
  vartheta: "ϑ", iota: "ι", kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", pi: "π", rho: "ρ", sigma: "σ",
  tau: "τ", upsilon: "υ", phi: "ϕ", varphi: "φ", chi: "χ", psi: "ψ", omega: "ω", Gamma: "Γ", Delta: "Δ",
  Theta: "Θ", Lambda: "Λ", Xi: "Ξ", Pi: "Π", Sigma: "Σ", Phi: "Φ", Psi: "Ψ", Omega: "Ω", infty: "∞", ell: "ℓ",
  emptyset: "∅", varnothing: "∅", hbar: "ℏ", Re: "ℜ", Im: "ℑ", partial: "∂", nabla: "∇", aleph: "ℵ", ldots: "…",
  dots: "…", cdots: "⋯", vdots: "⋮", ddots: "⋱", angle: "∠", triangle: "△", degree: "°", circ: "∘", prime: "′",
};
const OPERATORS = {
  __proto__: null,
  times: "×", cdot: "⋅", div: "÷", pm: "±", mp: "∓", ast: "∗", star: "⋆", le: "≤", leq: "≤", ge: "≥", geq: "≥",
  ne: "≠", neq: "≠", lt: "<", gt: ">", approx: "≈", equiv: "≡", sim: "∼", simeq: "≃", cong: "≅", propto: "∝",
  ll: "≪", gg: "≫", to: "→", rightarrow: "→", leftarrow: "←", leftrightarrow: "↔", Rightarrow: "⇒",
  Leftarrow: "⇐", Leftrightarrow: "⇔", implies: "⟹", iff: "⟺", mapsto: "↦", longrightarrow: "⟶", in: "∈",
  notin: "∉", ni: "∋", subset: "⊂", subseteq: "⊆", supset: "⊃", supseteq: "⊇", cup: "∪", cap: "∩", setminus: "∖",
  land: "∧", wedge: "∧", lor: "∨", vee: "∨", neg: "¬", lnot: "¬", forall: "∀", exists: "∃", mid: "∣", parallel: "∥",
  perp: "⊥", therefore: "∴", because: "∵", lfloor: "⌊", rfloor: "⌋", lceil: "⌈", rceil: "⌉", langle: "⟨",
  rangle: "⟩", vert: "|", lvert: "|", rvert: "|", Vert: "‖", lVert: "‖", rVert: "‖", oplus: "⊕", otimes: "⊗", bullet: "∙",
};
const LARGE = {__proto__: null, sum: "∑", prod: "∏", int: "∫", iint: "∬", oint: "∮", bigcup: "⋃", bigcap: "⋂"};
const FUNCTIONS = new Set(("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim max min gcd " +
  "lcm det dim ker deg arg sup inf Pr").split(" "));
const SPACES = {__proto__: null, ",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.33em", quad: "1em", qquad: "2em", "!": "0em", "~": "0.33em"};
const ACCENTS = {__proto__: null, hat: "^", widehat: "^", bar: "¯", overline: "¯", vec: "→", dot: "˙", ddot: "¨", tilde: "~", overrightarrow: "→"};
const VARIANTS = {__proto__: null, mathrm: "normal", mathbf: "bold", mathit: "italic", mathsf: "normal", boldsymbol: "bold", bm: "bold"};
const DOUBLE = {__proto__: null, R: "ℝ", N: "ℕ", Z: "ℤ", Q: "ℚ", C: "ℂ", P: "ℙ", E: "𝔼", F: "𝔽"};
const FENCES = {__proto__: null, matrix: ["", ""], pmatrix: ["(", ")"], bmatrix: ["[", "]"], vmatrix: ["|", "|"], Bmatrix: ["{", "}"],
  cases: ["{", ""], aligned: ["", ""], align: ["", ""], "align*": ["", ""], array: ["", ""], gathered: ["", ""],
  "gather*": ["", ""], gather: ["", ""], split: ["", ""], equation: ["", ""], "equation*": ["", ""]};
const MOST_DEPTH = 40;

function mathElement(tag, ...children) {
  const element = document.createElementNS(MATHML, tag);
  element.append(...children);
  return element;
}

// Reads one formula; every function consumes what it returns.
class MathReader {
  constructor(source) {
    this.tokens = source.match(/\\[a-zA-Z]+\*?|\\[^]|[0-9]+(?:[.,][0-9]+)*|\s+|[^]/gu) || [];
    this.at = 0;
    this.depth = 0;
  }

  peek() { return this.tokens[this.at]; }
  next() { return this.tokens[this.at++]; }
  skipSpaces() { while (this.at < this.tokens.length && /^\s+$/.test(this.peek())) this.at++; }

  // What `read` makes of what comes; the rest of the formula as it was written where that is nested too deeply.
  nested(read) {
    if (this.depth === MOST_DEPTH) {
      const rest = this.tokens.slice(this.at).join("");
      this.at = this.tokens.length;
      return mathElement("mrow", mathElement("mtext", rest));
    }
    this.depth++;
    const element = read();
    this.depth--;
    return element;
  }

  // Up to a token that `ends`, which stays.
  row(ends) {
    return this.nested(() => {
      const row = mathElement("mrow");
      for (this.skipSpaces(); this.at < this.tokens.length && !ends(this.peek()); this.skipSpaces()) row.append(this.scripted());
      return row;
    });
  }

  // An atom with what is written above and below.
  scripted() {
    const isLarge = this.isLarge();
    const base = /^[\^_]$/.test(this.peek()) ? mathElement("mrow") : this.atom();
    let above = null, below = null;
    for (;;) {
      this.skipSpaces();
      const token = this.peek();
      if (token === "'") {
        this.next();
        const prime = mathElement("mo", "′");
        above = above ? mathElement("mrow", above, prime) : prime;
      } else if (token === "\\limits" || token === "\\nolimits") {
        this.next();
      } else if (token === "^" && !above) {
        this.next();
        above = this.argument();
      } else if (token === "_" && !below) {
        this.next();
        below = this.argument();
      } else {
        break;
      }
    }
    if (above && below) return mathElement(isLarge ? "munderover" : "msubsup", base, below, above);
    if (above) return mathElement(isLarge ? "mover" : "msup", base, above);
    if (below) return mathElement(isLarge ? "munder" : "msub", base, below);
    return base;
  }

  isLarge() {
    const name = (this.peek() || "").slice(1);
    return this.peek()[0] === "\\" && ((name in LARGE && !name.includes("int")) || ["lim", "max", "min", "sup", "inf"].includes(name));
  }

  // {...}, or a single token.
  argument() {
    this.skipSpaces();
    if (this.at >= this.tokens.length) return mathElement("mrow");
    if (this.peek() === "{") return this.braced();
    if (/^[0-9]/.test(this.peek()) && this.peek().length > 1) {
      const digits = this.next();
      this.tokens.splice(this.at, 0, digits.slice(1));
      return mathElement("mn", digits[0]);
    }
    return this.nested(() => this.atom());
  }

  braced() {
    this.next();
    const row = this.row((token) => token === "}");
    this.next();
    return row;
  }

  // The characters of {...}, spaces included.
  text() {
    this.skipSpaces();
    if (this.peek() !== "{") return this.next() || "";
    this.next();
    let text = "";
    for (let open = 1; this.at < this.tokens.length;) {
      const token = this.next();
      if (token === "{") open++;
      if (token === "}" && --open === 0) break;
      if (token === "$" || token === "{" || token === "}") continue;
      text += token[0] === "\\" && token.length === 2 ? token[1] : token;
    }
    return text;
  }

  atom() {
    const token = this.next();
    if (token === "{") {
      this.at--;
      return this.braced();
    }
    if (/^[0-9]/.test(token)) return mathElement("mn", token);
    if (token[0] === "\\") return this.command(token.slice(1), token);
    if (/^\p{L}$/u.test(token)) return mathElement("mi", token);
    if (token === "-") return mathElement("mo", "−");
    if (token === "*") return mathElement("mo", "∗");
    return mathElement("mo", token);
  }

  command(name, token) {
    if (name in LETTERS) return mathElement("mi", LETTERS[name]);
    if (name in OPERATORS) return mathElement("mo", OPERATORS[name]);
    if (name in LARGE) return mathElement("mo", LARGE[name]);
    if (name in SPACES) {
      const space = mathElement("mspace");
      space.setAttribute("width", SPACES[name]);
      return space;
    }
    if (FUNCTIONS.has(name)) return mathElement("mi", name);
    if (name in ACCENTS) {
      const accent = mathElement("mover", this.argument(), mathElement("mo", ACCENTS[name]));
      accent.setAttribute("accent", "true");
      return accent;
    }
    if (name in VARIANTS || name === "operatorname") {
      const text = mathElement("mi", this.text());
      text.setAttribute("mathvariant", VARIANTS[name] || "normal");
      if (VARIANTS[name] === "bold") text.setAttribute("class", "bold");
      return text;
    }
    switch (name) {
      case "frac": case "dfrac": case "tfrac": case "cfrac":
        return mathElement("mfrac", this.argument(), this.argument());
      case "binom": case "dbinom": {
        const pair = mathElement("mfrac", this.argument(), this.argument());
        pair.setAttribute("linethickness", "0");
        return mathElement("mrow", mathElement("mo", "("), pair, mathElement("mo", ")"));
      }
      case "sqrt": {
        this.skipSpaces();
        if (this.peek() !== "[") return mathElement("msqrt", this.argument());
        this.next();
        const degree = this.row((end) => end === "]");
        this.next();
        return mathElement("mroot", this.argument(), degree);
      }
      case "boxed": case "fbox": {
        const box = mathElement("mrow", this.argument());
        box.setAttribute("class", "boxed");
        return box;
      }
      case "text": case "textbf": case "textit": case "textrm": case "mbox": case "mathcal": case "mathscr": case "mathfrak":
        return mathElement("mtext", this.text());
      case "mathbb": {
        const text = this.text();
        return mathElement("mi", DOUBLE[text] || text);
      }
      case "underline": {
        return mathElement("munder", this.argument(), mathElement("mo", "_"));
      }
      case "overset": case "stackrel": {
        const above = this.argument();
        return mathElement("mover", this.argument(), above);
      }
      case "underset": {
        const below = this.argument();
        return mathElement("munder", this.argument(), below);
      }
      case "pmod":
        return mathElement("mrow", mathElement("mo", "("), mathElement("mi", "mod"), this.argument(), mathElement("mo", ")"));
      case "mod": case "bmod":
        return mathElement("mo", "mod");
      case "not":
        return mathElement("mo", (this.argument().textContent || "") + "̸");
      case "left":
        return this.fenced();
      case "right": case "displaystyle": case "textstyle": case "limits": case "nolimits": case "big": case "Big": case "bigg":
      case "Bigg": case "bigl": case "bigr": case "Bigl": case "Bigr": case "nonumber": case "hline":
        return mathElement("mrow");
      case "tag": case "label": case "color":
        this.text();
        return mathElement("mrow");
      case "begin":
        return this.environment(this.text());
      case "\\":
        return mathElement("mspace");
      default:
        return /^[{}%$#&_|]$/.test(name) ? mathElement("mo", name === "|" ? "‖" : name) : mathElement("mtext", token);
    }
  }

  delimiter() {
    this.skipSpaces();
    const token = this.next() || ".";
    if (token === ".") return "";
    return token[0] === "\\" ? OPERATORS[token.slice(1)] || (token === "\\|" ? "‖" : token.slice(1)) : token;
  }

  fenced() {
    const open = this.delimiter();
    const row = this.row((token) => token === "\\right");
    this.next();
    const close = this.delimiter();
    if (open) row.prepend(mathElement("mo", open));
    if (close) row.append(mathElement("mo", close));
    return row;
  }

  environment(name) {
    this.skipSpaces();
    if (name === "array") this.text();
    const table = mathElement("mtable");
    const ends = (token) => token === "&" || token === "\\\\" || token === "\\end";
    for (let line = mathElement("mtr"); ; ) {
      line.append(mathElement("mtd", this.row(ends)));
      const token = this.next();
      if (token === "&") continue;
      table.append(line);
      if (token !== "\\\\") break;
      line = mathElement("mtr");
    }
    this.text();
    const [open, close] = FENCES[name] || ["", ""];
    if (name.startsWith("align") || name === "split" || name === "cases") table.setAttribute("class", "aligned");
    const row = mathElement("mrow", table);
    if (open) row.prepend(mathElement("mo", open));
    if (close) row.append(mathElement("mo", close));
    return row;
  }
}

// A formula without its delimiters as an element; `isBlock`: on a line of its own.
function mathOf(source, isBlock) {
  const reader = new MathReader(source);
  const row = mathElement("mrow");
  while (reader.at < reader.tokens.length) {
    row.append(reader.row(() => false));
  }
  const math = mathElement("math", row);
  math.setAttribute("display", isBlock ? "block" : "inline");
  math.setAttribute("aria-label", source);
  return math;
}

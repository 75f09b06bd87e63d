#include "verify/problem_text.h"

#include <algorithm>

#include "verify/characters.h"
#include "verify/functions.h"

namespace deepscaler {
namespace {

constexpr int64_t kBytesPerStep = 4;   // of reading
constexpr int64_t kTextsPerStep = 16;  // of searching

template <size_t n>
bool is_one_of(std::string_view text, const std::string_view (&list)[n]) {
  return std::ranges::find(list, text) != std::end(list);
}

bool is_bracket(const Token& token) {
  constexpr std::string_view kMarks[] = {"{", "}", "(", ")", "[", "]", "{.", "}.", "|", "|(", "|)"};
  return token.kind == Token::Kind::mark && is_one_of(token.text, kMarks);
}

bool is_task_word(std::string_view word) {
  constexpr std::string_view kWords[] = {
      "evaluate",    "compute",    "simplify",      "calculate", "find",           "determine", "solve",
      "expand",      "factor",     "factorize",     "factorise", "convert",        "express",   "rationalize",
      "rationalise", "reduce",     "write",         "rewrite",   "round",          "multiply",  "add",
      "subtract",    "divide",     "differentiate", "integrate", "what",           "how",       "which",
      "value",       "give",       "combine",       "perform",   "estimate",       "work",      "approximate",
      "complete",    "derivative", "integral",      "remainder", "transform",      "put",       "sum",
      "product",     "quotient",   "difference",    "state",     "decompose",      "turn",      "change",
      "equals",      "equal",      "answer",        "result",    "antiderivative", "expression"};
  return is_one_of(word, kWords);
}

// Behind such a word comes what is known, not what is asked for.
bool opens_a_condition(std::string_view word) {
  constexpr std::string_view kWords[] = {"if",   "given", "where", "when",  "such",  "that", "with", "has",
                                         "have", "than",  "let",   "since", "whose", "from", "as",   "there"};
  return is_one_of(word, kWords);
}

bool is_prose(const Token& token, bool is_formula) {
  if (token.kind == Token::Kind::letter) return !is_formula && is_one_of(lower(token.text), {"a", "i"});
  if (token.kind != Token::Kind::word) return false;
  if (is_formula) return token.text_mode;
  return function_of(token.text) == Function::unknown || token.text.size() > 3;
}

bool ends_a_sentence(const Token& token, bool is_formula) {
  return token.is_mark(".") || (!is_formula && (token.is_mark("?") || token.is_mark("!")));
}

bool is_punctuation(const Token& token) {
  return token.is_mark(".") || token.is_mark(",") || token.is_mark(";") || token.is_mark(":") ||
         token.is_mark("?") || token.is_mark("-") || token.is_mark("'");
}

// The length of the sign around formulas at `at`, or 0.
size_t formula_sign(std::string_view text, size_t at) {
  if (text.substr(at).starts_with("$$")) return 2;
  if (text[at] == '$') return 1;
  const bool bracket = text[at] == '\\' && at + 1 < text.size() &&
                       std::string_view("()[]").find(text[at + 1]) != std::string_view::npos;
  return bracket ? 2 : 0;
}

}  // namespace

void append_texts(Tokens tokens, Texts& texts) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const bool takes_digits = token.is_command("frac") || token.is_command("binom");
    if (is_bracket(token) || token.is_mark("*")) continue;
    if (token.is_mark("/") && !texts.empty()) {
      texts.insert(texts.end() - 1, "frac");
      continue;
    }
    if (token.kind == Token::Kind::word && !token.text_mode) {  // RC as R and C
      for (size_t c = 0; c < token.text.size(); ++c)
        texts.push_back(std::string_view(token.text).substr(c, 1));
      continue;
    }
    texts.push_back(token.text);
    if (token.kind == Token::Kind::number && texts.back().ends_with('.')) texts.back().remove_suffix(1);
    if (takes_digits && i + 1 < tokens.size() && tokens[i + 1].kind == Token::Kind::number) {  // \frac12
      const std::string_view digits = tokens[++i].text;
      texts.push_back(digits.substr(0, 1));
      if (digits.size() > 1) texts.push_back(digits.substr(1));
    }
  }
}

ProblemText::ProblemText(std::string_view problem, Steps& steps) {
  if (!steps.spend(std::ssize(problem) / kBytesPerStep)) return;
  bool is_formula = false;
  size_t begin = 0;
  for (size_t i = 0; i <= problem.size(); ++i) {
    const size_t sign = i < problem.size() ? formula_sign(problem, i) : 0;
    if (i < problem.size() && sign == 0) {
      if (problem[i] == '\\') ++i;  // an escaped sign is a currency's
      continue;
    }
    const size_t end = std::min(i, problem.size());
    if (end > begin) read(problem.substr(begin, end - begin), is_formula);
    is_formula =
        sign == 2 && problem[i] == '\\' ? problem[i + 1] == '(' || problem[i + 1] == '[' : !is_formula;
    i += sign > 0 ? sign - 1 : 0;
    begin = i + 1;
  }
}

// One piece, all formula or all prose; in prose, a formula is what is neither word nor punctuation.
void ProblemText::read(std::string_view text, bool is_formula) {
  tokens_.push_back(tokenize(text));
  const std::vector<Token>& tokens = tokens_.back();
  const Tokens all = Tokens(tokens).first(tokens.size() - 1);
  reads_formula_ = is_formula;
  for (size_t i = 0; i < all.size(); ++i) {
    const bool prose = is_prose(all[i], is_formula), ends = ends_a_sentence(all[i], is_formula);
    const bool hyphen = all[i].is_mark("-") || all[i].is_mark("'");
    if (prose || ends || (!is_formula && is_punctuation(all[i]) && !(in_formula_ && hyphen))) {
      close_formula();
      const std::string word = lower(all[i].text);
      after_task_ = !ends && (is_task_word(word) || (after_task_ && !opens_a_condition(word)));
    } else if (!in_formula_) {
      in_formula_ = true;
      formula_begin_ = texts_.size();
    }
    const bool takes_digits = all[i].is_command("frac") || all[i].is_command("binom");
    const size_t length = std::min<size_t>(takes_digits ? 2 : 1, all.size() - i);
    append_texts(all.subspan(i, length), texts_);
    i += length - 1;
    follows_task_.resize(texts_.size(), after_task_);
  }
  close_formula();
}

void ProblemText::close_formula() {
  if (!in_formula_) return;
  in_formula_ = false;
  const size_t length = texts_.size() - formula_begin_;
  const bool number_of_things = length == 1 && !reads_formula_ && is_digit(texts_.back()[0]);
  if (length == 0 || number_of_things) return;
  last_formula_ = formula_begin_;
  if (length > 1) after_task_ = false;  // the task's own, not a later one
}

bool ProblemText::is_asked(size_t begin, size_t end) const {
  if (follows_task_[begin] || end > last_formula_) return true;
  // "x = 12+34. What is x?", "12+34 = x. Solve for x."
  const std::string_view name = texts_[last_formula_];
  return (begin >= 2 && texts_[begin - 1] == "=" && texts_[begin - 2] == name) ||
         (end + 1 < texts_.size() && texts_[end] == "=" && texts_[end + 1] == name);
}

bool ProblemText::asks_for(const Texts& sequence, bool is_equation, Steps& steps) const {
  if (sequence.empty() || sequence.size() > texts_.size()) return false;
  if (!steps.spend((std::ssize(texts_) + std::ssize(sequence)) / kTextsPerStep + 1)) return false;
  // Knuth, Morris, Pratt: for each length, the longest proper beginning that is an end too.
  std::vector<size_t> border(sequence.size() + 1, 0);
  for (size_t i = 1, length = 0; i < sequence.size(); ++i) {
    while (length > 0 && sequence[i] != sequence[length]) length = border[length];
    if (sequence[i] == sequence[length]) ++length;
    border[i + 1] = length;
  }
  for (size_t i = 0, length = 0; i < texts_.size(); ++i) {
    while (length > 0 && texts_[i] != sequence[length]) length = border[length];
    if (texts_[i] == sequence[length]) ++length;
    if (length < sequence.size()) continue;
    if (is_equation || is_asked(i + 1 - length, i + 1)) return true;
    length = border[length];
  }
  return false;
}

}  // namespace deepscaler

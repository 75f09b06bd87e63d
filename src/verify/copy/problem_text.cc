#include "verify/copy/problem_text.h"

#include <algorithm>

#include "verify/algebra/functions.h"
#include "verify/copy/operations.h"
#include "verify/latex/characters.h"

namespace deepscaler {
namespace {

constexpr int64_t kBytesPerStep = 4;   // of reading
constexpr int64_t kTextsPerStep = 16;  // of searching
constexpr size_t kMaxFormulas = 8;     // searched for in an answer

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

// Calls accept(begin, end) wherever the one sequence stands in the other, until it returns true.
template <class Accept>
bool finds(const Texts& sequence, const Texts& in, Steps& steps, const Accept& accept) {
  if (sequence.empty() || sequence.size() > in.size()) return false;
  if (!steps.spend((std::ssize(in) + std::ssize(sequence)) / kTextsPerStep + 1)) return false;
  // Knuth, Morris, Pratt: for each length, the longest proper beginning that is an end too.
  std::vector<size_t> border(sequence.size() + 1, 0);
  for (size_t i = 1, length = 0; i < sequence.size(); ++i) {
    while (length > 0 && sequence[i] != sequence[length]) length = border[length];
    if (sequence[i] == sequence[length]) ++length;
    border[i + 1] = length;
  }
  for (size_t i = 0, length = 0; i < in.size(); ++i) {
    while (length > 0 && in[i] != sequence[length]) length = border[length];
    if (in[i] == sequence[length]) ++length;
    if (length < sequence.size()) continue;
    if (accept(i + 1 - length, i + 1)) return true;
    length = border[length];
  }
  return false;
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
    if (takes_digits && i + 1 < tokens.size() && tokens[i + 1].kind == Token::Kind::number) {  // \frac12
      const std::string_view digits = tokens[++i].text;
      texts.push_back(digits.substr(0, 1));
      if (digits.size() > 1) texts.push_back(digits.substr(1));
    }
  }
}

std::vector<Token> plain_tokens(std::string_view text) {
  std::vector<Token> tokens = tokenize(text);
  tokens.pop_back();  // the end
  for (Token& token : tokens) {
    token.text_mode = token.text_mode && token.kind == Token::Kind::word;
    if (token.kind != Token::Kind::number || token.text.find_first_not_of("0123456789.") != std::string::npos)
      continue;
    std::string& digits = token.text;
    if (digits.find('.') != std::string::npos) {
      digits.erase(digits.find_last_not_of('0') + 1);
      if (digits.ends_with('.')) digits.pop_back();
    }
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.empty() || digits[0] == '.') digits.insert(0, "0");
  }
  return tokens;
}

ProblemText::ProblemText(std::string_view problem, Steps& steps) {
  if (!steps.spend(std::ssize(problem) / kBytesPerStep)) return;
  bool is_formula = false;
  size_t begin = 0;
  for (size_t i = 0; i < problem.size(); ++i) {
    const size_t sign = formula_sign(problem, i);
    if (sign == 0) {
      if (problem[i] == '\\') ++i;  // an escaped sign is a currency's
      continue;
    }
    read(problem.substr(begin, i - begin), is_formula);
    is_formula = problem[i] == '\\' ? problem[i + 1] == '(' || problem[i + 1] == '[' : !is_formula;
    i += sign - 1;
    begin = i + 1;
  }
  read(problem.substr(begin), is_formula);
}

// One piece, all formula or all prose; in prose, a formula is what is neither word nor punctuation.
void ProblemText::read(std::string_view text, bool is_formula) {
  tokens_.push_back(plain_tokens(text));
  const Tokens all = tokens_.back();
  size_t first = all.size(), first_text = 0;  // of the formula
  const auto close = [&](size_t end) {
    if (first < end) add_formula(all.subspan(first, end - first), first_text, is_formula);
    first = all.size();
  };
  for (size_t i = 0; i < all.size(); ++i) {
    const bool prose = is_prose(all[i], is_formula), ends = ends_a_sentence(all[i], is_formula);
    const bool hyphen = all[i].is_mark("-") || all[i].is_mark("'");
    if (prose || ends || (!is_formula && is_punctuation(all[i]) && !(first < i && hyphen))) {
      close(i);
      const std::string word = lower(all[i].text);
      after_task_ = !ends && (is_task_word(word) || (after_task_ && !opens_a_condition(word)));
    } else if (first == all.size()) {
      first = i;
      first_text = texts_.size();
    }
    const bool takes_digits = all[i].is_command("frac") || all[i].is_command("binom");
    const size_t length = std::min<size_t>(takes_digits ? 2 : 1, all.size() - i);
    append_texts(all.subspan(i, length), texts_);
    i += length - 1;
    follows_task_.resize(texts_.size(), after_task_);
  }
  close(all.size());
}

void ProblemText::add_formula(Tokens tokens, size_t begin, bool is_marked) {
  const size_t length = texts_.size() - begin;
  const bool number_of_things = length == 1 && !is_marked && is_digit(texts_.back()[0]);
  if (length == 0 || number_of_things) return;
  formulas_.push_back({tokens, begin, texts_.size()});
  if (length > 1) after_task_ = false;  // the task's own, not a later one
}

bool ProblemText::is_asked(size_t begin, size_t end) const {
  if (follows_task_[begin] || formulas_.empty() || end > formulas_.back().begin) return true;
  // "x = 12+34. What is x?", "12+34 = x. Solve for x."
  const std::string_view name = texts_[formulas_.back().begin];
  return (begin >= 2 && texts_[begin - 1] == "=" && texts_[begin - 2] == name) ||
         (end + 1 < texts_.size() && texts_[end] == "=" && texts_[end + 1] == name);
}

bool ProblemText::asks_for(const Texts& sequence, bool is_equation, Steps& steps) const {
  return finds(sequence, texts_, steps,
               [&](size_t begin, size_t end) { return is_equation || is_asked(begin, end); });
}

bool ProblemText::asks_for_a_part_of(const Texts& sequence, Steps& steps) const {
  size_t searched = 0;
  return std::any_of(formulas_.rbegin(), formulas_.rend(), [&](const Formula& formula) {
    if (!is_asked(formula.begin, formula.end) || Operations(formula.tokens).last() == Operation::none)
      return false;
    Texts texts;
    append_texts(formula.tokens, texts);
    while (!texts.empty() && (texts.back() == "." || texts.back() == "," || texts.back() == "?"))
      texts.pop_back();
    return ++searched <= kMaxFormulas && texts.size() > 1 &&
           finds(texts, sequence, steps, [](size_t, size_t) { return true; });
  });
}

}  // namespace deepscaler

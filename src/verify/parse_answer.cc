// Answers as wholes: lists of statements, relations, words, multiple-choice letters.
#include <algorithm>
#include <array>
#include <cctype>

#include "verify/functions.h"
#include "verify/parse.h"
#include "verify/parser.h"
#include "verify/parser_nesting.h"
#include "verify/units.h"

namespace deepscaler {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_upper(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isupper(c); });
}

// Words of up to three letters that are English and not a product of variables.
bool is_short_english(std::string_view word) {
  constexpr std::string_view kWords[] = {"odd", "yes", "no",  "red", "one",  "two", "six", "ten",
                                         "may", "sum", "all", "any", "none", "not", "the", "an",
                                         "of",  "is",  "are", "by",  "day",  "sun", "mon", "tue",
                                         "wed", "thu", "fri", "sat", "dne",  "nor"};
  return std::find(std::begin(kWords), std::end(kWords), lower(word)) != std::end(kWords);
}

// A word of running text rather than a product of variables or the name of a function or constant.
bool is_proper_word(const Token& token) {
  if (token.kind != Token::Kind::word) return false;
  const std::string plain = lower(token.text);
  if (function_of(plain) != Function::unknown || plain == "pi" || plain == "sqrt" || plain == "infinity" ||
      plain == "inf" || plain == "infty") {
    return false;
  }
  return token.text_mode || token.text.size() >= 4 || is_upper(token.text) || is_short_english(token.text) ||
         (std::isupper(static_cast<unsigned char>(token.text[0])) && token.text.size() >= 3);
}

// What some fixed phrases mean.
Expr meaning_of(const std::string& phrase) {
  constexpr std::string_view kEmpty[] = {
      "no solution",      "no solutions", "no real solution", "no real solutions",      "empty",
      "empty set",        "none",         "no real roots",    "there are no solutions", "null set",
      "no such integers", "no values",    "no real numbers",  "no answer exists"};
  constexpr std::string_view kReals[] = {"all real numbers", "all reals",       "real numbers",
                                         "all real x",       "reals",           "set of all real numbers",
                                         "all real values",  "any real number", "all real"};
  constexpr std::string_view kUndefined[] = {"undefined", "dne", "does not exist", "limit does not exist",
                                             "not defined"};
  const auto one_of = [&](const auto& phrases) {
    return std::find(std::begin(phrases), std::end(phrases), phrase) != std::end(phrases);
  };
  if (one_of(kEmpty)) return make_node(Op::set, {});
  if (one_of(kReals)) return make_node(Op::reals, {});
  if (one_of(kUndefined)) return make_node(Op::word, {}, "undefined");
  if (phrase == "infinite" || phrase == "infinity" || phrase == "infinitely many")
    return make_node(Op::infinity, {});
  if (const auto number = find_number_word(phrase)) return make_number(*number);
  return make_node(Op::word, {}, phrase);
}

// ± stands for both signs: the answer is a list of two.
Expr with_both_signs(Expr expr) {
  if (!contains(expr, Op::sign)) return expr;
  const auto with = [&](slong sign) {
    return rewrite(expr, [sign](Expr& part) {
      if (part.op == Op::sign) part = make_number(sign);
    });
  };
  Expr both = make_node(Op::list, {}, "or");
  both.args.push_back(with(1));
  both.args.push_back(with(-1));
  return both;
}

// Whether arithmetic is done on scalars only: the root of a tuple is no answer.
bool is_well_formed(const Expr& expr) {
  const bool takes_scalars = is_scalar(expr.op);
  return std::all_of(expr.args.begin(), expr.args.end(), [&](const Expr& arg) {
    return (!takes_scalars || is_scalar(arg.op)) && is_well_formed(arg);
  });
}

// Lists and sets that stand inside lists and sets (through ±) become one.
void append_flat(std::vector<Expr>& items, Expr item) {
  if (item.op == Op::list) {
    for (Expr& inner : item.args) items.push_back(std::move(inner));
  } else {
    items.push_back(std::move(item));
  }
}

}  // namespace

std::optional<Expr> parse_answer(std::string_view text) {
  if (text.size() > kMaxAnswerBytes) return std::nullopt;
  std::vector<Token> tokens = tokenize(text);
  const auto is_noise = [](const Token& token) {
    return token.is_mark(".") || token.is_mark(",") || token.is_mark(";") || token.is_mark(":") ||
           token.is_mark("\\\\");
  };
  while (tokens.size() > 1 && is_noise(tokens[tokens.size() - 2])) tokens.erase(tokens.end() - 2);
  if (tokens.size() == 1 || tokens.size() > static_cast<size_t>(kMaxNodes)) return std::nullopt;
  Parser parser(std::move(tokens));
  Expr expr = parser.answer();
  if (parser.failed() || !is_well_formed(expr)) return std::nullopt;
  return expr;
}

Expr Parser::answer() {
  Expr result = statements_until({});
  return at_end() ? result : fail();
}

bool Parser::at_separator() const {
  const Token& token = peek();
  return token.is_mark(",") || token.is_mark(";") || token.is_mark("\\\\") || token.is_word("and") ||
         token.is_word("or");
}

// The strongest of the separators that stand here: "and" and "or" say more than commas.
std::string Parser::take_separators() {
  std::string joined = ",";
  while (at_separator()) {
    const Token token = take();
    if (token.is_word("or")) joined = "or";
    if (token.is_word("and")) joined = "and";
  }
  return joined;
}

// One statement, or a list of several, up to a mark that is not consumed (or to the end).
Expr Parser::statements_until(std::string_view closing_mark) {
  const Nested nested(*this);
  const auto finished = [&] {
    return failed_ || at_end() || (!closing_mark.empty() && peek().is_mark(closing_mark));
  };
  if (failed_) return fail();
  std::vector<Expr> items;
  std::string joined = ",";
  append_flat(items, statement());
  bool several = items.size() > 1;
  if (several) joined = "or";
  while (!finished() && at_separator()) {
    const std::string separator = take_separators();
    if (separator != ",") joined = separator;
    if (finished()) break;
    append_flat(items, statement());
    several = true;
  }
  if (!several) return std::move(items.front());
  return make_node(Op::list, std::move(items), joined);
}

Expr Parser::statement() {
  const Nested nested(*this);
  if (failed_) return fail();
  Expr result;
  while (skip_lead_in()) {
  }
  if (choice_letter(result)) return result;
  if (words(result)) return result;
  const size_t start = next_;
  statement_start_ = next_;
  result = relation();
  const Token::Kind next = peek().kind;
  const bool text_follows = (next == Token::Kind::word || next == Token::Kind::letter ||
                             next == Token::Kind::number || peek().is_mark("-") || peek().is_mark("!")) &&
                            !at_separator();
  if (!failed_ && !text_follows) return with_both_signs(std::move(result));
  // "7th floor", "October 30": words after all.
  next_ = start;
  const size_t length = wordy_length();
  if (length == 0) return fail();
  failed_ = false;
  return make_node(Op::word, {}, phrase(length));
}

// "approximately", "the answer is": what comes before the answer and says nothing.
bool Parser::skip_lead_in() {
  if (accept_mark("=") || accept_command("approx") || accept_command("therefore") ||
      accept_command("implies"))
    return true;
  constexpr std::array<std::string_view, 6> kFirst = {"the", "answer", "final", "it", "approximately", "so"};
  if (std::none_of(kFirst.begin(), kFirst.end(),
                   [&](std::string_view word) { return peek().is_word(word); })) {
    return false;
  }
  if (peek().is_word("approximately")) {
    take();
    return true;
  }
  for (size_t i = 1; i < 5; ++i) {
    if (peek(i).is_word("is") || (peek(i).is_mark(":") && peek(i - 1).is_word("answer"))) {
      next_ += i + 1;
      return true;
    }
    if (peek(i).kind != Token::Kind::word) return false;
  }
  return false;
}

// "(B)", "B.", "(B) 12", "Option B": the letter of a multiple-choice answer. A bare "(B)" is also
// just the letter, so only forms with something before or behind it count here.
bool Parser::choice_letter(Expr& result) {
  const size_t start = next_;
  if (peek().is_word("option") || peek().is_word("choice")) take();
  const bool named = next_ > start;
  const bool open = accept_mark("(");
  const Token token = peek();
  const bool is_letter = token.text.size() == 1 && token.text[0] >= 'A' && token.text[0] <= 'J' &&
                         (token.kind == Token::Kind::letter || token.kind == Token::Kind::word);
  bool closed = false;
  if (is_letter) {
    take();
    if (open) {
      closed = accept_mark(")");
    } else {
      closed = accept_mark(")") || (peek().is_mark(".") && accept_mark(".")) ||
               (peek().is_mark(":") && accept_mark(":"));
    }
  }
  const bool ends = at_end() || at_separator();
  const bool has_content = closed && !ends && (peek().space_before || token.text_mode) &&
                           (!open || peek().kind != Token::Kind::mark || peek().is_mark("$") ||
                            peek().is_mark("\\$") || peek().is_mark("-"));
  if (!is_letter || (open && !closed) || !(has_content || (ends && (named || closed)))) {
    next_ = start;
    return false;
  }
  result = make_node(Op::choice, {}, token.text);
  if (has_content) result.args.push_back(relation());
  return true;
}

// How many tokens from here on read as running text, up to a separator or the end; 0 when they
// do not, or hold no proper word.
size_t Parser::wordy_length() const {
  bool proper = false;
  size_t length = 0;
  for (;; ++length) {
    const Token& token = peek(length);
    if (token.kind == Token::Kind::end || token.is_mark(",") || token.is_mark(";") || token.is_mark("\\\\") ||
        token.is_mark("}") || token.is_mark(")") || token.is_mark("}.") || token.is_word("or") ||
        token.is_word("and")) {
      break;
    }
    const bool allowed = token.kind == Token::Kind::word || token.kind == Token::Kind::letter ||
                         token.kind == Token::Kind::number || token.is_mark(".") || token.is_mark("'") ||
                         token.is_mark("-") || token.is_mark("!");
    if (!allowed) return 0;
    proper = proper || (is_proper_word(token) && (token.text_mode || !in_group_));
  }
  return proper && length <= 12 ? length : 0;
}

bool Parser::words(Expr& result) {
  const size_t length = wordy_length();
  if (length == 0 || peek().kind == Token::Kind::number || peek().kind == Token::Kind::mark) return false;
  for (size_t i = 0; i < length; ++i) {  // "x is 5" is an equation
    if (peek(i).is_word("is") && peek(i + 1).kind == Token::Kind::number) return false;
  }
  result = meaning_of(phrase(length));
  return true;
}

// The next tokens as lower-case words without articles and punctuation; "p.m." is one word.
std::string Parser::phrase(size_t length) {
  std::string result;
  bool after_point = false;
  for (size_t i = 0; i < length; ++i) {
    const Token token = take();
    if (token.kind == Token::Kind::mark) {
      after_point = token.is_mark(".");
      continue;
    }
    const std::string word = lower(token.text);
    const bool article = word == "the" || word == "a" || word == "an";
    if (article && i + 1 < length && !peek().is_mark(".")) continue;
    if (!result.empty() && !(after_point && !token.space_before)) result += ' ';
    result += word;
    after_point = false;
  }
  return result;
}

// "AB = 9", "Area = 5", "Area: 5", "speed is 5": a name of several letters before its value.
bool Parser::name_before_equals(Expr& result) {
  size_t length = 0;
  while (length < 6 && peek(length).kind == Token::Kind::word && is_proper_word(peek(length)) &&
         !peek(length).is_word("is")) {
    ++length;
  }
  const Token& after = peek(length);
  if (length == 0 ||
      !(after.is_mark("=") || after.is_mark(":") || after.is_word("is") || after.is_command("approx"))) {
    return false;
  }
  std::string name;
  for (size_t i = 0; i < length; ++i) {
    if (i > 0) name += ' ';
    name += take().text;
  }
  result = make_symbol(name);
  return true;
}

// The LRAC of "SRAC = LRAC": capitals that end a statement are one name too.
bool Parser::name_at_end(Expr& result) {
  const bool is_name = peek().kind == Token::Kind::word && is_upper(peek().text) && peek().text.size() > 2;
  if (!is_name || peek(1).kind != Token::Kind::end) return false;
  result = make_symbol(take().text);
  return true;
}

// '=' and its kin as the letters of Op::relation, or 0.
char Parser::take_relation() {
  constexpr std::pair<std::string_view, char> kCommands[] = {{"le", 'L'},     {"ge", 'G'}, {"ne", 'N'},
                                                             {"approx", '~'}, {"in", 'E'}, {"equiv", 'M'},
                                                             {"<", '<'},      {">", '>'}};
  for (const std::string_view mark : {"=", "<", ">"}) {
    if (!accept_mark(mark)) continue;
    if (mark == "=" && accept_mark("=")) return '=';
    return mark[0];
  }
  for (const auto& [name, letter] : kCommands) {
    if (accept_command(name)) return letter;
  }
  if (peek().is_word("is") || (peek().is_word("in") && peek().kind == Token::Kind::word)) {
    return take().is_word("is") ? '=' : 'E';
  }
  return '\0';
}

Expr Parser::relation() {
  Expr first;
  bool named = name_before_equals(first);
  if (named && accept_mark(":")) {
    Expr value = set_expression();
    return make_node(Op::relation, {std::move(first), std::move(value)}, "=");
  }
  if (!named) first = set_expression();
  Expr result = make_node(Op::relation, {});
  result.args.push_back(std::move(first));
  while (!failed_) {
    const char op = take_relation();
    if (op == '\0') break;
    result.text += op;
    Expr side;
    result.args.push_back(name_before_equals(side) || name_at_end(side) ? std::move(side) : set_expression());
  }
  if (result.args.size() > 1) return result;
  first = std::move(result.args.front());
  if (peek().is_mark(":") && peek(1).kind == Token::Kind::number) return ratio(std::move(first));
  return first;
}

Expr Parser::set_expression() {
  Expr result = sum();
  while (!failed_) {
    Op op;
    const bool letter_u = peek().kind == Token::Kind::letter && peek().text == "U" && result.op == Op::tuple;
    if (peek().is_command("cup") || peek().is_word("union") || letter_u) {
      op = Op::set_union;
    } else if (peek().is_command("cap")) {
      op = Op::set_intersection;
    } else if (peek().is_command("setminus") ||
               (peek().is_mark("-") && (result.op == Op::reals || result.op == Op::set_difference))) {
      op = Op::set_difference;
    } else {
      break;
    }
    take();
    const bool same = result.op == op && op == Op::set_union;
    if (!same && ++set_operations_ > kMaxDepth) return fail();
    if (!same) result = make_node(op, {std::move(result)});
    result.args.push_back(sum());
  }
  return result;
}

// 1:4, 2:3:5, and times of day, where the minutes have two digits.
Expr Parser::ratio(Expr first) {
  Expr result = make_node(Op::ratio, {});
  result.args.push_back(std::move(first));
  bool is_time = true;
  while (!failed_ && accept_mark(":")) {
    is_time = is_time && peek().kind == Token::Kind::number && peek().text.size() == 2;
    result.args.push_back(sum());
  }
  if (is_time) result.text = 't';
  for (const auto& [half, joined, time] :
       {std::array<std::string_view, 3>{"a", "am", "tam"}, {"p", "pm", "tpm"}}) {
    if (accept_word(joined)) {
      result.text = time;
    } else if (peek().is_word(half) &&
               (peek(1).is_word("m") || (peek(1).is_mark(".") && peek(2).is_word("m")))) {
      while (!at_end() && !peek().is_word("m")) take();
      take();
      result.text = time;
    }
  }
  accept_mark(".");
  return result;
}

}  // namespace deepscaler

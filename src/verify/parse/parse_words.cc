// Running text: what comes before an answer, multiple-choice letters, words, names of several letters.
#include <algorithm>
#include <array>
#include <cctype>

#include "verify/algebra/functions.h"
#include "verify/latex/characters.h"
#include "verify/parse/parser.h"
#include "verify/parse/parser_attempt.h"
#include "verify/words/dates.h"
#include "verify/words/number_words.h"

namespace deepscaler {
namespace {

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

bool is_month(const Token& token) {
  return token.kind == Token::Kind::word &&
         names_a_day(canonical_date(std::array{lower(token.text), std::string("1")}));
}

// What a phrase in lower case means: a number, a set, a date, or just its words.
Expr meaning_of(const std::string& phrase) {
  constexpr std::string_view kEmpty[] = {
      "no solution",      "no solutions", "no real solution", "no real solutions",      "empty",
      "empty set",        "none",         "no real roots",    "there are no solutions", "null set",
      "no such integers", "no values",    "no real numbers",  "no answer exists"};
  constexpr std::string_view kInfinite[] = {
      "infinite",           "infinity",        "infinitely many",   "infinitely many solutions",
      "an infinite number", "infinite number", "infinite solutions"};
  constexpr std::string_view kReals[] = {"all real numbers", "all reals",       "real numbers",
                                         "all real x",       "reals",           "set of all real numbers",
                                         "all real values",  "any real number", "all real"};
  constexpr std::string_view kUndefined[] = {"undefined", "dne", "does not exist", "limit does not exist",
                                             "not defined"};
  const auto one_of = [&](const auto& phrases) {
    return std::find(std::begin(phrases), std::end(phrases), phrase) != std::end(phrases);
  };
  for (const std::string_view lead : {"there is ", "there are "}) {
    if (phrase.starts_with(std::string(lead) + "no ")) return meaning_of(phrase.substr(lead.size()));
  }
  if (one_of(kEmpty)) return make_node(Op::set);
  if (one_of(kReals)) return make_node(Op::reals);
  if (one_of(kUndefined)) return make_words("undefined");
  if (one_of(kInfinite)) return make_node(Op::infinity);
  for (const auto& [name, letter] : {std::pair<std::string_view, std::string_view>{"integers", "Z"},
                                     {"natural numbers", "N"},
                                     {"rational numbers", "Q"},
                                     {"complex numbers", "C"}}) {
    if (phrase == name ||
        (phrase.ends_with(name) && (phrase.starts_with("all ") || phrase.starts_with("set of ")) &&
         phrase.size() <= name.size() + 11)) {
      return make_symbol(SymbolKind::number_set, letter);
    }
  }
  for (const auto& [names, low] :
       {std::pair{std::array<std::string_view, 2>{"positive real numbers", "positive reals"}, Bound::open},
        {{"nonnegative real numbers", "nonnegative reals"}, Bound::closed},
        {{"non negative real numbers", "non negative reals"}, Bound::closed}}) {
    for (const std::string_view name : names) {
      if (phrase == name || phrase == "all " + std::string(name))
        return make_tuple({make_number(0), make_node(Op::infinity)}, {.low = low});
    }
  }
  if (phrase == "noon" || phrase == "midnight")
    return make_ratio({make_number(12), make_number(0)}, phrase == "noon" ? Clock::pm : Clock::am);
  std::vector<std::string> words;
  for (size_t begin = 0; begin < phrase.size();) {
    const size_t space = std::min(phrase.find(' ', begin), phrase.size());
    words.push_back(phrase.substr(begin, space - begin));
    begin = space + 1;
  }
  if (auto number = number_of_words(words)) return make_number(std::move(*number));
  if (const auto place = ordinal_of_words(words)) return make_words(std::to_string(*place) + " th");
  return make_words(canonical_date(words));
}

}  // namespace

// "approximately", "the answer is": what comes before the answer and says nothing.
bool Parser::skip_lead_in() {
  if (accept_mark("=") || accept_command("approx") || accept_command("therefore") ||
      accept_command("implies"))
    return true;
  if (peek().is_word("a") && peek(1).is_word("total") && peek(2).is_word("of")) {
    next_ += 3;
    return true;
  }
  // "the point (3, 4)"
  constexpr std::string_view kObjects[] = {"point", "pair", "interval", "set", "vector", "number", "value"};
  const size_t object = peek().is_word("the") ? 1 : 0;
  const bool names_object =
      peek(object).kind == Token::Kind::word &&
      std::ranges::any_of(kObjects, [&](std::string_view word) { return peek(object).is_word(word); });
  if (names_object && (peek(object + 1).is_mark("(") || peek(object + 1).is_mark("[") ||
                       peek(object + 1).is_mark("{.") || peek(object + 1).kind == Token::Kind::number)) {
    next_ += object + 1;
    return true;
  }
  constexpr std::array<std::string_view, 6> kFirst = {"the", "answer", "final", "it", "so", "therefore"};
  for (const std::string_view nearly :
       {"approximately", "about", "around", "roughly", "exactly", "precisely", "simply", "just"}) {
    if (accept_word(nearly)) return true;
  }
  if (std::none_of(kFirst.begin(), kFirst.end(),
                   [&](std::string_view word) { return peek().is_word(word); })) {
    return false;
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

// "for any real constant c", "where c is a constant", "(c \in \mathbb{R})", "\forall x \in \mathbb{R}", "for
// k \ge 1" at the end of an answer: they bind or bound a name that stands in it, and say nothing else.
bool Parser::skip_condition(const Expr& statement) {
  const bool bounds = statement.op() == Op::relation && !has_only(statement, {Relation::equal});
  if (inside_ > 0 || bounds) return false;  // x > 2 where x is rational
  constexpr std::string_view kLeads[] = {"for", "where", "with", "forall"};
  constexpr std::string_view kWords[] = {
      "for",       "where",    "with",    "all",      "any",      "every",    "each",     "some",
      "is",        "are",      "a",       "an",       "the",      "real",     "constant", "constants",
      "arbitrary", "number",   "numbers", "integer",  "integers", "positive", "nonzero",  "nonnegative",
      "complex",   "rational", "natural", "fixed",    "and",      "be",       "being",    "value",
      "values",    "of",       "on",      "in",       "mathbb",   "le",       "ge",       "ne",
      "forall",    "non",      "zero",    "negative", "const",    "const."};
  const auto is_one_of = [](const auto& words, const Token& token) {
    return std::ranges::any_of(words, [&](std::string_view word) { return token.is_word(word); });
  };
  const bool open = peek().is_mark("(");
  size_t i = open ? 1 : 0;
  const bool membership = open && peek(1).kind == Token::Kind::letter && peek(2).is_command("in");
  if (!is_one_of(kLeads, peek(i)) && !membership) return false;
  std::set<std::string> names = free_symbols(statement);
  if (statement.op() == Op::relation && statement.args[0].op() == Op::call)
    names.merge(free_symbols(statement.args[0].args[0]));
  bool names_something = false;
  for (; peek(i).kind != Token::Kind::end; ++i) {
    const Token& token = peek(i);
    const bool set_letter = peek(i - (i > 0 ? 1 : 0)).is_command("mathbb") ||
                            (i > 1 && peek(i - 2).is_command("mathbb") && peek(i - 1).is_mark("{"));
    const bool letter =
        token.text.size() == 1 && is_ascii_letter(token.text[0]) && !(token.text_mode && token.is_word("a"));
    if (letter && !set_letter) {
      if (!names.contains(token.text)) return false;
      names_something = true;
    } else if (!letter && !is_one_of(kWords, token) && !token.is_mark("{") && !token.is_mark("}") &&
               !token.is_mark("<") && !token.is_mark(">") && !token.is_mark("-") && !token.is_mark(".") &&
               !(token.kind == Token::Kind::number) &&
               !(open && token.is_mark(")") && peek(i + 1).kind == Token::Kind::end)) {
      return false;
    }
  }
  if (!names_something || i > 24) return false;
  next_ += i;
  return true;
}

// The "for all real x" at the end of "f(x) = 2x for all real x".
bool Parser::skip_quantifier() {
  const bool starts =
      peek().is_word("for") && (peek(1).is_word("all") || peek(1).is_word("every") || peek(1).is_word("any"));
  if (!starts) return false;
  size_t length = 2;
  for (;; ++length) {
    const Token& token = peek(length);
    const bool part = token.kind == Token::Kind::letter || token.is_word("real") ||
                      token.is_word("numbers") || token.is_word("integers") || token.is_word("positive") ||
                      token.is_command("in") || token.is_command("mathbb") || token.is_mark("{") ||
                      token.is_mark("}") || (token.kind == Token::Kind::word && token.text.size() == 1);
    if (!part) break;
  }
  if (peek(length).kind != Token::Kind::end || length > 10) return false;
  next_ += length;
  return true;
}

// "for any integer k", "where n is a positive integer", "for k \in \mathbb{Z}", at the end of an answer: a
// membership.
bool Parser::integer_parameter(Expr& membership) {
  if (!peek().is_word("for") && !peek().is_word("where") && !peek().is_word("with")) return false;
  if (inside_ > 0) return false;
  if (peek(1).kind == Token::Kind::letter && peek(2).is_command("in")) {
    if (!may_try()) return false;
    Attempt attempt(*this);
    take();
    membership = relation();
    return !failed_ && at_end() && attempt.keep();
  }
  constexpr std::string_view kFillers[] = {"any", "all", "every", "each", "some", "is",     "are",
                                           "a",   "an",  "the",   "be",   "and",  "number", "numbers"};
  std::string name, domain;
  size_t length = 1;
  for (; peek(length).kind != Token::Kind::end; ++length) {
    const Token& token = peek(length);
    const std::string plain = lower(token.text);
    const bool filler =
        token.text_mode && std::find(std::begin(kFillers), std::end(kFillers), plain) != std::end(kFillers);
    if (filler || token.is_mark(".")) continue;
    if (plain == "integer" || plain == "integers") {
      if (domain.empty()) domain = "Z";
    } else if (plain == "positive" || plain == "natural") {
      domain = "N";
    } else if (plain == "nonnegative" || plain == "whole") {
      domain = "N0";
    } else if (plain.size() == 1 && is_ascii_letter(plain[0]) && name.empty()) {
      name = token.text;
    } else {
      return false;
    }
  }
  if (name.empty() || domain.empty()) return false;
  next_ += length;
  membership =
      make_relation(make_symbol(name), Relation::element_of, make_symbol(SymbolKind::number_set, domain));
  return true;
}

// "(B)", "B.", "(B) 12", "Option B": the letter of a multiple-choice answer. A bare "(B)" is also
// just the letter, so only forms with something before or behind it count here.
bool Parser::choice_letter(Expr& result) {
  Attempt attempt(*this);
  if (peek().is_word("option") || peek().is_word("choice")) take();
  const bool named = attempt.has_moved();
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
  if (!is_letter || (open && !closed) || !(has_content || (ends && (named || closed)))) return false;
  attempt.keep();
  result = make_choice(token.text[0]);
  if (has_content) {
    Expr content;
    if (!words(content)) content = relation();
    result.args.push_back(std::move(content));
  }
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
        token.is_mark("}") || token.is_mark(")") || token.is_mark("}.") || token.is_command("end") ||
        token.is_word("or") || token.is_word("and")) {
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
  const bool day_first = peek().kind == Token::Kind::number && (is_month(peek(1)) || is_month(peek(2)));
  if (length == 0 || (peek().kind == Token::Kind::number && !day_first) || peek().kind == Token::Kind::mark)
    return false;
  for (size_t i = 0; i < length; ++i) {  // "x is 5" is an equation
    if (peek(i).is_word("is") && peek(i + 1).kind == Token::Kind::number) return false;
  }
  if (!set_with_exception(length, result)) result = meaning_of(phrase(length));
  return true;
}

// "all real numbers except 0", of so many words.
bool Parser::set_with_exception(size_t length, Expr& result) {
  size_t exception = 0;
  while (exception < length && !peek(exception).is_word("except")) ++exception;
  if (exception == 0 || exception == length) return false;
  Attempt attempt(*this);
  Expr all = meaning_of(phrase(exception));
  if (all.op() != Op::reals && !is_symbol(all, SymbolKind::number_set)) return false;
  take();
  accept_word("for");
  Expr left_out = relation();
  if (is_relation(left_out, Relation::equal)) left_out = Expr(std::move(left_out.args[1]));
  result = make_node(Op::set_difference, {std::move(all), make_node(Op::set, {std::move(left_out)})});
  return attempt.keep();
}

// "one hundred and five", whose "and" joins no two answers, and "five cm", "twenty-eight percent".
bool Parser::number_in_words(Expr& result) {
  Attempt attempt(*this);
  if (!count_in_words(result)) return false;
  const auto ends = [&] { return at_end() || at_separator() || peek().is_mark("}") || peek().is_mark(")"); };
  if (!ends() && !may_try()) return false;
  while (!ends() && unit(result)) {
  }
  const bool describes = result.op() == Op::quantity && !result.measure().noun.empty();
  return ends() && !describes && attempt.keep();  // "two lines" says what is there
}

// A number in words, as long as possible.
bool Parser::count_in_words(Expr& result) {
  std::vector<std::string> words;
  const bool negative = peek().is_word("minus") || peek().is_word("negative");
  size_t length = negative ? 1 : 0;
  for (; peek(length).kind == Token::Kind::word || peek(length).kind == Token::Kind::letter ||
         peek(length).is_mark("-");
       ++length) {
    const std::string word = lower(peek(length).text);
    if (peek(length).is_mark("-")) continue;
    if (!is_number_word(word) && word != "and" && word != "a") break;
    words.push_back(word);
  }
  auto number = number_of_words(words);
  if (!number) return false;
  next_ += length;
  if (negative) fmpq_neg(number->get(), number->get());
  result = make_number(std::move(*number));
  return true;
}

// "3 out of 8", "three to eight".
bool Parser::fraction_in_words(Expr& result) {
  const bool digits = peek().kind == Token::Kind::number;
  const bool begins = digits ? peek(1).is_word("out")
                             : peek().kind == Token::Kind::word && is_number_word(lower(peek().text));
  if (!begins) return false;
  Attempt attempt(*this);
  const auto count = [&](Expr& value) {
    if (peek().kind != Token::Kind::number) return count_in_words(value);
    value = number();
    return !failed_;
  };
  Expr first, second;
  if (!count(first)) return false;
  const bool share = peek().is_word("out") && peek(1).is_word("of");
  const bool odds = !digits && peek().is_word("to");
  if (!share && !odds) return false;
  next_ += share ? 2 : 1;
  if (!count(second) || is_number(second, 0) || !(at_end() || at_separator())) return false;
  result =
      share ? divide(std::move(first), std::move(second)) : make_ratio({std::move(first), std::move(second)});
  return attempt.keep();
}

// A phrase of `length` tokens that begins with a number: "7th floor", "30 October".
Expr Parser::phrase_with_number(size_t length) {
  const std::string text = phrase(length);
  for (const std::string_view suffix : {" st", " nd", " rd", " th"}) {
    if (text.ends_with(suffix) && text.find(' ') == text.size() - suffix.size())
      return make_words(text.substr(0, text.size() - suffix.size()) + " th");
  }
  return meaning_of(text);
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
    const bool article = word == "the" || word == "a" || word == "an" || (i == 0 && word == "on");
    if (article && i + 1 < length && !peek().is_mark(".")) continue;
    if (word == "only" && i + 1 == length && !result.empty()) continue;
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
  if (function_name(result) || probability_name(result) || extremum_name(result) || area_name(result) ||
      ratio_name(result)) {
    return true;
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

// The A(x) of "A(x) = x + 1", which is a product nowhere else: a name with names or a number in brackets,
// before the sign that says what it is.
bool Parser::function_name(Expr& result) {
  constexpr std::string_view kGreek[] = {"alpha", "lambda", "mu",  "rho", "sigma", "tau",   "theta", "ell",
                                         "phi",   "psi",    "Phi", "Psi", "Omega", "omega", "Gamma", "zeta"};
  const auto is_symbol = [&](const Token& token) {
    return token.kind == Token::Kind::letter ||
           (token.kind == Token::Kind::command && std::ranges::find(kGreek, token.text) != std::end(kGreek));
  };
  const Token& first = peek();
  const bool in_text = first.kind == Token::Kind::word && first.text_mode && is_ascii_letter(first.text[0]);
  const bool named = in_text || (is_symbol(first) && first.text != "e" && first.text != "i");
  if (!named || function_of(first.text) != Function::unknown) return false;
  std::string name = first.text;
  size_t i = 1;
  for (; peek(i).is_mark("'"); ++i) name += '\'';
  std::vector<Expr> args;
  do {
    const Token& arg = peek(++i);
    const bool points = in_text && arg.kind == Token::Kind::word && is_upper(arg.text);  // Area(ABC)
    const bool digits = arg.kind == Token::Kind::number && arg.text.size() <= 9 &&
                        arg.text.find_first_not_of("0123456789") == std::string::npos;
    if (args.size() > 3 || !(is_symbol(arg) || points || digits)) return false;
    args.push_back(digits ? make_number(std::stol(arg.text)) : make_symbol(arg.text));
  } while (peek(++i).is_mark(","));
  const Token& after = peek(i + 1);
  const size_t open = 1 + (name.size() - first.text.size());
  if (!peek(open).is_mark("(") || !peek(i).is_mark(")") || !(after.is_mark("=") || after.is_command("equiv")))
    return false;
  result = make_call(std::move(name), std::move(args));
  next_ += i + 1;
  return true;
}

// The P(X = 1) of "P(X = 1) = 3": a name, whatever stands in the brackets.
bool Parser::probability_name(Expr& result) {
  const bool doubled = peek().is_command("mathbb") || peek().is_command("Bbb");
  const bool braced = doubled && peek(1).is_mark("{");
  const size_t at = braced ? 2 : doubled ? 1 : 0;
  const Token& named = peek(at);
  constexpr std::string_view kNames[] = {"P", "E", "Pr", "Var", "Cov"};
  if (std::ranges::find(kNames, named.text) == std::end(kNames) || (braced && !peek(at + 1).is_mark("}")))
    return false;
  const size_t open = at + (braced ? 2 : 1);
  if (!peek(open).is_mark("(") && !peek(open).is_mark("[")) return false;
  std::string name = named.text;
  int depth = 0;
  for (size_t i = open; i < open + 40 && peek(i).kind != Token::Kind::end; ++i) {
    if (peek(i).is_mark("(") || peek(i).is_mark("[")) ++depth;
    if (peek(i).is_mark(")") || peek(i).is_mark("]")) --depth;
    const bool bracket = peek(i).is_mark("[") || peek(i).is_mark("]");
    name += bracket ? (peek(i).is_mark("[") ? "(" : ")") : peek(i).text;
    if (depth > 0) continue;
    if (!peek(i + 1).is_mark("=")) return false;
    next_ += i + 1;
    result = make_symbol(name);
    return true;
  }
  return false;
}

// The [ABC] of "[ABC] = 3": an area.
bool Parser::area_name(Expr& result) {
  if (!peek().is_mark("[")) return false;
  std::string name = "[";
  size_t i = 1;
  for (; peek(i).kind == Token::Kind::letter || peek(i).kind == Token::Kind::word; ++i) name += peek(i).text;
  if (name.size() < 4 || !is_upper(name.substr(1)) || !peek(i).is_mark("]") || !peek(i + 1).is_mark("="))
    return false;
  next_ += i + 1;
  result = make_symbol(name + "]");
  return true;
}

// The AB : BC of "AB : BC = 2 : 3".
bool Parser::ratio_name(Expr& result) {
  std::string name;
  size_t i = 0;
  int parts = 1;
  for (; i < 24; ++i) {
    const Token& token = peek(i);
    if (token.is_mark(":")) {
      if (name.empty() || name.back() == ':') return false;
      ++parts;
      name += ':';
    } else if (token.kind == Token::Kind::letter || token.kind == Token::Kind::word) {
      name += token.text;
    } else {
      break;
    }
  }
  if (parts < 2 || name.back() == ':' || !peek(i).is_mark("=")) return false;
  next_ += i;
  result = make_symbol(name);
  return true;
}

// The \min of "\min = 3".
bool Parser::extremum_name(Expr& result) {
  for (const std::string_view name : {"max", "min", "sup", "inf"}) {
    if (!peek().is_word(name) || !peek(1).is_mark("=")) continue;
    result = make_symbol(take().text);
    return true;
  }
  return false;
}

// The LRAC of "SRAC = LRAC": capitals that end a statement are one name too.
bool Parser::name_at_end(Expr& result) {
  const bool is_name = peek().kind == Token::Kind::word && is_upper(peek().text) && peek().text.size() > 2;
  if (!is_name || peek(1).kind != Token::Kind::end) return false;
  result = make_symbol(take().text);
  return true;
}

}  // namespace deepscaler

// The cursor, sums, products, and what is written behind a factor: exponents, subscripts, signs.
#include <algorithm>

#include "verify/algebra/functions.h"
#include "verify/parse/parser.h"
#include "verify/parse/parser_attempt.h"
#include "verify/parse/parser_nesting.h"

namespace deepscaler {
namespace {

// Signs behind one factor; each nests what stands before it.
constexpr int kMaxPostfix = 12;

// The rd of 3rd, after 3 and not after 4.
bool is_ordinal_ending(const Expr& number, const Token& word) {
  const std::string digits = to_text(number);
  const bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
  const char last = teen ? '0' : digits.back();
  return word.is_word(last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th");
}

bool is_literal(const Expr& expr) { return expr.op() == Op::number; }

}  // namespace

Token Parser::take() {
  Token token = peek();
  advance();
  return token;
}

bool Parser::accept_mark(std::string_view mark) {
  if (!peek().is_mark(mark)) return false;
  advance();
  return true;
}

bool Parser::accept_command(std::string_view name) {
  if (!peek().is_command(name)) return false;
  advance();
  return true;
}

bool Parser::accept_word(std::string_view lower_case) {
  if (!peek().is_word(lower_case)) return false;
  advance();
  return true;
}

void Parser::expect_mark(std::string_view mark) {
  if (!accept_mark(mark)) failed_ = true;
}

Expr Parser::fail() {
  failed_ = true;
  return make_number(0);
}

Expr Parser::sum() {
  const Nested nested(*this);
  if (failed_) return fail();
  Expr result;
  bool first = true;
  while (!failed_) {
    enum class Sign : uint8_t { plus, minus, both, both_reversed } sign = Sign::plus;
    if (accept_mark("-")) {
      sign = Sign::minus;
    } else if (accept_command("pm")) {
      sign = Sign::both;
    } else if (accept_command("mp")) {
      sign = Sign::both_reversed;
    } else if (!accept_mark("+") && !first) {
      break;
    }
    while (accept_mark("+")) {
    }
    const auto accept_minus_word = [&] {
      return peek().kind == Token::Kind::word && (accept_word("negative") || accept_word("minus"));
    };
    while (accept_mark("-") || accept_minus_word()) sign = sign == Sign::minus ? Sign::plus : Sign::minus;
    const auto money = currency();
    Expr term = product();
    if (money && term.op() != Op::quantity) term = make_quantity(std::move(term), {*money});
    if (sign == Sign::both || sign == Sign::both_reversed)
      term = multiply(make_node(Op::sign), std::move(term));
    if (sign == Sign::minus || sign == Sign::both_reversed) {
      const bool residue =
          first && term.op() == Op::call && term.function() == Function::mod;  // -7 mod 5 is 3
      Expr& negated = residue ? term.args[0] : term;
      negated = negate(std::move(negated));
    }
    result = first ? std::move(term) : sum_of(std::move(result), std::move(term));
    first = false;
    if (result.op() == Op::reals) break;  // what is taken away from it is a set
  }
  return result;
}

// Words that start the next part of an answer and never multiply.
bool Parser::starts_function() const {
  const Token& token = peek();
  return (token.kind == Token::Kind::command || (token.kind == Token::Kind::word && !token.text_mode)) &&
         function_of(token.text) != Function::unknown;
}

bool Parser::starts_factor() const {
  const Token& token = peek();
  switch (token.kind) {
    case Token::Kind::number:
      return true;
    case Token::Kind::letter:  // not the p of "3:00 p.m."
      return !(peek(1).is_mark(".") && peek(2).is_word("m"));
    case Token::Kind::word:
      return !token.text_mode && !token.is_word("and") && !token.is_word("or") && !token.is_word("is") &&
             !token.is_word("in") && !token.is_word("to") && !token.is_word("union") &&
             !token.is_word("percent") && !token.is_word("am") && !token.is_word("pm");
    case Token::Kind::mark:
      if (token.is_mark("|")) return open_bars_ == 0 && !in_set_builder_;
      if (token.is_mark("[")) return open_brackets_ == 0;
      if (token.is_mark("("))
        return !peek(1).is_word("mod") && !(peek(1).kind == Token::Kind::letter && peek(2).is_command("in"));
      return token.is_mark("{") || token.is_mark("|(") || token.is_mark("{.");
    case Token::Kind::command: {
      constexpr std::string_view kNoFactor[] = {
          "le",     "ge",    "ne",   "approx", "in",      "equiv",  "cup",    "cap",   "setminus",
          "and",    "or",    "pm",   "mp",     "end",     "rangle", "rfloor", "rceil", "choose",
          "to",     "ldots", "circ", "iff",    "implies", "Vert",   "bmod",   "pmod",  "over",
          "mapsto", "mod",   "<",    ">",      "text",    "forall"};
      return std::find(std::begin(kNoFactor), std::end(kNoFactor), token.text) == std::end(kNoFactor);
    }
    case Token::Kind::end:
      break;
  }
  return false;
}

// The letter x between numbers of scientific notation: "4.5 x 10^33".
bool Parser::is_times_letter() const {
  return peek().kind == Token::Kind::letter && (peek().text == "x" || peek().text == "X") &&
         peek().space_before && peek(1).kind == Token::Kind::number && peek(1).text == "10" &&
         peek(2).is_mark("^") && next_ > 0 && tokens_[next_ - 1].kind == Token::Kind::number;
}

// "2 3/4" and "2\frac{3}{4}": a whole number and a proper fraction right behind it.
bool Parser::mixed_number(Expr& value) {
  if (!is_literal(value) || value.is_decimal() || !value.number().is_integer() || value.number().sign() <= 0)
    return false;
  Attempt attempt(*this);
  Expr part;
  if (peek().is_command("frac")) {
    take();
    part = fraction();
  } else if (peek().kind == Token::Kind::number && peek(1).is_mark("/") &&
             peek(2).kind == Token::Kind::number && peek().space_before) {
    part = number();
    take();
    part = divide(std::move(part), number());
  } else {
    return false;
  }
  const bool proper = !failed_ && is_literal(part) && part.number().sign() > 0 &&
                      part.number() < Rational(1) && !part.number().is_integer() && !part.is_decimal();
  if (!proper) return false;
  value = add(std::move(value), std::move(part));
  return attempt.keep();
}

Expr Parser::product() {
  const Nested nested(*this);
  if (failed_) return fail();
  const bool literal_before = peek().kind == Token::Kind::number;
  Expr result = factor();
  if (literal_before) mixed_number(result);
  minutes_of_angle(result);
  feet_and_inches(result);
  while (!failed_) {
    if (unit(result)) continue;
    if (is_times_letter()) {
      take();
      result = product_of(std::move(result), factor());
    } else if (accept_mark("*")) {
      result = product_of(std::move(result), signed_factor());
    } else if (accept_mark("/")) {
      Expr under = signed_factor();
      if (!is_scalar(under.op())) return fail();
      result = is_scalar(result.op())
                   ? divide(std::move(result), std::move(under))
                   : product_of(std::move(result), divide(make_number(1), std::move(under)));
    } else if (result.op() != Op::percent && accept_mark("%")) {  // 33\frac{1}{3}\%
      result = make_node(Op::percent, {std::move(result)});
    } else if (accept_command("bmod") || accept_command("mod")) {
      if (result.op() == Op::call && result.function() == Function::mod) return fail();
      Expr modulus = factor();
      result = make_call(Function::mod, {std::move(result), std::move(modulus)});
    } else if (result.op() != Op::tuple && starts_factor() &&
               !(result.op() == Op::set && peek().is_mark("{."))) {
      // Two numerals side by side are no product.
      if (peek().kind == Token::Kind::number && tokens_[next_ - 1].kind == Token::Kind::number) return fail();
      result = product_of(std::move(result), factor());
    } else {
      break;
    }
  }
  return result;
}

Expr Parser::signed_factor() {
  if (!accept_mark("-")) return factor();
  return negate(factor());
}

Expr Parser::factor() {
  const Nested nested(*this);
  if (failed_) return fail();
  return postfix(atom());
}

Expr Parser::postfix(Expr base) {
  for (int count = 0; !failed_; ++count) {
    if (count > kMaxPostfix) return fail();
    if (degree_sign(base) || primes(base)) continue;
    if (combination(base)) continue;
    if (ordinal_suffix(base)) break;
    if (inverse_function(base)) continue;
    if (accept_mark("^")) {
      base = raised(std::move(base), exponent());
    } else if (peek().is_mark("!") && !peek(1).is_mark("=")) {
      take();
      const bool twice = accept_mark("!");
      base = call(twice ? Function::double_factorial : Function::factorial, std::move(base));
    } else if (accept_mark("%") || accept_word("percent")) {
      base = make_node(Op::percent, {std::move(base)});
    } else if (accept_mark("_")) {
      base = with_subscript(std::move(base));
    } else if (peek().is_mark("(") && base.op() == Op::symbol) {
      const size_t start = next_;
      base = called(std::move(base));
      if (next_ == start) break;
    } else if (base.op() == Op::number && in_words_of_base(base)) {
      continue;
    } else {
      break;
    }
  }
  return base;
}

// f^{-1}(x): a function of its own.
bool Parser::inverse_function(Expr& function) {
  const bool applies = function.op() == Op::symbol &&
                       (function.name() == "f" || function.name() == "g" || function.name() == "h") &&
                       peek().is_mark("^") && peek(1).is_mark("{") && peek(2).is_mark("-") &&
                       peek(3).text == "1" && peek(4).is_mark("}") && peek(5).is_mark("(");
  if (!applies) return false;
  next_ += 5;
  Expr arg = parenthesis();
  function = make_call(function.name() + "^-1", {std::move(arg)});
  return true;
}

// 3^{\text{rd}}: a place in a row.
bool Parser::ordinal_suffix(Expr& value) {
  const bool whole = value.op() == Op::number && !value.is_decimal() && value.number().is_integer();
  if (!whole) return false;
  if (peek().kind == Token::Kind::word && !peek().space_before && is_ordinal_ending(value, peek())) {  // 3rd
    take();
    value = make_words(to_text(value) + " th");
    return true;
  }
  if (!peek().is_mark("^")) return false;
  const size_t at = peek(1).is_mark("{") ? 2 : 1;
  const Token& suffix = peek(at);
  const bool named = suffix.text_mode && (suffix.is_word("st") || suffix.is_word("nd") ||
                                          suffix.is_word("rd") || suffix.is_word("th"));
  if (!named || (at == 2 && !peek(3).is_mark("}"))) return false;
  next_ += at == 2 ? 4 : 2;
  value = make_words(to_text(value) + " th");
  return true;
}

// ^\circ, ^{\circ} or \degree behind a value, and the letter that people raise in its place.
bool Parser::degree_sign(Expr& value) {
  const auto is_ring = [&](const Token& token) {
    return token.is_command("circ") || (value.op() == Op::number && token.text == "o");
  };
  const bool raised_sign =
      peek().is_mark("^") &&
      (is_ring(peek(1)) || (peek(1).is_mark("{") && is_ring(peek(2)) && peek(3).is_mark("}")));
  if (!raised_sign && !peek().is_command("circ")) return false;
  accept_mark("^");
  const bool braced = accept_mark("{");
  take();
  if (braced) expect_mark("}");
  value = temperature_or_angle(std::move(value));
  return true;
}

// x', x^{\prime}: part of a name; behind a number, what it is measured in.
bool Parser::primes(Expr& value) {
  const bool raised_prime =
      peek().is_mark("^") && (peek(1).is_mark("'") || (peek(1).is_mark("{") && peek(2).is_mark("'")));
  if (!raised_prime && !peek().is_mark("'")) return false;
  accept_mark("^");
  const bool braced = accept_mark("{");
  int count = 0;
  while (accept_mark("'")) {
    ++count;
    if (value.op() == Op::symbol) value.append_to_name("'");
  }
  if (braced) expect_mark("}");
  if (value.op() == Op::number && count <= 2)  // minutes or feet, seconds or inches
    value = make_quantity(std::move(value), {count == 1 ? BaseUnit::prime : BaseUnit::double_prime});
  return true;
}

// 5'9'': feet, and inches behind them.
void Parser::feet_and_inches(Expr& value) {
  if (!is_measured_in(value, BaseUnit::prime) || peek().kind != Token::Kind::number) return;
  Attempt attempt(*this);
  const Expr inches = factor();
  if (failed_ || !is_measured_in(inches, BaseUnit::double_prime)) return;
  attempt.keep();
  Expr feet = add(std::move(value.args[0]), divide(inches.args[0], make_number(12)));
  value = make_quantity(std::move(feet), {BaseUnit::metre, Rational(381, 1250)});
}

// A power; of a matrix a product, its inverse or its transpose.
Expr Parser::raised(Expr base, Expr exponent) {
  if (base.op() == Op::matrix) return matrix_power(std::move(base), exponent);
  const bool transposes = is_symbol(exponent, "T") || is_symbol(exponent, "top");
  if (base.op() == Op::tuple && transposes)
    return make_tuple(std::move(base.args));  // (1, 2, 3)^T: the vector
  return power(std::move(base), std::move(exponent));
}

// 30^\circ 15' 20'': the parts of an angle add up.
void Parser::minutes_of_angle(Expr& value) {
  slong parts = 60;
  while (value.op() == Op::degrees && peek().kind == Token::Kind::number && peek(1).is_mark("'") &&
         parts <= 3600) {
    const bool seconds = peek(2).is_mark("'");
    Expr part = number();
    take();
    if (seconds) take();
    value.args[0] = add(std::move(value.args[0]), divide(std::move(part), make_number(seconds ? 3600 : 60)));
    parts *= 60;
  }
}

// What a degree sign makes of a number.
Expr Parser::temperature_or_angle(Expr value) {
  const std::string& scale = peek().text;
  if (peek().kind == Token::Kind::command || (scale != "C" && scale != "F")) {
    return make_node(Op::degrees, {std::move(value)});
  }
  const BaseUnit unit = take().text == "C" ? BaseUnit::celsius : BaseUnit::fahrenheit;
  return make_quantity(std::move(value), {unit});
}

Expr Parser::exponent() {
  const Nested nested(*this);
  if (failed_) return fail();
  if (peek().is_mark("{")) return group();
  if (accept_mark("-")) return negate(exponent());
  if (accept_mark("+")) return exponent();
  Expr base = atom();
  if (!accept_mark("^")) return base;
  return power(std::move(base), exponent());  // 2^3^2 in plain text
}

}  // namespace deepscaler

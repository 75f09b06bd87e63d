// Sums, products and what is written behind a factor: exponents, subscripts, units.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "verify/functions.h"
#include "verify/parser.h"
#include "verify/parser_nesting.h"
#include "verify/units.h"

namespace deepscaler {
namespace {

// Words behind a number that change it; any others count what it counts ("9 values").
bool changes_the_number(std::string_view word) {
  constexpr std::string_view kWords[] = {
      "not", "less", "more", "fewer", "no", "minus", "plus", "times", "over", "squared", "cubed", "factorial",
      "point", "half", "halves", "third", "thirds", "quarter", "quarters", "below", "above", "negative", "by", "if", "when", "where", "for", "is", "are",
      "mod", "modulo", "base", "hundredths", "tenths", "thousandths", "least", "most", "than", "then", "but", "maybe", "else", "except", "without", "to", "greater", "rather", "instead", "wrong", "false", "choose", "divided", "multiplied", "approximately", "th", "st", "nd", "rd", "perhaps", "either", "neither", "nor", "versus", "vs", "pi", "root", "in", "into", "out", "with"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// The product of units behind a number, as factor and dimension.
class UnitReader {
 public:
  void multiply_by(const Unit& unit, int exponent) {
    if (exponent == 0 || exponent > 9 || exponent < -9) return;
    Rational factor = unit.factor;
    fmpq_pow_si(factor.get(), factor.get(), exponent);
    fmpq_mul(factor_.get(), factor_.get(), factor.get());
    if (!unit.base.empty()) exponents_.emplace_back(unit.base, unit.exponent * exponent);
  }

  Expr quantity(Expr value) {
    std::sort(exponents_.begin(), exponents_.end());
    std::string dimension;
    for (size_t i = 0; i < exponents_.size();) {
      const std::string base = exponents_[i].first;
      int total = 0;
      for (; i < exponents_.size() && exponents_[i].first == base; ++i) total += exponents_[i].second;
      if (total != 0) dimension += (dimension.empty() ? "" : " ") + base + "^" + std::to_string(total);
    }
    Expr result = make_node(Op::quantity, {std::move(value)}, dimension);
    result.number = dimension.empty() ? Rational(1) : factor_;
    return result;
  }

 private:
  Rational factor_{1};
  std::vector<std::pair<std::string, int>> exponents_;
};

bool is_literal(const Expr& expr) { return expr.op == Op::number; }

// A matrix times a scalar, element by element.
Expr scale_matrix(Expr matrix, const Expr& scalar) {
  for (Expr& row : matrix.args) {
    for (Expr& element : row.args) element = multiply(scalar, std::move(element));
  }
  return matrix;
}

Expr product_of(Expr a, Expr b) {
  if (a.op == Op::matrix && is_scalar(b.op)) return scale_matrix(std::move(a), b);
  if (b.op == Op::matrix && is_scalar(a.op)) return scale_matrix(std::move(b), a);
  return multiply(std::move(a), std::move(b));
}

}  // namespace

const Token& Parser::peek(size_t ahead) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }

Token Parser::take() {
  Token token = peek();
  if (next_ + 1 < tokens_.size()) ++next_;
  return token;
}

bool Parser::accept_mark(std::string_view mark) {
  if (!peek().is_mark(mark)) return false;
  take();
  return true;
}

bool Parser::accept_command(std::string_view name) {
  if (!peek().is_command(name)) return false;
  take();
  return true;
}

bool Parser::accept_word(std::string_view lower_case) {
  if (!peek().is_word(lower_case)) return false;
  take();
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
    while (accept_mark("-")) sign = sign == Sign::minus ? Sign::plus : Sign::minus;
    const bool currency = accept_mark("\\$") || accept_command("pounds") || accept_command("euro");
    Expr term = product();
    if (currency && term.op != Op::quantity) {
      term = make_node(Op::quantity, {std::move(term)}, tokens_[next_].is_command("") ? "" : "usd^1");
      term.number = Rational(1);
    }
    if (sign == Sign::both || sign == Sign::both_reversed) term = multiply(make_node(Op::sign, {}), std::move(term));
    if (sign == Sign::minus || sign == Sign::both_reversed) term = negate(std::move(term));
    result = first ? std::move(term) : add(std::move(result), std::move(term));
    first = false;
    if (result.op == Op::reals) break;  // what is taken away from it is a set
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
    case Token::Kind::letter:
      return !(token.text == "U" && (peek(1).is_mark("(") || peek(1).is_mark("[")) && in_set_builder_ == false && peek(1).space_before && next_ > 0 && tokens_[next_ - 1].kind == Token::Kind::mark);
    case Token::Kind::word:
      return !token.text_mode && !token.is_word("and") && !token.is_word("or") && !token.is_word("is") &&
             !token.is_word("in") && !token.is_word("union") && !token.is_word("percent");
    case Token::Kind::mark:
      if (token.is_mark("|")) return open_bars_ == 0 && !in_set_builder_;
      return token.is_mark("(") || token.is_mark("[") || token.is_mark("{") || token.is_mark("|(") ||
             token.is_mark("{.");
    case Token::Kind::command: {
      constexpr std::string_view kNoFactor[] = {"le", "ge", "ne", "approx", "in", "equiv", "cup", "cap", "setminus", "and",
                                                "or", "pm", "mp", "end", "rangle", "rfloor", "rceil", "choose", "to",
                                                "ldots", "circ", "iff", "implies", "Vert", "bmod", "pmod", "mod", "<", ">", "text"};
      return std::find(std::begin(kNoFactor), std::end(kNoFactor), token.text) == std::end(kNoFactor);
    }
    case Token::Kind::end:
      break;
  }
  return false;
}

// The letter x between numbers of scientific notation: "4.5 x 10^33".
bool Parser::is_times_letter() const {
  return peek().kind == Token::Kind::letter && (peek().text == "x" || peek().text == "X") && peek().space_before &&
         peek(1).kind == Token::Kind::number && peek(1).text == "10" && peek(2).is_mark("^") && next_ > 0 &&
         tokens_[next_ - 1].kind == Token::Kind::number;
}

// "2 3/4" and "2\frac{3}{4}": a whole number and a proper fraction right behind it.
bool Parser::mixed_number(Expr& value) {
  if (!is_literal(value) || value.decimal || !value.number.is_integer() || value.number.sign() <= 0) return false;
  const size_t start = next_;
  Expr part;
  if (peek().is_command("frac")) {
    take();
    part = fraction();
  } else if (peek().kind == Token::Kind::number && peek(1).is_mark("/") && peek(2).kind == Token::Kind::number &&
             peek().space_before) {
    part = number();
    take();
    part = divide(std::move(part), number());
  } else {
    return false;
  }
  const bool proper = !failed_ && is_literal(part) && part.number.sign() > 0 && part.number < Rational(1) &&
                      !part.number.is_integer() && !part.decimal;
  if (!proper) {
    next_ = start;
    failed_ = failed_ && depth_ > kMaxDepth;
    return false;
  }
  value = add(std::move(value), std::move(part));
  return true;
}

Expr Parser::product() {
  const Nested nested(*this);
  if (failed_) return fail();
  bool literal_before = peek().kind == Token::Kind::number;
  Expr result = factor();
  if (literal_before) literal_before = !mixed_number(result);
  while (!failed_) {
    if (unit(result)) continue;
    if (is_times_letter()) {
      take();
      result = product_of(std::move(result), factor());
    } else if (accept_mark("*")) {
      const bool negative = accept_mark("-");
      Expr next = factor();
      result = product_of(std::move(result), negative ? negate(std::move(next)) : std::move(next));
    } else if (accept_mark("/")) {
      const bool negative = accept_mark("-");
      Expr next = factor();
      result = divide(std::move(result), negative ? negate(std::move(next)) : std::move(next));
    } else if (accept_command("bmod") || accept_command("mod")) {
      result = make_node(Op::call, {std::move(result), factor()}, "mod");
    } else if (starts_factor()) {
      // Two numerals side by side are no product.
      if (peek().kind == Token::Kind::number && tokens_[next_ - 1].kind == Token::Kind::number) return fail();
      result = product_of(std::move(result), factor());
    } else {
      break;
    }
  }
  if (peek().is_command("pmod") || (peek().is_mark("(") && peek(1).is_word("mod"))) {  // x = 3 (mod 7)
    const bool bare = accept_mark("(");
    take();
    argument();
    if (bare) expect_mark(")");
  }
  return result;
}

Expr Parser::factor() {
  const Nested nested(*this);
  if (failed_) return fail();
  return postfix(atom());
}

Expr Parser::postfix(Expr base) {
  while (!failed_) {
    if (peek().is_mark("^") && (peek(1).is_command("circ") || (peek(1).is_mark("{") && peek(2).is_command("circ")))) {
      take();
      const bool braced = accept_mark("{");
      take();
      const bool letter_follows = !peek().space_before || !braced;
      Token scale = peek();
      if (letter_follows && (scale.text == "C" || scale.text == "F") && scale.kind != Token::Kind::command) {
        take();
        base = make_node(Op::quantity, {std::move(base)}, scale.text == "C" ? "celsius^1" : "fahrenheit^1");
        base.number = Rational(1);
      } else {
        base = make_node(Op::degrees, {std::move(base)});
      }
      if (braced) expect_mark("}");
    } else if (peek().is_mark("^") && (peek(1).is_mark("'") || (peek(1).is_mark("{") && peek(2).is_mark("'")))) {
      take();
      const bool braced = accept_mark("{");
      while (accept_mark("'")) {
        if (base.op == Op::symbol) base.text += "'";
      }
      if (braced) expect_mark("}");
    } else if (accept_mark("'")) {
      if (base.op == Op::symbol) base.text += "'";
    } else if (accept_mark("^")) {
      Expr power_of = exponent();
      const bool transposes = base.op == Op::matrix && power_of.op == Op::symbol &&
                              (power_of.text == "T" || power_of.text == "top");
      if (transposes) {
        Expr transposed = make_node(Op::matrix, {});
        for (size_t column = 0; column < base.args[0].args.size(); ++column) {
          Expr row = make_node(Op::tuple, {}, "()");
          for (const Expr& old_row : base.args) row.args.push_back(old_row.args[column]);
          transposed.args.push_back(std::move(row));
        }
        base = std::move(transposed);
      } else {
        base = power(std::move(base), std::move(power_of));
      }
    } else if (peek().is_mark("!") && !peek(1).is_mark("=")) {
      take();
      const bool twice = accept_mark("!");
      base = call(twice ? "double_factorial" : "factorial", std::move(base));
    } else if (accept_mark("%") || accept_word("percent")) {
      base = make_node(Op::percent, {std::move(base)});
    } else if (accept_mark("_")) {
      base = with_subscript(std::move(base));
    } else if (peek().is_mark("(") && base.op == Op::symbol) {
      const size_t start = next_;
      base = called(std::move(base));
      if (next_ == start) break;
    } else {
      break;
    }
  }
  return base;
}

Expr Parser::exponent() {
  const Nested nested(*this);
  if (failed_) return fail();
  if (peek().is_mark("{")) return group();
  if (accept_mark("-")) return negate(exponent());
  if (accept_mark("+")) return exponent();
  return atom();
}

// Units behind a value: in running text, or a known one of several letters.
bool Parser::unit(Expr& value) {
  if (value.op == Op::quantity || !is_scalar(value.op)) return false;
  const size_t start = next_;
  UnitReader units;
  bool any = false, bad = false;
  int pending = 1, side = 1, nouns = 0;
  while (!bad) {
    const Token& token = peek();
    if (any && (token.is_mark("/") || token.is_word("per")) && peek(1).kind == Token::Kind::word) {
      side = -1;
      take();
      continue;
    }
    if (token.is_mark("\\$") && !any) {
      take();
      Unit dollar{Rational(1), "usd", 1};
      units.multiply_by(dollar, 1);
      any = true;
      continue;
    }
    if (any && token.is_mark(".") && (peek(1).kind == Token::Kind::word || peek(1).kind == Token::Kind::end)) {
      take();
      continue;
    }
    const bool worded = token.kind == Token::Kind::word && !token.is_word("and") && !token.is_word("or");
    if (!worded) break;
    const std::string plain = lower(token.text);
    const bool bare_noun = !token.text_mode && token.space_before && plain.size() >= 4 &&
                           value.op == Op::number && plain.find_first_of("aeiou") != plain.npos;
    const auto known = find_unit(token.text);
    if (!token.text_mode && !bare_noun && !(known && !starts_function()) && plain != "percent" && plain != "mph") break;
    if (plain == "percent") {
      take();
      value = make_node(Op::percent, {std::move(value)});
      return true;
    }
    if (plain == "degrees" || plain == "degree" || plain == "deg") {
      take();
      value = make_node(Op::degrees, {std::move(value)});
      if (peek().is_word("celsius") || peek().is_word("fahrenheit")) take();
      return true;
    }
    if (const auto scale = find_scale_word(token.text); scale && !any) {
      take();
      value = multiply(std::move(value), make_number(*scale, value.decimal));
      if (value.op == Op::number) value.decimal = false;
      return true;
    }
    take();
    if (plain == "square" || plain == "sq" || plain == "cubic" || plain == "cu") {
      pending = plain[0] == 's' ? 2 : 3;
    } else if (plain == "mph") {
      units.multiply_by(*find_unit("mile"), 1);
      units.multiply_by(*find_unit("hour"), -1);
    } else if (known) {
      int exponent = std::exchange(pending, 1);
      if (peek().is_word("squared")) take(), exponent = 2;
      if (peek().is_word("cubed")) take(), exponent = 3;
      if (accept_mark("^")) {
        const Expr raised = this->exponent();
        if (raised.op != Op::number || !raised.number.is_integer() || raised.number.bits() > 3) bad = true;
        else exponent = static_cast<int>(fmpz_get_si(raised.number.numerator()));
      }
      units.multiply_by(*known, side * exponent);
    } else {
      bad = changes_the_number(plain) || plain.find_first_of("0123456789") != plain.npos || ++nouns > 6;
      if (accept_mark("^")) static_cast<void>(this->exponent());
    }
    any = true;
  }
  if (bad || !any) {
    next_ = start;
    return false;
  }
  value = units.quantity(std::move(value));
  // "5 ft 3 in": the parts add up.
  if (peek().kind == Token::Kind::number && !value.text.empty()) {
    const size_t before = next_;
    Expr rest = product();
    if (!failed_ && rest.op == Op::quantity && rest.text == value.text) {
      rest.args[0] = add(multiply(std::move(value.args[0]), make_number(value.number)),
                         multiply(std::move(rest.args[0]), make_number(rest.number)));
      rest.number = Rational(1);
      value = std::move(rest);
    } else {
      next_ = before;
    }
  }
  return true;
}

}  // namespace deepscaler

// What a value is measured in: units in running text or with known symbols, count nouns, "million".
#include <algorithm>
#include <optional>

#include "verify/algebra/functions.h"
#include "verify/latex/characters.h"
#include "verify/parse/parser.h"
#include "verify/parse/parser_attempt.h"
#include "verify/words/counted_words.h"
#include "verify/words/number_words.h"
#include "verify/words/unit_product.h"
#include "verify/words/units.h"

namespace deepscaler {
namespace {

constexpr int kMaxNouns = 6;

}  // namespace

// "USD 12", "Rs. 12", "US\$12".
std::optional<Parser::CurrencyWords> Parser::currency_words() const {
  constexpr std::pair<std::string_view, BaseUnit> kWords[] = {{"USD", BaseUnit::us_dollar},
                                                              {"US", BaseUnit::us_dollar},
                                                              {"EUR", BaseUnit::euro},
                                                              {"GBP", BaseUnit::pound_sterling},
                                                              {"INR", BaseUnit::rupee},
                                                              {"Rs", BaseUnit::rupee},
                                                              {"Re", BaseUnit::rupee},
                                                              {"CNY", BaseUnit::yuan},
                                                              {"RMB", BaseUnit::yuan},
                                                              {"JPY", BaseUnit::yen},
                                                              {"CHF", BaseUnit::swiss_franc},
                                                              {"KRW", BaseUnit::won},
                                                              {"AUD", BaseUnit::australian_dollar},
                                                              {"CAD", BaseUnit::canadian_dollar},
                                                              {"HKD", BaseUnit::hong_kong_dollar},
                                                              {"SGD", BaseUnit::singapore_dollar}};
  const Token& word = peek();
  if (word.kind != Token::Kind::word) return std::nullopt;
  const auto* known =
      std::ranges::find(kWords, std::string_view(word.text), [](const auto& entry) { return entry.first; });
  if (known == std::end(kWords)) return std::nullopt;
  size_t length = 1;
  const bool dollar = peek(1).is_mark("\\$");
  if (dollar || peek(1).is_mark(".")) ++length;
  if (known->first == "US" && !dollar) return std::nullopt;
  if (peek(length).kind != Token::Kind::number) return std::nullopt;
  return CurrencyWords{known->second, length};
}

// A currency that stands before its amount here, or nothing.
std::optional<BaseUnit> Parser::currency() {
  const Token::Kind kind = peek().kind;
  if (kind == Token::Kind::number || kind == Token::Kind::letter) return std::nullopt;
  if (accept_mark("\\$")) return BaseUnit::us_dollar;
  constexpr std::pair<std::string_view, BaseUnit> kSigns[] = {{"euro", BaseUnit::euro},
                                                              {"pounds", BaseUnit::pound_sterling},
                                                              {"rupees", BaseUnit::rupee},
                                                              {"yen", BaseUnit::yen},
                                                              {"won", BaseUnit::won}};
  for (const auto& [sign, unit] : kSigns) {
    if (accept_command(sign)) return unit;
  }
  const auto words = currency_words();
  if (!words) return std::nullopt;
  next_ += words->length;
  return words->unit;
}

// Whether the word here belongs to the value before it: in running text any may, otherwise known
// units, and longer words behind a plain number.
bool Parser::at_unit_word(const Expr& value) const {
  const Token& token = peek();
  if (token.kind != Token::Kind::word || token.is_word("and") || token.is_word("or")) return false;
  const std::string plain = lower(token.text);
  const bool time_of_day =
      plain == "am" || plain == "pm" || ((plain == "a" || plain == "p") && peek(1).is_mark("."));
  if (time_of_day) return false;
  constexpr std::string_view kAlways[] = {"percent", "pct", "percentage", "mph",
                                          "kmph",    "kph", "deg",        "degs"};
  if (token.text_mode || std::ranges::find(kAlways, plain) != std::end(kAlways)) return true;
  if (plain == "per" && peek(1).is_word("cent")) return true;
  const Token& after = peek(peek(1).is_mark(".") ? 2 : 1);
  if (plain == "sq" || plain == "cu") return value.op() == Op::number && find_unit(after.text).has_value();
  if (find_unit(token.text)) {  // 12 min is no minimum
    const bool ends = after.kind == Token::Kind::end || after.is_mark(",") || after.is_mark("/");
    return !starts_function() || (value.op() == Op::number && ends);
  }
  return token.space_before && plain.size() >= 4 && value.op() == Op::number &&
         plain.find_first_of("aeiou") != plain.npos;
}

// "percent", "degrees", "eighths" and "million" are part of the value.
bool Parser::suffix_word(Expr& value) {
  const std::string plain = lower(peek().text);
  if (value.op() == Op::percent || value.op() == Op::degrees) return false;
  const bool points = peek(1).is_word("points") || peek(1).is_word("point");
  if (points && (plain == "percent" || plain == "percentage")) return false;
  if (plain == "percent" || plain == "percents" || plain == "pct" || plain == "percentage" ||
      (plain == "per" && peek(1).is_word("cent"))) {
    if (plain == "per") take();
    take();
    value = make_node(Op::percent, {std::move(value)});
    return true;
  }
  if (plain == "degrees" || plain == "degree" || plain == "deg" || plain == "degs") {
    take();
    const bool celsius = peek().is_word("celsius"), fahrenheit = peek().is_word("fahrenheit");
    if (celsius || fahrenheit) take();
    value = celsius      ? make_quantity(std::move(value), {BaseUnit::celsius})
            : fahrenheit ? make_quantity(std::move(value), {BaseUnit::fahrenheit})
                         : make_node(Op::degrees, {std::move(value)});
    return true;
  }
  const bool whole = value.op() == Op::number && !value.is_decimal() && value.number().is_integer();
  const slong parts = whole ? denominator_of(plain) : 0;
  if (parts != 0 && (plain.ends_with('s') || is_number(value, 1))) {  // 5 eighths
    take();
    value = divide(std::move(value), make_number(parts));
    return true;
  }
  const auto scale = find_scale_word(peek().text);
  if (!scale) return false;
  take();
  value = multiply(std::move(value), make_number(*scale));
  if (value.op() == Op::number) value.set_decimal(false);
  return true;
}

bool Parser::unit_word(UnitProduct& units, int side) {
  const Token token = take();
  const std::string plain = lower(token.text);
  if (plain == "square" || plain == "sq" || plain == "cubic" || plain == "cu") {
    units.next_exponent = plain[0] == 's' ? 2 : 3;
    return true;
  }
  if (plain == "mph" || plain == "kmph" || plain == "kph") {
    units.multiply_by(*find_unit(plain == "mph" ? "mile" : "km"), 1);
    units.multiply_by(*find_unit("hour"), -1);
    units.may_end = true;
    return true;
  }
  if (plain == "in" && (accept_word("all") || accept_word("total"))) {  // no inches
    units.may_end = true;
    return true;
  }
  constexpr std::string_view kBases[] = {"base",    "binary",      "ternary", "octal",
                                         "decimal", "hexadecimal", "hex"};
  const bool says_base =
      std::ranges::any_of(kBases, [&](std::string_view base) { return peek().is_word(base); });
  if (plain == "in" && says_base) return false;             // a numeral that has no such digits
  if (peek().is_mark(".") && peek(1).is_mark("^")) take();  // "in.^3"
  int raised = std::exchange(units.next_exponent, 1);
  if (accept_word("squared")) raised = 2;
  if (accept_word("cubed")) raised = 3;
  if (accept_mark("^")) {
    const Expr written = exponent();
    if (written.op() != Op::number || !written.number().is_integer() || written.number().bits() > 3)
      return false;
    raised = static_cast<int>(fmpz_get_si(written.number().numerator()));
  }
  if (const auto known = find_unit(token.text)) {
    units.multiply_by(*known, side * raised);
    units.may_end = true;
    return true;
  }
  if (changes_the_number(plain) || plain.find_first_of("0123456789") != plain.npos) return false;
  // Behind a noun or "per" any word will do: "cups of tea", "years old now".
  units.may_end = units.may_end || side < 0 || is_counted_noun(plain) || follows_a_noun(plain);
  units.counted = plain.ends_with('s') ? plain.substr(0, plain.size() - 1) : plain;
  return ++units.nouns <= kMaxNouns;
}

// \frac{\text{km}}{\text{h}}
bool Parser::unit_fraction(UnitProduct& units) {
  const bool applies = peek().is_command("frac") && peek(1).is_mark("{") &&
                       peek(2).kind == Token::Kind::word && peek(2).text_mode && find_unit(peek(2).text);
  if (!applies) return false;
  take();
  for (const int side : {1, -1}) {
    expect_mark("{");
    while (!failed_ && peek().kind == Token::Kind::word) {
      if (!unit_word(units, side)) failed_ = true;
    }
    expect_mark("}");
  }
  return true;
}

bool Parser::units_in_words(UnitProduct& units, const Expr& value) {
  bool any = unit_fraction(units);
  bool in_brackets = false;  // of J/(g K)
  int side = 1;
  for (;;) {
    const bool letter_follows = peek(1).kind == Token::Kind::letter && find_unit(peek(1).text).has_value();
    const bool word_follows = peek(1).kind == Token::Kind::word || (letter_follows && peek().is_mark("/"));
    if (any && !in_brackets && peek().is_mark("/") && peek(1).is_mark("(") &&
        peek(2).kind == Token::Kind::word) {
      side = -1;
      in_brackets = true;
      take();
      take();
      continue;
    }
    if (in_brackets && accept_mark(")")) {
      in_brackets = false;
      continue;
    }
    if (any && (peek().is_mark("/") || peek().is_word("per")) && word_follows) {
      side = -1;
      take();
      if (letter_follows && !unit_word(units, side)) return false;
    } else if (any && peek().is_mark(".") && (word_follows || peek(1).kind == Token::Kind::end)) {
      take();
    } else if (!any && peek().is_mark("\\$")) {
      take();
      units.multiply_by(*find_unit("dollar"), 1);
      any = units.may_end = true;
    } else if (!any && peek().is_command("euro")) {
      take();
      units.multiply_by(*find_unit("euro"), 1);
      any = units.may_end = true;
    } else if (at_unit_word(value)) {
      if (!unit_word(units, side)) return false;
      any = true;
    } else {
      return any && units.may_end;
    }
  }
}

// 12 (cm)
bool Parser::unit_in_brackets(Expr& value) {
  const bool word = peek(1).kind == Token::Kind::word && (peek(1).text_mode || find_unit(peek(1).text));
  if (!peek().is_mark("(") || !word || peek(1).is_word("mod")) return false;
  Attempt attempt(*this);
  take();
  UnitProduct units;
  if (!units_in_words(units, value) || !accept_mark(")")) return false;
  value = units.quantity(std::move(value));
  return attempt.keep();
}

bool Parser::unit(Expr& value) {
  if (value.op() == Op::quantity || !is_scalar(value.op())) return false;
  if (at_unit_word(value) && suffix_word(value)) return true;
  if (unit_in_brackets(value)) return true;
  {
    Attempt attempt(*this);
    UnitProduct units;
    if (!units_in_words(units, value)) return false;
    attempt.keep();
    value = units.quantity(std::move(value));
  }
  if (peek().kind != Token::Kind::number || !has_dimension(value)) return true;
  // "5 ft 3 in": the parts add up.
  if (!may_try()) return true;
  Attempt attempt(*this);
  Expr rest = product();
  const Measure& measure = value.measure();
  if (failed_ || rest.op() != Op::quantity || rest.measure().dimension != measure.dimension) return true;
  attempt.keep();
  Expr sum = add(multiply(std::move(value.args[0]), make_number(measure.factor)),
                 multiply(std::move(rest.args[0]), make_number(rest.measure().factor)));
  value = make_quantity(std::move(sum), {measure.dimension});
  return true;
}

}  // namespace deepscaler

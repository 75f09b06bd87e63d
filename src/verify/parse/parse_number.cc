// Numerals: decimals of any notation, repeating ones, and those of other bases.
#include <algorithm>
#include <cctype>

#include "verify/latex/characters.h"
#include "verify/parse/parser.h"

namespace deepscaler {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// A decimal numeral of the lexer, exactly. Exponents are at most six digits there; past this bound
// the value is left to arithmetic that knows its limits.
std::optional<Rational> decimal_value(std::string_view text) {
  constexpr long kMaxExponent = 4000;
  std::string digits;
  long scale = 0;
  size_t i = 0;
  bool point = false;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      point = true;
    } else {
      digits += text[i];
      scale -= point ? 1 : 0;
    }
  }
  if (i < text.size()) scale += std::stol(std::string(text.substr(i + 1)));
  if (!is_digits(digits) || scale > kMaxExponent ||
      scale < -static_cast<long>(kMaxAnswerBytes) - kMaxExponent)
    return std::nullopt;
  Rational value;
  fmpz_set_str(value.numerator(), digits.c_str(), 10);
  Rational power(10);
  fmpz_pow_ui(power.numerator(), power.numerator(), static_cast<ulong>(std::abs(scale)));
  (scale < 0 ? fmpq_div : fmpq_mul)(value.get(), value.get(), power.get());
  return value;
}

// A numeral in a base of 2 ... 36; nothing when a digit does not fit.
std::optional<Rational> value_in_base(std::string_view digits, int base) {
  if (base < 2 || base > 36 || digits.empty()) return std::nullopt;
  Rational value;
  for (const char c : digits) {
    const int upper = std::toupper(static_cast<unsigned char>(c));
    const int digit = upper >= '0' && upper <= '9'   ? upper - '0'
                      : upper >= 'A' && upper <= 'Z' ? upper - 'A' + 10
                                                     : 99;
    if (digit >= base) return std::nullopt;
    fmpz_mul_ui(value.numerator(), value.numerator(), static_cast<ulong>(base));
    fmpz_add_ui(value.numerator(), value.numerator(), static_cast<ulong>(digit));
  }
  return value;
}

}  // namespace

Expr Parser::number() {
  if (peek().kind != Token::Kind::number) return fail();
  std::string digits = take().text;
  const bool point = digits.find('.') != digits.npos;
  if (point) {
    const std::string period = peek().is_command("bar")   ? barred_digits()
                               : peek().is_command("dot") ? dotted_digits()
                                                          : std::string();
    if (!period.empty()) return repeating(digits, period);
    if (peek().is_mark("(") && !peek().space_before && peek(1).kind == Token::Kind::number &&
        is_digits(peek(1).text) && peek(2).is_mark(")")) {
      const std::string period = peek(1).text;
      next_ += 3;
      return repeating(digits, period);
    }
    const bool dots = peek().is_command("ldots") || (peek().is_mark(".") && peek(1).is_mark("."));
    if (dots) {
      while (accept_command("ldots") || accept_mark(".")) {
      }
      const std::string decimals = digits.substr(digits.find('.') + 1);
      for (size_t length = 1; length * 2 <= decimals.size(); ++length) {
        const std::string period = decimals.substr(decimals.size() - length);
        const size_t repeats = length == 1 ? 3 : 2;
        if (decimals.size() < repeats * length) break;
        bool repeated = true;
        for (size_t i = 0; i < repeats * length; ++i) {
          repeated = repeated && decimals[decimals.size() - 1 - i] == period[length - 1 - i % length];
        }
        if (repeated) return repeating(digits, period);
      }
    }
  }
  const bool decimal = digits.find_first_of(".eE") != digits.npos && digits.back() != '.';
  auto value = decimal_value(digits);
  return value ? make_number(std::move(*value), decimal) : fail();
}

// \overline{142857} behind the digits before it; empty where something else stands there.
std::string Parser::barred_digits() {
  const bool braced = peek(1).is_mark("{");
  const size_t at = braced ? 2 : 1;
  if (peek(at).kind != Token::Kind::number || (braced && !peek(at + 1).is_mark("}"))) return {};
  if (!braced) {
    take();
    split_digit();
    return take().text;
  }
  const std::string period = peek(at).text;
  next_ += at + 2;
  return period;
}

// \dot{1}4285\dot{7} or \dot14285\dot7: dots on the first and the last digit of the period.
std::string Parser::dotted_digits() {
  std::string period;
  for (int dots = 0; dots < 2 && accept_command("dot"); ++dots) {
    const bool braced = accept_mark("{");
    if (peek().kind != Token::Kind::number || !is_digits(peek().text)) return {};
    if (dots == 1) split_digit();
    period += take().text;
    if (braced) expect_mark("}");
    if (dots == 0 && braced && peek(1).is_command("dot") && peek().kind == Token::Kind::number)
      period += take().text;
  }
  return period;
}

// digits.(period): digits + period / (10^length - 1) at the last place.
Expr Parser::repeating(std::string digits, const std::string& period) {
  if (!is_digits(period)) return fail();
  const size_t decimals = digits.size() - digits.find('.') - 1;
  auto value = decimal_value(digits);
  if (!value) return fail();
  Rational tail;
  fmpz_set_str(tail.numerator(), period.c_str(), 10);
  Rational scale(10);
  fmpz_pow_ui(scale.numerator(), scale.numerator(), period.size());
  fmpz_sub_ui(scale.numerator(), scale.numerator(), 1);
  fmpq_div(tail.get(), tail.get(), scale.get());
  fmpz_set_ui(scale.numerator(), 10);
  fmpz_pow_ui(scale.numerator(), scale.numerator(), decimals);
  fmpq_div(tail.get(), tail.get(), scale.get());
  fmpq_add(value->get(), value->get(), tail.get());
  return make_number(std::move(*value));
}

namespace {

// A base in digits or as a word, or 0.
int base_named(std::string_view name) {
  constexpr std::pair<std::string_view, int> kBases[] = {
      {"two", 2},   {"three", 3}, {"four", 4}, {"five", 5},    {"six", 6},     {"seven", 7},
      {"eight", 8}, {"nine", 9},  {"ten", 10}, {"twelve", 12}, {"sixteen", 16}};
  if (is_digits(name)) return name.size() <= 2 ? std::stoi(std::string(name)) : 0;
  const auto* found = std::ranges::find(kBases, name, [](const auto& base) { return base.first; });
  return found == std::end(kBases) ? 0 : found->second;
}

// The base that a word such as "octal" says, or 0.
int base_of_adjective(const Token& token) {
  for (const auto& [name, base] : {std::pair<std::string_view, int>{"binary", 2},
                                   {"ternary", 3},
                                   {"octal", 8},
                                   {"hexadecimal", 16},
                                   {"hex", 16}}) {
    if (token.is_word(name)) return base;
  }
  return 0;
}

}  // namespace

// "101 base 2", "101 in base two", "101 (base 2)" and "101 (binary)".
bool Parser::in_words_of_base(Expr& value) {
  const bool open = peek().is_mark("(");
  size_t at = open ? 1 : 0;
  if (peek(at).is_word("in")) ++at;
  int base = base_of_adjective(peek(at));
  if (base == 0 && peek(at).is_word("base")) base = base_named(lower(peek(++at).text));
  if (base == 0 || (open && !peek(at + 1).is_mark(")"))) return false;
  if (value.is_decimal() || !value.number().is_integer()) return false;
  std::string digits = to_text(value);
  auto number = value_in_base(digits, base);
  if (!number) return false;
  next_ += at + (open ? 2 : 1);
  value = make_based(std::move(digits), std::move(*number));
  return true;
}

// x_1 is a name; 12_5 a numeral in base five.
Expr Parser::with_subscript(Expr base) {
  std::string subscript = subscript_text();
  const bool whole = base.op() == Op::number && !base.is_decimal() && base.number().is_integer();
  std::string digits = whole || base.op() == Op::symbol ? to_text(base) : std::string();
  std::erase_if(subscript, [](char c) { return c == '(' || c == ')'; });
  if (base.op() == Op::symbol && !is_digits(subscript)) {
    base.append_to_name("_" + subscript);
    return base;
  }
  if (subscript.starts_with("base")) subscript.erase(0, 4);
  const int radix = base_named(subscript);
  const bool numeral = base.op() == Op::number ||
                       (digits.size() > 1 && digits.find_first_of("0123456789") != digits.npos) ||
                       (base.op() == Op::symbol && radix > 10 && digits.size() > 1);
  if (auto number = numeral ? value_in_base(digits, radix) : std::nullopt)
    return make_based(std::move(digits), std::move(*number));
  if (base.op() == Op::symbol) {
    base.append_to_name("_" + subscript);
    return base;
  }
  return fail();
}

}  // namespace deepscaler

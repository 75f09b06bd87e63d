// Numbers with their units, words, multiple-choice letters and ratios.
#include <algorithm>
#include <set>

#include "verify/algebra/functions.h"
#include "verify/compare/comparer.h"
#include "verify/latex/characters.h"
#include "verify/words/counted_words.h"
#include "verify/words/number_words.h"
#include "verify/words/unit_product.h"

namespace deepscaler {
namespace {

// One letter, however it is written; empty for anything else.
std::string letter_of(const Expr& expr) {
  if (expr.op == Op::euler) return "e";
  if (expr.op == Op::imaginary) return "i";
  const bool named = expr.op == Op::symbol || expr.op == Op::word || expr.op == Op::choice;
  return named && expr.text.size() == 1 ? expr.text : "";
}

// What a name reads as in words: \overline{AB} as "ab".
std::string name_of(const Expr& expr) {
  if (expr.op == Op::word) return expr.text;
  if (expr.op == Op::euler || expr.op == Op::imaginary) return letter_of(expr);
  if (expr.op != Op::symbol) return {};
  return lower(expr.text.starts_with("bar ") ? expr.text.substr(4) : expr.text);
}

// Whether a sign of this kind stands where it can be dropped: in trigonometric functions the degree is meant.
bool holds(const Expr& expr, Op sign) {
  if (expr.op == sign) return true;
  if (expr.op == Op::call && is_trigonometric(function_of(expr.text))) return false;
  return std::any_of(expr.args.begin(), expr.args.end(), [&](const Expr& arg) { return holds(arg, sign); });
}

Expr without(Expr expr, Op sign) {
  if (expr.op == Op::call && is_trigonometric(function_of(expr.text))) return expr;
  for (Expr& arg : expr.args) arg = without(std::move(arg), sign);
  if (expr.op != sign) return expr;
  return Expr(std::move(expr.args[0]));
}

// The parts of a time of day, its hours counted from midnight.
std::vector<Expr> of_24_hours(const Expr& time) {
  std::vector<Expr> parts = time.args;
  if (time.text == "t" || parts[0].op != Op::number) return parts;
  const bool twelve = is_number(parts[0], 12);
  if (time.text == "tpm" && !twelve) parts[0] = add(std::move(parts[0]), make_number(12));
  if (time.text == "tam" && twelve) parts[0] = make_number(0);
  return parts;
}

// "five apples" as 5. As a reference it says what is there: "two lines" is no 2.
std::optional<Expr> count_in_words(std::string_view phrase) {
  const size_t space = phrase.rfind(' ');
  if (space == phrase.npos || !is_counted_noun(phrase.substr(space + 1))) return std::nullopt;
  std::vector<std::string> words;
  for (size_t begin = 0; begin < space;) {
    const size_t end = std::min(phrase.find(' ', begin), space);
    words.emplace_back(phrase.substr(begin, end - begin));
    begin = end + 1;
  }
  auto number = number_of_words(words);
  if (!number) return std::nullopt;
  return make_number(std::move(*number));
}

bool has_dimension(const Expr& expr) {
  return expr.op == Op::quantity && !expr.text.empty() && expr.text[0] != '#';
}

// The units that stand in an expression: those of 480 + 480\sqrt{3} feet.
std::set<std::string> units_in(const Expr& expr) {
  std::set<std::string> result;
  if (has_dimension(expr)) result.insert(expr.text + to_text(make_number(expr.number)));
  for (const Expr& arg : expr.args) result.merge(units_in(arg));
  return result;
}

// 5' as five feet, 5'' as five inches.
Expr in_length(Expr expr) {
  if (expr.op != Op::quantity || !expr.text.ends_with("prime^1")) return expr;
  expr.number = expr.text == "prime^1" ? Rational(381, 1250) : Rational(127, 5000);
  expr.text = "m^1";
  return expr;
}

}  // namespace

// An angle against another angle, a length or a time: nothing where neither is in degrees.
std::optional<Match> Comparer::angles(const Expr& reference, const Expr& answer) {
  const Expr& degrees = reference.op == Op::degrees ? reference : answer;
  const Expr& other = reference.op == Op::degrees ? answer : reference;
  if (degrees.op != Op::degrees || !has_dimension(other)) return std::nullopt;
  if (other.text == "celsius^1" || other.text == "fahrenheit^1") return std::nullopt;
  if (other.text == "rad^1") return compare_scalars(reference, answer, policy_, steps_);
  const slong parts = other.text == "prime^1" ? 60 : other.text == "double prime^1" ? 3600 : 0;
  if (parts == 0) return Match::different;
  return compare_scalars(degrees.args[0], divide(other.args[0], make_number(parts)), policy_, steps_);
}

Match Comparer::values(const Expr& reference, const Expr& answer) {
  if (is_left_open(reference) || is_left_open(answer)) return open_operators(reference, answer);
  if (const auto match = angles(reference, answer)) return *match;
  if (has_dimension(reference) && has_dimension(answer) && reference.text != answer.text) {
    const Expr lengths[] = {in_length(reference), in_length(answer)};
    if (lengths[0].text == lengths[1].text) return compare_scalars(lengths[0], lengths[1], policy_, steps_);
  }
  if (has_dimension(reference) && !has_dimension(answer)) {
    if (const auto quantity = as_bare_quantity(answer)) return values(reference, *quantity);
  }
  if (has_dimension(reference) && has_dimension(answer)) {
    if (reference.text != answer.text) return Match::different;
    if (reference.number == answer.number) return values(reference.args[0], answer.args[0]);
    return compare_scalars(reference, answer, policy_, steps_);
  }
  if (holds(reference, Op::quantity) || holds(answer, Op::quantity)) {
    const bool one_sided = has_dimension(reference) != has_dimension(answer);
    if (one_sided && !policy_.units_may_be_dropped) return Match::different;
    const std::set<std::string> expected = units_in(reference), given = units_in(answer);
    if (!expected.empty() && !given.empty() && expected != given) return Match::different;
    return values(without(reference, Op::quantity), without(answer, Op::quantity));
  }
  Match match = Match::different;
  const bool reference_degrees = holds(reference, Op::degrees), answer_degrees = holds(answer, Op::degrees);
  if (reference_degrees != answer_degrees && policy_.units_may_be_dropped) {
    match = values(without(reference, Op::degrees), without(answer, Op::degrees));
    if (match <= Match::numeric) return match;
  }
  if (holds(reference, Op::percent) && !holds(answer, Op::percent) && policy_.percent_may_be_dropped) {
    match = either(match, compare_scalars(without(reference, Op::percent), answer, policy_, steps_));
    if (match <= Match::numeric) return match;
  }
  if (reference.op == Op::based && answer.op == Op::number) {  // 12_5 takes 12, its digits
    Rational digits;
    if (fmpq_set_str(digits.get(), reference.text.c_str(), 10) == 0 && digits == answer.number)
      return Match::equal;
  }
  match = either(match, compare_scalars(reference, answer, policy_, steps_));
  if (match == Match::different) match = integration_constants(reference, answer);
  return match == Match::different && policy_.letters_may_differ ? other_letters(reference, answer) : match;
}

Match Comparer::choices(const Expr& reference, const Expr& answer) {
  const std::string expected = letter_of(reference), given = letter_of(answer);
  if (answer.op != Op::choice) {  // the reference is "(B) 12"
    if (!given.empty()) return lower(given) == lower(expected) ? Match::equal : Match::different;
    return reference.args.empty() ? Match::different : compare(reference.args[0], answer);
  }
  if (reference.op == Op::choice && !reference.args.empty() && !answer.args.empty()) {
    return expected == given ? compare(reference.args[0], answer.args[0]) : Match::different;
  }
  if (!expected.empty()) return lower(given) == lower(expected) ? Match::equal : Match::different;
  return answer.args.empty() ? Match::different : compare(reference, answer.args[0]);
}

Match Comparer::words(const Expr& reference, const Expr& answer) {
  const std::string expected = name_of(reference), given = name_of(answer);
  if (!expected.empty() && !given.empty()) return expected == given ? Match::equal : Match::different;
  if (answer.op == Op::word && is_scalar(reference.op)) {
    if (const auto count = count_in_words(answer.text)) return compare(reference, *count);
  }
  // A numeral in a base whose subscript was dropped: \text{A5}_{11} and A5.
  if (reference.op == Op::based && answer.op == Op::word) {
    return lower(reference.text) == answer.text ? Match::equal : Match::different;
  }
  return Match::different;
}

Match Comparer::ratios(const Expr& reference, const Expr& answer) {
  if (reference.op != answer.op) {
    const auto has_value = [](const Expr& expr) {
      return is_scalar(expr.op) || (expr.op == Op::ratio && expr.args.size() == 2);
    };
    if (!has_value(reference) || !has_value(answer)) return Match::different;
    return compare_scalars(reference, answer, policy_, steps_);
  }
  if (reference.args.size() != answer.args.size()) return Match::different;
  const bool times = reference.text.starts_with("t") && answer.text.starts_with("t");
  if (times) {
    const bool same_half = reference.text == answer.text || answer.text == "t";
    const Match written = same_half ? in_order(reference.args, answer.args) : Match::different;
    const bool one_sided = (reference.text == "t") != (answer.text == "t");
    return one_sided && written == Match::different ? in_order(of_24_hours(reference), of_24_hours(answer))
                                                    : written;
  }
  if (reference.text.size() > 1 || answer.text.size() > 1) return Match::different;
  Match result = Match::equal;
  for (size_t i = 1; i < reference.args.size() && result != Match::different; ++i) {
    result = both(result, compare_scalars(multiply(reference.args[0], answer.args[i]),
                                          multiply(answer.args[0], reference.args[i]), policy_, steps_));
  }
  return result;
}

}  // namespace deepscaler

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
  if (expr.op() == Op::euler) return "e";
  if (expr.op() == Op::imaginary) return "i";
  if (expr.op() == Op::choice) return std::string(1, expr.letter());
  const std::string name = expr.op() == Op::symbol ? expr.name() : expr.op() == Op::word ? expr.words() : "";
  return name.size() == 1 ? name : "";
}

// What a name reads as in words: \overline{AB} as "ab".
std::string name_of(const Expr& expr) {
  if (expr.op() == Op::word) return expr.words();
  if (expr.op() == Op::euler || expr.op() == Op::imaginary) return letter_of(expr);
  if (expr.op() != Op::symbol) return {};
  return lower(expr.symbol_kind() == SymbolKind::overlined ? expr.letters() : expr.name());
}

// Whether a sign of this kind stands where it can be dropped: in trigonometric functions the degree is meant.
bool holds(const Expr& expr, Op sign) {
  if (expr.op() == sign) return true;
  if (expr.op() == Op::call && is_trigonometric(expr.function())) return false;
  return std::any_of(expr.args.begin(), expr.args.end(), [&](const Expr& arg) { return holds(arg, sign); });
}

Expr without(Expr expr, Op sign) {
  if (expr.op() == Op::call && is_trigonometric(expr.function())) return expr;
  for (Expr& arg : expr.args) arg = without(std::move(arg), sign);
  if (expr.op() != sign) return expr;
  return Expr(std::move(expr.args[0]));
}

// The parts of a time of day, its hours counted from midnight.
std::vector<Expr> of_24_hours(const Expr& time) {
  std::vector<Expr> parts = time.args;
  if (time.clock() == Clock::unmarked || parts[0].op() != Op::number) return parts;
  const bool twelve = is_number(parts[0], 12);
  if (time.clock() == Clock::pm && !twelve) parts[0] = add(std::move(parts[0]), make_number(12));
  if (time.clock() == Clock::am && twelve) parts[0] = make_number(0);
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

// The units that stand in an expression: those of 480 + 480\sqrt{3} feet.
std::set<std::string> units_in(const Expr& expr) {
  std::set<std::string> result;
  if (has_dimension(expr)) {
    const Measure& measure = expr.measure();
    result.insert(measure.dimension.to_text() + " " + to_text(make_number(measure.factor)));
  }
  for (const Expr& arg : expr.args) result.merge(units_in(arg));
  return result;
}

bool same_dimension(const Expr& a, const Expr& b) { return a.measure().dimension == b.measure().dimension; }

// 5' as five feet, 5'' as five inches.
Expr in_length(Expr expr) {
  const bool feet = is_measured_in(expr, BaseUnit::prime);
  if (!feet && !is_measured_in(expr, BaseUnit::double_prime)) return expr;
  return make_quantity(std::move(expr.args[0]),
                       {BaseUnit::metre, feet ? Rational(381, 1250) : Rational(127, 5000)});
}

}  // namespace

// An angle against another angle, a length or a time: nothing where neither is in degrees.
std::optional<Match> Comparer::angles(const Expr& reference, const Expr& answer) {
  const Expr& degrees = reference.op() == Op::degrees ? reference : answer;
  const Expr& other = reference.op() == Op::degrees ? answer : reference;
  if (degrees.op() != Op::degrees || !has_dimension(other)) return std::nullopt;
  const auto is_in = [&](BaseUnit unit) { return is_measured_in(other, unit); };
  if (is_in(BaseUnit::celsius) || is_in(BaseUnit::fahrenheit)) return std::nullopt;
  if (is_in(BaseUnit::radian)) return compare_scalars(reference, answer, policy_, steps_);
  const slong parts = is_in(BaseUnit::prime) ? 60 : is_in(BaseUnit::double_prime) ? 3600 : 0;
  if (parts == 0) return Match::different;
  return compare_scalars(degrees.args[0], divide(other.args[0], make_number(parts)), policy_, steps_);
}

Match Comparer::values(const Expr& reference, const Expr& answer) {
  if (is_left_open(reference) || is_left_open(answer)) return open_operators(reference, answer);
  if (const auto match = angles(reference, answer)) return *match;
  if (has_dimension(reference) && has_dimension(answer) && !same_dimension(reference, answer)) {
    const Expr lengths[] = {in_length(reference), in_length(answer)};
    if (same_dimension(lengths[0], lengths[1]))
      return compare_scalars(lengths[0], lengths[1], policy_, steps_);
  }
  if (has_dimension(reference) && !has_dimension(answer)) {
    if (const auto quantity = as_bare_quantity(answer)) return values(reference, *quantity);
  }
  if (has_dimension(reference) && has_dimension(answer)) {
    if (!same_dimension(reference, answer)) return Match::different;
    if (reference.measure().factor == answer.measure().factor)
      return values(reference.args[0], answer.args[0]);
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
  if (reference.op() == Op::based && answer.op() == Op::number) {  // 12_5 takes 12, its digits
    Rational digits;
    if (fmpq_set_str(digits.get(), reference.digits().c_str(), 10) == 0 && digits == answer.number())
      return Match::equal;
  }
  match = either(match, compare_scalars(reference, answer, policy_, steps_));
  if (match == Match::different) match = integration_constants(reference, answer);
  return match == Match::different && policy_.letters_may_differ ? other_letters(reference, answer) : match;
}

Match Comparer::choices(const Expr& reference, const Expr& answer) {
  const std::string expected = letter_of(reference), given = letter_of(answer);
  if (answer.op() != Op::choice) {  // the reference is "(B) 12"
    if (!given.empty()) return lower(given) == lower(expected) ? Match::equal : Match::different;
    return reference.args.empty() ? Match::different : compare(reference.args[0], answer);
  }
  if (reference.op() == Op::choice && !reference.args.empty() && !answer.args.empty()) {
    return expected == given ? compare(reference.args[0], answer.args[0]) : Match::different;
  }
  if (!expected.empty()) return lower(given) == lower(expected) ? Match::equal : Match::different;
  return answer.args.empty() ? Match::different : compare(reference, answer.args[0]);
}

Match Comparer::words(const Expr& reference, const Expr& answer) {
  const std::string expected = name_of(reference), given = name_of(answer);
  if (!expected.empty() && !given.empty()) return expected == given ? Match::equal : Match::different;
  if (answer.op() == Op::word && is_scalar(reference.op())) {
    if (const auto count = count_in_words(answer.words())) return compare(reference, *count);
  }
  // A numeral in a base whose subscript was dropped: \text{A5}_{11} and A5.
  if (reference.op() == Op::based && answer.op() == Op::word) {
    return lower(reference.digits()) == answer.words() ? Match::equal : Match::different;
  }
  return Match::different;
}

Match Comparer::ratios(const Expr& reference, const Expr& answer) {
  if (reference.op() != answer.op()) {
    const auto has_value = [](const Expr& expr) {
      return is_scalar(expr.op()) || (expr.op() == Op::ratio && expr.args.size() == 2);
    };
    if (!has_value(reference) || !has_value(answer)) return Match::different;
    return compare_scalars(reference, answer, policy_, steps_);
  }
  if (reference.args.size() != answer.args.size()) return Match::different;
  const Clock expected = reference.clock(), given = answer.clock();
  if (expected != Clock::none && given != Clock::none) {
    const bool same_half = expected == given || given == Clock::unmarked;
    const Match written = same_half ? in_order(reference.args, answer.args) : Match::different;
    const bool one_sided = (expected == Clock::unmarked) != (given == Clock::unmarked);
    return one_sided && written == Match::different ? in_order(of_24_hours(reference), of_24_hours(answer))
                                                    : written;
  }
  const auto has_half = [](Clock clock) { return clock == Clock::am || clock == Clock::pm; };
  if (has_half(expected) || has_half(given)) return Match::different;
  Match result = Match::equal;
  for (size_t i = 1; i < reference.args.size() && result != Match::different; ++i) {
    result = both(result, compare_scalars(multiply(reference.args[0], answer.args[i]),
                                          multiply(answer.args[0], reference.args[i]), policy_, steps_));
  }
  return result;
}

}  // namespace deepscaler

// Sums of products, and real and imaginary parts, for constant_form.h.
#include <algorithm>
#include <cstdlib>

#include "verify/algebra/constant_form.h"
#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxTerms = 32;

}  // namespace

ConstantForm::Term ConstantForm::times(Term a, const Term& b) {
  a.coefficient = product_of(std::move(a.coefficient), b.coefficient);
  a.imaginary = (a.imaginary + b.imaginary) % 4;
  for (const Expr& factor : b.rest) {
    // ln 2 / ln 2 is 1, sqrt 2 sqrt 2 is 2.
    const bool inverse = factor.op() == Op::power && is_number(factor.args[1], -1);
    const bool root = factor.op() == Op::power && factor.args[0].op() == Op::number &&
                      factor.args[1].op() == Op::number && factor.args[1].number() == Rational(1, 2);
    const auto partner = std::ranges::find_if(a.rest, [&](const Expr& other) {
      if (root) return same_tree(other, factor);
      const bool other_inverse = other.op() == Op::power && is_number(other.args[1], -1);
      const bool cancel = (inverse && same_tree(factor.args[0], other)) ||
                          (other_inverse && same_tree(other.args[0], factor));
      const Expr& divisor = inverse ? factor.args[0] : factor;
      return cancel && (is_positive(divisor) || is_positive(negate(divisor)));
    });
    if (partner == a.rest.end()) {
      a.rest.push_back(factor);
      continue;
    }
    a.rest.erase(partner);
    if (root) a.coefficient = product_of(std::move(a.coefficient), factor.args[0].number());
  }
  std::ranges::sort(a.rest, {}, to_text);
  return a;
}

ConstantForm::Terms ConstantForm::products(const Terms& a, const Terms& b) {
  Terms result;
  if (a.size() * b.size() > kMaxTerms || !steps_.spend(20 * static_cast<int64_t>(a.size() * b.size()))) {
    ok = false;
    return result;
  }
  for (const Term& left : a) {
    for (const Term& right : b) result.push_back(times(left, right));
  }
  return result;
}

// A sum of products, multiplied out.
ConstantForm::Terms ConstantForm::terms_of(const Expr& expr) {
  if (!ok || !steps_.spend(4)) {
    ok = false;
    return {};
  }
  const Terms pi = {Term{Rational(1), 0, {make_node(Op::pi)}}};
  const auto scaled = [&](Terms terms, const Rational& factor) {
    for (Term& term : terms) term.coefficient = product_of(std::move(term.coefficient), factor);
    return terms;
  };
  switch (expr.op()) {
    case Op::number:
    case Op::based:
      return {Term{expr.number(), 0, {}}};
    case Op::imaginary:
      return {Term{Rational(1), 1, {}}};
    case Op::add: {
      Terms result;
      for (const Expr& arg : expr.args) {
        for (Term& term : terms_of(arg)) result.push_back(std::move(term));
      }
      if (result.size() > kMaxTerms) ok = false;
      return result;
    }
    case Op::multiply: {
      Terms result = terms_of(expr.args[0]);
      for (size_t i = 1; ok && i < expr.args.size(); ++i) result = products(result, terms_of(expr.args[i]));
      return result;
    }
    case Op::percent:
      return scaled(terms_of(expr.args[0]), Rational(1, 100));
    case Op::quantity:
      return scaled(terms_of(expr.args[0]), expr.measure().factor);
    case Op::degrees:
      return scaled(products(pi, terms_of(expr.args[0])), Rational(1, 180));
    case Op::call: {
      const bool is_log = is_call(expr, Function::ln) || expr.function() == Function::log;
      if (!is_log || !is_positive(expr.args[0])) break;
      Terms result = logarithm_terms(expr.args[0]);
      const bool natural = is_call(expr, Function::ln) || (expr.args.size() == 1 && natural_log_);
      if (natural) return result;
      const Expr base = expr.args.size() == 2 ? expr.args[1] : make_number(10);
      if (!is_positive(base)) break;
      const Terms under = logarithm_terms(base);
      if (under.size() != 1 || under[0].coefficient.is_zero()) break;
      Rational inverse = under[0].coefficient;
      fmpq_inv(inverse.get(), inverse.get());
      Term divisor{inverse, 0, {}};
      for (const Expr& factor : under[0].rest) divisor.rest.push_back(reciprocal(factor));
      return products(result, {divisor});
    }
    default:
      break;
  }
  return {Term{Rational(1), 0, {expr}}};
}

Quotient ConstantForm::form_of(const Term& term) {
  Quotient result = constant(term.coefficient);
  if (term.imaginary != 0) result = product(result, root_of_unity(Rational(term.imaginary, 4)));
  for (const Expr& factor : term.rest) {
    result = product(result, is_call(factor, Function::ln) && is_positive(factor.args[0])
                                 ? logarithm_atom(factor.args[0])
                                 : form_of(factor));
  }
  return result;
}

std::optional<ConstantForm::Parts> ConstantForm::parts_of(const Expr& expr) {
  if (!steps_.spend(10)) return std::nullopt;
  const auto multiplied = [](const Parts& a, const Parts& b) {
    return Parts{subtract(multiply(a.real, b.real), multiply(a.imaginary, b.imaginary)),
                 add(multiply(a.real, b.imaginary), multiply(a.imaginary, b.real))};
  };
  const auto turned = [](const Expr& radius, const Expr& argument) {
    return Parts{multiply(radius, deepscaler::call(Function::cos, argument)),
                 multiply(radius, deepscaler::call(Function::sin, argument))};
  };
  if (expr.op() == Op::imaginary) return Parts{make_number(0), make_number(1)};
  if (!contains(expr, Op::imaginary) && is_real(expr)) return Parts{expr, make_number(0)};
  if (is_call(expr, Function::cis) && is_real(expr.args[0])) return turned(make_number(1), expr.args[0]);
  if (expr.op() == Op::power && expr.args[0].op() == Op::euler) {
    const auto exponent = parts_of(expr.args[1]);
    if (!exponent) return std::nullopt;
    return turned(deepscaler::power(expr.args[0], exponent->real), exponent->imaginary);
  }
  const bool whole_power = expr.op() == Op::power && expr.args[1].op() == Op::number &&
                           is_whole_within(expr.args[1].number(), 16) && !expr.args[1].number().is_zero();
  if (expr.op() != Op::add && expr.op() != Op::multiply && !whole_power) return std::nullopt;
  auto result = parts_of(expr.args[0]);
  if (whole_power) {
    if (!result) return std::nullopt;
    const Parts base = *result;
    const slong exponent = as_slong(expr.args[1].number());
    for (slong i = 1; i < std::abs(exponent); ++i) result = multiplied(*result, base);
    if (exponent > 0) return result;
    const Expr norm = reciprocal(add(square(result->real), square(result->imaginary)));
    return Parts{multiply(result->real, norm), negate(multiply(result->imaginary, norm))};
  }
  for (size_t i = 1; result && i < expr.args.size(); ++i) {
    const auto next = parts_of(expr.args[i]);
    if (!next) return std::nullopt;
    result = expr.op() == Op::multiply
                 ? multiplied(*result, *next)
                 : Parts{add(result->real, next->real), add(result->imaginary, next->imaginary)};
  }
  return result;
}

// Of a positive number.
ConstantForm::Terms ConstantForm::logarithm_terms(const Expr& number) {
  if (number.op() == Op::euler) return {Term{}};
  if (const auto known = exact(number)) {
    Terms result;
    for (const bool under : {false, true}) {
      Rational whole(1);
      fmpz_set(whole.numerator(), under ? known->denominator() : known->numerator());
      for (const auto& [prime, times] : factors_of(whole)) {
        result.push_back(
            {Rational(under ? -times : times), 0, {deepscaler::call(Function::ln, make_number(prime))}});
      }
    }
    return result;
  }
  if (number.op() == Op::multiply &&
      std::ranges::all_of(number.args, [&](const Expr& factor) { return is_positive(factor); })) {
    Terms result;
    for (const Expr& factor : number.args) {
      for (Term& term : logarithm_terms(factor)) result.push_back(std::move(term));
    }
    return result;
  }
  if (number.op() == Op::power && is_positive(number.args[0]) && is_real(number.args[1]))
    return products(terms_of(number.args[1]), logarithm_terms(number.args[0]));
  if (is_call(number, Function::exp) && is_real(number.args[0])) return terms_of(number.args[0]);
  return {Term{Rational(1), 0, {deepscaler::call(Function::ln, number)}}};
}

}  // namespace deepscaler

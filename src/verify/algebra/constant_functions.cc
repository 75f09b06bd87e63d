// The functions of constant_form.h.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "verify/algebra/constant_form.h"
#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

constexpr slong kExactFactorial = 2000;
constexpr slong kNear = 512;  // factorials so near to each other share an atom
constexpr slong kMaxSeries = 64;

}  // namespace

// (e^x +- e^-x) / (e^x +- e^-x), or of ix; 0 stands for a 1 under or over the line, which the caller scales.
Quotient ConstantForm::of_exponentials(const Expr& argument, bool circular, int over_sign, int under_sign) {
  const Expr exponent = circular ? multiply(imaginary_unit(), argument) : argument;
  const Quotient grows = exponential(exponent), falls = exponential(negate(exponent));
  const auto side = [&](int sign) {
    return sign == 0 ? constant(Rational(2)) : sum(grows, product(constant(Rational(sign)), falls));
  };
  return product(side(over_sign), raise(side(under_sign), -1));
}

Quotient ConstantForm::call(const Expr& expr) {
  const Function function = expr.function();
  const auto by_value = [&] {
    const auto known = exact(expr);
    return known ? constant(*known) : give_up();
  };
  if (expr.args.empty()) return give_up();
  const Expr& x = expr.args[0];
  const auto i_to = [&](slong quarters) { return root_of_unity(Rational(quarters, 4)); };
  const Quotient one = constant(Rational(1));
  switch (function) {
    case Function::sin:  // e^{ix} - e^{-ix} over 2i
      return product(of_exponentials(x, true, -1, 0), i_to(3));
    case Function::cos:
      return of_exponentials(x, true, 1, 0);
    case Function::tan:
      return product(of_exponentials(x, true, -1, 1), i_to(3));
    case Function::cot:
      return product(of_exponentials(x, true, 1, -1), i_to(1));
    case Function::sec:
      return of_exponentials(x, true, 0, 1);
    case Function::csc:
      return product(of_exponentials(x, true, 0, -1), i_to(1));
    case Function::cis:
      return exponential(multiply(imaginary_unit(), x));
    case Function::sinh:
      return of_exponentials(x, false, -1, 0);
    case Function::cosh:
      return of_exponentials(x, false, 1, 0);
    case Function::tanh:
      return of_exponentials(x, false, -1, 1);
    case Function::coth:
      return of_exponentials(x, false, 1, -1);
    case Function::sech:
      return of_exponentials(x, false, 0, 1);
    case Function::csch:
      return of_exponentials(x, false, 0, -1);
    case Function::exp:
      return exponential(x);
    case Function::ln:
      return logarithm(x);
    case Function::log: {
      if (expr.args.size() == 1 && natural_log_) return logarithm(x);
      const Expr base = expr.args.size() == 2 ? expr.args[1] : make_number(10);
      return product(logarithm(x), rational_power(deepscaler::call(Function::ln, base), Rational(-1)));
    }
    case Function::arctan:
      return arctangent(x);
    case Function::arccot:
      return form_of(
          subtract(divide(make_node(Op::pi), make_number(2)), deepscaler::call(Function::arctan, x)));
    case Function::arcsin:
      return arcsine(x);
    case Function::arccos:
      return form_of(
          subtract(divide(make_node(Op::pi), make_number(2)), deepscaler::call(Function::arcsin, x)));
    case Function::arccsc:
      return arcsine(reciprocal(x));
    case Function::arcsec:
      return form_of(deepscaler::call(Function::arccos, reciprocal(x)));
    case Function::arsinh:
      return is_real(x) ? logarithm(add(x, square_root(add(square(x), make_number(1))))) : give_up();
    case Function::arcosh:
      return is_positive(subtract(x, make_number(1)))
                 ? logarithm(add(x, square_root(subtract(square(x), make_number(1)))))
                 : give_up();
    case Function::artanh: {
      const Expr over = add(make_number(1), x), under = subtract(make_number(1), x);
      if (!is_positive(over) || !is_positive(under)) return give_up();
      return product(constant(Rational(1, 2)), logarithm(divide(over, under)));
    }
    case Function::abs:
      return absolute(x);
    case Function::real_part:
    case Function::imaginary_part:
    case Function::conjugate: {
      const auto parts = parts_of(x);
      if (!parts) return give_up();
      if (function == Function::real_part) return form_of(parts->real);
      if (function == Function::imaginary_part) return form_of(parts->imaginary);
      return form_of(subtract(parts->real, multiply(imaginary_unit(), parts->imaginary)));
    }
    case Function::argument: {
      const auto parts = parts_of(x);
      if (!parts) return give_up();
      const Expr turned = multiply(imaginary_unit(), parts->imaginary);
      return angle(expr, divide(add(parts->real, turned), subtract(parts->real, turned)));
    }
    case Function::factorial:
      return factorial(x);
    case Function::permutations:
    case Function::binom: {
      if (expr.args.size() != 2) return give_up();
      const Expr &n = expr.args[0], &k = expr.args[1];
      const auto top = exact(n), bottom = exact(k);
      const bool in_range = top && bottom && bottom->sign() >= 0 && !(*top < *bottom);
      if (!in_range || !(Rational(kExactFactorial) < *top)) return by_value();
      const Quotient orders = product(factorial(n), raise(factorial(subtract(n, k)), -1));
      return function == Function::binom ? product(orders, raise(factorial(k), -1)) : orders;
    }
    case Function::max:
    case Function::min: {
      const Expr* best = &x;
      for (const Expr& other : expr.args) {
        if (&other == best) continue;
        const bool above = is_positive(subtract(other, *best));
        if (!above && !is_positive(subtract(*best, other))) return by_value();
        if (above == (function == Function::max)) best = &other;
      }
      return form_of(*best);
    }
    default:
      return by_value();
  }
}

Quotient ConstantForm::logarithm(const Expr& number) {
  Value value = value_of(number);
  if (!value.is_known()) return give_up();
  make_ball(value, kPrecision);
  if (value.ball.is_real() && arb_is_negative(value.ball.real()) != 0) {
    const Quotient turned = product(form_of(make_node(Op::pi)), root_of_unity(Rational(1, 4)));
    return sum(logarithm(negate(number)), turned);
  }
  if (!value.ball.is_real() || arb_is_positive(value.ball.real()) == 0)
    return atom("ln " + to_text(number), {});
  Quotient result = constant(Rational(0));
  if (is_call(number, Function::factorial) && !exact(number)) {
    const auto monomial = monomial_of(form_of(number));
    if (!monomial || monomial->atoms.size() != 1) return give_up();
    for (const Term& term : logarithm_terms(make_number(monomial->coefficient)))
      result = sum(result, form_of(term));
    return sum(result, atom("ln " + monomial->atoms[0].first.name, {}));
  }
  for (const Term& term : logarithm_terms(number)) result = sum(result, form_of(term));
  return result;
}

Quotient ConstantForm::logarithm_atom(const Expr& number) {
  const bool positive = is_positive(subtract(number, make_number(1)));
  return power_of_atom("ln " + to_text(number), Rational(1),
                       {.kind = Atom::Kind::logarithm, .value = number, .is_positive = positive});
}

Quotient ConstantForm::angle(const Expr& itself, const Expr& doubled) {
  return atom(to_text(itself), {.kind = Atom::Kind::angle, .value = doubled, .itself = itself});
}

Quotient ConstantForm::arctangent(const Expr& number) {
  const Expr itself = deepscaler::call(Function::arctan, number);
  if (!is_real(number)) return atom(to_text(itself), {});
  const Expr turned = multiply(imaginary_unit(), number);
  return angle(itself, divide(add(make_number(1), turned), subtract(make_number(1), turned)));
}

Quotient ConstantForm::arcsine(const Expr& number) {
  const auto known = exact(number);
  const bool at_end = known && is_whole_within(*known, 1) && !known->is_zero();
  if (at_end) return product(constant(Rational(known->sign(), 2)), form_of(make_node(Op::pi)));
  const Expr rest = subtract(make_number(1), square(number));
  if (!is_real(number) || !is_positive(rest)) return give_up();
  return arctangent(divide(number, square_root(rest)));
}

Quotient ConstantForm::absolute(const Expr& number) {
  Value value = value_of(number);
  if (!value.is_known()) return give_up();
  make_ball(value, kPrecision);
  if (value.ball.is_real()) {
    if (arb_is_positive(value.ball.real()) != 0) return form_of(number);
    return arb_is_negative(value.ball.real()) != 0 ? form_of(negate(number)) : give_up();
  }
  const auto modulus = modulus_of(number);
  return modulus ? form_of(*modulus) : give_up();
}

// |z w| = |z| |w|, |e^{x + iy}| = e^x.
std::optional<Expr> ConstantForm::modulus_of(const Expr& number) {
  if (!steps_.spend(10)) return std::nullopt;
  if (is_positive(number)) return number;
  if (is_call(number, Function::cis) && is_real(number.args[0])) return make_number(1);
  if (number.op() == Op::multiply) {
    Expr result = make_number(1);
    for (const Expr& factor : number.args) {
      const auto modulus = modulus_of(factor);
      if (!modulus) return std::nullopt;
      result = multiply(std::move(result), *modulus);
    }
    return result;
  }
  if (number.op() == Op::power && number.args[0].op() == Op::euler) {
    const auto exponent = parts_of(number.args[1]);
    if (!exponent) return std::nullopt;
    return deepscaler::power(number.args[0], exponent->real);
  }
  if (number.op() == Op::power && number.args[1].op() == Op::number && number.args[1].number().is_integer()) {
    const auto modulus = modulus_of(number.args[0]);
    if (!modulus) return std::nullopt;
    return deepscaler::power(*modulus, number.args[1]);
  }
  const auto parts = parts_of(number);
  if (!parts) return std::nullopt;
  return square_root(add(square(parts->real), square(parts->imaginary)));
}

// Large ones near to each other differ by factors that are written out.
Quotient ConstantForm::factorial(const Expr& number) {
  const auto known = exact(number);
  if (!known || !known->is_integer() || known->sign() < 0 || known->bits() > 60) return give_up();
  const slong n = as_slong(*known);
  if (n <= kExactFactorial) {
    if (!steps_.spend(300)) return give_up();
    Rational value(1);
    fmpz_fac_ui(value.numerator(), static_cast<ulong>(n));
    return constant(value);
  }
  const auto near =
      std::ranges::find_if(large_factorials_, [&](slong other) { return std::abs(n - other) <= kNear; });
  const slong anchor = near == large_factorials_.end() ? n : *near;
  if (near == large_factorials_.end()) large_factorials_.push_back(n);
  if (!steps_.spend(20 * std::abs(n - anchor))) return give_up();
  Rational between(1);
  for (slong i = std::min(n, anchor) + 1; i <= std::max(n, anchor); ++i)
    fmpz_mul_si(between.numerator(), between.numerator(), i);
  if (n < anchor) fmpq_inv(between.get(), between.get());
  return product(power_of_atom(fmt::format("{}!", anchor), Rational(1), {.is_positive = true}),
                 constant(between));
}

// What has no exact value is written out.
Quotient ConstantForm::series(const Expr& expr) {
  if (const auto known = exact(expr)) return constant(*known);
  const auto first = exact(expr.args[1]), last = exact(expr.args[2]);
  const bool short_enough = first && last && first->is_integer() && last->is_integer() &&
                            is_whole_within(difference_of(*last, *first), kMaxSeries) && first->bits() < 60;
  if (!short_enough) return give_up();
  Quotient result = constant(Rational(expr.op() == Op::sum ? 0 : 1));
  for (slong i = as_slong(*first); ok && i <= as_slong(*last); ++i) {
    if (!steps_.spend(200)) return give_up();
    const Quotient term = form_of(with_symbol(expr.args[3], expr.args[0].name(), make_number(i)));
    result = expr.op() == Op::sum ? sum(result, term) : product(result, term);
  }
  return result;
}

}  // namespace deepscaler

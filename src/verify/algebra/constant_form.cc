#include "verify/algebra/constant_form.h"

#include <flint/ulong_extras.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

constexpr slong kMaxBits = slong{1} << 17;
constexpr slong kMaxOrder = 720;  // of roots of unity: half degrees
constexpr slong kMaxDegree = 64;  // of other roots
constexpr slong kMaxAtomExponent = 512;
constexpr slong kNear = 512;         // exponents and factorials so near to each other share an atom
constexpr slong kSmallPrimes = 564;  // below 4096
constexpr int kMaxWholePower = 64;
constexpr slong kMaxDenested = 1024;  // bits of a number whose root is taken

Rational floor_of(const Rational& a) {
  Rational result(0);
  fmpz_fdiv_q(result.numerator(), a.numerator(), a.denominator());
  return result;
}

bool is_half(const Expr& expr) { return expr.op() == Op::number && expr.number() == Rational(1, 2); }

std::string text_of(const Rational& a) { return to_text(make_number(a)); }

std::string text_of(const std::vector<Expr>& factors) {
  std::string result;
  for (const Expr& factor : factors) result += to_text(factor) + " ";
  return result;
}

}  // namespace

ConstantForm::ConstantForm(Ring& ring, ExponentDenominators& denominators, bool natural_log, Steps& steps)
    : QuotientArithmetic(ring, kMaxBits, steps),
      ring_(ring),
      denominators_(denominators),
      natural_log_(natural_log),
      steps_(steps) {}

const Atom* ConstantForm::atom_at(slong index) const {
  const auto found = atoms_.find(index);
  return found == atoms_.end() ? nullptr : &found->second;
}

Quotient ConstantForm::form_of(const Expr& expr) {
  if (!ok || !steps_.spend(10)) return give_up();
  switch (expr.op()) {
    case Op::number:
    case Op::based:
      return constant(expr.number());
    case Op::symbol:
      return unknown(expr.name());
    case Op::pi:
      return power_of_atom("pi", Rational(1), {.kind = Atom::Kind::pi, .itself = expr, .is_positive = true});
    case Op::euler:
      return exponential(make_number(1));
    case Op::imaginary:
      return root_of_unity(Rational(1, 4));
    case Op::add:
    case Op::multiply: {
      Quotient result = form_of(expr.args[0]);
      for (size_t i = 1; ok && i < expr.args.size(); ++i) {
        const Quotient next = form_of(expr.args[i]);
        result = expr.op() == Op::add ? sum(result, next) : product(result, next);
      }
      return result;
    }
    case Op::power:
      return power(expr.args[0], expr.args[1]);
    case Op::call:
      return call(expr);
    case Op::sum:
    case Op::product:
      return series(expr);
    case Op::percent:
    case Op::quantity:
    case Op::degrees: {
      Quotient result = constant(Rational(0));
      for (const Term& term : terms_of(expr)) result = sum(result, form_of(term));
      return result;
    }
    default:
      return give_up();
  }
}

Value ConstantForm::value_of(const Expr& expr) {
  return evaluate(expr, {.precision = kPrecision, .natural_log = natural_log_}, steps_);
}

std::optional<Rational> ConstantForm::exact(const Expr& expr) {
  if (expr.op() == Op::number) return expr.number();
  Value value = value_of(expr);
  if (value.status != Value::Status::exact) return std::nullopt;
  return std::move(value.rational);
}

bool ConstantForm::is_positive(const Expr& expr) {
  Value value = value_of(expr);
  if (!value.is_known()) return false;
  make_ball(value, kPrecision);
  return value.ball.is_real() && arb_is_positive(value.ball.real()) != 0;
}

bool ConstantForm::is_real(const Expr& expr) {
  Value value = value_of(expr);
  if (!value.is_known()) return false;
  make_ball(value, kPrecision);
  return value.ball.is_real();
}

Quotient ConstantForm::atom(const std::string& name, Atom atom) {
  const auto index = ring_.index_of("?" + name);
  if (!index) return give_up();
  atom.name = name;
  atoms_.try_emplace(*index, std::move(atom));
  return unknown("?" + name);
}

Quotient ConstantForm::power_of_atom(const std::string& name, const Rational& exponent, Atom atom) {
  slong& degree = denominators_.degrees.try_emplace(name, 1).first->second;
  if (fmpz_cmp_si(exponent.denominator(), kMaxDegree) > 0) return give_up();
  const slong wanted = std::lcm(degree, fmpz_get_si(exponent.denominator()));
  if (wanted > kMaxDegree) return give_up();
  if (wanted != degree) denominators_.changed = true;
  degree = wanted;
  const Rational power = product_of(exponent, Rational(degree));
  if (!is_whole_within(power, kMaxAtomExponent)) return this->atom(name + "^" + text_of(exponent), {});
  atom.degree = degree;
  return raise(this->atom(name, std::move(atom)), as_slong(power));
}

Quotient ConstantForm::root_of_unity(const Rational& turns) {
  if (fmpz_cmp_si(turns.denominator(), kMaxOrder) > 0) return give_up();
  const slong wanted = std::lcm(denominators_.order, fmpz_get_si(turns.denominator()));
  if (wanted > kMaxOrder) return give_up();
  if (wanted != denominators_.order) denominators_.changed = true;
  denominators_.order = wanted;
  const Rational part = difference_of(turns, floor_of(turns));
  const slong exponent = as_slong(product_of(part, Rational(wanted)));
  return raise(atom("zeta", {.kind = Atom::Kind::root_of_unity, .degree = wanted}), exponent);
}

// By its Gauss sum, where roots of unity are about: sqrt 5 is 1 + 4 cos 72 degrees.
Quotient ConstantForm::square_root_of_prime(ulong prime) {
  if (prime == 2) return sum(root_of_unity(Rational(1, 8)), root_of_unity(Rational(7, 8)));
  Quotient result = constant(Rational(0));
  for (ulong a = 1; a < prime; ++a) {
    const Quotient sign = constant(Rational(n_jacobi(static_cast<mp_limb_signed_t>(a), prime)));
    result = sum(result, product(sign, root_of_unity(Rational(static_cast<slong>(a), prime))));
  }
  return prime % 4 == 1 ? result : product(result, root_of_unity(Rational(3, 4)));
}

Quotient ConstantForm::power_of_whole(const Rational& whole, const Rational& exponent) {
  const Rational times = floor_of(exponent), part = difference_of(exponent, times);
  Quotient result = constant(Rational(1));
  if (is_whole_within(times, kMaxBits) && whole.bits() * std::abs(as_slong(times)) < kMaxBits) {
    if (!steps_.spend(10 + whole.bits() * std::abs(as_slong(times)) / 32)) return give_up();
    Rational value;
    fmpq_pow_si(value.get(), whole.get(), as_slong(times));
    result = constant(value);
  } else {
    result = large_power(whole, times);
  }
  if (part.is_zero()) return result;
  const bool may_be_cyclotomic = denominators_.order > 4 && part == Rational(1, 2) &&
                                 is_whole_within(whole, 61) &&
                                 n_is_prime(static_cast<ulong>(as_slong(whole))) != 0;
  if (may_be_cyclotomic) {
    const slong prime = as_slong(whole);
    const slong needed = prime == 2 ? 8 : prime % 4 == 1 ? prime : 4 * prime;
    if (std::lcm(denominators_.order, needed) <= kMaxOrder)
      return product(result, square_root_of_prime(static_cast<ulong>(prime)));
  }
  return product(result, power_of_atom("root " + text_of(whole), part,
                                       {.kind = Atom::Kind::root, .base = whole, .is_positive = true}));
}

// 2^{2^{100}}: too long to write out.
Quotient ConstantForm::large_power(const Rational& whole, const Rational& exponent) {
  if (exponent.sign() < 0) return raise(large_power(whole, negated(exponent)), -1);
  const std::string base = text_of(whole);
  std::vector<Rational>& known = large_exponents_[base];
  const auto near = std::ranges::find_if(known, [&](const Rational& other) {
    const slong most = std::min(kNear, kMaxBits / whole.bits());
    return steps_.spend(2) && is_whole_within(difference_of(exponent, other), most);
  });
  const Rational anchor = near == known.end() ? exponent : *near;
  if (near == known.end()) known.push_back(exponent);
  Rational factor;
  fmpq_pow_si(factor.get(), whole.get(), as_slong(difference_of(exponent, anchor)));
  return product(power_of_atom(base + "^" + text_of(anchor), Rational(1), {.is_positive = true}),
                 constant(factor));
}

// Primes, and what is left of a number with large ones, with their exponents.
std::vector<std::pair<Rational, slong>> ConstantForm::factors_of(const Rational& whole) {
  std::vector<std::pair<Rational, slong>> result;
  if (!steps_.spend(60 + whole.bits() / 4)) {
    ok = false;
    return result;
  }
  Rational left = whole, power;
  const mp_limb_t* primes = n_primes_arr_readonly(kSmallPrimes);
  for (slong i = 0; i < kSmallPrimes && !fmpz_is_one(left.numerator()); ++i) {
    if (fmpz_divisible_si(left.numerator(), static_cast<slong>(primes[i])) == 0) continue;
    fmpz_set_ui(power.numerator(), primes[i]);
    const slong times = fmpz_remove(left.numerator(), left.numerator(), power.numerator());
    result.emplace_back(Rational(static_cast<slong>(primes[i])), times);
  }
  if (fmpz_is_one(left.numerator())) return result;
  if (fmpz_bits(left.numerator()) <= 40) {  // at most three primes, each within microseconds
    n_factor_t factors;
    n_factor_init(&factors);
    n_factor(&factors, fmpz_get_ui(left.numerator()), 1);
    for (int i = 0; i < factors.num; ++i)
      result.emplace_back(Rational(static_cast<slong>(factors.p[i])), factors.exp[i]);
  } else {
    result.emplace_back(left, 1);
  }
  return result;
}

Quotient ConstantForm::power_of_rational(const Rational& base, const Rational& exponent) {
  Quotient result = constant(Rational(1));
  for (const bool under : {false, true}) {
    Rational whole(1);
    fmpz_set(whole.numerator(), under ? base.denominator() : base.numerator());
    const Rational signed_exponent = under ? negated(exponent) : exponent;
    const bool plain = exponent.is_integer() && is_whole_within(exponent, kMaxBits) &&
                       whole.bits() * std::abs(as_slong(exponent)) < kMaxBits;
    if (fmpz_is_one(whole.numerator())) continue;
    if (plain) {
      result = product(result, power_of_whole(whole, signed_exponent));
      continue;
    }
    for (const auto& [prime, times] : factors_of(whole))
      result = product(result, power_of_whole(prime, product_of(signed_exponent, Rational(times))));
  }
  return result;
}

Quotient ConstantForm::power(const Expr& base, const Expr& exponent) {
  if (base.op() == Op::euler) return exponential(exponent);
  if (const auto known = exact(exponent)) return rational_power(base, *known);
  if (is_positive(base)) return exponential(multiply(exponent, deepscaler::call(Function::ln, base)));
  const Expr half_turn = multiply(imaginary_unit(), make_node(Op::pi));
  if (base.op() == Op::imaginary) return exponential(multiply(exponent, divide(half_turn, make_number(2))));
  if (is_positive(negate(base)))
    return exponential(multiply(exponent, add(deepscaler::call(Function::ln, negate(base)), half_turn)));
  return atom("power " + to_text(base) + " " + to_text(exponent), {});
}

Quotient ConstantForm::rational_power(const Expr& base, const Rational& exponent) {
  if (const auto known = exact(base)) {
    if (known->is_zero()) return exponent.sign() > 0 ? constant(Rational(0)) : give_up();
    if (known->sign() > 0) return power_of_rational(*known, exponent);
  }
  if (base.op() == Op::imaginary) return root_of_unity(product_of(exponent, Rational(1, 4)));
  if (is_whole_within(exponent, kMaxWholePower)) {
    Quotient form = form_of(base);
    if (exponent.sign() < 0 && !is_surely_not_zero(base, form)) return give_up();
    return raise(std::move(form), as_slong(exponent));
  }
  if (exponent == Rational(1, 2)) {
    if (const auto root = denested_root(base)) return *root;
  }
  const auto monomial = base.op() == Op::power ? std::nullopt : monomial_of(form_of(base));
  ok = !steps_.exhausted();  // a base without a form may still be an atom
  if (monomial) {
    Quotient result = power_of_rational(monomial->coefficient, exponent);
    for (const auto& [atom, times] : monomial->atoms)
      result = product(result, power_of_atom(atom.name, product_of(times, exponent), atom));
    return result;
  }
  Value value = value_of(base);
  if (!value.is_known()) return give_up();
  make_ball(value, kPrecision);
  if (value.ball.is_real() && arb_is_negative(value.ball.real()) != 0) {
    const Quotient magnitude = rational_power(negate(base), exponent);
    if (fmpz_is_even(exponent.denominator())) {  // the principal root
      return product(magnitude, root_of_unity(product_of(exponent, Rational(1, 2))));
    }
    return fmpz_is_odd(exponent.numerator()) ? product(constant(Rational(-1)), magnitude) : magnitude;
  }
  const bool positive = value.ball.is_real() && arb_is_positive(value.ball.real()) != 0;
  if (!positive) return atom("power " + to_text(base) + " " + text_of(exponent), {});
  if (base.op() == Op::multiply &&
      std::ranges::all_of(base.args, [&](const Expr& factor) { return is_positive(factor); })) {
    Quotient result = constant(Rational(1));
    for (const Expr& factor : base.args) result = product(result, rational_power(factor, exponent));
    return result;
  }
  const bool of_power =
      base.op() == Op::power && (base.args[0].op() == Op::euler || is_positive(base.args[0]));
  if (of_power) return power(base.args[0], multiply(make_number(exponent), base.args[1]));
  return power_of_atom("power " + to_text(base), exponent, {.is_positive = true});
}

// By its value, or as a product of positive atoms where it is out of reach.
bool ConstantForm::is_surely_not_zero(const Expr& expr, const Quotient& form) {
  const Value value = value_of(expr);
  if (value.status == Value::Status::ball) return acb_contains_zero(value.ball.get()) == 0;
  if (value.status == Value::Status::exact) return !value.rational.is_zero();
  return value.status != Value::Status::undefined && monomial_of(form).has_value();
}

std::optional<ConstantForm::Monomial> ConstantForm::monomial_of(const Quotient& form) {
  if (!ok || form.over.terms() != 1 || form.under.terms() != 1) return std::nullopt;
  Monomial result;
  for (const bool under : {false, true}) {
    const Polynomial& side = under ? form.under : form.over;
    std::vector<ulong> exponents(kMaxUnknowns);
    fmpz_mpoly_get_term_exp_ui(exponents.data(), side.get(), 0, ring_.context());
    fmpz* coefficient = under ? result.coefficient.denominator() : result.coefficient.numerator();
    fmpz_mpoly_get_term_coeff_fmpz(coefficient, side.get(), 0, ring_.context());
    for (slong i = 0; i < kMaxUnknowns; ++i) {
      if (exponents[static_cast<size_t>(i)] == 0) continue;
      const Atom* atom = atom_at(i);
      if (atom == nullptr || !atom->is_positive) return std::nullopt;
      const auto times = static_cast<slong>(exponents[static_cast<size_t>(i)]);
      Rational exponent(under ? -times : times, static_cast<ulong>(atom->degree));
      fmpq_canonicalise(exponent.get());
      result.atoms.emplace_back(*atom, std::move(exponent));
    }
  }
  fmpq_canonicalise(result.coefficient.get());
  if (result.coefficient.sign() <= 0) return std::nullopt;
  return result;
}

// sqrt(a + b sqrt c) as the sum or difference of two roots, where a^2 - b^2 c is a square.
std::optional<Quotient> ConstantForm::denested_root(const Expr& base) {
  if (base.op() != Op::add || base.args.size() != 2) return std::nullopt;
  Terms terms = terms_of(base);
  if (!ok || terms.size() != 2) return std::nullopt;
  if (!terms[0].rest.empty()) std::swap(terms[0], terms[1]);
  const bool fits = terms[0].rest.empty() && terms[1].rest.size() == 1 && terms[0].imaginary == 0 &&
                    terms[1].imaginary == 0 && terms[1].rest[0].op() == Op::power &&
                    is_half(terms[1].rest[0].args[1]) && terms[1].rest[0].args[0].op() == Op::number;
  if (!fits) return std::nullopt;
  const Rational &a = terms[0].coefficient, &b = terms[1].coefficient;
  const Rational& c = terms[1].rest[0].args[0].number();
  const Rational square = difference_of(product_of(a, a), product_of(product_of(b, b), c));
  if (a.sign() <= 0 || c.sign() <= 0 || square.sign() < 0 || square.bits() > kMaxDenested)
    return std::nullopt;
  Rational root;
  const bool is_square = fmpz_root(root.numerator(), square.numerator(), 2) != 0 &&
                         fmpz_root(root.denominator(), square.denominator(), 2) != 0;
  if (!is_square) return std::nullopt;
  const Rational half(1, 2);
  const Quotient more = power_of_rational(product_of(sum_of(a, root), half), half);
  const Rational rest = product_of(difference_of(a, root), half);
  if (rest.is_zero()) return more;
  return sum(more, product(constant(Rational(b.sign())), power_of_rational(rest, half)));
}

Quotient ConstantForm::exponential(const Expr& exponent) {
  Quotient result = constant(Rational(1));
  for (const Term& term : terms_of(exponent)) result = product(result, exponential(term));
  return result;
}

Quotient ConstantForm::exponential(const Term& term) {
  Rational times = term.coefficient;
  if (times.is_zero()) return constant(Rational(1));
  if (term.imaginary > 1) times = negated(std::move(times));
  const bool only_one = term.rest.size() == 1;
  if (term.imaginary % 2 == 1) {
    if (only_one && term.rest[0].op() == Op::pi)
      return root_of_unity(product_of(std::move(times), Rational(1, 2)));
    if (only_one && is_call(term.rest[0], Function::arctan) && is_whole_within(times, kMaxWholePower) &&
        is_real(term.rest[0].args[0])) {
      const Expr& tangent = term.rest[0].args[0];  // e^{i arctan t} is (1 + it) / sqrt(1 + t^2)
      const Expr over = add(make_number(1), multiply(imaginary_unit(), tangent));
      const Expr under = square_root(add(make_number(1), square(tangent)));
      return raise(form_of(divide(over, under)), as_slong(times));
    }
    return power_of_atom("cis " + text_of(term.rest), times, {});
  }
  if (only_one && is_call(term.rest[0], Function::ln) && is_positive(term.rest[0].args[0]))
    return rational_power(term.rest[0].args[0], times);
  return power_of_atom(
      "exp " + text_of(term.rest), times,
      {.is_positive = std::ranges::all_of(term.rest, [&](const Expr& factor) { return is_real(factor); })});
}

}  // namespace deepscaler

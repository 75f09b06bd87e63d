#include "verify/algebra/constant_proof.h"

#include <flint/fmpz_poly.h>

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "verify/algebra/algebraic.h"
#include "verify/algebra/constant_form.h"
#include "verify/algebra/evaluate.h"

namespace deepscaler {
namespace {

constexpr int kMaxPasses = 6;  // until all denominators are known
constexpr slong kMaxRelationFactor = 31;
constexpr slong kPrecision = 128;

// A polynomial in the root of unity, with an owner.
class OfUnity {
 public:
  OfUnity() { fmpz_poly_init(value_); }
  OfUnity(const OfUnity&) = delete;
  OfUnity& operator=(const OfUnity&) = delete;
  ~OfUnity() { fmpz_poly_clear(value_); }
  fmpz_poly_struct* get() { return value_; }
  const fmpz_poly_struct* get() const { return value_; }

 private:
  fmpz_poly_t value_;
};

using Exponents = std::array<ulong, kMaxUnknowns>;

// A polynomial in the atoms, reduced by their relations: its coefficients, by the exponents of all others.
using Reduced = std::map<Exponents, OfUnity>;

// Nothing where a bound is met.
std::optional<Reduced> reduced(const Polynomial& polynomial, Ring& ring, const ConstantForm& form,
                               slong order, Steps& steps) {
  std::optional<Reduced> result(std::in_place);
  Rational coefficient, factor;
  for (slong i = 0; i < polynomial.terms(); ++i) {
    Exponents exponents{};
    fmpz_mpoly_get_term_coeff_fmpz(coefficient.numerator(), polynomial.get(), i, ring.context());
    fmpz_mpoly_get_term_exp_ui(exponents.data(), polynomial.get(), i, ring.context());
    ulong turns = 0;
    for (size_t j = 0; j < exponents.size(); ++j) {
      const Atom* atom = exponents[j] == 0 ? nullptr : form.atom_at(static_cast<slong>(j));
      if (atom == nullptr) continue;
      const auto degree = static_cast<ulong>(atom->degree);
      if (atom->kind == Atom::Kind::root_of_unity) turns = std::exchange(exponents[j], 0) % degree;
      if (atom->kind != Atom::Kind::root || exponents[j] < degree) continue;
      if (!steps.spend(static_cast<int64_t>(exponents[j] / degree) * (1 + atom->base.bits() / 64)))
        return std::nullopt;
      fmpz_pow_ui(factor.numerator(), atom->base.numerator(), exponents[j] / degree);
      fmpz_mul(coefficient.numerator(), coefficient.numerator(), factor.numerator());
      exponents[j] %= degree;
    }
    if (!steps.spend(20)) return std::nullopt;
    fmpz_poly_struct* group = (*result)[exponents].get();
    fmpz_poly_get_coeff_fmpz(factor.numerator(), group, static_cast<slong>(turns));
    fmpz_add(factor.numerator(), factor.numerator(), coefficient.numerator());
    fmpz_poly_set_coeff_fmpz(group, static_cast<slong>(turns), factor.numerator());
  }
  OfUnity cyclotomic;
  fmpz_poly_cyclotomic(cyclotomic.get(), static_cast<ulong>(order));
  const slong degree = fmpz_poly_degree(cyclotomic.get());
  for (auto group = result->begin(); group != result->end();) {
    fmpz_poly_struct* value = group->second.get();
    const slong over = fmpz_poly_degree(value) - degree;
    const slong words = 1 + std::abs(fmpz_poly_max_bits(value)) / 64;
    if (over >= 0 && !steps.spend(10 + (over + 1) * degree * words / 10)) return std::nullopt;
    if (over >= 0) fmpz_poly_rem(value, value, cyclotomic.get());
    group = fmpz_poly_is_zero(value) != 0 ? result->erase(group) : std::next(group);
  }
  return result;
}

// Atoms with the whole numbers that they are taken times.
using Combination = std::vector<std::pair<const Atom*, Rational>>;

// A linear combination of atoms, but for a product of powers of them; nothing for anything else.
std::optional<Combination> combination_of(const Reduced& polynomial, const ConstantForm& form) {
  Exponents shared = polynomial.begin()->first;
  for (const auto& [exponents, coefficient] : polynomial) {
    for (size_t j = 0; j < shared.size(); ++j) shared[j] = std::min(shared[j], exponents[j]);
  }
  Combination result;
  Rational common(0);
  for (const auto& [exponents, coefficient] : polynomial) {
    const Atom* atom = nullptr;
    ulong degree = 0;
    for (size_t j = 0; j < shared.size(); ++j) {
      if (exponents[j] == shared[j]) continue;
      atom = form.atom_at(static_cast<slong>(j));
      degree += exponents[j] - shared[j];
    }
    if (degree != 1 || atom == nullptr || fmpz_poly_degree(coefficient.get()) != 0) return std::nullopt;
    Rational factor;
    fmpz_poly_get_coeff_fmpz(factor.numerator(), coefficient.get(), 0);
    fmpz_gcd(common.numerator(), common.numerator(), factor.numerator());
    result.emplace_back(atom, std::move(factor));
  }
  for (auto& [atom, factor] : result) {
    fmpz_divexact(factor.numerator(), factor.numerator(), common.numerator());
    if (fmpz_cmpabs(factor.numerator(), Rational(kMaxRelationFactor).numerator()) > 0) return std::nullopt;
  }
  return result;
}

// Logarithms of positive numbers come to 0 where the product is 1. Angles do so too, if they are less than a
// turn apart; the units are of twice each angle, so a whole number of pi is 1.
bool comes_to_zero(const Combination& combination, Atom::Kind kind, Steps& steps) {
  Expr product = make_number(1), angles = make_number(0);
  for (const auto& [atom, factor] : combination) {
    if (atom->kind == kind) product = multiply(std::move(product), power(atom->value, make_number(factor)));
    if (kind == Atom::Kind::angle && atom->kind != Atom::Kind::logarithm)
      angles = add(std::move(angles), multiply(make_number(factor), atom->itself));
  }
  if (!proves_same_algebraic_number(product, make_number(1), steps)) return false;
  Value total = evaluate(angles, {.precision = kPrecision}, steps);
  if (!total.is_known()) return false;
  make_ball(total, kPrecision);
  mag_t size;
  mag_init(size);
  acb_get_mag(size, total.ball.get());
  const bool is_small = mag_cmp_2exp_si(size, 1) < 0;
  mag_clear(size);
  return is_small;
}

bool is_relation(const Reduced& polynomial, const ConstantForm& form, Steps& steps) {
  const auto combination = combination_of(polynomial, form);
  if (!combination) return false;
  for (const auto& [atom, factor] : *combination) {
    const bool fits = atom->kind == Atom::Kind::logarithm || atom->kind == Atom::Kind::angle ||
                      atom->kind == Atom::Kind::pi;
    if (!fits || atom->degree != 1) return false;
  }
  return comes_to_zero(*combination, Atom::Kind::logarithm, steps) &&
         comes_to_zero(*combination, Atom::Kind::angle, steps);
}

}  // namespace

bool proves_same_constant(const Expr& a, const Expr& b, bool natural_log, Steps& steps) {
  ExponentDenominators denominators;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    denominators.changed = false;
    Ring ring;
    ConstantForm form(ring, denominators, natural_log, steps);
    const Quotient left = form.form_of(a), right = form.form_of(b);
    if (!form.ok) return false;
    if (denominators.changed) continue;
    const Quotient difference = form.sum(left, form.product(form.constant(Rational(-1)), right));
    if (!form.ok) return false;
    for (const Polynomial* divisor : {&left.under, &right.under}) {
      const auto under = reduced(*divisor, ring, form, denominators.order, steps);
      if (!under || under->empty()) return false;
    }
    const auto over = reduced(difference.over, ring, form, denominators.order, steps);
    return over && (over->empty() || is_relation(*over, form, steps));
  }
  return false;
}

}  // namespace deepscaler

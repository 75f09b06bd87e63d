#include "verify/algebra/quotients.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace deepscaler {
namespace {

constexpr slong kMaxProductTerms = 20'000;

}  // namespace

slong Polynomial::degree() const {
  const fmpz_mpoly_ctx_struct* context = ring_->context();
  if (value_->bits > 32) {  // exponents whose sum may not fit
    if (fmpz_mpoly_total_degree_fits_si(value_, context) == 0) return kMaxExponent + 1;
    return fmpz_mpoly_total_degree_si(value_, context);
  }
  // FLINT's own function makes big integers of all exponents, which takes longer than the product.
  slong most = 0;
  std::array<ulong, kMaxUnknowns> exponents;
  for (slong i = 0; i < terms(); ++i) {
    fmpz_mpoly_get_term_exp_ui(exponents.data(), value_, i, context);
    most = std::max(most, static_cast<slong>(std::accumulate(exponents.begin(), exponents.end(), ulong{0})));
  }
  return most;
}

Quotient QuotientArithmetic::give_up() {
  ok = false;
  return constant(Rational(0));
}

Quotient QuotientArithmetic::constant(const Rational& value) {
  if (value.bits() > max_coefficient_bits_) ok = false;
  Quotient result{Polynomial(ring_), Polynomial(ring_)};
  fmpz_mpoly_set_fmpz(result.over.get(), value.numerator(), ring_.context());
  fmpz_mpoly_set_fmpz(result.under.get(), value.denominator(), ring_.context());
  return result;
}

Quotient QuotientArithmetic::unknown(const std::string& name) {
  Quotient result = constant(Rational(1));
  const auto index = ring_.index_of(name);
  if (!index) return give_up();
  fmpz_mpoly_gen(result.over.get(), *index, ring_.context());
  return result;
}

Quotient QuotientArithmetic::sum(const Quotient& a, const Quotient& b) {
  Polynomial left(ring_), right(ring_), over(ring_);
  if (equal(a.under, b.under)) {
    left = a.over;
    right = b.over;
  } else {
    left = product(a.over, b.under);
    right = product(b.over, a.under);
  }
  if (!steps_.spend(left.terms() + right.terms())) ok = false;
  if (ok) fmpz_mpoly_add(over.get(), left.get(), right.get(), ring_.context());
  return {over, equal(a.under, b.under) ? a.under : product(a.under, b.under)};
}

Quotient QuotientArithmetic::product(const Quotient& a, const Quotient& b) {
  return {product(a.over, b.over), product(a.under, b.under)};
}

Quotient QuotientArithmetic::raise(Quotient base, slong exponent) {
  if (exponent < 0) {
    std::swap(base.over, base.under);
    if (is_zero(base.under)) return give_up();
  }
  return {raise(base.over, std::abs(exponent)), raise(base.under, std::abs(exponent))};
}

Polynomial QuotientArithmetic::product(const Polynomial& a, const Polynomial& b) {
  const slong terms = a.terms() * b.terms(), bits = a.bits() + b.bits();
  ok = ok && terms <= kMaxProductTerms && bits <= max_coefficient_bits_ &&
       a.degree() + b.degree() <= kMaxExponent && steps_.spend(10 + 2 * terms * (1 + bits / 64));
  Polynomial result(ring_);
  if (ok) fmpz_mpoly_mul(result.get(), a.get(), b.get(), ring_.context());
  return result;
}

bool QuotientArithmetic::is_zero(const Polynomial& a) const {
  return fmpz_mpoly_is_zero(a.get(), ring_.context()) != 0;
}

bool QuotientArithmetic::equal(const Polynomial& a, const Polynomial& b) const {
  return fmpz_mpoly_equal(a.get(), b.get(), ring_.context()) != 0;
}

Polynomial QuotientArithmetic::raise(const Polynomial& base, slong exponent) {
  Polynomial result(ring_);
  fmpz_mpoly_one(result.get(), ring_.context());
  if (base.terms() <= 1) {
    ok = ok && base.degree() * exponent <= kMaxExponent && base.bits() * exponent <= max_coefficient_bits_ &&
         steps_.spend(20);
    if (ok &&
        fmpz_mpoly_pow_ui(result.get(), base.get(), static_cast<ulong>(exponent), ring_.context()) == 0) {
      ok = false;
    }
    return result;
  }
  for (slong i = 0; ok && i < exponent; ++i) result = product(result, base);
  return result;
}

}  // namespace deepscaler

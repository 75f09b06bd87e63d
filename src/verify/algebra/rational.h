// An exact rational number: FLINT's fmpq with an owner.
#pragma once

#include <flint/fmpq.h>

#include <utility>

namespace deepscaler {

class Rational {
 public:
  Rational() { fmpq_init(value_); }
  explicit Rational(slong integer) : Rational() { fmpq_set_si(value_, integer, 1); }
  // The denominator is not zero.
  Rational(slong numerator, ulong denominator) : Rational() { fmpq_set_si(value_, numerator, denominator); }
  Rational(const Rational& other) : Rational() { fmpq_set(value_, other.value_); }
  Rational(Rational&& other) noexcept : Rational() { fmpq_swap(value_, other.value_); }
  Rational& operator=(Rational other) noexcept {
    fmpq_swap(value_, other.value_);
    return *this;
  }
  ~Rational() { fmpq_clear(value_); }

  // For FLINT's functions, which keep it in lowest terms.
  [[nodiscard]] fmpq* get() { return value_; }
  [[nodiscard]] const fmpq* get() const { return value_; }
  [[nodiscard]] fmpz* numerator() { return fmpq_numref(value_); }
  [[nodiscard]] const fmpz* numerator() const { return fmpq_numref(value_); }
  [[nodiscard]] fmpz* denominator() { return fmpq_denref(value_); }
  [[nodiscard]] const fmpz* denominator() const { return fmpq_denref(value_); }
  [[nodiscard]] bool is_integer() const { return fmpz_is_one(denominator()); }
  [[nodiscard]] bool is_zero() const { return fmpq_is_zero(value_); }
  [[nodiscard]] int sign() const { return fmpq_sgn(value_); }
  // The bits of the larger of numerator and denominator: what an operation on it costs.
  [[nodiscard]] slong bits() const {
    return static_cast<slong>(fmpz_bits(numerator()) > fmpz_bits(denominator()) ? fmpz_bits(numerator())
                                                                                : fmpz_bits(denominator()));
  }

  friend bool operator==(const Rational& a, const Rational& b) { return fmpq_equal(a.value_, b.value_); }
  friend bool operator<(const Rational& a, const Rational& b) { return fmpq_cmp(a.value_, b.value_) < 0; }

 private:
  fmpq_t value_;
};

[[nodiscard]] inline Rational sum_of(Rational a, const Rational& b) {
  fmpq_add(a.get(), a.get(), b.get());
  return a;
}

[[nodiscard]] inline Rational difference_of(Rational a, const Rational& b) {
  fmpq_sub(a.get(), a.get(), b.get());
  return a;
}

[[nodiscard]] inline Rational product_of(Rational a, const Rational& b) {
  fmpq_mul(a.get(), a.get(), b.get());
  return a;
}

[[nodiscard]] inline Rational negated(Rational a) {
  fmpq_neg(a.get(), a.get());
  return a;
}

// |a| <= most, which is not negative.
[[nodiscard]] inline bool is_whole_within(const Rational& a, slong most) {
  return a.is_integer() && fmpz_cmp_si(a.numerator(), most) <= 0 && fmpz_cmp_si(a.numerator(), -most) >= 0;
}

// `a` is an integer that fits.
[[nodiscard]] inline slong as_slong(const Rational& a) { return fmpz_get_si(a.numerator()); }

}  // namespace deepscaler

// Quotients of polynomials with integer coefficients: the arithmetic of normal_form.h and constant_form.h.
//
// Quotients are never reduced: two are compared by multiplying out, so that the only operation is the product
// of polynomials, whose cost is known before it is started.
#pragma once

#include <flint/fmpz_mpoly.h>

#include <optional>
#include <string>
#include <unordered_map>

#include "verify/algebra/rational.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

inline constexpr slong kMaxUnknowns = 16;
inline constexpr slong kMaxExponent = 4096;

// The ring of polynomials that both sides live in.
class Ring {
 public:
  Ring() { fmpz_mpoly_ctx_init(context_, kMaxUnknowns, ORD_LEX); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { fmpz_mpoly_ctx_clear(context_); }

  fmpz_mpoly_ctx_struct* context() { return context_; }

  // The index of an unknown, or nothing when there are too many.
  std::optional<slong> index_of(const std::string& name) {
    const auto [found, added] = indices_.try_emplace(name, static_cast<slong>(indices_.size()));
    if (found->second < kMaxUnknowns) return found->second;
    return std::nullopt;
  }
  void mark_opaque() { opaque_ = true; }
  bool has_opaque() const { return opaque_; }

 private:
  fmpz_mpoly_ctx_t context_;
  std::unordered_map<std::string, slong> indices_;
  bool opaque_ = false;
};

class Polynomial {
 public:
  explicit Polynomial(Ring& ring) : ring_(&ring) { fmpz_mpoly_init(value_, ring.context()); }
  Polynomial(const Polynomial& other) : Polynomial(*other.ring_) {
    fmpz_mpoly_set(value_, other.value_, ring_->context());
  }
  Polynomial& operator=(Polynomial other) noexcept {
    fmpz_mpoly_swap(value_, other.value_, ring_->context());
    return *this;
  }
  ~Polynomial() { fmpz_mpoly_clear(value_, ring_->context()); }

  fmpz_mpoly_struct* get() { return value_; }
  const fmpz_mpoly_struct* get() const { return value_; }
  slong terms() const { return fmpz_mpoly_length(value_, ring_->context()); }
  slong bits() const { return std::abs(fmpz_mpoly_max_bits(value_)); }
  // The total degree; beyond the bound where it does not fit.
  slong degree() const;

 private:
  Ring* ring_;
  fmpz_mpoly_t value_;
};

struct Quotient {
  Polynomial over;
  Polynomial under;
};

// Makes quotients; `ok` turns false where a bound is met, and the results mean nothing from then on.
class QuotientArithmetic {
 public:
  QuotientArithmetic(Ring& ring, slong max_coefficient_bits, Steps& steps)
      : ring_(ring), max_coefficient_bits_(max_coefficient_bits), steps_(steps) {}

  bool ok = true;

  Quotient give_up();
  Quotient constant(const Rational& value);
  Quotient unknown(const std::string& name);
  Quotient sum(const Quotient& a, const Quotient& b);
  Quotient product(const Quotient& a, const Quotient& b);
  // Whole powers, multiplied out.
  Quotient raise(Quotient base, slong exponent);

  Polynomial product(const Polynomial& a, const Polynomial& b);
  [[nodiscard]] bool is_zero(const Polynomial& a) const;
  [[nodiscard]] bool equal(const Polynomial& a, const Polynomial& b) const;

 private:
  Polynomial raise(const Polynomial& base, slong exponent);

  Ring& ring_;
  slong max_coefficient_bits_;
  Steps& steps_;
};

}  // namespace deepscaler

// Constants as rational functions of atoms with exact relations between them: what constant_proof.h decides
// on.
//
// An atom is a root of unity (for i and for sines of rational multiples of pi), a root of a whole number, pi,
// the logarithm of a prime or of another number, an arcus tangent, e^x, e^{ix}, the factorial of a large
// number, or anything else that nothing more is known of. The rules that lead there hold for all values that
// they are applied to, with principal branches as evaluate.h has them: ln 12 = 2 ln 2 + ln 3,
// log_b a = ln a / ln b, 9^{log_3 5} = 25, sin x = (e^{ix} - e^{-ix}) / 2i, arcsin x = arctan(x / sqrt(1 -
// x^2)).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "verify/algebra/evaluate.h"
#include "verify/algebra/expr.h"
#include "verify/algebra/quotients.h"

namespace deepscaler {

struct Atom {
  enum class Kind : uint8_t {
    root_of_unity,  // e^{2 pi i / degree}
    root,           // of degree `degree`, of the whole number `base`
    logarithm,      // of the positive number `value`
    angle,          // `value` is e^{2 i angle}
    pi,
    other,
  };
  Kind kind = Kind::other;
  slong degree = 1;
  Rational base = {};
  Expr value = {};
  Expr itself = {};  // of angles and pi
  bool is_positive = false;
  std::string name = {};
};

// What the exponents of all atoms are fractions of. It is found out as forms are built: where it has changed,
// they must be built once more.
struct ExponentDenominators {
  std::map<std::string, slong> degrees;
  slong order = 4;  // of the root of unity
  bool changed = false;
};

class ConstantForm : public QuotientArithmetic {
 public:
  ConstantForm(Ring& ring, ExponentDenominators& denominators, bool natural_log, Steps& steps);

  Quotient form_of(const Expr& expr);
  // Null for an unknown that is no atom.
  [[nodiscard]] const Atom* atom_at(slong index) const;

 private:
  // coefficient * i^imaginary * rest[0] * rest[1] ...
  struct Term {
    Rational coefficient = Rational(1);
    int imaginary = 0;  // 0 ... 3
    std::vector<Expr> rest = {};
  };
  using Terms = std::vector<Term>;

  static constexpr slong kPrecision = 128;  // of values that decide on a sign
  Value value_of(const Expr& expr);
  std::optional<Rational> exact(const Expr& expr);
  bool is_positive(const Expr& expr);
  bool is_real(const Expr& expr);

  Quotient atom(const std::string& name, Atom atom);
  Quotient power_of_atom(const std::string& name, const Rational& exponent, Atom atom);
  Quotient root_of_unity(const Rational& turns);
  Quotient square_root_of_prime(ulong prime);
  Quotient power_of_whole(const Rational& whole, const Rational& exponent);
  Quotient large_power(const Rational& whole, const Rational& exponent);
  Quotient power_of_rational(const Rational& base, const Rational& exponent);

  Quotient power(const Expr& base, const Expr& exponent);
  Quotient rational_power(const Expr& base, const Rational& exponent);
  Quotient exponential(const Expr& exponent);
  Quotient exponential(const Term& term);
  Quotient call(const Expr& expr);
  Quotient of_exponentials(const Expr& argument, bool circular, int over_sign, int under_sign);
  Quotient logarithm(const Expr& number);
  Quotient logarithm_atom(const Expr& number);
  Quotient angle(const Expr& itself, const Expr& doubled);
  Quotient arctangent(const Expr& number);
  Quotient arcsine(const Expr& number);
  Quotient absolute(const Expr& number);
  Quotient factorial(const Expr& number);
  Quotient series(const Expr& expr);

  Terms terms_of(const Expr& expr);
  Terms logarithm_terms(const Expr& number);
  Terms products(const Terms& a, const Terms& b);
  Quotient form_of(const Term& term);
  Term times(Term a, const Term& b);

  std::vector<std::pair<Rational, slong>> factors_of(const Rational& whole);

  // coefficient * atom ^ exponent ..., all positive
  struct Monomial {
    Rational coefficient;
    std::vector<std::pair<Atom, Rational>> atoms;
  };
  std::optional<Monomial> monomial_of(const Quotient& form);
  bool is_surely_not_zero(const Expr& expr, const Quotient& form);
  std::optional<Quotient> denested_root(const Expr& base);

  struct Parts {
    Expr real, imaginary;
  };
  std::optional<Parts> parts_of(const Expr& expr);
  std::optional<Expr> modulus_of(const Expr& number);

  Ring& ring_;
  ExponentDenominators& denominators_;
  bool natural_log_;
  Steps& steps_;
  std::map<slong, Atom> atoms_;
  std::map<std::string, std::vector<Rational>> large_exponents_;  // by their base
  std::vector<slong> large_factorials_;
};

}  // namespace deepscaler

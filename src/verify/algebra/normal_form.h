// Rational functions in normal form: a quotient of polynomials with integer coefficients, in the
// variables and in whatever else an expression holds (roots, constants, functions), each of which
// counts as one more unknown. Equal forms prove two expressions equal; different forms prove them
// different only where there are no such unknowns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

enum class FormMatch : uint8_t { same, different, open };

[[nodiscard]] FormMatch compare_forms(const Expr& a, const Expr& b, Steps& steps);

// Whether a = c b for a rational number c other than 0, and the sign of c.
struct Proportion {
  FormMatch match = FormMatch::open;
  int sign = 0;
};
[[nodiscard]] Proportion compare_up_to_scale(const Expr& a, const Expr& b, Steps& steps);

// Whether a = 0 and b = 0 are the same equation: proportional once the denominators are multiplied out.
[[nodiscard]] bool same_zeros(const Expr& a, const Expr& b, Steps& steps);

// a x + b as the two numbers a and b, when the expression is that in its only variable.
struct Linear {
  Rational slope;
  Rational constant;
};
[[nodiscard]] std::optional<Linear> read_linear(const Expr& expr, const std::string& variable, Steps& steps);

}  // namespace deepscaler

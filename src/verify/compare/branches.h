// The arguments that decide where functions bend or jump: of an absolute value, an even root or a floor; the
// difference of two arguments of a maximum; the difference of the two sides of a condition.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"
#include "verify/compare/sample_points.h"

namespace deepscaler {

enum class Threshold : uint8_t {
  zero,     // the sign of the argument decides
  root,     // the sign decides; of a square, the sign of what is squared
  integer,  // the whole numbers that the argument lies between decide
  point,    // it matters whether the argument is zero
};

struct Branch {
  Expr argument;
  Threshold threshold = Threshold::zero;
};

inline constexpr slong kFullPeriod = 128;  // of gcd and mod: all residues can be tried

struct Branches {
  std::vector<Branch> all;
  bool has_residues = false;  // there is a gcd, lcm or mod
  bool are_complete = true;   // false if one is left out: too many, a long period, or a sum's index in it
};
// The branches of both trees in the variables `symbols`, but those whose argument never changes its sign.
[[nodiscard]] Branches branches_of(const Expr& a, const Expr& b, const std::set<std::string>& symbols,
                                   Domain domain, Steps& steps);

// Whether an expression holds what is constant by pieces.
[[nodiscard]] bool is_stepped(const Expr& expr);

}  // namespace deepscaler

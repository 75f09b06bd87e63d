// What decides where functions bend or jump: the argument of an absolute value or an even root, the
// difference of two of a maximum's, what a floor rounds, both sides' difference of a condition.
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
  root,     // ... or of what it is the square of
  integer,  // ... or which whole numbers it lies between
  point,    // ... or whether it is zero
};

struct Branch {
  Expr argument;
  Threshold threshold = Threshold::zero;
};

inline constexpr slong kFullPeriod = 128;  // of gcd and mod: all residues can be tried

struct Branches {
  std::vector<Branch> all;
  bool has_residues = false;  // there is a gcd, lcm or mod
  bool are_complete = true;   // nothing was left out: for its number, a long period, or a sum's index in it
};
// Of both trees, in the variables `symbols`; arguments that never change their sign are none.
[[nodiscard]] Branches branches_of(const Expr& a, const Expr& b, const std::set<std::string>& symbols,
                                   Domain domain, Steps& steps);

// Whether an expression holds what is constant by pieces.
[[nodiscard]] bool is_stepped(const Expr& expr);

}  // namespace deepscaler

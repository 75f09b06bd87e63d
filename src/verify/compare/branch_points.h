// Points on both sides of where functions bend or jump: a maximum of two functions is the one in some
// places and the other elsewhere. A place may be small: \max(\sin x, -0.999) is -0.999 for 1.4 % of all x.
//
// The argument that decides (verify/compare/branches.h) is followed along each variable. Its changes of sign
// and its extreme values, which are searched for between the points of a grid, are where another branch may
// begin.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"
#include "verify/compare/sample_points.h"

namespace deepscaler {

struct BranchPoints {
  std::vector<Point> points;
  // Whether all branches within the grid are reached: not where an argument comes so near to its threshold
  // that nobody can tell, or can't be followed.
  bool are_complete = true;
};
[[nodiscard]] BranchPoints branch_points(const Expr& a, const Expr& b, const std::set<std::string>& symbols,
                                         Domain domain, Steps& steps);

}  // namespace deepscaler

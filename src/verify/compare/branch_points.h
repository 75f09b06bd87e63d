// Points on both sides of where functions bend or jump. One branch may hold for few x only:
// \max(\sin x, -0.999) is \sin x but for 1.4 % of all x.
//
// An argument decides which branch holds (verify/compare/branches.h). It is followed along each variable over
// a grid. Another branch may begin where it changes its sign and where it has an extreme value; both are
// searched for between the points of the grid.
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

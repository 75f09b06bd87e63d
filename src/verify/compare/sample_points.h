// Points at which two functions are compared: where a difference between them would show.
//
// A few random ones refute most; an agreement has to hold at the places where functions part: 0, 1 and
// their neighbours, at and around every constant of either side, beyond all of them and far out, with both
// signs. Variables of factorials, binomials and sums take whole numbers only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

// Where answers take whole numbers only: at others they may differ and still be equal. Floors alone leave
// x and its like real.
enum class Domain : uint8_t { reals, integers_but_x, integers };

[[nodiscard]] Domain domain_of(const Expr& expr);
[[nodiscard]] bool takes_integers(const std::string& name, Domain domain);

using Point = std::map<std::string, Rational>;

// The same for both sides: a coordinate depends on the name of the variable and the attempt.
[[nodiscard]] Point random_point(const std::set<std::string>& symbols, int attempt, Domain domain);

struct CriticalPoint {
  Point at;
  bool required = true;  // no agreement without a value here, unless there is none
};
[[nodiscard]] std::vector<CriticalPoint> critical_points(const Expr& a, const Expr& b,
                                                         const std::set<std::string>& symbols, Domain domain,
                                                         Steps& steps);

}  // namespace deepscaler

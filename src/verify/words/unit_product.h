// A product of powers of units, as a factor and a dimension: km/h is 1000/3600 of m^1 s^-1.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verify/algebra/expr.h"
#include "verify/words/units.h"

namespace deepscaler {

class UnitProduct {
 public:
  void multiply_by(const Unit& unit, int exponent);

  // `value` measured in this product of units.
  [[nodiscard]] Expr quantity(Expr value) const;

  int next_exponent = 1;  // of the unit behind "square" or "cubic"
  int nouns = 0;
  std::string counted;   // the last noun
  bool may_end = false;  // a unit or a noun was among the words

 private:
  Rational factor_{1};
  std::vector<std::pair<BaseUnit, int>> exponents_;
};

// A number times letters that can be units, 9.8 m/s^2, as a quantity: what a bare letter means when the
// other side says that it is a unit. nullopt for anything else.
[[nodiscard]] std::optional<Expr> as_bare_quantity(const Expr& expr);

}  // namespace deepscaler

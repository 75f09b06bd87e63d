// Between which bounds the values of an expression lie, as far as its form tells: \sin x + 2 is between 1
// and 3.
#pragma once

#include <optional>

#include "verify/algebra/expr.h"
#include "verify/algebra/rational.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

struct ValueRange {
  std::optional<Rational> least = std::nullopt;  // nothing where there is no bound
  std::optional<Rational> most = std::nullopt;
};

[[nodiscard]] ValueRange range_of(const Expr& expr, Steps& steps);

// Whether the form shows that no two values have opposite signs.
[[nodiscard]] bool keeps_its_sign(const Expr& expr, Steps& steps);

// A finite double as the fraction that it is.
[[nodiscard]] Rational exactly(double value);

}  // namespace deepscaler

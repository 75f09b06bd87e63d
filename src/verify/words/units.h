// Units of measurement, exactly: the factor to a base unit and which one that is.
#pragma once

#include <optional>
#include <string_view>

#include "verify/algebra/measure.h"
#include "verify/algebra/rational.h"

namespace deepscaler {

struct Unit {
  Rational factor;               // one of this unit in base units
  std::optional<BaseUnit> base;  // none for a count ("units", "ways")
  int exponent = 1;              // of the base unit: an acre is of the second
};

// The unit of this name, as it is written ("cm", "feet", "sq" is none). Case matters for symbols
// (mW is no MW) and not for names.
[[nodiscard]] std::optional<Unit> find_unit(std::string_view name);

// What "million", "dozen", "lakh" and their kin multiply by.
[[nodiscard]] std::optional<Rational> find_scale_word(std::string_view name);

}  // namespace deepscaler

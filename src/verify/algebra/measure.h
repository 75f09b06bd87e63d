// What a quantity is measured in: powers of base units with an exact factor, or the noun that is counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/algebra/rational.h"

namespace deepscaler {

// What units are multiples of, in the order of their symbols. Not all are independent: nobody answers in
// kg m/s^2 where the reference says newtons.
enum class BaseUnit : uint8_t {
  ampere,
  coulomb,
  hertz,
  joule,
  kelvin,
  newton,
  pascal,
  volt,
  watt,
  astronomical_unit,
  australian_dollar,
  calorie,
  canadian_dollar,
  celsius,
  swiss_franc,
  yuan,
  double_prime,  // '': seconds of an angle or inches
  dyne,
  electronvolt,
  erg,
  euro,
  fahrenheit,
  pound_sterling,
  hong_kong_dollar,
  rupee,
  yen,
  kilogram,
  won,
  metre,
  molar,
  mole,
  month,
  ohm,
  parsec,
  peso,
  prime,  // ': minutes of an angle or feet
  radian,
  rouble,
  second,
  singapore_dollar,
  tesla,
  ton,
  us_dollar,
};

[[nodiscard]] std::string_view symbol_of(BaseUnit unit);

// A product of powers of base units: m^1 s^-1. Without any, the dimension of a number.
class Dimension {
 public:
  Dimension() = default;
  Dimension(BaseUnit unit) { multiply_by(unit, 1); }

  void multiply_by(BaseUnit unit, int exponent);
  [[nodiscard]] bool is_none() const { return powers_.empty(); }
  [[nodiscard]] std::string to_text() const;

  friend bool operator==(const Dimension&, const Dimension&) = default;

 private:
  std::vector<std::pair<BaseUnit, int>> powers_;  // ascending, no exponent is 0
};

// One of what is measured is `factor` of the base units. Only where there are none, `noun` is what is
// counted: the apple of "5 apples".
struct Measure {
  Dimension dimension = {};
  Rational factor = Rational(1);
  std::string noun = {};

  friend bool operator==(const Measure&, const Measure&) = default;
};

}  // namespace deepscaler

#include "verify/algebra/measure.h"

#include <algorithm>

namespace deepscaler {

std::string_view symbol_of(BaseUnit unit) {
  switch (unit) {
    case BaseUnit::ampere:
      return "A";
    case BaseUnit::coulomb:
      return "C";
    case BaseUnit::hertz:
      return "Hz";
    case BaseUnit::joule:
      return "J";
    case BaseUnit::kelvin:
      return "K";
    case BaseUnit::newton:
      return "N";
    case BaseUnit::pascal:
      return "Pa";
    case BaseUnit::volt:
      return "V";
    case BaseUnit::watt:
      return "W";
    case BaseUnit::astronomical_unit:
      return "au";
    case BaseUnit::australian_dollar:
      return "aud";
    case BaseUnit::calorie:
      return "cal";
    case BaseUnit::canadian_dollar:
      return "cad";
    case BaseUnit::celsius:
      return "celsius";
    case BaseUnit::swiss_franc:
      return "chf";
    case BaseUnit::yuan:
      return "cny";
    case BaseUnit::double_prime:
      return "double prime";
    case BaseUnit::dyne:
      return "dyn";
    case BaseUnit::electronvolt:
      return "eV";
    case BaseUnit::erg:
      return "erg";
    case BaseUnit::euro:
      return "eur";
    case BaseUnit::fahrenheit:
      return "fahrenheit";
    case BaseUnit::pound_sterling:
      return "gbp";
    case BaseUnit::hong_kong_dollar:
      return "hkd";
    case BaseUnit::rupee:
      return "inr";
    case BaseUnit::yen:
      return "jpy";
    case BaseUnit::kilogram:
      return "kg";
    case BaseUnit::won:
      return "krw";
    case BaseUnit::metre:
      return "m";
    case BaseUnit::molar:
      return "molar";
    case BaseUnit::mole:
      return "mol";
    case BaseUnit::month:
      return "month";
    case BaseUnit::ohm:
      return "ohm";
    case BaseUnit::parsec:
      return "parsec";
    case BaseUnit::peso:
      return "peso";
    case BaseUnit::prime:
      return "prime";
    case BaseUnit::radian:
      return "rad";
    case BaseUnit::rouble:
      return "rub";
    case BaseUnit::second:
      return "s";
    case BaseUnit::singapore_dollar:
      return "sgd";
    case BaseUnit::tesla:
      return "tesla";
    case BaseUnit::ton:
      return "ton";
    case BaseUnit::us_dollar:
      return "usd";
  }
  return {};
}

void Dimension::multiply_by(BaseUnit unit, int exponent) {
  const auto place = std::ranges::lower_bound(powers_, unit, {}, &std::pair<BaseUnit, int>::first);
  if (place == powers_.end() || place->first != unit) {
    if (exponent != 0) powers_.insert(place, {unit, exponent});
  } else if (place->second + exponent != 0) {
    place->second += exponent;
  } else {
    powers_.erase(place);
  }
}

std::string Dimension::to_text() const {
  std::string text;
  for (const auto& [unit, exponent] : powers_) {
    if (!text.empty()) text += ' ';
    text.append(symbol_of(unit)).append("^").append(std::to_string(exponent));
  }
  return text;
}

}  // namespace deepscaler

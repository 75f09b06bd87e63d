#include "verify/words/unit_product.h"

#include <algorithm>

namespace deepscaler {

void UnitProduct::multiply_by(const Unit& unit, int exponent) {
  Rational factor = unit.factor;
  fmpq_pow_si(factor.get(), factor.get(), exponent);
  fmpq_mul(factor_.get(), factor_.get(), factor.get());
  if (unit.base) exponents_.emplace_back(*unit.base, unit.exponent * exponent);
}

Expr UnitProduct::quantity(Expr value) const {
  // Radians count among other units only where they stand alone.
  const bool only_radians =
      std::ranges::all_of(exponents_, [](const auto& power) { return power.first == BaseUnit::radian; });
  Measure measure;
  for (const auto& [base, exponent] : exponents_) {
    if (only_radians || base != BaseUnit::radian) measure.dimension.multiply_by(base, exponent);
  }
  if (measure.dimension.is_none()) {
    measure.noun = counted;
  } else {
    measure.factor = factor_;
  }
  return make_quantity(std::move(value), std::move(measure));
}

namespace {

// A letter, perhaps raised: its name and its exponent.
std::optional<std::pair<std::string, int>> raised_letter(const Expr& expr) {
  if (expr.op() == Op::symbol) return std::pair(expr.name() == "Omega" ? std::string("ohm") : expr.name(), 1);
  if (expr.op() != Op::power || expr.args[1].op() != Op::number || !expr.args[1].number().is_integer() ||
      expr.args[1].number().bits() > 3) {
    return std::nullopt;
  }
  auto inner = raised_letter(expr.args[0]);
  if (inner) inner->second *= static_cast<int>(fmpz_get_si(expr.args[1].number().numerator()));
  if (inner && std::abs(inner->second) > 9) return std::nullopt;
  return inner;
}

}  // namespace

std::optional<Expr> as_bare_quantity(const Expr& expr) {
  if (expr.op() != Op::multiply || expr.args.size() > 6) return std::nullopt;
  UnitProduct units;
  Expr value = make_number(1);
  bool any = false;
  for (const Expr& factor : expr.args) {
    const auto letter = raised_letter(factor);
    const auto unit = letter ? find_unit(letter->first) : std::nullopt;
    if (unit) {
      units.multiply_by(*unit, letter->second);
      any = true;
    } else if (free_symbols(factor).empty()) {
      value = multiply(std::move(value), factor);
    } else {
      return std::nullopt;
    }
  }
  if (!any) return std::nullopt;
  return units.quantity(std::move(value));
}

}  // namespace deepscaler

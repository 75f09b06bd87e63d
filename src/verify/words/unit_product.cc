#include "verify/words/unit_product.h"

#include <algorithm>

namespace deepscaler {

namespace {

constexpr std::string_view kRadian = "rad";

}  // namespace

void UnitProduct::multiply_by(const Unit& unit, int exponent) {
  Rational factor = unit.factor;
  fmpq_pow_si(factor.get(), factor.get(), exponent);
  fmpq_mul(factor_.get(), factor_.get(), factor.get());
  if (!unit.base.empty()) exponents_.emplace_back(unit.base, unit.exponent * exponent);
}

Expr UnitProduct::quantity(Expr value) {
  std::sort(exponents_.begin(), exponents_.end());
  std::string dimension;
  // Radians count among other units only where they stand alone.
  const bool other = std::ranges::any_of(exponents_, [](const auto& unit) { return unit.first != kRadian; });
  if (other) std::erase_if(exponents_, [](const auto& unit) { return unit.first == kRadian; });
  for (size_t i = 0; i < exponents_.size();) {
    const std::string base = exponents_[i].first;
    int total = 0;
    for (; i < exponents_.size() && exponents_[i].first == base; ++i) total += exponents_[i].second;
    if (total == 0) continue;
    if (!dimension.empty()) dimension += ' ';
    dimension += base;
    dimension += '^';
    dimension += std::to_string(total);
  }
  const bool counts = dimension.empty() && !counted.empty();
  Expr result = make_node(Op::quantity, {std::move(value)}, counts ? "#" + counted : dimension);
  result.number = dimension.empty() ? Rational(1) : factor_;
  return result;
}

namespace {

// A letter, perhaps raised: its name and its exponent.
std::optional<std::pair<std::string, int>> raised_letter(const Expr& expr) {
  if (expr.op == Op::symbol) return std::pair(expr.text == "Omega" ? std::string("ohm") : expr.text, 1);
  if (expr.op != Op::power || expr.args[1].op != Op::number || !expr.args[1].number.is_integer() ||
      expr.args[1].number.bits() > 3) {
    return std::nullopt;
  }
  auto inner = raised_letter(expr.args[0]);
  if (inner) inner->second *= static_cast<int>(fmpz_get_si(expr.args[1].number.numerator()));
  if (inner && std::abs(inner->second) > 9) return std::nullopt;
  return inner;
}

}  // namespace

std::optional<Expr> as_bare_quantity(const Expr& expr) {
  if (expr.op != Op::multiply || expr.args.size() > 6) return std::nullopt;
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

#include "report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace deepscaler {
namespace {

// A quotient that is a whole number but for rounding counts as that number.
constexpr double kRounding = 1e-9;
constexpr double kLeastSpan = 1e-12;

int64_t floor_of(double quotient) { return static_cast<int64_t>(std::floor(quotient + kRounding)); }
int64_t ceiling_of(double quotient) { return static_cast<int64_t>(std::ceil(quotient - kRounding)); }

// Calls accept(step) for 1, 2 and 5 times the powers of ten from 10^exponent on, until it returns true.
template <class Accept>
double first_round_step(double exponent, const Accept& accept) {
  for (;; ++exponent) {
    for (double digit : {1.0, 2.0, 5.0}) {
      // A negative power of ten is no double: 5 / 10 is nearer to 0.5 than 5 * 0.1.
      const double step = exponent < 0 ? digit / std::pow(10, -exponent) : digit * std::pow(10, exponent);
      if (accept(step)) return step;
    }
  }
}

}  // namespace

std::vector<double> Ticks::values() const {
  std::vector<double> list;
  for (int64_t i = first; i <= last; ++i) list.push_back(static_cast<double>(i) * step);
  return list;
}

Ticks ticks_around(double low, double high, int64_t most) {
  const double span = high - low > kLeastSpan ? high - low : std::max(std::abs(low), 1.0) / 2;
  Ticks ticks;
  ticks.step = first_round_step(std::floor(std::log10(span / static_cast<double>(most))), [&](double step) {
    ticks.first = floor_of(low / step);
    ticks.last = std::max(ceiling_of(high / step), ticks.first + 1);
    return ticks.last - ticks.first <= most;
  });
  return ticks;
}

Ticks whole_ticks_within(int64_t low, int64_t high, int64_t most) {
  Ticks ticks;
  ticks.step = first_round_step(0, [&](double step) {
    ticks.first = ceiling_of(static_cast<double>(low) / step);
    ticks.last = floor_of(static_cast<double>(high) / step);
    return ticks.last - ticks.first <= most;
  });
  return ticks;
}

std::string tick_text(double tick) {
  if (std::abs(tick) < 1000 || std::abs(tick) >= 1e6) return fmt::format("{:g}", tick);
  std::string text = fmt::format("{:.0f}", tick);
  for (auto place = std::ssize(text) - 3; place > (tick < 0 ? 1 : 0); place -= 3) {
    text.insert(static_cast<size_t>(place), ",");
  }
  return text;
}

}  // namespace deepscaler

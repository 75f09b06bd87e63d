#include "tensor/block_fit.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr float kNothing = 1e-15f;

// Levels as floats, in which they are multiplied.
using Levels = float[kLargestFit];

int8_t clamped(int level, int low, int high) { return static_cast<int8_t>(std::clamp(level, low, high)); }

// sum w x l and sum w l l.
struct Products {
  float xl = 0, l2 = 0;

  void add(float w, float x, float l) {
    xl += w * x * l;
    l2 += w * l * l;
  }
};

Products signed_products(std::span<const float> x, std::span<const float> weights, int bound, float inverse) {
  Products sums;
  for (size_t i = 0; i < x.size(); ++i) {
    sums.add(weights[i], x[i], clamped(nearest_level(inverse * x[i]), -bound, bound - 1));
  }
  return sums;
}

void set_signed_levels(std::span<const float> x, int bound, float inverse, uint8_t* levels) {
  for (size_t i = 0; i < x.size(); ++i) {
    levels[i] = static_cast<uint8_t>(bound + clamped(nearest_level(inverse * x[i]), -bound, bound - 1));
  }
}

void line_levels(std::span<const float> x, float inverse, float min, int top, Levels& levels) {
  for (size_t i = 0; i < x.size(); ++i) {
    levels[i] = static_cast<float>(std::clamp(nearest_level(inverse * (x[i] - min)), 0, top));
  }
}

float line_error(std::span<const float> x, std::span<const float> weights, float scale, float min,
                 const Levels& levels) {
  float squares[kLargestFit];
  for (size_t i = 0; i < x.size(); ++i) {
    const float difference = scale * levels[i] + min - x[i];
    squares[i] = weights[i] * (difference * difference);
  }
  float error = 0;
  for (size_t i = 0; i < x.size(); ++i) error += squares[i];
  return error;
}

// What a line has in common for all levels: sum w and sum w x.
struct LineSums {
  float w, x;
};

// The line of least squares through the levels, with a minimum of at most 0; false where they are all one.
bool least_squares_line(std::span<const float> x, std::span<const float> weights, const LineSums& sums,
                        const Levels& levels, float& scale, float& min) {
  float l = 0, l2 = 0, xl = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const float wl = weights[i] * levels[i];
    l += wl;
    l2 += wl * levels[i];
    xl += wl * x[i];
  }
  const float determinant = sums.w * l2 - l * l;
  if (!(determinant > 0)) return false;
  scale = (sums.w * xl - sums.x * l) / determinant;
  min = (l2 * sums.x - l * xl) / determinant;
  if (min > 0) {
    min = 0;
    scale = xl / l2;
  }
  return true;
}

// The inverse scale whose levels, from `inverse` for all numbers up to the largest, have the least error.
float best_positive_inverse(std::span<const float> x, std::span<const float> weights, int top,
                            float largest) {
  const auto error_of = [&](float inverse, int highest) {
    const float scale = 1 / inverse;
    float error = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const int level = std::min(highest, nearest_level(inverse * x[i]));
      const float difference = x[i] - scale * static_cast<float>(level);
      error += weights[i] * difference * difference;
    }
    return error;
  };
  const auto all_levels = static_cast<float>(top);
  float best = all_levels / largest;
  float least = error_of(best, 1 << 30);  // the first has no bound in the reference
  for (int k = -4; k <= 4; ++k) {
    if (k == 0) continue;
    const float inverse = (0.1f * static_cast<float>(k) + all_levels) / largest;
    const float error = error_of(inverse, top);
    if (error < least) {
      least = error;
      best = inverse;
    }
  }
  return best;
}

// Moves single levels to where the scale that fits the others wants them. Returns whether one has moved.
bool move_levels(std::span<const float> x, std::span<const float> weights, int top, uint8_t* levels,
                 Products& sums) {
  bool moved = false;
  for (size_t i = 0; i < x.size(); ++i) {
    const float w = weights[i];
    const float old = levels[i];
    Products others{sums.xl - w * x[i] * old, sums.l2 - w * old * old};
    if (!(others.xl > 0) || !(others.l2 > 0)) continue;
    const int level = std::min(top, nearest_level(x[i] * others.l2 / others.xl));
    if (level == levels[i]) continue;
    others.add(w, x[i], static_cast<float>(level));
    if (others.xl * others.xl * sums.l2 > sums.xl * sums.xl * others.l2) {
      levels[i] = static_cast<uint8_t>(level);
      sums = others;
      moved = true;
    }
  }
  return moved;
}

}  // namespace

int nearest_level(float value) {
  const float shifted = value + 0x1.8p23f;  // beyond it floats are whole numbers
  return static_cast<int>(std::bit_cast<uint32_t>(shifted) & 0x7fffff) - 0x400000;
}

float largest_magnitude(std::span<const float> x) {
  float largest = 0;
  for (const float v : x) {
    if (std::abs(v) > std::abs(largest)) largest = v;
  }
  return largest;
}

float fit_signed(std::span<const float> x, std::span<const float> weights, int bound, uint8_t* levels) {
  DEEPSCALER_CHECK(x.size() <= kLargestFit && weights.size() == x.size());
  const float largest = largest_magnitude(x);
  if (std::abs(largest) < kNothing) {
    std::fill_n(levels, x.size(), uint8_t{0});
    return 0;
  }
  const auto all_levels = static_cast<float>(bound);
  const float first = -all_levels / largest;
  set_signed_levels(x, bound, first, levels);
  const Products sums = signed_products(x, weights, bound, first);
  float scale = sums.l2 != 0 ? sums.xl / sums.l2 : 0;
  float best = scale * sums.xl;
  for (int k = -9; k <= 9; ++k) {
    if (k == 0) continue;
    const float inverse = -(all_levels + 0.1f * static_cast<float>(k)) / largest;
    const Products tried = signed_products(x, weights, bound, inverse);
    if (tried.l2 > 0 && tried.xl * tried.xl > best * tried.l2) {
      set_signed_levels(x, bound, inverse, levels);
      scale = tried.xl / tried.l2;
      best = scale * tried.xl;
    }
  }
  return scale;
}

Line fit_line(std::span<const float> x, std::span<const float> weights, const LineSearch& search,
              uint8_t* levels) {
  DEEPSCALER_CHECK(x.size() <= kLargestFit && weights.size() == x.size());
  const auto [low, high] = std::ranges::minmax(x);
  const float max = high;
  float min = std::min(low, 0.0f);
  std::fill_n(levels, x.size(), uint8_t{0});
  if (max <= min) return {0, -min};

  LineSums sums{weights[0], weights[0] * x[0]};
  for (size_t i = 1; i < x.size(); ++i) {
    sums.w += weights[i];
    sums.x += weights[i] * x[i];
  }
  const auto all_levels = static_cast<float>(search.top);
  const float inverse = all_levels / (max - min);
  Levels best, tried;
  float scale = 1 / inverse;
  line_levels(x, inverse, min, search.top, best);
  float least = line_error(x, weights, scale, min, best);
  for (int k = 0; k <= search.steps; ++k) {
    // `min` is that of the best line so far, as in the reference.
    const float slope = (search.first + search.step * static_cast<float>(k) + all_levels) / (max - min);
    line_levels(x, slope, min, search.top, tried);
    float this_scale, this_min;
    if (!least_squares_line(x, weights, sums, tried, this_scale, this_min)) continue;
    const float error = line_error(x, weights, this_scale, this_min, tried);
    if (error < least) {
      std::ranges::copy(tried, best);
      least = error;
      scale = this_scale;
      min = this_min;
    }
  }
  for (size_t i = 0; i < x.size(); ++i) levels[i] = static_cast<uint8_t>(best[i]);
  return {scale, -min};
}

float fit_positive(std::span<const float> x, std::span<const float> weights, int top, uint8_t* levels) {
  DEEPSCALER_CHECK(weights.size() == x.size());
  const float largest = std::max(0.0f, *std::ranges::max_element(x));
  if (largest < kNothing) {
    std::fill_n(levels, x.size(), uint8_t{0});
    return 0;
  }
  const float inverse = best_positive_inverse(x, weights, top, largest);
  Products sums;
  for (size_t i = 0; i < x.size(); ++i) {
    const int level = std::min(top, nearest_level(inverse * x[i]));
    levels[i] = static_cast<uint8_t>(level);
    sums.add(weights[i], x[i], static_cast<float>(level));
  }
  constexpr int kRounds = 5;
  for (int round = 0; round < kRounds && move_levels(x, weights, top, levels, sums); ++round) {
  }
  return sums.l2 > 0 ? sums.xl / sums.l2 : 0;
}

}  // namespace deepscaler

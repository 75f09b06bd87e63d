#include "train/optimizers/dynamic_map.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace deepscaler {
namespace {

constexpr int kDecades = 7;
// Of a float's bits: they leave 2^18 floats in a cell, in which there are at most a few codes.
constexpr int kCellShift = 18;

std::vector<double> values_of(DynamicMap::Sign sign) {
  std::vector<double> values = {0, 1};
  for (int i = 0; i < kDecades; ++i) {
    const int cells = sign == DynamicMap::Sign::kSigned ? 1 << i : 2 << i;
    const double width = 0.9 / cells;
    for (int cell = 0; cell < cells; ++cell) {
      const double value = (0.1 + (cell + 0.5) * width) * std::pow(10.0, i - (kDecades - 1));
      values.push_back(value);
      if (sign == DynamicMap::Sign::kSigned) values.push_back(-value);
    }
  }
  std::ranges::sort(values);
  return values;
}

}  // namespace

const DynamicMap& DynamicMap::get(Sign sign) {
  static const DynamicMap with_sign(Sign::kSigned), without(Sign::kUnsigned);
  return sign == Sign::kSigned ? with_sign : without;
}

DynamicMap::DynamicMap(Sign sign) {
  const std::vector<double> values = values_of(sign);
  for (size_t i = 0; i < values_.size(); ++i) values_[i] = static_cast<float>(values[i]);
  for (size_t i = 0; i < middles_.size(); ++i) middles_[i] = (values_[i] + values_[i + 1]) / 2;
  for (uint32_t cell = 0; cell < uint32_t{1} << (32 - kCellShift); ++cell) {
    const bool negative = cell >> (31 - kCellShift) != 0;
    const uint32_t least = cell << kCellShift | (negative ? (uint32_t{1} << kCellShift) - 1 : 0);
    const auto below = std::ranges::upper_bound(middles_, std::bit_cast<float>(least)) - middles_.begin();
    first_.push_back(static_cast<uint8_t>(below));
  }
}

uint8_t DynamicMap::nearest(float x) const {
  size_t code = first_[std::bit_cast<uint32_t>(x) >> kCellShift];
  while (code < middles_.size() && x >= middles_[code]) ++code;
  return static_cast<uint8_t>(code);
}

float DynamicMap::pack(std::span<const float> numbers, uint8_t* codes) const {
  float absmax = 0;
  for (const float x : numbers) absmax = std::max(absmax, std::abs(x));
  const float scale = absmax > 0 ? absmax : 1;
  for (size_t i = 0; i < numbers.size(); ++i) codes[i] = nearest(numbers[i] / scale);
  return absmax;
}

void DynamicMap::unpack(const uint8_t* codes, float absmax, std::span<float> numbers) const {
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = absmax * values_[codes[i]];
}

}  // namespace deepscaler

// Eight-bit numbers with a scale for each block: the dynamic map of 8-bit optimizers (Dettmers et al., 2022,
// section 2; bitsandbytes' create_dynamic_map). Between 1e-7 and 1 every decade has twice the cells of the
// one below, so small numbers keep their order of magnitude and large ones their digits.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace deepscaler {

// Thread-safe.
class DynamicMap {
 public:
  enum class Sign { kSigned, kUnsigned };
  [[nodiscard]] static const DynamicMap& get(Sign sign);

  // Of a code: ascending, from -0.99 or 0 to 1.
  [[nodiscard]] float value(uint8_t code) const { return values_[code]; }
  // The code of the nearest value; half way between two, the upper one. x is finite.
  [[nodiscard]] uint8_t nearest(float x) const;

  // numbers = absmax * value(code). Returns absmax, the largest magnitude of a block's numbers.
  float pack(std::span<const float> numbers, uint8_t* codes) const;
  void unpack(const uint8_t* codes, float absmax, std::span<float> numbers) const;

 private:
  explicit DynamicMap(Sign sign);

  std::array<float, 256> values_;
  std::array<float, 255> middles_;  // between a value and the next
  // By a number's upper bits: the code of the least number with these bits.
  std::vector<uint8_t> first_;
};

}  // namespace deepscaler

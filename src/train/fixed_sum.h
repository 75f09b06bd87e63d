// Sums of gradients as integers, multiples of 2^-50: integers add to the same sum in any order, so it has the
// same bits however micro-batches are dealt out to ranks. An addend is rounded to the nearest multiple.
//
// Sums reach from -8192 to 8192. Integers beyond that would wrap around to something that looks fine, so
// with M addends over all ranks an addend must be below 8192 / M in magnitude; else reduce() refuses.
#pragma once

#include <cstdint>
#include <span>

#include "comm/ranks.h"
#include "model/parameters.h"
#include "tensor/buffer.h"

namespace deepscaler {

// One thread uses it. 8 bytes an element.
class FixedSum {
 public:
  explicit FixedSum(int64_t size) : sums_(size) {}

  void clear();
  // Adds an addend of `size` elements.
  void add(std::span<const float> addend);
  // The sums over all ranks' addends since clear(); this rank's are used up. All ranks call it. Returns
  // false, with `total` undefined, where an addend was not finite or too large.
  [[nodiscard]] bool reduce(Ranks& ranks, std::span<float> total);

 private:
  Buffer<int64_t> sums_;
  int64_t addends_ = 0;
  float largest_ = 0;  // magnitude of an element; infinite where one is not finite
};

[[nodiscard]] inline int64_t fixed_sum_memory(const ParameterTable& table) {
  return table.trainable_size() * static_cast<int64_t>(sizeof(int64_t));
}

}  // namespace deepscaler

// The order in which training goes through its data, and how far.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace deepscaler {

class ConfigSection;

// The items of a step's batch: `count` numbers below `size`. Every epoch has an order of its own, which
// depends on (seed, epoch) alone. So a step's batch does not depend on how training got there.
[[nodiscard]] std::vector<int64_t> shuffled_batch(int64_t size, int64_t count, int64_t step, uint64_t seed);

// How a stage goes over a set of examples.
struct PassesConfig {
  std::optional<int64_t> steps;  // either steps
  std::optional<double> epochs;  // or passes over the examples
  int64_t examples_per_step = 8;
  bool shuffle = true;

  // The number of steps over `size` examples, and the examples of one step. With `epochs` the last step may
  // be smaller than the others.
  [[nodiscard]] int64_t steps_over(int64_t size) const;
  [[nodiscard]] std::vector<int64_t> batch(int64_t size, int64_t step, uint64_t seed) const;
};

void bind(ConfigSection& section, PassesConfig& config);

}  // namespace deepscaler

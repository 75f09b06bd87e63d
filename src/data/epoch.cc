#include "data/epoch.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/config.h"
#include "base/integer.h"
#include "base/rng.h"

namespace deepscaler {

std::vector<int64_t> shuffled_batch(int64_t size, int64_t count, int64_t step, uint64_t seed) {
  std::vector<int64_t> batch, order(static_cast<size_t>(size));
  int64_t shuffled_epoch = -1;
  for (int64_t i = step * count; i < (step + 1) * count; ++i) {
    const int64_t epoch = i / size;
    if (epoch != shuffled_epoch) {
      const Rng rng(seed, {hash_name("shuffle"), static_cast<uint64_t>(epoch)});
      std::iota(order.begin(), order.end(), 0);
      for (int64_t k = size - 1; k > 0; --k) std::swap(order[k], order[rng.below(k + 1, k)]);
      shuffled_epoch = epoch;
    }
    batch.push_back(order[i % size]);
  }
  return batch;
}

namespace {

// Examples that a stage of so many epochs sees in all.
int64_t examples_in_all(double epochs, int64_t size) {
  return std::max<int64_t>(1, std::llround(epochs * static_cast<double>(size)));
}

}  // namespace

int64_t PassesConfig::steps_over(int64_t size) const {
  return steps ? *steps : ceil_div(examples_in_all(*epochs, size), examples_per_step);
}

std::vector<int64_t> PassesConfig::batch(int64_t size, int64_t step, uint64_t seed) const {
  std::vector<int64_t> batch;
  if (shuffle) {
    batch = shuffled_batch(size, examples_per_step, step, seed);
  } else {
    for (int64_t i = step * examples_per_step; i < (step + 1) * examples_per_step; ++i)
      batch.push_back(i % size);
  }
  if (epochs) {
    const int64_t left = examples_in_all(*epochs, size) - step * examples_per_step;
    batch.resize(static_cast<size_t>(std::min(examples_per_step, left)));
  }
  return batch;
}

void bind(ConfigSection& s, PassesConfig& c) {
  s.field("steps", c.steps, "optimizer steps; this or epochs").at_least(1);
  s.field("epochs", c.epochs, "passes over the examples; this or steps").above(0);
  s.require(c.steps.has_value() != c.epochs.has_value(), "steps", "or \"epochs\": exactly one must be set",
            "set one of them");
  s.field("examples_per_step", c.examples_per_step, "examples a step, in as many micro-batches as they need")
      .at_least(1);
  s.field("shuffle", c.shuffle, "a new order each epoch, from the seed; false keeps that of the files");
}

}  // namespace deepscaler

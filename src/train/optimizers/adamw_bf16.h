// AdamW with moments in bf16, rounded at random: up or down with the probability that makes the mean right.
// To the nearest, a second moment with beta2 = 0.999 would stand still: a step changes it by less than half
// of bf16's last digit.
#pragma once

#include <cstdint>
#include <memory>

#include "train/optimizers/optimizer.h"

namespace deepscaler {

// x as bf16: away from zero where `random` is less than the 16 bits that are cut off, else towards zero, and
// never to infinity (torchao's rule).
[[nodiscard]] uint16_t round_at_random(float x, uint16_t random);

// The random number of a moment depends on the step and on its place alone.
[[nodiscard]] std::unique_ptr<Optimizer> make_adamw_bf16(const ParameterTable& table);
[[nodiscard]] int64_t adamw_bf16_memory(const ParameterTable& table);

}  // namespace deepscaler

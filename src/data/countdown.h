// Exercises of the countdown task: reach a number with three given ones (verify/countdown.h grades them).
#pragma once

#include <cstdint>
#include <optional>

#include "data/exercise.h"

namespace deepscaler {

// Three numbers from 1 to 25 in ascending order, a target from 10 to 99.
inline constexpr int64_t kCountdownLargest = 25;
inline constexpr int64_t kCountdownTargets = 90;
inline constexpr uint64_t kCountdownSpace =
    uint64_t{kCountdownLargest} * kCountdownLargest * kCountdownLargest * kCountdownTargets;

// Exercise `number`. Nothing where its numbers are not in order, or where no way through natural numbers
// leads to the target. The solution is one such way, a step a line; the answer says the task.
[[nodiscard]] std::optional<Exercise> make_countdown(uint64_t number);

}  // namespace deepscaler

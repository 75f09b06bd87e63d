// Learning-rate schedules: how the rate of an update depends on how far a stage has come. A pure
// function of the step, so nothing about it needs to be saved.
#pragma once

#include <cstdint>

namespace deepscaler {

enum class Schedule { kConstant, kLinear, kCosine };

struct ScheduleConfig {
  Schedule schedule = Schedule::kConstant;
  int64_t warmup_steps = 0;
  float min_lr = 0;
};

// The learning rate of step `step` of `steps`, counted from 0. The first warmup_steps rise to `peak` in equal
// parts; the first of them is peak / warmup_steps, so that no step is without effect. Then the rate stays, or
// falls from `peak` to min_lr along a line or half a cosine (Loshchilov and Hutter, 2017, SGDR, eq. 5). The
// rate would reach min_lr at step `steps`, one after the last.
[[nodiscard]] float learning_rate(const ScheduleConfig& config, float peak, int64_t step, int64_t steps);

}  // namespace deepscaler

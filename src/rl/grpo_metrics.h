// The figures of a GRPO step, under the names of track/metrics.cc.
#pragma once

#include <span>

#include "rl/loss/grpo_loss.h"
#include "rl/rollout/rollout.h"
#include "track/metrics.h"

namespace deepscaler {

// Rewards, their parts and their spread; over all groups of the step, dropped ones too.
void record_rewards(std::span<const RolloutGroup> groups, Metrics& metrics);

// Lengths, truncated and undecided shares, dropped groups.
void record_completions(std::span<const RolloutGroup> groups, Metrics& metrics);

// How far the samples are from the teacher.
void record_teacher(std::span<RolloutGroup* const> groups, Metrics& metrics);

// Sums up the updates of a step. Where no token was trained on, record() leaves out figures that are not
// defined then.
class UpdateRecord {
 public:
  void add(const GrpoLossSums& sums, double grad_norm);
  void record(const LossConfig& config, Metrics& metrics) const;

 private:
  GrpoLossSums first_, all_;  // of the first update, and of all; `loss` of all is their sum
  double grad_norms_ = 0;
  double updates_ = 0;
};

}  // namespace deepscaler

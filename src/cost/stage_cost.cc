#include "cost/stage_cost.h"

#include <algorithm>
#include <vector>

#include "base/rng.h"

namespace deepscaler {
namespace {

constexpr int64_t kSteps = 3;  // simulated; the waits of more steps differ by a few percent
constexpr double kHour = 3600;

std::vector<SampleLength> draw_samples(const StageLengths& lengths, int64_t groups, int64_t samples,
                                       int64_t limit, uint64_t stream) {
  const Rng rng(1, {hash_name("lengths"), stream});
  std::vector<SampleLength> drawn;
  for (int64_t i = 0; i < groups * samples; ++i) {
    drawn.push_back({i / samples, lengths.prompt_tokens, lengths.responses.at(rng.uniform(i), limit)});
  }
  return drawn;
}

double evaluation_s(const StageWork& work, const RankTimes& ranks) {
  StepWork step = {
      .samples = draw_samples(work.lengths, work.eval_problems, work.eval_samples, work.eval_limit, kSteps),
      .updates = 0};
  return step.samples.empty() ? 0 : simulate_step(step, ranks).generate;
}

}  // namespace

void StageCost::add(const StageCost& more) {
  generate += more.generate;
  train += more.train;
  evaluate += more.evaluate;
  other += more.other;
  generate_wait += more.generate_wait;
  train_wait += more.train_wait;
  exchange += more.exchange;
  update += more.update;
  tokens += more.tokens;
  preemptions += more.preemptions;
}

StageCost cost_of(const StageWork& work, const RankTimes& ranks) {
  StageCost cost;
  const int64_t simulated = std::min(kSteps, work.steps);
  for (int64_t i = 0; i < simulated; ++i) {
    StepWork step = work.step;
    step.samples = draw_samples(work.lengths, work.groups, work.samples, work.limit, i);
    const StepTime time = simulate_step(step, ranks);
    const double steps = static_cast<double>(work.steps) / static_cast<double>(simulated),
                 hours = steps / kHour;
    cost.add({.generate = hours * time.generate,
              .train = hours * time.train,
              .other = hours * time.other,
              .generate_wait = hours * time.generate_wait,
              .train_wait = hours * time.train_wait,
              .exchange = hours * time.exchange,
              .update = hours * time.update,
              .tokens = steps * static_cast<double>(time.tokens),
              .preemptions = steps * static_cast<double>(time.preemptions)});
  }
  cost.evaluate = static_cast<double>(work.evaluations) * evaluation_s(work, ranks) / kHour;
  return cost;
}

}  // namespace deepscaler

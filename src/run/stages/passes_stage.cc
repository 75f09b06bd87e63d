#include "run/stages/passes_stage.h"

#include <algorithm>

#include "base/progress.h"
#include "base/signals.h"

namespace deepscaler {

std::vector<int64_t> PassesStage::batch_of(int64_t stage_step) const {
  return passes_.batch(problems(), stage_step, context_.seed);
}

void PassesStage::learn(Engine& model, std::span<const TokenGroup> groups, Head& head, int64_t stage_step,
                        StageStep& result, const std::function<void(Metrics&)>& record) {
  Progress progress("training", "tokens", result.tokens);
  progress.within_a_step();
  {
    const DroppableWork droppable;
    model.accumulate(groups, head, [&](int64_t done) { progress.update(done); });
  }
  const StopNotice notice(kFinishesStep);  // from here on the step is finished
  const float lr = learning_rate(stage_.optimizer.schedule, stage_.optimizer.lr, stage_step, steps());
  const double norm = model.update(stage_.optimizer, lr);
  const auto done = static_cast<int64_t>(stage_step * passes_.examples_per_step + std::ssize(groups));
  result.metrics.set("epoch", static_cast<double>(done) / static_cast<double>(problems()));
  record(result.metrics);
  result.metrics.set("grad_norm", norm);
  result.metrics.set("learning_rate", as_written(lr));
}

}  // namespace deepscaler

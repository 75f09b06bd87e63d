#include "run/evaluations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/progress.h"
#include "base/stopwatch.h"
#include "eval/evaluate.h"

namespace deepscaler {

RunEvaluations::RunEvaluations(const Recipe& recipe, const RunFolder& folder, const PromptEncoder& encoder)
    : recipe_(recipe), folder_(folder), encoder_(encoder) {
  if (recipe.eval.data.empty()) return;
  problems_ = load_problems(recipe.eval.data, "eval.data", UnreadableAnswers::kRefuse);
}

Metrics RunEvaluations::evaluate(Engine& policy, Stage& stage, const std::string& title,
                                 RunState& state) const {
  const Stopwatch watch;
  Metrics metrics;
  metrics.set("stage", static_cast<double>(state.stage));
  if (stage.held_out_examples() > 0) {
    const double loss = stage.held_out_loss();
    metrics.set("eval/loss", loss);
    if (problems_.empty() && state.step > 0) state.offer_best("eval/loss", loss);
  }
  if (!problems_.empty()) sample_answers(policy, title, state, metrics);
  metrics.set("time/eval", watch.seconds());
  return metrics;
}

void RunEvaluations::sample_answers(Engine& policy, const std::string& title, RunState& state,
                                    Metrics& metrics) const {
  policy.release_workspace();
  EvalConfig config = recipe_.eval.config;
  config.seed = static_cast<uint64_t>(recipe_.seed);
  config.samples = recipe_.evaluation_samples(static_cast<size_t>(state.stage));
  const std::string label = title.empty() ? fmt::format("step {}", state.step) : title;
  Progress progress("evaluating " + label, "answers", std::ssize(problems_) * config.samples);
  progress.side_by_side(Generator::most_side_by_side());
  const EvalSettings settings =
      eval_settings(policy.model(), recipe_.model.path, recipe_.prompt, problems_, config);
  const EvalReport report = deepscaler::evaluate(policy.generator(), encoder_, problems_, settings,
                                                 [&](int64_t done, int64_t) { progress.update(done); });
  metrics.set("eval/pass@1", report.pass_at_1().mean);
  metrics.set("eval/mean_length", report.mean_length());
  metrics.set("eval/clipped_ratio", report.truncated_share());
  metrics.set("eval/undecided_ratio", report.undecided_share());
  const int64_t number = state.step == 0 ? 0 : state.stage + 1;
  const std::string file = title.empty() ? step_name(state.step) : numbered_name(number, title);
  write_report(folder_.evaluation(file), report);
  std::erase_if(state.evaluations, [&](const auto& e) { return e.file == file; });
  state.evaluations.push_back({file, title});
  if (state.step > 0) {
    state.history.pass_at_1.push_back(report.pass_at_1().mean);
    state.offer_best("eval/pass@1", report.pass_at_1().mean);
  }
}

std::vector<RunEvaluation> RunEvaluations::titled(const RunState& state) const {
  std::vector<RunEvaluation> all;
  for (const RecordedEvaluation& e : state.evaluations) {
    if (!e.title.empty()) all.push_back({e.title, read_report(folder_.evaluation(e.file))});
  }
  return all;
}

}  // namespace deepscaler

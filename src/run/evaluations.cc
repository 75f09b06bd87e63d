#include "run/evaluations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/stopwatch.h"
#include "eval/evaluate.h"
#include "generate/missing_samples.h"
#include "run/overlap.h"

namespace deepscaler {

RunEvaluations::RunEvaluations(const Recipe& recipe, RunWriter& writer, const PromptEncoder& encoder)
    : recipe_(recipe), writer_(writer), encoder_(encoder) {
  if (!recipe.eval.data.empty()) read_problems();
}

void RunEvaluations::read_problems() {
  const EvalSection& section = recipe_.eval;
  problems_ = load_problems(section.data, "eval.data", UnreadableAnswers::kRefuse);
  leave_out_short(problems_, encoder_, section.data, "eval.data");
  if (section.max_prompt_tokens) {
    left_out_ = leave_out_long(problems_, encoder_, *section.max_prompt_tokens);
    if (left_out_ > 0) {
      log_warning("eval.data: {} problems have prompts of more than {} tokens and are left out", left_out_,
                  *section.max_prompt_tokens);
    }
    if (problems_.empty())
      throw Error("eval.max_prompt_tokens", "no problem has so short a prompt", "raise it");
  }
  warn_of_copies(problems_, "eval.data");
  warn_of_equal_samples("eval.samples", section.config.sampling.temperature, section.config.samples);
  const Overlap overlap = overlap_with_training(recipe_, problems_);
  trained_on_ = overlap.problems;
  if (trained_on_ > 0) {
    log_warning(
        "eval.data: {} of {} problems are trained on too, by {}: they are not held out, and show what "
        "was learned by heart; evaluate on others",
        trained_on_, problems_.size(), overlap.sections);
  }
}

Metrics RunEvaluations::evaluate(Engine& policy, Stage& stage, const std::string& title,
                                 RunState& state) const {
  const Stopwatch watch;
  Metrics metrics;
  metrics.set("stage", static_cast<double>(state.stage));
  if (stage.held_out_examples() > 0) {
    metrics.add(stage.measure_held_out());
    if (problems_.empty() && state.step > 0) state.offer_best("eval/loss", *metrics.get("eval/loss"));
  }
  if (!problems_.empty()) sample_answers(policy, title, state, metrics);
  metrics.set("time/eval", watch.seconds());
  return metrics;
}

void RunEvaluations::sample_answers(Engine& policy, const std::string& title, RunState& state,
                                    Metrics& metrics) const {
  const StopNotice notice("stopping: leaves the evaluation, which is then made anew; all steps are saved");
  policy.release_workspace();
  EvalConfig config = recipe_.eval.config;
  config.seed = static_cast<uint64_t>(recipe_.seed);
  config.samples = recipe_.evaluation_samples(static_cast<size_t>(state.stage));
  const std::string label = title.empty() ? fmt::format("step {}", state.step) : title;
  Progress progress("evaluating " + label, "answers", std::ssize(problems_) * config.samples);
  progress.side_by_side(Generator::most_side_by_side());
  // Relative to the run's folder: a run that is moved, or repeated elsewhere, has the same files.
  const std::string model_path =
      state.step == 0 ? recipe_.model.path : RunLayout().checkpoint(state.step).string();
  const EvalSettings settings = eval_settings(policy.model(), model_path, encoder_, problems_, config);
  const EvalReport report = deepscaler::evaluate(policy.generator(), encoder_, problems_, settings,
                                                 [&](int64_t done, int64_t) { progress.update(done); });
  metrics.set("eval/pass@1", report.pass_at_1().mean);
  metrics.set("eval/mean_length", report.mean_length());
  metrics.set("eval/clipped_ratio", report.truncated_share());
  metrics.set("eval/undecided_ratio", report.undecided_share());
  metrics.set("eval/no_answer_ratio", report.no_answer_share());
  if (left_out_ > 0) metrics.set("dropped/long_eval_prompts", static_cast<double>(left_out_));
  const int64_t number = state.step == 0 ? 0 : state.stage + 1;
  const std::string file = title.empty() ? step_name(state.step) : numbered_name(number, title);
  writer_.evaluation(file, report);
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
    if (!e.title.empty()) all.push_back({e.title, read_report(writer_.layout().evaluation(e.file))});
  }
  return all;
}

}  // namespace deepscaler

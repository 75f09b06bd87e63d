#include "rl/run.h"

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/signals.h"
#include "ops/kernel_target.h"
#include "rl/plan.h"
#include "rl/rollout_log.h"
#include "rl/run_folder.h"
#include "rl/stage.h"
#include "text/byte_tokenizer.h"
#include "track/console.h"
#include "track/run_log.h"
#include "train/checkpoint.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

Model initial_model(const Recipe& recipe) {
  const bool random = recipe.model.path.empty();
  Model model =
      random ? Model(read_hf_config(fs::path(recipe.model.random))) : Model::load(recipe.model.path);
  if (random) randomize(model, static_cast<uint64_t>(recipe.seed), 0.02f);
  model.compute_in(compute_type_from_name(recipe.model.dtype));
  return model;
}

Tokenizer initial_tokenizer(const Recipe& recipe) {
  return recipe.model.path.empty() ? byte_tokenizer() : Tokenizer::load(recipe.model.path);
}

class Run {
 public:
  Run(const Recipe& recipe, const fs::path& folder)
      : recipe_(recipe),
        folder_(folder),
        model_(initial_model(recipe)),
        tokenizer_(initial_tokenizer(recipe)),
        encoder_(tokenizer_, recipe.prompt),
        engine_(model_, recipe.model.kv_memory_mib << 20),
        log_(folder_.path(), std::nullopt) {
    if (tokenizer_.size() > model_.config().vocabulary) {
      throw Error(recipe.model.path,
                  fmt::format("the tokenizer has {} tokens, the model {}", tokenizer_.size(),
                              model_.config().vocabulary),
                  "use the tokenizer that belongs to the model");
    }
    const DataConfig& eval = recipe.eval.data;
    if (!eval.files.empty() || !eval.kinds.empty()) eval_problems_ = load_problems(eval);
    write_file_atomically(folder_.config(), write_config(recipe));
    write_manifest();
  }

  std::vector<RunEvaluation> run() {
    evaluate_now("start");
    for (const StageConfig& stage : recipe_.stages) {
      const std::string name = stage.name.empty() ? stage.kind : stage.name;
      run_stage(stage, name);
      ++stage_;
      save_checkpoint(folder_.checkpoints() / numbered_name(stage_, name), model_, tokenizer_);
      if (stage.eval) evaluate_now(name);
    }
    return std::move(evaluations_);
  }

 private:
  void write_manifest() {
    const nlohmann::ordered_json manifest = {{"program", DEEPSCALER_VERSION},
                                             {"model", model_.hash()},
                                             {"parameters", model_.table().count()},
                                             {"kernels", kernel_target()},
                                             {"dtype", compute_type_name(model_.compute_type())},
                                             {"seed", recipe_.seed},
                                             {"token_budget", recipe_.token_budget}};
    write_file_atomically(folder_.manifest(), manifest.dump(2) + "\n");
  }

  void evaluate_now(const std::string& name) {
    if (eval_problems_.empty()) return;
    EvalConfig config = recipe_.eval.sampling;
    config.seed = static_cast<uint64_t>(recipe_.seed);
    Progress progress("evaluating " + name, "answers", std::ssize(eval_problems_) * config.samples);
    const EvalSettings settings =
        eval_settings(model_, recipe_.model.path, recipe_.prompt, eval_problems_, config);
    const EvalReport report = evaluate(engine_, encoder_, eval_problems_, settings,
                                       [&](int64_t done, int64_t) { progress.update(done); });
    Metrics metrics;
    metrics.set("stage", static_cast<double>(stage_));
    metrics.set("eval/pass@1", report.pass_at_1().mean);
    metrics.set("eval/mean_length", report.mean_length());
    metrics.set("eval/clipped_ratio", report.truncated_share());
    metrics.set("eval/undecided_ratio", report.undecided_share());
    log_.record(step_, metrics);
    write_report(folder_.evaluation(numbered_name(stage_, name)), report);
    evaluations_.push_back({name, report});
  }

  void run_stage(const StageConfig& config, const std::string& name) {
    AdamW optimizer(model_.table());
    const auto stage = make_stage(config, {.model = model_,
                                           .engine = engine_,
                                           .optimizer = optimizer,
                                           .encoder = encoder_,
                                           .seed = static_cast<uint64_t>(recipe_.seed),
                                           .token_budget = recipe_.token_budget,
                                           .recompute = recipe_.recompute});
    log_info("stage {}: {}, {} problems", stage_, name, stage->problems());
    if (const Metrics metrics = stage->start(); !metrics.all().empty()) log_.record(step_, metrics);
    Console console(name, stage->steps());
    for (int64_t i = 0; i < stage->steps(); ++i) {
      throw_if_stop_requested();
      const auto begin = std::chrono::steady_clock::now();
      StageStep result = stage->step(i, ++step_);
      trained_tokens_ += result.tokens;
      if (!result.groups.empty()) {
        write_file_atomically(folder_.rollouts(step_), rollout_lines(result.groups));
      }
      result.metrics.set("stage", static_cast<double>(stage_));
      result.metrics.set("num_tokens", static_cast<double>(trained_tokens_));
      result.metrics.set("time/step",
                         std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
      log_.record(step_, result.metrics);
      console.show(i + 1, result.metrics);
    }
  }

  const Recipe& recipe_;
  RunFolder folder_;
  Model model_;
  Tokenizer tokenizer_;
  PromptEncoder encoder_;
  Engine engine_;
  RunLog log_;
  std::vector<Problem> eval_problems_;
  std::vector<RunEvaluation> evaluations_;
  int64_t stage_ = 0;
  int64_t step_ = 0;  // of the whole run
  int64_t trained_tokens_ = 0;
};

}  // namespace

std::vector<RunEvaluation> run_recipe(const Recipe& recipe, const fs::path& folder) {
  require_memory(plan_recipe(recipe), available_memory());
  return Run(recipe, folder).run();
}

}  // namespace deepscaler

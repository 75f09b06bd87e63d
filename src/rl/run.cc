#include "rl/run.h"

#include <cctype>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "ops/kernel_target.h"
#include "rl/grpo.h"
#include "text/byte_tokenizer.h"
#include "track/console.h"
#include "track/run_log.h"
#include "train/checkpoint.h"
#include "train/sft.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

fs::path prepared_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder) && !fs::is_empty(folder, error)) {
    throw Error(folder.string(), "is there already and not empty",
                "choose another --output or remove the old run");
  }
  for (const char* part : {"rollouts", "checkpoints", "eval"}) {
    fs::create_directories(folder / part, error);
    if (error) throw Error((folder / part).string(), "can't create: " + error.message(), "check the path");
  }
  return folder;
}

Model initial_model(const Recipe& recipe) {
  if (!recipe.model.path.empty()) return Model::load(recipe.model.path);
  Model model(read_hf_config(fs::path(recipe.model.random)));
  randomize(model, static_cast<uint64_t>(recipe.seed), 0.02f);
  return model;
}

Tokenizer initial_tokenizer(const Recipe& recipe) {
  return recipe.model.path.empty() ? byte_tokenizer() : Tokenizer::load(recipe.model.path);
}

class Run {
 public:
  Run(const Recipe& recipe, const fs::path& folder)
      : recipe_(recipe),
        folder_(prepared_folder(folder)),
        model_(initial_model(recipe)),
        tokenizer_(initial_tokenizer(recipe)),
        encoder_(tokenizer_, recipe.prompt),
        engine_(model_, recipe.model.kv_memory_mib << 20),
        log_(folder_, std::nullopt) {
    if (tokenizer_.size() > model_.config().vocabulary) {
      throw Error(recipe.model.path,
                  fmt::format("the tokenizer has {} tokens, the model {}", tokenizer_.size(),
                              model_.config().vocabulary),
                  "use the tokenizer that belongs to the model");
    }
    const DataConfig& eval = recipe.eval.data;
    if (!eval.files.empty() || !eval.kinds.empty()) eval_problems_ = load_problems(eval);
    write_file_atomically(folder_ / "config.toml", write_config(recipe));
    write_manifest();
  }

  std::vector<RunEvaluation> run() {
    evaluate_now("start");
    for (const StageConfig& stage : recipe_.stages) {
      const std::string name = stage.name.empty() ? stage.kind : stage.name;
      const auto problems = load_problems(stage.data);
      log_info("stage {}: {}, {} problems", stage_, name, problems.size());
      stage.kind == "sft" ? run_sft(stage, name, problems) : run_grpo(stage, name, problems);
      ++stage_;
      save_checkpoint(folder_ / "checkpoints" / numbered(name), model_, tokenizer_);
      if (stage.eval) evaluate_now(name);
    }
    return std::move(evaluations_);
  }

 private:
  // "02-rl-48-tokens": the stage's number and name as a file name that needs no quotes.
  [[nodiscard]] std::string numbered(const std::string& name) const {
    std::string text = fmt::format("{:02}", stage_);
    bool separate = true;
    for (unsigned char c : name) {
      if (!std::isalnum(c)) {
        separate = true;
        continue;
      }
      if (separate) text += '-';
      separate = false;
      text += static_cast<char>(std::tolower(c));
    }
    return text;
  }

  void write_manifest() {
    const nlohmann::ordered_json manifest = {{"program", DEEPSCALER_VERSION},
                                             {"model", model_.hash()},
                                             {"parameters", model_.table().count()},
                                             {"kernels", kernel_target()},
                                             {"dtype", "f32"},
                                             {"seed", recipe_.seed},
                                             {"token_budget", recipe_.token_budget}};
    write_file_atomically(folder_ / "manifest.json", manifest.dump(2) + "\n");
  }

  void evaluate_now(const std::string& name) {
    if (eval_problems_.empty()) return;
    EvalConfig config = recipe_.eval.sampling;
    config.seed = static_cast<uint64_t>(recipe_.seed);
    Progress progress("evaluating " + name, "answers", std::ssize(eval_problems_) * config.samples);
    const EvalReport report = evaluate(engine_, encoder_, eval_problems_, config,
                                       [&](int64_t done, int64_t) { progress.update(done); });
    Metrics metrics;
    metrics.set("stage", static_cast<double>(stage_));
    metrics.set("eval/pass@1", report.pass_at_1().mean);
    metrics.set("eval/mean_length", report.mean_length());
    metrics.set("eval/clipped_ratio", report.truncated_share());
    metrics.set("eval/undecided_ratio", report.undecided_share());
    log_.record(step_, metrics);
    write_file_atomically(folder_ / "eval" / (numbered(name) + ".json"),
                          report_json(report, config, model_.hash()).dump(1) + "\n");
    evaluations_.push_back({name, report});
  }

  void run_sft(const StageConfig& stage, const std::string& name, const std::vector<Problem>& problems) {
    std::vector<Example> examples;
    for (const Problem& problem : problems) {
      if (problem.solution.empty()) {
        throw Error(problem.id, "it has no worked solution", "an sft stage needs problems with solutions");
      }
      examples.push_back({encoder_.encode(problem).tokens, encoder_.encode_response(problem.solution)});
    }
    TrainStep train_step(model_, {.temperature = 1, .token_budget = recipe_.token_budget});
    AdamW optimizer(model_.table());
    Console console(name, stage.sft.steps);
    for (int64_t i = 0; i < stage.sft.steps; ++i) {
      throw_if_stop_requested();
      const auto begin = std::chrono::steady_clock::now();
      std::vector<TokenGroup> groups;
      int64_t tokens = 0;
      for (int64_t e : shuffled_batch(std::ssize(examples), stage.sft.examples_per_step, i, recipe_.seed)) {
        groups.push_back({examples[e].prompt, {examples[e].response}});
        tokens += std::ssize(examples[e].response);
        trained_tokens_ += std::ssize(examples[e].prompt) + std::ssize(examples[e].response);
      }
      NegativeLogLikelihood loss(tokens);
      train_step.clear_gradients();
      train_step.accumulate(groups, loss);
      const double norm =
          optimizer.step(stage.optimizer, stage.optimizer.lr, train_step.gradients(), model_.weights());
      Metrics metrics;
      metrics.set("loss", loss.loss());
      metrics.set("entropy", loss.entropy());
      metrics.set("grad_norm", norm);
      metrics.set("learning_rate", stage.optimizer.lr);
      record_step(metrics, begin, console, i + 1);
    }
  }

  void run_grpo(const StageConfig& stage, const std::string& name, const std::vector<Problem>& problems) {
    TrainStep train_step(
        model_, {.temperature = stage.grpo.sampling.temperature, .token_budget = recipe_.token_budget});
    AdamW optimizer(model_.table());
    GrpoWorkers workers{model_, engine_, train_step, optimizer, encoder_};
    Console console(name, stage.grpo.steps);
    for (int64_t i = 0; i < stage.grpo.steps; ++i) {
      throw_if_stop_requested();
      const auto begin = std::chrono::steady_clock::now();
      GrpoStepResult result = grpo_step(stage.grpo, stage.optimizer, problems,
                                        static_cast<uint64_t>(recipe_.seed), step_ + 1, i, workers);
      for (const RolloutGroup& group : result.groups) {
        for (const RolloutSample& sample : group.samples) {
          trained_tokens_ += std::ssize(group.prompt.tokens) + std::ssize(sample.generation.tokens);
        }
      }
      write_rollouts(result.groups);
      record_step(result.metrics, begin, console, i + 1);
    }
  }

  void record_step(Metrics& metrics, std::chrono::steady_clock::time_point begin, Console& console,
                   int64_t steps_done) {
    metrics.set("stage", static_cast<double>(stage_));
    metrics.set("num_tokens", static_cast<double>(trained_tokens_));
    metrics.set("time/step", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    log_.record(++step_, metrics);
    console.show(steps_done, metrics);
  }

  void write_rollouts(const std::vector<RolloutGroup>& groups) {
    std::string lines;
    for (const RolloutGroup& group : groups) {
      for (size_t i = 0; i < group.samples.size(); ++i) {
        const RolloutSample& s = group.samples[i];
        const nlohmann::ordered_json line = {
            {"id", group.problem->id},
            {"sample", i},
            {"text", s.text},
            {"answer", group.problem->answers},
            {"extracted", s.verdict.extracted},
            {"reason", reason_name(s.verdict.reason)},
            {"reward", s.reward ? nlohmann::ordered_json(*s.reward) : nlohmann::ordered_json(nullptr)},
            {"advantage", s.advantage},
            {"finish_reason", finish_reason_name(s.generation.finish_reason)},
            {"token_ids", s.generation.tokens}};
        lines += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
      }
    }
    write_file_atomically(folder_ / "rollouts" / fmt::format("step-{:06}.jsonl", step_ + 1), lines);
  }

  const Recipe& recipe_;
  fs::path folder_;
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
  return Run(recipe, folder).run();
}

}  // namespace deepscaler

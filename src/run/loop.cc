#include "run/loop.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/stopwatch.h"
#include "ops/matmul/matmul.h"
#include "rl/rollout/rollout_log.h"
#include "run/plan.h"
#include "run/stages/stage.h"
#include "run/start.h"
#include "track/console.h"
#include "train/checkpoint.h"
#include "train/product_rate.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReferenceFile = "reference.safetensors";  // where a stage's loss has one

class Run {
 public:
  // Reads and checks all data of the stages to come before it changes anything in the folder.
  Run(const Recipe& recipe, const RunFolder& folder, const RunOptions& options);

  // What is due after a step, then the next step, to the end of the last stage; false where the user asked
  // to stop before that. All that is done is saved then.
  [[nodiscard]] bool carry_out();

  [[nodiscard]] int64_t step() const { return state_.step; }
  [[nodiscard]] std::vector<RunEvaluation> evaluations() const;

 private:
  [[nodiscard]] const StageConfig& config() const { return recipe_.stages[state_.stage]; }
  [[nodiscard]] Stage& stage() const { return *stages_[state_.stage]; }
  [[nodiscard]] bool on_last_stage() const { return state_.stage + 1 == std::ssize(recipe_.stages); }
  [[nodiscard]] bool stage_is_over() const;
  [[nodiscard]] bool evaluation_is_due() const;
  [[nodiscard]] bool checkpoint_is_due() const;

  void load_data();
  void open_folder(const RunOptions& options);
  void announce_stage();
  void begin_next_stage();
  void take_step();
  void do_what_is_due();
  void evaluate_now();
  void sample_answers(const std::string& title, Metrics& metrics);
  void save_checkpoint_now();
  [[nodiscard]] nlohmann::ordered_json saved_state();
  void tidy_checkpoints() const;

  const Recipe& recipe_;
  const RunFolder& folder_;
  RunStart start_;
  PromptEncoder encoder_;
  Engine engine_;
  AdamW optimizer_;
  std::unique_ptr<ReferenceModel> reference_;
  std::vector<Problem> eval_problems_;
  std::vector<std::unique_ptr<Stage>> stages_;  // null for those that are over
  RunState state_;
  std::optional<RunLog> log_;
  std::optional<Console> console_;  // of the stage
  int64_t saved_step_ = 0;          // of the last checkpoint; 0 for none
  double product_rate_ = 0;         // of this machine; measured before the first step
};

Run::Run(const Recipe& recipe, const RunFolder& folder, const RunOptions& options)
    : recipe_(recipe),
      folder_(folder),
      start_(start_of(recipe, folder)),
      encoder_(start_.tokenizer, recipe.prompt),
      engine_(start_.model, recipe.model.kv_memory_mib << 20),
      optimizer_(start_.model.table()),
      state_(start_.state) {
  load_data();
  if (start_.checkpoint) {
    optimizer_.load(*start_.checkpoint / kOptimizerFile);
    if (const fs::path file = *start_.checkpoint / kReferenceFile; fs::exists(file)) {
      reference_ = std::make_unique<ReferenceModel>(start_.model);
      reference_->load(file);
    }
    saved_step_ = state_.step;
    log_info("goes on after step {}", state_.step);
  }
  open_folder(options);
}

void Run::load_data() {
  if (!recipe_.eval.data.empty())
    eval_problems_ = load_problems(recipe_.eval.data, "eval.data", UnreadableAnswers::kRefuse);
  stages_.resize(recipe_.stages.size());
  for (size_t i = static_cast<size_t>(state_.stage); i < stages_.size(); ++i) {
    stages_[i] = make_stage(recipe_.stages[i], {.model = start_.model,
                                                .engine = engine_,
                                                .optimizer = optimizer_,
                                                .reference = reference_,
                                                .encoder = encoder_,
                                                .section = fmt::format("stage.{}", i),
                                                .seed = static_cast<uint64_t>(recipe_.seed),
                                                .token_budget = recipe_.token_budget,
                                                .recompute = recipe_.recompute});
  }
}

// config.toml first: with it the folder is a run's.
void Run::open_folder(const RunOptions& options) {
  Manifest manifest = manifest_of(recipe_, start_.model);
  if (!eval_problems_.empty()) manifest.data["eval"] = hash_problems(eval_problems_);
  for (size_t i = 0; i < stages_.size(); ++i) {
    if (stages_[i]) manifest.data[fmt::format("stage.{}", i)] = stages_[i]->data_hash();
  }
  if (start_.checkpoint) {
    Manifest before = read_manifest(folder_.manifest());
    // Stages that have not begun may get other data.
    std::erase_if(before.data, [&](const auto& entry) {
      return entry.first.starts_with("stage.") && std::stoll(entry.first.substr(6)) > state_.stage;
    });
    manifest = manifest_to_go_on_with(std::move(before), manifest, folder_.path().string(), state_.step,
                                      options.allow_inexact);
  }
  write_file_atomically(folder_.config(), write_config(recipe_));
  write_manifest(folder_.manifest(), manifest);
  folder_.cut_back(state_);
  log_.emplace(folder_.path(), state_.log);
  tidy_checkpoints();
}

bool Run::stage_is_over() const {
  return state_.stage_step >= stage().steps() || reason_to_end(config().until, state_.history).has_value();
}

bool Run::evaluation_is_due() const {
  if (state_.evaluated || (eval_problems_.empty() && stage().held_out_examples() == 0)) return false;
  if (state_.step == 0) return true;
  if (stage_is_over()) return config().eval.at_end;
  const int64_t every = recipe_.evaluates_every(static_cast<size_t>(state_.stage));
  return every > 0 && state_.stage_step % every == 0;
}

// An evaluation may take long, and may make its model the best one: a checkpoint comes before it.
bool Run::checkpoint_is_due() const {
  if (state_.step == 0 || saved_step_ == state_.step) return false;
  return state_.step % recipe_.output.save_every == 0 || stage_is_over() || evaluation_is_due();
}

bool Run::carry_out() {
  announce_stage();
  bool complete = false;
  try {
    while (!complete) {
      do_what_is_due();
      if (!stage_is_over()) {
        throw_if_stop_requested();
        take_step();
      } else if (!on_last_stage()) {
        begin_next_stage();
      } else {
        complete = true;
      }
    }
  } catch (const Interrupted&) {
    if (state_.step > 0 && saved_step_ != state_.step) save_checkpoint_now();
  }
  console_.reset();
  return complete;
}

void Run::announce_stage() {
  console_.reset();
  log_info("stage {} of {}, {}: {} problems", state_.stage + 1, recipe_.stages.size(), config().title(),
           stage().problems());
}

void Run::begin_next_stage() {
  if (const auto reason = reason_to_end(config().until, state_.history)) {
    log_info("{} ends after {} steps: {}", config().title(), state_.stage_step, *reason);
  }
  stages_[state_.stage].reset();
  state_.stage_ends.push_back(state_.step);
  ++state_.stage;
  state_.stage_step = 0;
  state_.history = {};
  state_.evaluated = true;  // what follows a stage has been evaluated, if it is to be
  if (config().optimizer.start == OptimizerStart::kReset) optimizer_.reset();
  announce_stage();
}

void Run::take_step() {
  // Not before the stage's first step: its rate leaves out an evaluation that comes before.
  if (!console_) console_.emplace(config().title(), stage().steps(), state_.stage_step);
  if (product_rate_ == 0) product_rate_ = product_rate(start_.model);
  const Stopwatch watch;
  const int64_t flops = product_flops();
  const int64_t updates = optimizer_.steps();
  StageStep result;
  try {
    result = stage().step(state_.stage_step, state_.step + 1);
  } catch (const Interrupted&) {
    DEEPSCALER_CHECK(optimizer_.steps() == updates,
                     "a step was interrupted after it had changed the weights");
    throw;
  }
  ++state_.stage_step;
  ++state_.step;
  state_.evaluated = false;
  state_.trained_tokens += result.tokens;
  if (const auto share = result.metrics.get("completions/clipped_ratio")) {
    state_.history.add_clipped_ratio(*share, config().until);
  }
  if (!result.groups.empty()) {
    write_file_atomically(folder_.rollouts(state_.step), rollout_lines(result.groups));
  }
  result.metrics.set("stage", static_cast<double>(state_.stage));
  result.metrics.set("num_tokens", static_cast<double>(state_.trained_tokens));
  const double seconds = watch.seconds();
  result.metrics.set("time/step", seconds);
  result.metrics.set("time/tokens_per_second", static_cast<double>(result.tokens) / seconds);
  const double rate = static_cast<double>(product_flops() - flops) / seconds;
  product_rate_ = std::max(product_rate_, rate);  // the machine may have been busy when it was measured
  result.metrics.set("time/peak_share", rate / product_rate_);
  log_->record(state_.step, result.metrics);
  console_->show(state_.stage_step, result.metrics);
}

void Run::do_what_is_due() {
  if (checkpoint_is_due()) save_checkpoint_now();
  if (!evaluation_is_due()) return;
  evaluate_now();
  if (saved_step_ == state_.step && state_.step > 0) {
    replace_state(folder_.checkpoint(state_.step), saved_state());
    tidy_checkpoints();
  }
}

void Run::evaluate_now() {
  const std::string title = state_.step == 0 ? "start" : stage_is_over() ? config().title() : "";
  const Stopwatch watch;
  Metrics metrics;
  metrics.set("stage", static_cast<double>(state_.stage));
  if (stage().held_out_examples() > 0) {
    const double loss = stage().held_out_loss();
    metrics.set("eval/loss", loss);
    if (eval_problems_.empty() && state_.step > 0) state_.offer_best("eval/loss", loss);
  }
  if (!eval_problems_.empty()) sample_answers(title, metrics);
  metrics.set("time/eval", watch.seconds());
  log_->record(state_.step, metrics);
  state_.evaluated = true;
  // The plateau rule may find only now that the stage is over.
  if (title.empty() && stage_is_over() && !eval_problems_.empty()) {
    state_.evaluations.back().title = config().title();
  }
}

void Run::sample_answers(const std::string& title, Metrics& metrics) {
  stage().release_workspace();
  EvalConfig config = recipe_.eval.config;
  config.seed = static_cast<uint64_t>(recipe_.seed);
  config.samples = recipe_.evaluation_samples(static_cast<size_t>(state_.stage));
  const std::string label = title.empty() ? fmt::format("step {}", state_.step) : title;
  Progress progress("evaluating " + label, "answers", std::ssize(eval_problems_) * config.samples);
  progress.side_by_side(Engine::most_side_by_side());
  const EvalSettings settings =
      eval_settings(start_.model, recipe_.model.path, recipe_.prompt, eval_problems_, config);
  const EvalReport report = evaluate(engine_, encoder_, eval_problems_, settings,
                                     [&](int64_t done, int64_t) { progress.update(done); });
  metrics.set("eval/pass@1", report.pass_at_1().mean);
  metrics.set("eval/mean_length", report.mean_length());
  metrics.set("eval/clipped_ratio", report.truncated_share());
  metrics.set("eval/undecided_ratio", report.undecided_share());
  const int64_t number = state_.step == 0 ? 0 : state_.stage + 1;
  const std::string file = title.empty() ? step_name(state_.step) : numbered_name(number, title);
  write_report(folder_.evaluation(file), report);
  std::erase_if(state_.evaluations, [&](const auto& e) { return e.file == file; });
  state_.evaluations.push_back({file, title});
  if (state_.step > 0) {
    state_.history.pass_at_1.push_back(report.pass_at_1().mean);
    state_.offer_best("eval/pass@1", report.pass_at_1().mean);
  }
}

nlohmann::ordered_json Run::saved_state() {
  log_->sync();
  state_.log = log_->sizes();
  nlohmann::ordered_json json = state_json(state_);
  json["model"] = start_.model.hash();
  return json;
}

void Run::save_checkpoint_now() {
  const auto state = saved_state();
  save_checkpoint(folder_.checkpoint(state_.step), {.model = start_.model,
                                                    .tokenizer = start_.tokenizer,
                                                    .optimizer = optimizer_,
                                                    .state = state,
                                                    .more = [&](const fs::path& folder) {
                                                      if (reference_)
                                                        reference_->save(folder / kReferenceFile);
                                                    }});
  saved_step_ = state_.step;
  tidy_checkpoints();
}

// Links and what is kept follow from the state alone, so a resumed run puts them right.
void Run::tidy_checkpoints() const {
  std::vector<int64_t> kept = state_.stage_ends;
  if (stage_is_over()) kept.push_back(state_.step);
  for (size_t i = 0; i < kept.size(); ++i) {
    folder_.link(numbered_name(static_cast<int64_t>(i) + 1, recipe_.stages[i].title()), kept[i]);
  }
  if (recipe_.output.keep_best && state_.best && fs::exists(folder_.checkpoint(state_.best->step))) {
    kept.push_back(state_.best->step);
    folder_.link("best", state_.best->step);
  }
  folder_.prune(recipe_.output.keep_last, kept);
}

std::vector<RunEvaluation> Run::evaluations() const {
  std::vector<RunEvaluation> all;
  for (const RecordedEvaluation& e : state_.evaluations) {
    if (!e.title.empty()) all.push_back({e.title, read_report(folder_.evaluation(e.file))});
  }
  return all;
}

void say_where_it_goes_on(const RunFolder& folder) {
  const auto steps = folder.resumable();
  if (steps.empty()) return;
  log_info("{} is the last checkpoint: the same command goes on from it",
           folder.checkpoint(steps.back()).string());
}

}  // namespace

RunResult run_recipe(const Recipe& recipe, const fs::path& path, const RunOptions& options) {
  const RunFolder folder(path);
  require_memory(plan_recipe(recipe, model_to_start_from(recipe, folder)), available_memory());
  Run run(recipe, folder, options);
  try {
    const bool complete = run.carry_out();
    return {.complete = complete,
            .step = run.step(),
            .evaluations = complete ? run.evaluations() : std::vector<RunEvaluation>()};
  } catch (const Error&) {
    say_where_it_goes_on(folder);
    throw;
  }
}

}  // namespace deepscaler

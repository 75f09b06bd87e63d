#include "run/loop.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/signals.h"
#include "base/stopwatch.h"
#include "comm/ranks.h"
#include "ops/matmul/matmul.h"
#include "run/checkpoints.h"
#include "run/evaluations.h"
#include "run/plan_advice.h"
#include "run/rank_metrics.h"
#include "run/recipe_changes.h"
#include "run/records.h"
#include "run/run_clock.h"
#include "run/run_stages.h"
#include "run/start.h"
#include "run/writer.h"
#include "train/product_rate.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// What a request to stop is answered with while a step is under way that may be left.
std::string stop_text(int64_t step, int64_t saved_step) {
  if (step == saved_step) return fmt::format("stopping: leaves step {}; all before it is saved", step + 1);
  return fmt::format(
      "stopping: leaves step {}, then saves those before it; Ctrl-C again ends at once and loses those after "
      "step {}",
      step + 1, saved_step);
}

class Run {
 public:
  // Reads and checks all data that are there before it changes anything in the folder.
  Run(const Recipe& recipe, const RunFolder& folder, RunStart start, const RunOptions& options);

  // Throws Error where ranks differ in what their bits depend on.
  void require_same_on_all_ranks() const;

  // What is due after a step, then the next step, to the end of the last stage; false where the user asked
  // to stop before that, when all that is done is saved, and where the run is left after `last_step`.
  [[nodiscard]] bool carry_out(std::optional<int64_t> last_step);

  [[nodiscard]] int64_t step() const { return state_.step; }
  [[nodiscard]] int64_t trained_on() const { return evaluations_.trained_on(); }
  [[nodiscard]] std::vector<RunEvaluation> evaluations() const { return evaluations_.titled(state_); }

 private:
  [[nodiscard]] const StageConfig& config() const { return stages_.config(state_); }
  [[nodiscard]] bool stage_is_over() const;
  [[nodiscard]] bool evaluation_is_due() const;
  [[nodiscard]] bool checkpoint_is_due() const;

  void open_folder(const std::optional<fs::path>& checkpoint, const RunOptions& options);
  void announce_stage() const;
  void begin_next_stage();
  void take_step();
  void require_same_models(const std::string& policy) const;
  void warn_of_stillness(const Metrics& metrics);
  void measure_speed(StageStep& step, double seconds, int64_t flops);
  void do_what_is_due();
  void evaluate();
  void save();

  const Recipe& recipe_;
  const RunFolder& folder_;
  RunWriter writer_;
  RunState state_;
  LoadedModel loaded_;
  Models models_;
  PromptEncoder encoder_;
  RunEvaluations evaluations_;
  RunStages stages_;
  Checkpoints checkpoints_;
  Manifest manifest_;
  RunRecords records_;
  bool stage_is_shown_ = false;
  int64_t still_steps_ = 0;  // the last ones, as far as they had no gradient
  std::optional<RunClock> clock_;
  double product_rate_ = 0;  // of this machine; measured before the first step
};

PromptConfig prompt_on(PromptConfig prompt, const std::string& date) {
  prompt.date = date;
  return prompt;
}

std::unique_ptr<Engine> make_policy(const Recipe& recipe, Model model) {
  const EngineOptions options = {.kv_memory_bytes = recipe.model.kv_memory_mib << 20,
                                 .token_budget = recipe.token_budget,
                                 .recompute = recipe.recompute,
                                 .gradients = recipe.gradients};
  return std::make_unique<Engine>(std::move(model), options);
}

Run::Run(const Recipe& recipe, const RunFolder& folder, RunStart start, const RunOptions& options)
    : recipe_(recipe),
      folder_(folder),
      writer_(folder),
      state_(start.state),
      loaded_(load_model(recipe, start, folder)),
      models_(make_policy(recipe, std::move(loaded_.model))),
      encoder_(loaded_.tokenizer, prompt_on(recipe.prompt, start.date)),
      evaluations_(recipe, writer_, encoder_),
      stages_(recipe, folder, models_, encoder_),
      checkpoints_(recipe, writer_, loaded_.tokenizer, start.checkpoint ? start.state.step : 0),
      records_(recipe, writer_) {
  open_folder(start.checkpoint, options);
}

// config.toml first: with it the folder is a run's.
void Run::open_folder(const std::optional<fs::path>& checkpoint, const RunOptions& options) {
  manifest_ = manifest_of(recipe_, models_.policy().model());
  manifest_.data = stages_.open(state_);
  manifest_.trained_on = evaluations_.trained_on();
  manifest_.date = encoder_.day().value_or("");
  if (!evaluations_.problems().empty()) manifest_.data["eval"] = hash_problems(evaluations_.problems());
  if (!checkpoint && fs::exists(folder_.layout().manifest())) {
    manifest_.forked_from = read_manifest(folder_.layout().manifest()).forked_from;
  }
  if (checkpoint) {
    read_checkpoint(*checkpoint, folder_,
                    [&] { Checkpoints::load_training(*checkpoint, state_, config(), models_); });
    log_info("goes on after step {}", state_.step);
    Manifest before = read_manifest(folder_.layout().manifest());
    // Stages that have not begun may get other data.
    std::erase_if(before.data, [&](const auto& entry) { return stage_of(entry.first) > state_.stage; });
    manifest_ = manifest_to_go_on_with(std::move(before), manifest_, folder_.layout().path.string(),
                                       state_.step, options.allow_inexact);
  }
  writer_.config(write_config(recipe_));
  writer_.manifest(manifest_);
  writer_.cut_back(state_);
  checkpoints_.tidy(state_, stage_is_over());
}

void Run::require_same_on_all_ranks() const {
  if (ranks().size() == 1) return;
  ranks().require_same("the program", manifest_.binary);
  ranks().require_same("the hash of the recipe", sha256_hex(write_config(recipe_)));
  ranks().require_same("the device", manifest_.device);
  ranks().require_same("the precision", manifest_.dtype);
  ranks().require_same("the hash of the model", manifest_.model);
  ranks().require_same("the step to go on after", std::to_string(state_.step));
  for (const auto& [section, hash] : manifest_.data) {
    ranks().require_same(fmt::format("the hash of the problems of {}", section), hash);
  }
  log_info("{} ranks compute the run", ranks().size());
}

bool Run::stage_is_over() const {
  return state_.stage_step >= stages_.now().steps() ||
         reason_to_end(config().until, state_.history).has_value();
}

bool Run::evaluation_is_due() const {
  if (state_.evaluated || !evaluations_.any(stages_.now())) return false;
  if (state_.step == 0) return true;
  if (stage_is_over()) return config().eval.at_end;
  const int64_t every = recipe_.evaluates_every(static_cast<size_t>(state_.stage));
  return every > 0 && state_.stage_step % every == 0;
}

// An evaluation may take long, and may make its model the best one: a checkpoint comes before it.
bool Run::checkpoint_is_due() const {
  if (state_.step == 0 || checkpoints_.saved_step() == state_.step) return false;
  const int64_t full_every = recipe_.output.keep_full_every;
  return state_.step % recipe_.output.save_every == 0 || (full_every > 0 && state_.step % full_every == 0) ||
         stage_is_over() || evaluation_is_due();
}

bool Run::carry_out(std::optional<int64_t> last_step) {
  clock_.emplace(recipe_, stages_.steps());
  announce_stage();
  bool complete = false;
  try {
    while (!complete && (!last_step || state_.step < *last_step)) {
      do_what_is_due();
      if (!stage_is_over()) {
        throw_if_stop_requested();
        take_step();
      } else if (state_.stage + 1 < std::ssize(recipe_.stages)) {
        begin_next_stage();
      } else {
        complete = true;
      }
    }
  } catch (const Interrupted&) {
    if (state_.step > 0 && checkpoints_.saved_step() != state_.step) save();
  }
  records_.end_stage();
  return complete;
}

void Run::announce_stage() const {
  log_info("stage {} of {}, {}: {} problems", state_.stage + 1, recipe_.stages.size(), config().title(),
           stages_.now().problems());
}

void Run::begin_next_stage() {
  if (const auto reason = reason_to_end(config().until, state_.history)) {
    log_info("{} ends after {} steps: {}", config().title(), state_.stage_step, *reason);
  }
  records_.end_stage();
  ranks().meet();  // what the leader has written of the stage may be read
  stage_is_shown_ = false;
  const auto [section, hash] = stages_.begin_next(state_);
  ranks().require_same(fmt::format("the hash of the data of {}", section), hash);
  if (manifest_.data.emplace(section, hash).second) writer_.manifest(manifest_);
  announce_stage();
}

// One that has other weights is named before it writes or draws anything by them.
void Run::require_same_models(const std::string& policy) const {
  if (ranks().size() == 1) return;
  std::string hashes = policy;
  for (const auto& [name, hash] : models_.hashes()) hashes += fmt::format(", {} {}", name, hash);
  ranks().require_same(fmt::format("the hash of the weights after step {}", state_.step), hashes);
}

void Run::take_step() {
  // Not before the stage's first step: its rate leaves out an evaluation that comes before.
  if (!std::exchange(stage_is_shown_, true)) records_.begin_stage(stages_.now(), state_);
  const Engine& policy = models_.policy();
  if (product_rate_ == 0) product_rate_ = product_rate(policy.model());
  const StopNotice notice(stop_text(state_.step, checkpoints_.saved_step()));
  const Stopwatch watch;
  const RankWork before;
  const int64_t flops = product_flops(), updates = policy.updates();
  StageStep result;
  try {
    result = stages_.now().step(state_.stage_step, state_.step + 1);
  } catch (const Interrupted&) {
    DEEPSCALER_CHECK(policy.updates() == updates, "a step was interrupted after it had changed the weights");
    throw;
  }
  ++state_.stage_step;
  ++state_.step;
  state_.evaluated = false;
  state_.trained_tokens += result.tokens;
  state_.carried = std::move(result.carried);
  warn_of_stillness(result.metrics);
  if (const auto share = result.metrics.get("completions/clipped_ratio")) {
    state_.history.add_clipped_ratio(*share, config().until);
  }
  result.metrics.set("stage", static_cast<double>(state_.stage));
  result.metrics.set("num_tokens", static_cast<double>(state_.trained_tokens));
  const Stopwatch hashing;
  const std::string weights = policy.model().hash();
  require_same_models(weights);
  result.metrics.set("time/hash", hashing.seconds());
  const double seconds = watch.seconds();
  measure_speed(result, seconds, product_flops() - flops);
  record_ranks(before, seconds, result.metrics);
  clock_->took_step(state_.stage, seconds);
  records_.step(result, weights, state_, clock_->left_s(state_.stage, state_.stage_step));
}

// What nothing is learned from looks like any other run.
void Run::warn_of_stillness(const Metrics& metrics) {
  constexpr int64_t kMany = 5;
  still_steps_ = metrics.get("grad_norm") == 0 ? still_steps_ + 1 : 0;
  if (still_steps_ != kMany) return;
  log_warning(
      "the last {} steps had no gradient, so nothing is learned: all responses to a problem get the same "
      "reward; "
      "`deepscaler show {}` has them",
      kMany, folder_.layout().path.string());
}

void Run::measure_speed(StageStep& step, double seconds, int64_t flops) {
  step.metrics.set("time/step", seconds);
  step.metrics.set("time/tokens_per_second", static_cast<double>(step.tokens) / seconds);
  const double rate = static_cast<double>(flops) / seconds;
  product_rate_ = std::max(product_rate_, rate);  // the machine may have been busy when it was measured
  step.metrics.set("time/peak_share", rate / product_rate_);
}

void Run::do_what_is_due() {
  if (checkpoint_is_due()) save();
  if (!evaluation_is_due()) return;
  evaluate();
  if (checkpoints_.saved_step() == state_.step && state_.step > 0) {
    writer_.sync(state_);
    checkpoints_.save_state(state_, models_, stage_is_over());
  }
}

void Run::evaluate() {
  const std::string title = state_.step == 0 ? "start" : stage_is_over() ? config().title() : "";
  const Stopwatch watch;
  models_.release_workspaces();
  writer_.metrics(state_.step, evaluations_.evaluate(models_.policy(), stages_.now(), title, state_));
  clock_->took_evaluation(watch.seconds());
  state_.evaluated = true;
  // The plateau rule may find only now that the stage is over.
  if (title.empty() && stage_is_over() && !evaluations_.problems().empty()) {
    state_.evaluations.back().title = config().title();
  }
}

void Run::save() {
  models_.release_workspaces();  // writing takes a tensor's memory
  writer_.sync(state_);
  state_.models = models_.hashes();
  checkpoints_.save(state_, models_, stage_is_over());
}

void require_fixed_sums(const Recipe& recipe) {
  if (ranks().size() == 1 || recipe.gradients == GradientSum::kFixed) return;
  throw Error("gradients",
              fmt::format("is \"f32\", and {} ranks would each have a number of their own", ranks().size()),
              "set gradients = \"fixed\": any number of ranks then ends in the same bits");
}

void say_where_it_goes_on(const RunFolder& folder) {
  const auto steps = folder.resumable();
  if (steps.empty()) return;
  log_info("{} is the last checkpoint: the same command goes on from it",
           folder.layout().checkpoint(steps.back()).string());
}

}  // namespace

RunResult run_recipe(const Recipe& recipe, const fs::path& path, const RunOptions& options) {
  require_fixed_sums(recipe);
  const int64_t memory = available_memory() / ranks().on_this_host();
  // The leader settles what is in the folder, then the others read it. Its day is the run's.
  const bool leads = ranks().leads();
  const std::string date = leads ? "" : ranks().from_leader({});
  const RunFolder folder(path, leads ? options.access : FolderAccess::kRead);
  RunStart start = start_of(recipe, folder);
  if (!leads) start.date = date;
  require_memory(recipe, plan_recipe(recipe, start.config), memory);
  Run run(recipe, folder, start, options);
  if (leads) (void)ranks().from_leader(start.date);
  run.require_same_on_all_ranks();
  try {
    const bool complete = run.carry_out(options.last_step);
    return {.complete = complete,
            .step = run.step(),
            .trained_on = run.trained_on(),
            .evaluations = complete && leads ? run.evaluations() : std::vector<RunEvaluation>()};
  } catch (const Error&) {
    say_where_it_goes_on(folder);
    throw;
  }
}

}  // namespace deepscaler

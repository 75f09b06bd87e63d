#include "run/stages/gkd_stage.h"

#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "base/signals.h"
#include "run/stages/stage_demonstrations.h"

namespace deepscaler {
namespace {

constexpr ConfigName<OtherCompletions> kOthersNames[] = {{"data", OtherCompletions::kData},
                                                         {"teacher", OtherCompletions::kTeacher}};
constexpr ConfigName<TooLong> kTooLongNames[] = {
    {"skip", TooLong::kSkip}, {"truncate", TooLong::kTruncate}, {"refuse", TooLong::kRefuse}};

// Prompts alone, of problems that need no solution.
std::vector<Demonstration> load_prompts(const StageConfig& stage, const StageContext& context) {
  DataConfig data = stage.data;
  if (const auto from = stage_named_in(data.from)) data.files.push_back(context.output_of(*from));
  std::vector<Demonstration> prompts;
  for (const Problem& problem : load_problems(data, context.section + ".data", UnreadableAnswers::kUnused)) {
    Demonstration prompt = {.where = problem.where.empty() ? problem.id : problem.where, .id = problem.id};
    prompt.tokens = context.encoder.encode(problem).tokens;
    prompt.in_loss.assign(prompt.tokens.size(), 0);
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

void record(const std::vector<Generation>& completions, Metrics& metrics) {
  if (completions.empty()) return;
  double tokens = 0, clipped = 0;
  for (const Generation& completion : completions) {
    tokens += static_cast<double>(completion.tokens.size());
    clipped += completion.finish_reason == FinishReason::kLength;
  }
  const auto count = static_cast<double>(completions.size());
  metrics.set("completions/mean_length", tokens / count);
  metrics.set("completions/clipped_ratio", clipped / count);
}

}  // namespace

void bind(ConfigSection& s, GkdTeacherConfig& c) {
  s.field("model", c.model, "\"stage NAME\" (what that earlier stage ended with), or the path of a model")
      .required();
}

void bind(ConfigSection& s, GkdConfig& c) {
  bind(s, c.passes);
  bind(s, c.divergence);
  s.field("student_share", c.student_share, "share of the steps that learn from the policy's own completions")
      .range(0, 1);
  s.choice(
      "others", c.others,
      "whose completions the other steps learn from: those of the \"data\", or samples of the \"teacher\"",
      kOthersNames);
  s.field("max_tokens", c.max_tokens, "longest example, in tokens; 0 is the model's context").at_least(0);
  s.choice("too_long", c.too_long, "what happens to longer ones; how many there are is always said",
           kTooLongNames);
  s.section("teacher", c.teacher, "the model that the policy comes near to");
  s.section("sampling", c.sampling, "how completions are sampled");
}

std::vector<std::pair<std::string, std::string>> GkdSettings::earlier_stages() const {
  if (!stage_named_in(config.teacher.model)) return {};
  return {{"teacher.model", config.teacher.model}};
}

double GkdSettings::tokens_of_step() const {
  constexpr double kUsualExampleTokens = 200;
  const double tokens =
      config.samples() ? 3.0 * static_cast<double>(config.sampling.max_response_tokens) : kUsualExampleTokens;
  return static_cast<double>(config.passes.examples_per_step) * tokens;
}

StageNeeds GkdSettings::needs(const ModelConfig& model) const {
  StageNeeds needs = {.longest_sequence = config.max_tokens};
  if (config.samples()) {
    const int64_t response = config.sampling.max_response_tokens;
    needs.longest_sequence =
        std::max(needs.longest_sequence, std::min(model.context, kUsualPromptTokens + response));
    needs.problems = config.passes.examples_per_step;
    needs.samples = 1;
    needs.prompt_tokens = kUsualPromptTokens;
    needs.response_tokens = response;
  }
  needs.fixed_models.push_back({.name = "teacher", .source = config.teacher.model, .shows_logits = true});
  return needs;
}

std::unique_ptr<Stage> GkdSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<GkdStage>(config, stage, context);
}

GkdStage::GkdStage(const GkdConfig& config, const StageConfig& stage, const StageContext& context)
    : config_(config),
      stage_(stage),
      context_(context),
      examples_(config.learns_from_data() ? load_demonstrations(stage.data, context, LossOn::kCompletions)
                                          : load_prompts(stage, context)),
      teacher_(config.teacher.model, context.section + ".teacher.model", context_) {
  const LengthLimit limit = {.max_tokens = config.max_tokens,
                             .too_long = config.too_long,
                             .context = context.models.policy().model().config().context};
  if (config.learns_from_data()) apply(limit, "examples", examples_);
  if (config.samples()) require_room_for_responses();
}

void GkdStage::require_room_for_responses() const {
  const int64_t context = context_.models.policy().model().config().context;
  const int64_t response = config_.sampling.max_response_tokens;
  for (const Demonstration& example : examples_) {
    const auto prompt = std::ssize(token_group(example).prompt);
    if (prompt + response <= context) continue;
    throw Error(
        example.where,
        fmt::format("a prompt of {} tokens and {} of a response exceed the model's context of {} by {}",
                    prompt, response, context, prompt + response - context),
        "lower sampling.max_response_tokens, or leave the example out");
  }
}

std::string GkdStage::data_hash() const {
  Sha256 hash;
  add_to_hash(examples_, hash);
  hash.add(teacher_.identity());
  return hash.hex();
}

bool GkdStage::is_on_policy(int64_t stage_step) const {
  const Rng rng(context_.seed, {hash_name("on policy"), static_cast<uint64_t>(stage_step)});
  return rng.uniform(0) < config_.student_share;
}

GkdStage::Completions GkdStage::sample(Engine& engine, const std::vector<int64_t>& batch,
                                       int64_t run_step) const {
  std::vector<GenerationRequest> requests;
  for (size_t i = 0; i < batch.size(); ++i) {
    const Demonstration& example = examples_[static_cast<size_t>(batch[i])];
    const auto prompt = token_group(example).prompt;
    requests.push_back({.prompt = {prompt.begin(), prompt.end()},
                        .stream = hash_name(example.id),
                        .sample_numbers = {static_cast<int64_t>(i)},  // an example may come twice in a step
                        .name = example.where});
  }
  Completions completions(batch.size());
  int64_t finished = 0;
  Progress progress("sampling", "responses", std::ssize(batch));
  progress.within_a_step();
  engine.generator().generate(
      requests,
      {.sampling = config_.sampling, .seed = context_.seed, .step = static_cast<uint64_t>(run_step)},
      [&](int64_t request, int64_t, Generation&& generation) {
        completions[static_cast<size_t>(request)] = std::move(generation);
        progress.update(++finished);
      });
  return completions;
}

std::vector<TokenGroup> GkdStage::groups_of(const std::vector<int64_t>& batch,
                                            const Completions& completions) const {
  std::vector<TokenGroup> groups;
  for (size_t i = 0; i < batch.size(); ++i) {
    TokenGroup group = token_group(examples_[static_cast<size_t>(batch[i])]);
    if (!completions.empty()) {
      group.responses = {completions[i].tokens};
      group.in_loss.clear();
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

StageStep GkdStage::step(int64_t stage_step, int64_t run_step) {
  const auto batch = config_.passes.batch(problems(), stage_step, context_.seed);
  Engine& policy = context_.models.policy();
  const bool on_policy = is_on_policy(stage_step);
  Completions completions;
  if (on_policy) {
    completions = sample(policy, batch, run_step);
  } else if (config_.others == OtherCompletions::kTeacher) {
    completions = sample(teacher_.engine(), batch, run_step);
  }
  StageStep result;
  int64_t learned = 0;
  const std::vector<TokenGroup> groups = groups_of(batch, completions);
  for (size_t i = 0; i < groups.size(); ++i) {
    result.tokens += std::ssize(groups[i].prompt) + std::ssize(groups[i].responses[0]);
    learned += completions.empty() ? examples_[static_cast<size_t>(batch[i])].learned()
                                   : std::ssize(completions[i].tokens);
  }
  teacher_.require_readable(groups);
  DivergenceLoss loss(config_.divergence, teacher_.engine().model(), teacher_.common_tokens(), learned);
  LogitsHead head(loss);
  Progress progress("training", "tokens", result.tokens);
  progress.within_a_step();
  {
    const DroppableWork droppable;
    policy.accumulate(groups, head, [&](int64_t done) { progress.update(done); });
  }
  const StopNotice notice(kFinishesStep);  // from here on the step is finished
  const float lr = learning_rate(stage_.optimizer.schedule, stage_.optimizer.lr, stage_step, steps());
  const double norm = policy.update(stage_.optimizer, lr);
  if (config_.samples()) policy.release_workspace();  // sampling comes next and needs the memory
  const int64_t done = stage_step * config_.passes.examples_per_step + std::ssize(batch);
  result.metrics.set("epoch", static_cast<double>(done) / static_cast<double>(problems()));
  result.metrics.set("loss", loss.divergence());
  result.metrics.set("entropy", loss.entropy());
  result.metrics.set("grad_norm", norm);
  result.metrics.set("learning_rate", as_written(lr));
  result.metrics.set("on_policy", on_policy ? 1 : 0);
  record(completions, result.metrics);
  return result;
}

}  // namespace deepscaler

#include "run/stages/gkd_stage.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "run/stages/stage_demonstrations.h"

namespace deepscaler {
namespace {

constexpr ConfigName<OtherCompletions> kOthersNames[] = {{"data", OtherCompletions::kData},
                                                         {"teacher", OtherCompletions::kTeacher}};

// Prompts alone, of problems that need no solution.
std::vector<Demonstration> load_prompts(DataConfig data, const StageContext& context) {
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
  s.field("model", c.model,
          "\"stage NAME\" (what that earlier stage ended with), the path of a model, or \"data\" (the most "
          "likely tokens stand beside the data's completions, as `score --top-tokens` writes them)")
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
  bind(s, c.examples);
  s.section("teacher", c.teacher, "the model that the policy comes near to");
  s.section("sampling", c.sampling, "how completions are sampled");
}

void GkdSettings::validate(const StageConfig& stage, const std::string& where) const {
  require_no_choice_of_problems(stage, where);
  if (!config.teacher.is_in_data()) return;
  if (!config.learns_from_data() || config.student_share > 0) {
    throw Error(where,
                "has teacher.model = \"data\", which says nothing of other completions than the data's",
                "set student_share = 0 and others = \"data\", or name a model");
  }
  if (!stage.data.kinds.empty()) {
    throw Error(where, "has data.kinds, and a teacher in the data has not read generated problems",
                "name files of `score --top-tokens` in data.files");
  }
}

std::vector<std::string*> GkdSettings::files() {
  return config.teacher.is_in_data() ? std::vector<std::string*>()
                                     : std::vector<std::string*>{&config.teacher.model};
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
  StageNeeds needs = {.longest_sequence = config.examples.max_tokens, .passes = config.passes.epochs};
  if (config.samples()) {
    const int64_t response = config.sampling.max_response_tokens;
    needs.longest_sequence =
        std::max(needs.longest_sequence, std::min(model.context, kUsualPromptTokens + response));
    needs.problems = config.passes.examples_per_step;
    needs.samples = 1;
    needs.prompt_tokens = kUsualPromptTokens;
    needs.response_tokens = response;
  } else {
    needs.examples = config.passes.examples_per_step;
  }
  if (!config.teacher.is_in_data()) {
    needs.fixed_models.push_back({.name = "teacher", .source = config.teacher.model, .shows_logits = true});
  }
  return needs;
}

std::unique_ptr<Stage> GkdSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<GkdStage>(config, stage, context);
}

GkdStage::GkdStage(const GkdConfig& config, const StageConfig& stage, const StageContext& context)
    : PassesStage(config.passes, stage, context), config_(config) {
  load(stage.data);
  if (!config.teacher.is_in_data()) {
    teacher_.emplace(config.teacher.model, context.section + ".teacher.model", context_);
  }
  if (config.samples()) require_room_for_responses();
}

void GkdStage::load(const DataConfig& data) {
  if (config_.teacher.is_in_data()) {
    std::vector<std::string> files = data.files;
    if (const auto from = stage_named_in(data.from)) files.push_back(context_.output_of(*from).string());
    ListedTeacher teacher = read_listed_teacher(files, config_.divergence.temperature, context_);
    examples_ = std::move(teacher.completions);
    opinions_ = std::move(teacher.opinions);
    limit_examples(examples_, "completions", config_.examples, context_);
  } else if (config_.learns_from_data()) {
    examples_ = load_demonstrations(data, LossOn::kCompletions, config_.examples, context_);
  } else {
    examples_ = load_prompts(data, context_);
  }
}

void GkdStage::require_room_for_responses() const {
  const int64_t context = policy().model().config().context;
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
  if (teacher_) hash.add(teacher_->identity());
  for (const auto& [where, opinions] : opinions_) {
    for (const TopTokens& top : opinions) {
      hash.add(fmt::format("{} {}\n", fmt::join(top.tokens, ","), fmt::join(top.log_probs, ",")));
    }
  }
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

std::unique_ptr<DivergenceLoss> GkdStage::loss_of(const std::vector<TokenGroup>& groups, int64_t learned) {
  if (teacher_) {
    teacher_->require_readable(groups);
    return std::make_unique<TeacherDivergence>(config_.divergence, teacher_->engine().model(),
                                               teacher_->common_tokens(), learned);
  }
  std::vector<std::span<const TopTokens>> opinions;
  for (const TokenGroup& group : groups) opinions.emplace_back(opinions_.at(std::string(group.name)));
  return std::make_unique<TopTokensDivergence>(config_.divergence, std::move(opinions), learned);
}

StageStep GkdStage::step(int64_t stage_step, int64_t run_step) {
  const auto batch = batch_of(stage_step);
  const bool on_policy = is_on_policy(stage_step);
  Completions completions;
  if (on_policy) {
    completions = sample(policy(), batch, run_step);
  } else if (config_.others == OtherCompletions::kTeacher) {
    completions = sample(teacher_->engine(), batch, run_step);
  }
  StageStep result;
  int64_t learned = 0;
  const std::vector<TokenGroup> groups = groups_of(batch, completions);
  for (size_t i = 0; i < groups.size(); ++i) {
    result.tokens += std::ssize(groups[i].prompt) + std::ssize(groups[i].responses[0]);
    learned += completions.empty() ? examples_[static_cast<size_t>(batch[i])].learned()
                                   : std::ssize(completions[i].tokens);
  }
  const std::unique_ptr<DivergenceLoss> loss = loss_of(groups, learned);
  LogitsHead head(*loss);
  learn(policy(), groups, head, stage_step, result, [&](Metrics& metrics) {
    metrics.set("loss", loss->divergence());
    metrics.set("entropy", loss->entropy());
  });
  if (config_.samples()) policy().release_workspace();  // sampling comes next and needs the memory
  result.metrics.set("on_policy", on_policy ? 1 : 0);
  record(completions, result.metrics);
  return result;
}

}  // namespace deepscaler

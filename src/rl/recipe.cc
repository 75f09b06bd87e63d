#include "rl/recipe.h"

#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "data/dataset.h"
#include "data/generators.h"
#include "verify/grade.h"

namespace deepscaler {
namespace {

constexpr ConfigName<Recompute> kRecomputeNames[] = {{"none", Recompute::kNone},
                                                     {"layer", Recompute::kLayer}};
constexpr ConfigName<AdvantageKind> kAdvantageNames[] = {{"group-std", AdvantageKind::kGroupStd},
                                                         {"group-mean", AdvantageKind::kGroupMean},
                                                         {"leave-one-out", AdvantageKind::kLeaveOneOut}};
constexpr ConfigName<LossAggregation> kAggregationNames[] = {
    {"token-mean", LossAggregation::kTokenMean},
    {"seq-mean-token-mean", LossAggregation::kSequenceMean},
    {"seq-mean-token-sum", LossAggregation::kSequenceSum},
    {"seq-mean-token-sum-norm", LossAggregation::kSequenceSumNorm}};

}  // namespace

void bind(ConfigSection& s, ModelConfigSection& c) {
  s.field("path", c.path, "Hugging Face folder or GGUF file to start from");
  s.field("random", c.random,
          "folder with the config.json of a model to start from with random weights, instead of path");
  s.field("dtype", c.dtype,
          "what forward products compute in: f32, bf16, or auto (bf16 where the CPU is faster at it)");
  s.require(c.dtype == "f32" || c.dtype == "bf16" || c.dtype == "auto", "dtype", "is none of them",
            "use f32, bf16 or auto");
  s.field("kv_memory_mib", c.kv_memory_mib, "memory for keys and values in generation, in MiB").at_least(1);
}

void bind(ConfigSection& s, DataConfig& c) {
  s.field("files", c.files, "problem files, JSON or JSONL");
  s.field("kinds", c.kinds, "kinds of generated problems, see `deepscaler problems --help`");
  s.field("count", c.count, "number of generated problems over all kinds").at_least(0);
  s.field("seed", c.seed, "seed of the generated problems");
  s.field("held_out", c.held_out, "generate from the held-out problems, which are in no training set");
}

void bind(ConfigSection& s, EvalSection& c) {
  s.section("data", c.data, "problems to evaluate on; none switches evaluation off");
  bind(s, c.sampling);
}

void bind(ConfigSection& s, SamplingConfig& c) {
  s.field("problems_per_step", c.problems_per_step, "problems a rollout").at_least(1);
  s.field("samples_per_problem", c.samples_per_problem, "responses a problem, the group").range(2, 1 << 16);
  s.field("max_response_tokens", c.max_response_tokens, "limit of a response, in tokens").at_least(1);
  s.field("temperature", c.temperature, "of sampling and of the log-probabilities").above(0);
  s.field("top_p", c.top_p, "keep the most likely tokens up to this probability; 1 keeps all").range(1e-6, 1);
  s.field("top_k", c.top_k, "keep that many most likely tokens; 0 keeps all").at_least(0);
  s.field("min_p", c.min_p, "drop tokens less likely than this share of the most likely one's probability")
      .range(0, 0.999);
  s.field("off_policy_sampling", c.off_policy_sampling,
          "allow top_p, top_k and min_p, though log-probabilities are those of the whole distribution");
}

void bind(ConfigSection& s, LossConfig& c) {
  s.field("mini_batches", c.mini_batches, "parts of a rollout, each an optimizer step").at_least(1);
  s.choice("advantage", c.advantage, "how rewards of a group become advantages", kAdvantageNames);
  s.field("advantage_eps", c.advantage_eps, "added to a group's standard deviation").at_least(0);
  s.choice("aggregation", c.aggregation, "how token losses add up, over a mini-batch", kAggregationNames);
  s.field("clip_low", c.clip.low, "the ratio is clipped below 1 - clip_low").range(0, 1);
  s.field("clip_high", c.clip.high, "the ratio is clipped above 1 + clip_high").at_least(0);
}

void bind(ConfigSection& s, RewardConfig& c) {
  s.field("max_undecided_share", c.max_undecided_share,
          "share of a step's samples that the verifier may leave undecided before the run stops")
      .range(0, 1);
}

namespace {

void bind_grpo(ConfigSection& s, GrpoConfig& c) {
  s.field("steps", c.steps, "rollouts, each followed by its updates").at_least(1).required();
  s.section("sampling", c.sampling, "what a rollout is made of");
  s.section("loss", c.loss, "how rewards become a gradient");
  s.section("reward", c.reward, "what a response is rewarded for");
}

}  // namespace

void bind(ConfigSection& s, StageConfig& c) {
  s.field("name", c.name, "name of the stage in tables and logs");
  s.field("eval", c.eval, "evaluate when the stage has ended");
  s.section("data", c.data, "problems, or for sft demonstrations, to train on");
  s.section("optimizer", c.optimizer, "AdamW, fresh in every stage");
  s.select("kind", c.kind, "what the stage does",
           {{"sft", "supervised fine-tuning on demonstrations",
             [&c](ConfigSection& inner) { bind(inner, c.sft); }},
            {"grpo", "reinforcement learning with verifiable rewards",
             [&c](ConfigSection& inner) { bind_grpo(inner, c.grpo); }}});
}

void bind(ConfigSection& s, Recipe& c) {
  s.field("seed", c.seed, "of every random choice of the run").at_least(0);
  s.field("token_budget", c.token_budget, "rows computed at a time in training; more memory, fewer passes")
      .at_least(1);
  s.choice("recompute", c.recompute,
           "activations that the backward pass computes again instead of keeping them: less memory, a third "
           "more time, the same bits",
           kRecomputeNames);
  s.section("model", c.model, "the model to start from");
  s.section("prompt", c.prompt, "how a problem becomes the user's turn");
  s.section("eval", c.eval, "evaluation before the first stage and after each");
  s.sections("stage", c.stages, "the stages, one after the other");
}

void validate(const Recipe& recipe, const std::string& where) {
  const auto require = [&](bool holds, std::string_view what, std::string_view remedy) {
    if (!holds) throw Error(where, what, remedy);
  };
  require(recipe.model.path.empty() != recipe.model.random.empty(),
          "model.path and model.random: exactly one of them must be set",
          "set one in the recipe or with --set model.path=...");
  require(!recipe.stages.empty(), "it has no [[stage]]", "add at least one");
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const DataConfig& data = recipe.stages[i].data;
    require(!data.files.empty() || !data.kinds.empty(), fmt::format("stage.{}.data is empty", i),
            "name files or kinds of problems");
    require(!data.held_out, fmt::format("stage.{}.data.held_out is true", i),
            "held-out problems are for evaluation only");
    require(recipe.stages[i].kind != "grpo" ||
                recipe.stages[i].grpo.sampling.problems_per_step >= recipe.stages[i].grpo.loss.mini_batches,
            fmt::format("stage.{} has more loss.mini_batches than sampling.problems_per_step", i),
            "a mini-batch is made of whole groups");
    const SamplingConfig& sampling = recipe.stages[i].grpo.sampling;
    require(
        sampling.off_policy_sampling || (sampling.top_p == 1 && sampling.top_k == 0 && sampling.min_p == 0),
        fmt::format("stage.{} samples with top_p, top_k or min_p, so not from the policy it trains", i),
        "leave them out, or set sampling.off_policy_sampling = true if that is meant");
  }
}

std::vector<Problem> load_problems(const DataConfig& config) {
  std::vector<Problem> problems;
  if (!config.files.empty()) {
    const std::vector<std::filesystem::path> paths(config.files.begin(), config.files.end());
    problems = read_dataset(paths).problems;
  }
  if (!config.kinds.empty()) {
    const auto generated = generate_problems({.kinds = config.kinds,
                                              .split = config.held_out ? Split::kTest : Split::kTrain,
                                              .seed = static_cast<uint64_t>(config.seed),
                                              .count = config.count});
    problems.insert(problems.end(), generated.begin(), generated.end());
  }
  int64_t unreadable = 0;
  const Problem* first = nullptr;
  for (const Problem& problem : problems) {
    if (std::ranges::any_of(problem.answers, is_readable_reference)) continue;
    if (first == nullptr) first = &problem;
    ++unreadable;
  }
  if (unreadable > 0) {
    throw Error(first->id,
                fmt::format("the verifier can't read its answer '{}' ({} such problems in all)",
                            first->answers.empty() ? "" : first->answers.front(), unreadable),
                "correct or remove them; a sample can't be graded against them");
  }
  return problems;
}

}  // namespace deepscaler

#include "rl/recipe.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/sha256.h"
#include "data/dataset.h"
#include "data/generators.h"
#include "data/grading.h"

namespace deepscaler {
namespace {

constexpr ConfigName<Recompute> kRecomputeNames[] = {{"none", Recompute::kNone},
                                                     {"layer", Recompute::kLayer}};

}  // namespace

void bind(ConfigSection& s, ModelConfigSection& c) {
  s.field("path", c.path, "Hugging Face folder or GGUF file to start from");
  s.field("random", c.random,
          "folder with the config.json of a model to start from with random weights, instead of path");
  s.field("dtype", c.dtype,
          "what products compute in, those of the backward pass only where the CPU is faster at it, and keys "
          "and values are kept in: f32, bf16, or auto (bf16 where the CPU is faster at it)");
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
  s.field("every", c.every,
          "evaluate after every so many steps of a stage too, and save a checkpoint; 0: only at its end")
      .at_least(0);
  bind(s, c.sampling);
}

void bind(ConfigSection& s, StageEvalConfig& c) {
  s.field("at_end", c.at_end, "evaluate when the stage has ended");
  s.field("every", c.every, "in place of eval.every").at_least(0);
  s.field("samples", c.samples, "in place of eval.samples").at_least(1);
}

void bind(ConfigSection& s, OutputConfig& c) {
  s.field("save_every", c.save_every,
          "save a checkpoint after every so many steps of the run; always before an evaluation and at a "
          "stage's end")
      .at_least(1);
  s.field("keep_last", c.keep_last, "latest checkpoints that are kept whole, to resume from").at_least(1);
  s.field("keep_best", c.keep_best, "keep the model of the best evaluation too, as checkpoints/best");
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
  s.section("eval", c.eval, "how the stage's evaluations depart from [eval]");
  s.section("data", c.data, "problems, or for sft demonstrations, to train on");
  s.section("optimizer", c.optimizer, "AdamW and its learning rate");
  s.section("until", c.until, "rules that end the stage before its last step");
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
  s.section("output", c.output, "checkpoints; may change while a run is under way");
  s.sections("stage", c.stages, "the stages, one after the other");
}

namespace {

// A reward's name is part of a metric's, so it must be one word, and one reward's only.
void require_sound_rewards(const RewardConfig& reward, const std::string& where) {
  std::vector<std::string> names = {"accuracy", "format", "language", "length", "overlong"};
  for (const CommandRewardConfig& command : reward.commands) {
    const bool word = !command.name.empty() && std::ranges::all_of(command.name, [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '-';
    });
    if (!word || std::ranges::count(names, command.name) > 0) {
      throw Error(where, fmt::format("a command can't be named \"{}\"", command.name),
                  "take a word of its own, of letters, digits, _ and -");
    }
    if (command.program.empty()) {
      throw Error(where, fmt::format("command \"{}\" has no program", command.name),
                  "name it: program = [\"python3\", \"reward.py\"]");
    }
    names.push_back(command.name);
  }
}

}  // namespace

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
    require(!data.empty(), fmt::format("stage.{}.data is empty", i), "name files or kinds of problems");
    require(!data.held_out, fmt::format("stage.{}.data.held_out is true", i),
            "held-out problems are for evaluation only");
    const UntilConfig& until = recipe.stages[i].until;
    require(until.plateau == 0 || (recipe.evaluates_every(i) > 0 && !recipe.eval.data.empty()),
            fmt::format("stage.{}.until.plateau needs evaluations inside the stage", i),
            "set eval.every and eval.data");
    require(!until.clipped_ratio || recipe.stages[i].kind != "sft",
            fmt::format("stage.{}.until.clipped_ratio is set, but an sft stage samples no responses", i),
            "remove it");
    require(recipe.stages[i].kind != "grpo" ||
                recipe.stages[i].grpo.sampling.problems_per_step >= recipe.stages[i].grpo.loss.mini_batches,
            fmt::format("stage.{} has more loss.mini_batches than sampling.problems_per_step", i),
            "a mini-batch is made of whole groups");
    require_sound_rewards(recipe.stages[i].grpo.reward, fmt::format("{}: stage.{}.reward", where, i));
    const SamplingConfig& sampling = recipe.stages[i].grpo.sampling;
    require(
        sampling.off_policy_sampling || (sampling.top_p == 1 && sampling.top_k == 0 && sampling.min_p == 0),
        fmt::format("stage.{} samples with top_p, top_k or min_p, so not from the policy it trains", i),
        "leave them out, or set sampling.off_policy_sampling = true if that is meant");
  }
}

namespace {

// A sample of such a problem could not be graded, so a run must not begin with one.
void require_readable_answers(const std::vector<Problem>& problems) {
  constexpr size_t kListed = 20;
  std::vector<const Problem*> unreadable;
  for (const Problem& problem : problems) {
    if (!is_gradable(problem)) unreadable.push_back(&problem);
  }
  if (unreadable.empty()) return;
  const Problem& first = *unreadable.front();
  std::string ids;
  for (size_t i = 0; i < std::min(unreadable.size(), kListed); ++i) {
    ids += (i > 0 ? ", " : "") + unreadable[i]->id;
  }
  throw Error(first.id,
              fmt::format("the verifier can't read its answer '{}' ({} such problems in all: {}{})",
                          first.answers.empty() ? "" : first.answers.front(), unreadable.size(), ids,
                          unreadable.size() > kListed ? ", ..." : ""),
              "correct or remove them; a sample can't be graded against them");
}

}  // namespace

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
  require_readable_answers(problems);
  return problems;
}

std::string hash_problems(std::span<const Problem> problems) {
  Sha256 hash;
  for (const Problem& problem : problems) {
    nlohmann::json line = {problem.id, problem.problem, problem.answers};
    if (problem.source == kCountdownKind) line.push_back(problem.source);  // graded by a rule of its own
    hash.add(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }
  return hash.hex();
}

}  // namespace deepscaler

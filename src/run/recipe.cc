#include "run/recipe.h"

#include "base/config.h"
#include "base/error.h"
#include "run/foreign_names.h"

namespace deepscaler {
namespace {

constexpr ConfigName<Recompute> kRecomputeNames[] = {{"none", Recompute::kNone},
                                                     {"layer", Recompute::kLayer}};

constexpr ConfigName<GradientSum> kGradientNames[] = {{"f32", GradientSum::kFloat},
                                                      {"fixed", GradientSum::kFixed}};

}  // namespace

void bind(ConfigSection& s, ModelConfigSection& c) {
  s.field("path", c.path, "Hugging Face folder or GGUF file to start from");
  s.field("random", c.random,
          "folder with the config.json of a model to start from with random weights, instead of path");
  s.field(
      "dtype", c.dtype,
      "precision of matrix products and of keys and values: f32, bf16, or auto (bf16 where the CPU is faster "
      "at it); the backward pass is in bf16 only on such a CPU");
  s.require(c.dtype == "f32" || c.dtype == "bf16" || c.dtype == "auto", "dtype", "is none of them",
            "use f32, bf16 or auto");
  s.field("kv_memory_mib", c.kv_memory_mib, "memory for keys and values in generation, in MiB")
      .range(1, 1 << 30);
}

void bind(ConfigSection& s, EvalSection& c) {
  s.section("data", c.data, "problems to evaluate on; none switches evaluation off");
  s.field("every", c.every,
          "evaluate after every so many steps of a stage too, and save a checkpoint; 0: only at its end")
      .at_least(0);
  s.field(
       "max_prompt_tokens", c.max_prompt_tokens,
       "problems with longer prompts are left out, and counted; else the first one stops the run, in tokens")
      .at_least(1);
  bind(s, c.config);
}

void bind(ConfigSection& s, OutputConfig& c) {
  s.field("save_every", c.save_every,
          "save a checkpoint after every so many steps of the run; always before an evaluation and at a "
          "stage's end")
      .at_least(1);
  s.field("keep_last", c.keep_last, "latest checkpoints that are kept whole, to resume from").at_least(1);
  s.field("keep_full_every", c.keep_full_every,
          "save a checkpoint after every so many steps of the run and keep it whole, to fork the run there "
          "or to "
          "audit what follows; 0: none")
      .at_least(0);
  s.field("keep_best", c.keep_best, "keep the model of the best evaluation too, as checkpoints/best");
}

void bind(ConfigSection& s, Recipe& c) {
  s.foreign_names(foreign_names());
  s.field("seed", c.seed, "of every random choice of the run").at_least(0);
  s.field("token_budget", c.token_budget, "rows computed at a time in training; more memory, fewer passes")
      .range(1, 1 << 30);
  s.choice("recompute", c.recompute,
           "activations that the backward pass computes again instead of keeping them: less memory, a third "
           "more time, the same bits",
           kRecomputeNames);
  s.choice(
      "gradients", c.gradients,
      "how the gradients of an update's micro-batches add up: as f32 numbers in their order, on one rank, or "
      "as fixed-point integers, which have the same bits on any number of ranks",
      kGradientNames);
  s.section("model", c.model, "the model to start from");
  s.section("lora", c.lora, "train a low-rank adapter over the model, which stays as it is, in all stages");
  s.section("prompt", c.prompt, "how a problem becomes the user's turn");
  s.section("eval", c.eval, "evaluation before the first stage and after each");
  s.section("output", c.output, "checkpoints; may change while a run is under way");
  s.sections("stage", c.stages, "the stages, one after the other");
}

namespace {

// What a stage starts from and reads must be there when it begins.
void require_earlier_stages(const Recipe& recipe, size_t number, const std::string& where) {
  const StageConfig& stage = recipe.stages[number];
  const auto require_earlier = [&](const std::string& key, const std::string& value) {
    const auto name = stage_named_in(value);
    if (name && earlier_stage(recipe, number, *name)) return;
    throw Error(where,
                fmt::format("stage.{}.{} is \"{}\", which names no stage before it", number, key, value),
                "name one by its name, as \"stage NAME\"");
  };
  if (!stage.data.from.empty()) {
    require_earlier("data.from", stage.data.from);
    const StageConfig& source =
        recipe.stages[*earlier_stage(recipe, number, *stage_named_in(stage.data.from))];
    if (!source.settings().writes_data()) {
      throw Error(where,
                  fmt::format("stage.{}.data.from is \"{}\", a stage of kind {}, which writes no data",
                              number, stage.data.from, source.kind),
                  "name files in data.files");
    }
  }
  for (const auto& [key, value] : stage.settings().earlier_stages()) require_earlier(key, value);
  const bool keeps = number > 0 && stage.optimizer.start == OptimizerStart::kKeep;
  if (keeps && stage.optimizer.kind != recipe.stages[number - 1].optimizer.kind) {
    throw Error(where, fmt::format("stage.{} keeps the state of another kind of optimizer", number),
                "set optimizer.start = \"reset\"");
  }
  if (stage.start == "previous") return;
  if (stage.start != "recipe") require_earlier("start", stage.start);
  if (keeps) {
    throw Error(where, fmt::format("stage.{} keeps the optimizer's moments of other weights", number),
                "set optimizer.start = \"reset\", or start = \"previous\"");
  }
}

}  // namespace

std::optional<size_t> earlier_stage(const Recipe& recipe, size_t number, const std::string& name) {
  for (size_t i = number; i-- > 0;) {
    if (recipe.stages[i].title() == name) return i;
  }
  return std::nullopt;
}

void validate(const Recipe& recipe, const std::string& where) {
  const auto require = [&](bool holds, std::string_view what, std::string_view remedy) {
    if (!holds) throw Error(where, what, remedy);
  };
  require(recipe.model.path.empty() != recipe.model.random.empty(),
          "model.path and model.random: exactly one of them must be set",
          "set one in the recipe or with --set model.path=...");
  require(recipe.lora.rank == 0 || !recipe.model.path.empty(),
          "lora.rank is set, and random weights are no base for an adapter", "set model.path");
  require(!recipe.stages.empty(), "it has no [[stage]]", "add at least one");
  require(recipe.eval.data.from.empty(), "eval.data.from is set",
          "evaluations are on files and generated problems");
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const DataConfig& data = recipe.stages[i].data;
    require(!data.empty(), fmt::format("stage.{}.data is empty", i), "name files or kinds of problems");
    require(!data.held_out, fmt::format("stage.{}.data.held_out is true", i),
            "held-out problems are for evaluation only");
    const UntilConfig& until = recipe.stages[i].until;
    require(until.plateau == 0 || (recipe.evaluates_every(i) > 0 && !recipe.eval.data.empty()),
            fmt::format("stage.{}.until.plateau needs evaluations inside the stage", i),
            "set eval.every and eval.data");
    require(!until.clipped_ratio || recipe.stages[i].settings().samples_responses(),
            fmt::format("stage.{}.until.clipped_ratio is set, but an {} stage samples no responses", i,
                        recipe.stages[i].kind),
            "remove it");
    require_earlier_stages(recipe, i, where);
    recipe.stages[i].settings().validate(recipe.stages[i], fmt::format("{}: stage.{}", where, i));
  }
}

}  // namespace deepscaler

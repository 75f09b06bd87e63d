#include "base/config.h"

#include <gtest/gtest.h>

#include "base/config_manual.h"
#include "base/error.h"

namespace deepscaler {
namespace {

enum class Shape { kConstant, kCosine };
constexpr ConfigName<Shape> kShapeNames[] = {{"constant", Shape::kConstant}, {"cosine", Shape::kCosine}};

struct Schedule {
  Shape shape = Shape::kConstant;
  std::optional<Shape> tail;
  std::optional<int64_t> warmup;
  bool operator==(const Schedule&) const = default;
};

void bind(ConfigSection& section, Schedule& config) {
  section.choice("shape", config.shape, "how the rate changes over the run", kShapeNames);
  section.choice("tail", config.tail, "how it ends", kShapeNames);
  section.field("warmup", config.warmup, "steps until the full rate").at_least(0);
}

struct Optimizer {
  double lr = 1e-6;
  float clip = 1.0f;
  Schedule schedule;
  bool operator==(const Optimizer&) const = default;
};

void bind(ConfigSection& section, Optimizer& config) {
  section.field("lr", config.lr, "peak learning rate").range(0, 1);
  section.field("clip", config.clip, "largest gradient norm").above(0);
  section.section("schedule", config.schedule, "how the rate changes");
}

struct Tuning {
  std::vector<std::string> files;
  bool operator==(const Tuning&) const = default;
};

void bind(ConfigSection& section, Tuning& config) {
  section.field("files", config.files, "where the examples are");
}

struct Stage {
  std::string kind;
  Tuning tuning;
  int64_t group = 8;
  Optimizer optimizer;
  bool operator==(const Stage&) const = default;
};

void bind(ConfigSection& section, Stage& config) {
  section.select("kind", config.kind, "what the stage does",
                 {{"sft", "learns from examples", [&](ConfigSection& inner) { bind(inner, config.tuning); }},
                  {"grpo", "learns from rewards", [&](ConfigSection& inner) {
                     inner.field("group", config.group, "answers a problem").at_least(1);
                     inner.require(config.group != 13, "group", "is unlucky", "take 12 or 14");
                   }}});
  section.section("optimizer", config.optimizer, "the step's size");
}

struct Recipe {
  std::string model;
  bool verbose = false;
  std::optional<double> limit;
  std::vector<Stage> stages;
  bool operator==(const Recipe&) const = default;
};

constexpr ConfigForeignName kForeignNames[] = {
    {"num_generations", "group"}, {"beta", "group"}, {"beta", "files"}};

void bind(ConfigSection& section, Recipe& config) {
  section.foreign_names(kForeignNames);
  section.field("model", config.model, "where the model is").required();
  section.field("verbose", config.verbose, "says more");
  section.field("limit", config.limit, "seconds at most");
  section.sections("stage", config.stages, "what is done, in order");
}

Recipe read(std::string_view text, std::vector<std::string> overrides = {}) {
  Recipe config;
  read_config_text(text, "recipe.toml", overrides, [&](ConfigSection& section) { bind(section, config); });
  return config;
}

std::string refusal(std::string_view text, std::vector<std::string> overrides = {}) {
  try {
    read(text, std::move(overrides));
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

constexpr const char* kRecipe = R"(model = "tiny"
limit = 2

[[stage]]
kind = "sft"
files = ["a.jsonl", 'b\c.jsonl']

[[stage]]
kind = "grpo"
group = 16
[stage.optimizer]
lr = 1e-4
[stage.optimizer.schedule]
shape = "cosine"
tail = "constant"
warmup = 10
)";

TEST(Config, ReadsEveryType) {
  const Recipe config = read(kRecipe);
  EXPECT_EQ(config.model, "tiny");
  EXPECT_EQ(config.limit, 2.0);
  ASSERT_EQ(config.stages.size(), 2u);
  EXPECT_EQ(config.stages[0].tuning.files, (std::vector<std::string>{"a.jsonl", "b\\c.jsonl"}));
  EXPECT_EQ(config.stages[0].optimizer, Optimizer());
  EXPECT_EQ(config.stages[1].group, 16);
  EXPECT_EQ(config.stages[1].optimizer.lr, 1e-4);
  EXPECT_EQ(config.stages[1].optimizer.schedule.shape, Shape::kCosine);
  EXPECT_EQ(config.stages[1].optimizer.schedule.tail, Shape::kConstant);
  EXPECT_EQ(config.stages[1].optimizer.schedule.warmup, 10);
}

TEST(Config, OverridesWinAndAddWhatTheFileLeavesOut) {
  const Recipe config = read(kRecipe, {"stage.1.optimizer.lr=1e-5", "stage.0.optimizer.schedule.warmup=3",
                                       "model=runs/a=b", "verbose=true", "stage.0.files=[\"c\"]"});
  EXPECT_EQ(config.stages[1].optimizer.lr, 1e-5);
  EXPECT_EQ(config.stages[0].optimizer.schedule.warmup, 3);
  EXPECT_EQ(config.model, "runs/a=b");
  EXPECT_TRUE(config.verbose);
  EXPECT_EQ(config.stages[0].tuning.files, std::vector<std::string>{"c"});
}

TEST(Config, OverridesMakeSectionsWhereTheFileHasNone) {
  const Recipe config = read("model = \"m\"", {"stage.0.kind=grpo", "stage.0.group=3", "stage.1.kind=sft"});
  ASSERT_EQ(config.stages.size(), 2u);
  EXPECT_EQ(config.stages[0].group, 3);
  EXPECT_EQ(refusal("model = \"m\"", {"stage.1.kind=grpo"}),
            "--set stage.1.kind=grpo: there is no section 1, the file has 0; write --set section.key=value");
}

TEST(Config, WhatIsWrittenReadsBackTheSame) {
  Recipe config = read(kRecipe);
  config.model = "quote\" backslash\\ line\ntab\t it's {} é";
  config.stages[0].optimizer.clip = 0.1f;
  config.stages[0].tuning.files = {"\\boxed{}", ""};
  EXPECT_EQ(read(write_config(config)), config);
  EXPECT_EQ(write_config(read(write_config(config))), write_config(config));
}

TEST(Config, WritesKeysBeforeSections) {
  Stage stage;
  stage.kind = "grpo";
  EXPECT_EQ(write_config(stage),
            "kind = \"grpo\"\ngroup = 8\n\n[optimizer]\nlr = 1e-06\nclip = 1.0\n\n"
            "[optimizer.schedule]\nshape = \"constant\"\n");
}

TEST(Config, DocumentsEveryKey) {
  std::string manual;
  for (const auto& key : config_keys<Recipe>())
    manual += fmt::format("{}|{}|{}|{}|{}\n", key.path, key.type, key.value, key.range, key.description);
  EXPECT_EQ(manual, R"(model|a string|||where the model is
verbose|true or false|false||says more
limit|a number|||seconds at most
stage.N|sections|||what is done, in order
stage.N.kind|one of "sft", "grpo"|||what the stage does
stage.N.kind = "sft"|kind|||learns from examples
stage.N.files|a list of strings|[]||where the examples are
stage.N.kind = "grpo"|kind|||learns from rewards
stage.N.group|an integer|8|>= 1|answers a problem
stage.N.optimizer|section|||the step's size
stage.N.optimizer.lr|a number|1e-06|>= 0 and <= 1|peak learning rate
stage.N.optimizer.clip|a number|1.0|> 0|largest gradient norm
stage.N.optimizer.schedule|section|||how the rate changes
stage.N.optimizer.schedule.shape|one of "constant", "cosine"|"constant"||how the rate changes over the run
stage.N.optimizer.schedule.tail|one of "constant", "cosine"|||how it ends
stage.N.optimizer.schedule.warmup|an integer||>= 0|steps until the full rate
)");
}

TEST(Config, ManualIsTextForPeople) {
  EXPECT_EQ(config_manual(config_keys<Stage>()), R"(kind =
    what the stage does (one of "sft", "grpo")

# kind = "sft": learns from examples
files = []
    where the examples are (a list of strings)

# kind = "grpo": learns from rewards
group = 8
    answers a problem (an integer, >= 1)

# optimizer: the step's size
optimizer.lr = 1e-06
    peak learning rate (a number, >= 0 and <= 1)
optimizer.clip = 1.0
    largest gradient norm (a number, > 0)

# optimizer.schedule: how the rate changes
optimizer.schedule.shape = "constant"
    how the rate changes over the run (one of "constant", "cosine")
optimizer.schedule.tail =
    how it ends (one of "constant", "cosine")
optimizer.schedule.warmup =
    steps until the full rate (an integer, >= 0)
)");
}

TEST(Config, ListsDifferences) {
  const Recipe before = read(kRecipe);
  Recipe after = before;
  after.stages[1].optimizer.lr = 0.5;
  after.limit.reset();
  after.stages[0].optimizer.schedule.warmup = 4;
  std::string text;
  for (const auto& d : config_differences(before, after))
    text += fmt::format("{}: {} -> {}\n", d.path, d.before, d.after);
  EXPECT_EQ(text,
            "limit: 2.0 -> \n"
            "stage.0.optimizer.schedule.warmup:  -> 4\n"
            "stage.1.optimizer.lr: 0.0001 -> 0.5\n");
  EXPECT_TRUE(config_differences(before, before).empty());
}

TEST(Config, RefusesInOneLine) {
  const std::string head = "model = \"m\"\n[[stage]]\nkind = \"grpo\"\n";
  const struct {
    std::string text, message;
    std::vector<std::string> overrides = {};
  } cases[] = {
      {head + "[stage.optimizer]\nlearning_rate = 1",
       "recipe.toml:5: unknown key \"stage.0.optimizer.learning_rate\"; did you mean \"lr\"?"},
      {head + "gruop = 1", "recipe.toml:4: unknown key \"stage.0.gruop\"; did you mean \"group\"?"},
      {head + "files = []", "recipe.toml:4: unknown key \"stage.0.files\"; it belongs to kind = \"sft\""},
      {"model = \"m\"\n[[stage]]\nkind = \"sft\"\nfiles = \"a.jsonl\"",
       "recipe.toml:4: \"stage.0.files\" must be a list of strings, not a string; write [\"a.jsonl\"]"},
      {head + "group = \"many\"",
       "recipe.toml:4: \"stage.0.group\" must be an integer, not a string; change the value"},
      {head + "group = 1.5",
       "recipe.toml:4: \"stage.0.group\" must be an integer, not a number; change the value"},
      {head + "group = 0", "recipe.toml:4: \"stage.0.group\" must be >= 1, not 0; change the value"},
      {head + "group = 13", "recipe.toml:4: \"stage.0.group\" is unlucky; take 12 or 14"},
      {head + "optimizer = 3",
       "recipe.toml:4: \"stage.0.optimizer\" must be a section, not an integer; change the value"},
      {head + "optimizer = {lr = nan}",
       "recipe.toml:4: \"stage.0.optimizer.lr\" must be finite, not nan; change the value"},
      {head + "optimizer = {lr = -inf}",
       "recipe.toml:4: \"stage.0.optimizer.lr\" must be finite, not -inf; change the value"},
      {head + "optimizer = {schedule = {shape = \"cosin\"}}",
       "recipe.toml:4: \"stage.0.optimizer.schedule.shape\" can't be \"cosin\"; did you mean \"cosine\"?"},
      {"model = \"m\"\n[[stage]]\nkind = \"gpro\"",
       "recipe.toml:3: \"stage.0.kind\" can't be \"gpro\"; did you mean \"grpo\"?"},
      {"model = \"m\"\n[[stage]]\n",
       "recipe.toml:2: missing key \"stage.0.kind\"; set it to one of \"sft\", \"grpo\""},
      {"model = \"m\"\n[stage]\n",
       "recipe.toml:2: \"stage\" must be an array of sections ([[stage]]), not a section; change the value"},
      {"model = \"m\"\nstage = [1, 2]\n",
       "recipe.toml:2: \"stage\" must be an array of sections ([[stage]]), not a list; change the value"},
      {"model = 2020-01-01",
       "recipe.toml:1: \"model\" must be a string, not a date or time; change the value"},
      // A misspelt key is named even where it is the one that is missing.
      {"model = \"m\"\n[[stage]]\nknid = \"grpo\"\ngroup = 4",
       "recipe.toml:3: unknown key \"stage.0.knid\"; did you mean \"kind\"?"},
      {"mdoel = \"m\"", "recipe.toml:1: unknown key \"mdoel\"; did you mean \"model\"?"},
      {head + "unlucky = 1\ngroup = 13",
       "recipe.toml:4: unknown key \"stage.0.unlucky\"; known are kind, group, "
       "optimizer"},
      // The level, the kind of section, and the names of other programs.
      {head + "lr = 1", "recipe.toml:4: unknown key \"stage.0.lr\"; did you mean \"stage.0.optimizer.lr\"?"},
      {"group = 1\nmodel = \"m\"", "recipe.toml:1: unknown key \"group\"; did you mean \"stage.N.group\"?"},
      {head + "[stage.optimizer]\nwarmpu = 1",
       "recipe.toml:5: unknown key \"stage.0.optimizer.warmpu\"; did you mean "
       "\"stage.0.optimizer.schedule.warmup\"?"},
      {head + "sched = 1", "recipe.toml:4: unknown key \"stage.0.sched\"; known are kind, group, optimizer"},
      {head + "[stage.optimizer]\nsched = 1",
       "recipe.toml:5: unknown key \"stage.0.optimizer.sched\"; did you mean \"schedule\"?"},
      {head + "num_generations = 4",
       "recipe.toml:4: unknown key \"stage.0.num_generations\"; did you mean \"group\"?"},
      // Names that stand for keys of one kind of section, or of each.
      {"model = \"m\"\n[[stage]]\nkind = \"sft\"\nnum_generations = 4",
       "recipe.toml:4: unknown key \"stage.0.num_generations\"; it is \"group\" here, which belongs to kind "
       "= "
       "\"grpo\""},
      {head + "beta = 4", "recipe.toml:4: unknown key \"stage.0.beta\"; did you mean \"group\"?"},
      {"model = \"m\"\n[[stage]]\nkind = \"sft\"\nbeta = 4",
       "recipe.toml:4: unknown key \"stage.0.beta\"; did you mean \"files\"?"},
      {"num_generations = 4\nmodel = \"m\"",
       "recipe.toml:1: unknown key \"num_generations\"; did you mean \"stage.N.group\"?"},
      // Sections of other programs, and ours in other places: a key of theirs is named.
      {"model = \"m\"\n[actor.rollout]\nnum_generations = 4",
       "recipe.toml:3: unknown key \"actor.rollout.num_generations\"; did you mean \"stage.N.group\"?"},
      {"model = \"m\"\n[optimizer.schedule]\nwarmup = 4",
       "recipe.toml:3: unknown key \"optimizer.schedule.warmup\"; did you mean "
       "\"stage.N.optimizer.schedule.warmup\"?"},
      {"model = \"m\"\nactor.fsdp.offload_policy = true",
       "recipe.toml:2: unknown key \"actor.fsdp.offload_policy\"; known are model, verbose, limit, stage"},
      // Escapes that were meant as text.
      {"model = \"within \\boxed{}\"",
       "recipe.toml:1: \"model\" has \\boxed, which TOML takes for a control character; write \\\\boxed, or "
       "put "
       "the text between single quotes"},
      {"model = \"\\frac12\"",
       "recipe.toml:1: \"model\" has \\frac, which TOML takes for a control character; write "
       "\\\\frac, or put the text between single quotes"},
      {"model = \"3 \\times 4\"",
       "recipe.toml:1: \"model\" has \\times, which TOML takes for a control character; write \\\\times, or "
       "put "
       "the text between single quotes"},
      {"model = \"\\u0007\"", "recipe.toml:1: \"model\" has the control character 0x07; remove it"},
      {"model = \"m\"\n[[stage]]\nkind = \"sft\"\nfiles = [\"\\beta\"]",
       "recipe.toml:4: \"stage.0.files\" has \\beta, which TOML takes for a control character; write "
       "\\\\beta, or "
       "put the text between single quotes"},
      {"", "recipe.toml:1: missing key \"model\"; set it to a string"},
      {head,
       "--set stage.0.group=x: \"stage.0.group\" must be an integer, not a string; change the value",
       {"stage.0.group=x"}},
      {head,
       "--set stage.0.optimzer.lr=1: unknown key \"stage.0.optimzer\"; did you mean \"optimizer\"?",
       {"stage.0.optimzer.lr=1"}},
      {head,
       "--set stage.4.group=1: there is no section 4, the file has 1; write --set section.key=value",
       {"stage.4.group=1"}},
      {head,
       "--set stage.x.group=1: \"x\" must be the number of a section, counted from 0; "
       "write --set section.key=value",
       {"stage.x.group=1"}},
      {head,
       "--set stage.0=1: the path does not end in a key of a section; write --set section.key=value",
       {"stage.0=1"}},
      {head,
       "--set model.name.first=1: there is no section in which to look for \"name\"; "
       "write --set section.key=value",
       {"model.name.first=1"}},
      {head, "--set verbose: is not of the form path=value; write --set section.key=value", {"verbose"}},
  };
  for (const auto& c : cases) EXPECT_EQ(refusal(c.text, c.overrides), c.message) << c.text;
  EXPECT_TRUE(refusal("model = ").starts_with("recipe.toml:1: "));
}

}  // namespace
}  // namespace deepscaler

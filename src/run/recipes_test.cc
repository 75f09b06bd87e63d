// The shipped recipes: what they say, and that their loops run, scaled down to a tiny random model.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/config.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "run/loop.h"
#include "run/stages/grpo_stage.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kRecipes = fs::path(DEEPSCALER_GOLDENS).parent_path().parent_path() / "recipes";

// DeepSeek-R1-Distill-Qwen-1.5B's architecture with every width made small: qwen2, biases on Q, K and V,
// 6 query heads a KV head, untied.
constexpr const char* kTinyQwen2 = R"({
  "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "vocab_size": 257, "hidden_size": 192,
  "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 1,
  "max_position_embeddings": 512, "rms_norm_eps": 1e-06, "rope_theta": 10000, "tie_word_embeddings": false,
  "eos_token_id": 256
})";

// Qwen3's, likewise: norms of Q and K, a head size of its own, tied.
constexpr const char* kTinyQwen3 = R"({
  "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": 257, "hidden_size": 96,
  "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1,
  "head_dim": 32, "max_position_embeddings": 512, "rms_norm_eps": 1e-06, "rope_theta": 1000000,
  "tie_word_embeddings": true, "eos_token_id": 256
})";

class RecipesTest : public testing::Test {
 protected:
  // The metrics of the steps of a shipped recipe, from random weights.
  [[nodiscard]] std::vector<json> run(const std::string& recipe, std::vector<std::string> overrides,
                                      const char* model = kTinyQwen2) const {
    write_file_atomically(folder_ / "config.json", model);
    overrides.push_back("model.kv_memory_mib=64");
    std::vector<std::string> random = overrides;
    random.insert(random.end(),
                  {"model.path=\"\"", "model.random=\"" + folder_.path().string() + "\"", "lora.rank=0"});
    (void)run_recipe(read(recipe, random), folder_ / "run");
    if (read_config<Recipe>(kRecipes / recipe).lora.rank == 0) return steps_of(folder_ / "run");
    // An adapter wants a model that is there.
    const fs::path trained = fs::directory_iterator(folder_ / "run" / "checkpoints")->path();
    overrides.push_back("model.path=\"" + fs::canonical(trained).string() + "\"");
    (void)run_recipe(read(recipe, overrides), folder_ / "adapted");
    return steps_of(folder_ / "adapted");
  }

 private:
  static Recipe read(const std::string& recipe, const std::vector<std::string>& overrides) {
    auto config = read_config<Recipe>(kRecipes / recipe, overrides);
    validate(config, recipe);
    return config;
  }

  static std::vector<json> steps_of(const fs::path& run) {
    std::vector<json> steps;
    std::istringstream lines(read_file(run / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      auto step = json::parse(line);
      if (step.contains("loss")) steps.push_back(std::move(step));
    }
    return steps;
  }

  TemporaryFolder folder_;
};

TEST_F(RecipesTest, DeepscalerSaysWhatWasPublished) {
  const auto recipe = read_config<Recipe>(kRecipes / "deepscaler-1.5b.toml");
  validate(recipe, "recipe");
  ASSERT_EQ(recipe.stages.size(), 3u);
  const int64_t limits[] = {8192, 16384, 24576}, samples[] = {8, 16, 16}, steps[] = {1040, 480, 230},
                intervals[] = {20, 10, 10};
  for (size_t i = 0; i < 3; ++i) {
    const GrpoConfig& grpo = dynamic_cast<const GrpoSettings&>(recipe.stages[i].settings()).config;
    EXPECT_EQ(grpo.steps, steps[i]);
    EXPECT_EQ(recipe.evaluates_every(i), intervals[i]);
    EXPECT_EQ(recipe.evaluation_samples(i), samples[i]);
    EXPECT_EQ(grpo.rollout.sampling.max_response_tokens, limits[i]);
    EXPECT_EQ(grpo.rollout.samples_per_problem, samples[i]);
    EXPECT_EQ(grpo.rollout.problems_per_step, 128);
    EXPECT_EQ(grpo.rollout.max_prompt_tokens, 1024);
    EXPECT_EQ(grpo.rollout.sampling.temperature, 0.6f);
    EXPECT_EQ(grpo.rollout.sampling.top_p, 1);
    EXPECT_EQ(grpo.loss.mini_batches, 2);
    EXPECT_EQ(grpo.loss.epochs, 1);
    EXPECT_EQ(grpo.loss.advantage, AdvantageKind::kGroupStd);
    EXPECT_EQ(grpo.loss.advantage_eps, 1e-6);
    EXPECT_EQ(grpo.loss.clip.low, 0.2f);
    EXPECT_EQ(grpo.loss.clip.high, 0.2f);
    EXPECT_EQ(grpo.loss.kl, KlEstimator::kK3);
    EXPECT_EQ(grpo.loss.kl_coefficient, 0.001f);
    EXPECT_EQ(grpo.loss.entropy_coefficient, 0.001f);
    EXPECT_EQ(grpo.loss.reference, ReferenceStart::kReset);
    EXPECT_FALSE(grpo.loss.mask_truncated);
    EXPECT_EQ(recipe.stages[i].optimizer.lr, 1e-6f);
    EXPECT_EQ(recipe.stages[i].optimizer.weight_decay, 0.01f);
    EXPECT_EQ(recipe.stages[i].optimizer.max_grad_norm, 1);
  }
  EXPECT_EQ(recipe.prompt.text,
            "{problem} Let's think step by step and output the final answer within \\boxed{}.");
}

TEST_F(RecipesTest, DeepscalersThreeStagesRunOnATinyModelOfItsArchitecture) {
  std::vector<std::string> overrides = {
      "prompt.text=\"{problem}\"", "eval.data.files=[]", "eval.data.kinds=[\"sub\"]", "eval.data.count=2",
      "eval.data.held_out=true",   "eval.samples=2",     "eval.max_response_tokens=8"};
  for (const std::string stage : {"stage.0.", "stage.1.", "stage.2."}) {
    for (const char* change : {"steps=2", "eval.every=0", "eval.samples=2", "data.files=[]",
                               "data.kinds=[\"sub\"]", "data.count=8", "sampling.problems_per_step=2",
                               "sampling.samples_per_problem=2", "optimizer.lr=1e-3"}) {
      overrides.push_back(stage + change);
    }
  }
  overrides.insert(overrides.end(),
                   {"stage.0.sampling.max_response_tokens=8", "stage.1.sampling.max_response_tokens=16",
                    "stage.2.sampling.max_response_tokens=24"});
  const auto steps = run("deepscaler-1.5b.toml", overrides);
  ASSERT_EQ(steps.size(), 6u);
  for (size_t i = 0; i < steps.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(steps[i]["completions/max_length"], 8 * (1 + i / 2));  // nothing ends in random weights
    EXPECT_EQ(steps[i]["sampling/sampling_logp_difference/max"], 0);
    EXPECT_GT(steps[i]["grad_norm"], 0);  // rewards are equal: this is the KL and entropy terms' work
    EXPECT_GT(steps[i]["kl"], 0);         // from the second mini-batch on
    // At a stage's beginning the policy is the reference again.
    if (i > 0 && i % 2 == 0) {
      EXPECT_LT(steps[i]["kl"], steps[i - 1]["kl"]);
    }
  }
}

// What makes each stage one step on a few generated problems, and leaves its loss as it is. Random weights
// find no answer, but write more or fewer letters.
std::vector<std::string> one_small_step_each(const Recipe& recipe) {
  std::vector<std::string> overrides = {"prompt.text=\"{problem}\"", "prompt.system=\"\"",
                                        "eval.data.files=[]"};
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    std::vector<std::string> changes = {"data.files=[]", "data.kinds=[\"sub\"]", "data.count=8",
                                        "data.pass_rate=[]"};
    if (recipe.stages[i].kind == "sft") {
      changes.insert(changes.end(), {"epochs=1", "examples_per_step=8", "max_tokens=0"});
    } else {
      changes.insert(changes.end(),
                     {"steps=1", "loss.mini_batches=2", "sampling.problems_per_step=4",
                      "sampling.samples_per_problem=4", "sampling.max_prompt_tokens=256",
                      "sampling.max_response_tokens=24", "reward.language=1", "reward.truncated_scale=1"});
    }
    for (const std::string& change : changes) overrides.push_back(fmt::format("stage.{}.{}", i, change));
  }
  return overrides;
}

struct Published {
  const char* recipe;
  const char* model;  // the architecture that it is for
};

void PrintTo(const Published& published, std::ostream* out) { *out << published.recipe; }

class PublishedRecipesTest : public RecipesTest, public testing::WithParamInterface<Published> {};

TEST_P(PublishedRecipesTest, RunsOnATinyModelOfItsArchitecture) {
  const std::string file = std::string(GetParam().recipe) + ".toml";
  const auto recipe = read_config<Recipe>(kRecipes / file);
  const auto steps = run(file, one_small_step_each(recipe), GetParam().model);
  ASSERT_EQ(steps.size(), recipe.stages.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i]["stage"], i);
    EXPECT_GT(steps[i]["grad_norm"], 0);
    if (recipe.stages[i].kind == "grpo") {
      EXPECT_EQ(steps[i]["sampling/sampling_logp_difference/max"], 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Pack, PublishedRecipesTest,
    testing::Values(Published{"justrl-1.5b", kTinyQwen2}, Published{"prorl-v2-1.5b", kTinyQwen2},
                    Published{"brorl-1.5b", kTinyQwen2}, Published{"fastcurl-1.5b", kTinyQwen2},
                    Published{"skywork-or1-1.5b", kTinyQwen2}, Published{"polaris-4b", kTinyQwen3},
                    Published{"vibethinker-1.5b", kTinyQwen2}, Published{"tina-1.5b", kTinyQwen2},
                    Published{"open-rs-1.5b", kTinyQwen2}, Published{"questa-1.5b", kTinyQwen2},
                    Published{"r1-zero", kTinyQwen2}),
    [](const auto& info) {
      std::string name = info.param.recipe;
      std::erase_if(name, [](char c) { return c == '-' || c == '.'; });
      return name;
    });

TEST_F(RecipesTest, CountdownRunsOnATinyModel) {
  const auto steps =
      run("countdown.toml", {"stage.0.steps=1", "stage.1.steps=1", "stage.1.sampling.problems_per_step=2",
                             "stage.1.sampling.max_response_tokens=16", "eval.data.count=2", "eval.samples=1",
                             "eval.max_response_tokens=8"});
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1]["rewards/accuracy/mean"], 0);
  EXPECT_EQ(steps[1]["completions/undecided_ratio"], 0);
  EXPECT_FALSE(steps[1].contains("kl"));
}

}  // namespace
}  // namespace deepscaler

// Runs that train an adapter: in every kind of stage, exactly on-policy, stopped and gone on with, over a
// base that nothing changes.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "engine/models.h"
#include "model/adapter_file.h"
#include "model/model_file.h"
#include "run/loop.h"
#include "run/plan.h"
#include "run/start.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kRoot = fs::path(DEEPSCALER_GOLDENS).parent_path().parent_path();

Recipe read_recipe(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Recipe recipe;
  read_config_text(text, "r.toml", overrides, [&](ConfigSection& s) { bind(s, recipe); });
  validate(recipe, "r.toml");
  return recipe;
}

// A model that has learned to answer with a boxed digit, which is sometimes right, as the base.
class AdapterRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder;
    std::string problems, pairs;
    for (int i = 0; i < 8; ++i) {
      const std::string name = std::to_string(i), digit = std::to_string(i % 3);
      problems += json{{"id", name},
                       {"problem", "p" + name},
                       {"answer", digit},
                       {"solution", "\\boxed{" + digit + "}"}}
                      .dump() +
                  "\n";
      pairs +=
          json{{"prompt", "p" + name}, {"chosen", "\\boxed{0}"}, {"rejected", "\\boxed{1}"}}.dump() + "\n";
    }
    write_file_atomically(*shared_ / "problems.jsonl", problems);
    write_file_atomically(*shared_ / "pairs.jsonl", pairs);
    (void)run_recipe(read_recipe(fmt::format(R"(
seed = 5
token_budget = 512
model.random = "{}"
prompt.text = "{{problem}}"
[[stage]]
kind = "sft"
steps = 60
data.files = ["{}"]
optimizer.lr = 1e-2
)",
                                             (kRoot / "recipes/tiny-model").string(),
                                             (*shared_ / "problems.jsonl").string())),
                     *shared_ / "cold-start");
    fs::rename(fs::canonical(*shared_ / "cold-start/checkpoints/01-sft"), *shared_ / "base");
    fs::remove_all(*shared_ / "cold-start");
  }
  static void TearDownTestSuite() { delete shared_; }

  static Recipe recipe(const std::vector<std::string>& overrides = {}) {
    return read_recipe(fmt::format(R"(
seed = 5
token_budget = 512
model.path = "{0}"
lora = {{rank = 4, alpha = 8}}
prompt.text = "{{problem}}"
output.save_every = 1
[[stage]]
kind = "grpo"
steps = 3
data.files = ["{1}"]
sampling = {{problems_per_step = 4, samples_per_problem = 4, max_response_tokens = 12}}
loss.kl_coefficient = 0.01
optimizer = {{kind = "adamw-8bit", lr = 1e-2}}
[[stage]]
kind = "grpo"
name = "longer"
steps = 3
data.files = ["{1}"]
sampling = {{problems_per_step = 4, samples_per_problem = 4, max_response_tokens = 16}}
loss = {{kl_coefficient = 0.01, mini_batches = 2, reference_every_rollouts = 2}}
optimizer = {{kind = "adamw-bf16", lr = 1e-2}}
[[stage]]
kind = "sft"
steps = 2
data.files = ["{1}"]
optimizer = {{kind = "muon", lr = 1e-3}}
[[stage]]
kind = "dpo"
steps = 2
data.files = ["{2}"]
optimizer = {{kind = "adafactor", lr = 1e-3}}
)",
                                   (*shared_ / "base").string(), (*shared_ / "problems.jsonl").string(),
                                   (*shared_ / "pairs.jsonl").string()),
                       overrides);
  }
  // metrics.jsonl without the clock.
  static std::vector<json> metrics(const fs::path& run) {
    std::vector<json> steps;
    std::istringstream lines(read_file(run / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      steps.push_back(json::parse(line));
      std::erase_if(steps.back().get_ref<json::object_t&>(),
                    [](const auto& entry) { return entry.first.starts_with("time/"); });
    }
    return steps;
  }

  static TemporaryFolder* shared_;
  const TemporaryFolder folder_;
};

TemporaryFolder* AdapterRun::shared_ = nullptr;

TEST_F(AdapterRun, TrainsInEveryKindOfStageAndGoesOnInTheSameBits) {
  for (const char* dtype : {"f32", "bf16"}) {
    const fs::path alone = folder_ / fmt::format("alone-{}", dtype),
                   stopped = folder_ / fmt::format("stopped-{}", dtype);
    const std::vector<std::string> overrides = {fmt::format("model.dtype=\"{}\"", dtype)};
    (void)run_recipe(recipe(overrides), alone);
    const auto steps = metrics(alone);
    ASSERT_EQ(steps.size(), 10u);
    EXPECT_EQ(steps[0]["kl"], 0.0) << "the reference is the base";
    EXPECT_GT(steps[2]["kl"], 0.0);
    EXPECT_EQ(steps[8]["rewards/margins"], 0.0) << "the reference is the adapter of the stage's start";
    int trained = 0;
    for (const json& step : steps) {
      trained += step["grad_norm"].get<double>() > 0 ? 1 : 0;
      if (step.contains("sampling/sampling_logp_difference/max") && step["step"] != 4 && step["step"] != 5 &&
          step["step"] != 6) {
        EXPECT_EQ(step["sampling/sampling_logp_difference/max"], 0.0) << step["step"];
      }
    }
    EXPECT_GE(trained, 7);

    for (const int64_t last : {2, 5, 9}) {
      (void)run_recipe(recipe(overrides), stopped, {.last_step = last});
    }
    (void)run_recipe(recipe(overrides), stopped);
    EXPECT_EQ(metrics(stopped), steps);
    for (const char* file : {"adapter_model.safetensors", "optimizer.safetensors"}) {
      EXPECT_EQ(read_file(stopped / "checkpoints/step-000010" / file),
                read_file(alone / "checkpoints/step-000010" / file))
          << file;
    }
    EXPECT_FALSE(fs::exists(alone / "checkpoints/step-000010/model.safetensors"));
    EXPECT_TRUE(fs::exists(alone / "checkpoints/step-000010/models/reference/adapter_model.safetensors"));
    // What other commands load is what was trained.
    const Model loaded = Model::load(fs::canonical(alone / "checkpoints/04-dpo"));
    EXPECT_EQ(loaded.hash(), steps.back()["weights"]);
    EXPECT_EQ(loaded.base()->hash(), Model::load(*shared_ / "base").hash());
  }
}

TEST_F(AdapterRun, StagesStartFromTheRecipeOrFromAStage) {
  const fs::path run = folder_ / "run";
  (void)run_recipe(recipe({"stage.1.start=\"recipe\"", "stage.1.loss.mini_batches=1",
                           "stage.2.start=\"stage grpo\"", "stage.0.name=\"grpo\""}),
                   run);
  const auto steps = metrics(run);
  EXPECT_EQ(steps[3]["kl"], 0.0);
  EXPECT_NE(steps[5]["weights"], steps[2]["weights"]);

  // At a rate of 0 a stage ends with what it began with.
  const fs::path still = folder_ / "still";
  (void)run_recipe(recipe({"stage.1.start=\"recipe\"", "stage.1.optimizer.lr=0"}), still, {.last_step = 4});
  EXPECT_EQ(metrics(still)[3]["weights"], load_first_model(recipe()).hash());
}

std::string refusal(const Recipe& recipe, const fs::path& run) {
  try {
    (void)run_recipe(recipe, run);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_F(AdapterRun, AModelOfAnEarlierStageStandsOnThePolicysBase) {
  const fs::path run = folder_ / "run";
  (void)run_recipe(recipe(), run, {.last_step = 2});  // with a checkpoint after step 1
  const fs::path adapter = run / "checkpoints/step-000001";
  const Model policy = Model::adapt(Model::load(*shared_ / "base"), recipe().lora, 5);
  const Model beside = load_beside(policy, adapter);
  EXPECT_EQ(beside.base(), policy.base());
  EXPECT_EQ(beside.hash(), Model::load(adapter).hash());

  // As a teacher it says what the policy says that it was.
  (void)run_recipe(
      recipe({"stage.0.name=\"first\"", "stage.1.kind=\"distill\"", "stage.1.teacher.model=\"stage first\"",
              "stage.1.loss.kl_coefficient=0", "stage.1.loss.mini_batches=1"}),
      folder_ / "taught", {.last_step = 5});
  const auto steps = metrics(folder_ / "taught");
  EXPECT_EQ(steps[3]["teacher_kl"], 0.0);
  EXPECT_NE(steps[4]["teacher_kl"], 0.0);

  // Where whole layers are needed an adapter is refused.
  EXPECT_EQ(
      refusal(recipe({fmt::format("model.path=\"{}\"", adapter.string()), "lora.rank=0"}),
              folder_ / "refused"),
      fmt::format("model.path: {} is an adapter, and a run begins with a whole model; merge it into its "
                  "base with `deepscaler convert`, and name that model",
                  adapter.string()));
  EXPECT_EQ(
      refusal(recipe({"lora.rank=0", "stage.0.kind=\"ppo\"", "stage.0.loss.kl_coefficient=0",
                      fmt::format("stage.0.critic.model=\"{}\"", adapter.string())}),
              folder_ / "critic"),
      fmt::format("stage.0.critic.model: the model at {} is an adapter, and a scorer trains whole layers; "
                  "merge it into its base with `deepscaler convert`, and name that model",
                  adapter.string()));
}

TEST_F(AdapterRun, ThePlanCountsTheAdapterAlone) {
  const Recipe with = recipe();
  Recipe without = with;
  without.lora.rank = 0;
  const auto bytes = [](const Recipe& recipe, const char* part) {
    const MemoryPlan plan = plan_recipe(recipe, read_model_config(recipe.start())).stages[0].memory;
    const auto found = std::ranges::find(plan.parts, part, &MemoryPart::name);
    return found == plan.parts.end() ? 0 : found->bytes;
  };
  const ParameterTable whole(read_model_config(with.start()));
  const int64_t adapter = adapted_table(whole, with.lora).trainable_size() * 4;
  EXPECT_EQ(bytes(with, "weights"), bytes(without, "weights"));
  for (const char* part : {"adapter", "gradients", "reference adapter"})
    EXPECT_EQ(bytes(with, part), adapter) << part;
  EXPECT_EQ(bytes(with, "reference model"), 0);
  Recipe dpo = recipe({"stage.3.reference=\"stage longer\""});
  dpo.stages = {dpo.stages[3]};
  EXPECT_EQ(bytes(dpo, "reference adapter"), adapter);
  EXPECT_EQ(bytes(dpo, "reference model"), 0);
  EXPECT_LT(bytes(with, "optimizer"), bytes(without, "optimizer"));
  EXPECT_LT(bytes(with, "optimizer"), 2 * adapter + 1);
}

std::string verdict(const std::vector<std::string>& overrides) {
  try {
    (void)read_recipe("[[stage]]\nkind = \"sft\"\nsteps = 1\ndata.kinds = [\"add\"]\ndata.count = 8\n",
                      overrides);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_F(AdapterRun, SettingsThatCannotBeAreRefused) {
  EXPECT_EQ(verdict({"model.random=\"m\"", "lora.rank=8"}),
            "r.toml: lora.rank is set, and random weights are no base for an adapter; set model.path");
  EXPECT_EQ(verdict({"model.path=\"m\"", "lora.targets=[\"lm_head\"]"}),
            "--set lora.targets=[\"lm_head\"]: \"lora.targets\" \"lm_head\" is no matrix that can be "
            "adapted; use some of q_proj, k_proj, "
            "v_proj, o_proj, gate_proj, up_proj, down_proj");
  EXPECT_EQ(verdict({"model.path=\"m\"", "lora.targets=[]"}),
            "--set lora.targets=[]: \"lora.targets\" names nothing to adapt; leave it out to adapt all");
  EXPECT_EQ(verdict({"model.path=\"m\"", "lora.targets=[\"q_proj\", \"q_proj\"]"}),
            "--set lora.targets=[\"q_proj\", \"q_proj\"]: \"lora.targets\" \"q_proj\" is named twice; name "
            "it once");
}

}  // namespace
}  // namespace deepscaler

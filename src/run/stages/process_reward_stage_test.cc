#include "run/stages/process_reward_stage.h"

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "model/model.h"
#include "run/digits_test.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A stage of kind "process-reward-model" on answers of which the steps "0" are right.
class ProcessRewardTest : public DigitsTest {
 protected:
  void SetUp() override {
    DigitsTest::SetUp();
    std::string lines;
    for (int i = 0; i < 8; ++i) {
      const bool first = i % 2 == 0, second = i % 3 == 0;
      lines += json{{"prompt", "p" + std::to_string(i)},
                    {"completions", {first ? "0" : "1", second ? "0" : "2"}},
                    {"labels", {first, second}}}
                   .dump() +
               "\n";
    }
    write_file_atomically(steps_file(), lines);
  }
  [[nodiscard]] fs::path steps_file() const { return folder_ / "steps.jsonl"; }
  [[nodiscard]] Recipe recipe(const std::vector<std::string>& overrides = {}) const {
    return recipe_of(fmt::format(R"(
eval.every = 6
[[stage]]
kind = "sft"
name = "cold start"
steps = 3
data.files = ["{0}"]
optimizer.lr = 1e-2
[[stage]]
kind = "process-reward-model"
steps = 16
separator = ","
data.files = ["{1}"]
eval_files = ["{1}"]
optimizer.lr = 5e-3
)",
                                 problems().string(), steps_file().string()),
                     overrides);
  }
  [[nodiscard]] std::vector<json> steps(const std::vector<std::string>& overrides = {}) const {
    fs::remove_all(folder_ / "run");
    (void)run_recipe(recipe(overrides), folder_ / "run");
    return steps_with("step_accuracy", folder_ / "run");
  }

  const std::string saved_ = "checkpoints/02-process-reward-model/models/process-reward";
};

TEST_F(ProcessRewardTest, StepsAreToldApartAndTheModelIsSavedAsTransformersNamesIt) {
  const auto log = steps();
  ASSERT_EQ(log.size(), 16u);
  EXPECT_NEAR(log[0]["loss"], std::log(2.0), 0.02) << "numbers begin near 0";
  EXPECT_EQ(log[15]["step_accuracy"], 1.0);
  const auto held_out = steps_with("eval/first_error_f1", folder_ / "run");
  ASSERT_FALSE(held_out.empty());
  EXPECT_EQ(held_out.back()["eval/step_accuracy"], 1.0);
  EXPECT_EQ(held_out.back()["eval/first_error_f1"], 1.0);
  const fs::path saved = folder_ / "run" / saved_;
  EXPECT_EQ(Model::load(saved).config().head, HeadKind::kTokenScore);
  EXPECT_GT(Tokenizer::load(saved).size(), 0);
  const json config = json::parse(read_file(saved / "config.json"));
  EXPECT_EQ(config["architectures"], json({"LlamaForTokenClassification"}));
  // The policy is the cold start's still.
  EXPECT_EQ(Model::load(folder_ / "run/checkpoints/01-cold-start").hash(),
            Model::load(folder_ / "run/checkpoints/02-process-reward-model").hash());
}

TEST_F(ProcessRewardTest, EverySettingActs) {
  const auto plain = steps({"stage.1.steps=2"});
  for (const char* change :
       {"separator=\"\\n\\n\"", "model=\"stage cold start\"", "shuffle=false", "examples_per_step=4"}) {
    const bool same_model = std::string(change).starts_with("model");
    EXPECT_EQ(steps({"stage.1.steps=2", std::string("stage.1.") + change})[1]["loss"] == plain[1]["loss"],
              same_model)
        << change;
  }
  try {
    (void)steps({"stage.1.max_tokens=3"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what())
                    .ends_with("all 8 stepwise answers are longer than 3 tokens; raise "
                               "max_tokens"))
        << error.what();
  }
}

TEST_F(ProcessRewardTest, GeneratedProblemsAreRefused) {
  try {
    (void)recipe({"stage.1.data.kinds=[\"sub\"]", "stage.1.data.count=8"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what())
                  .find("and those are no stepwise answers; name files of stepwise "
                        "answers in data.files"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(ProcessRewardTest, OneThatGoesOnIsTheOneLeftAlone) {
  (void)run_recipe(recipe(), folder_ / "whole");
  for (int64_t last = 4; last < 19; last += 7) {
    (void)run_recipe(recipe({"output.save_every=1"}), folder_ / "parts", {.last_step = last});
  }
  (void)run_recipe(recipe({"output.save_every=1"}), folder_ / "parts");
  const std::string file = saved_ + "/model.safetensors";
  EXPECT_EQ(read_file(folder_ / "whole" / file), read_file(folder_ / "parts" / file));
  EXPECT_EQ(log(folder_ / "whole"), log(folder_ / "parts"));
}

}  // namespace
}  // namespace deepscaler

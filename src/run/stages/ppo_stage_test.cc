#include "run/stages/ppo_stage.h"

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

// Stage 1 of the digits by kind "ppo", with a critic.
class PpoRunTest : public DigitsTest {
 protected:
  [[nodiscard]] Recipe ppo_recipe(const std::vector<std::string>& overrides) const {
    std::vector<std::string> all = {"stage.1.kind=\"ppo\"", "stage.1.critic.optimizer.lr=1e-3"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return digits_recipe(all);
  }
};

TEST_F(PpoRunTest, TheCriticsErrorFallsAndARunThatGoesOnIsTheOneLeftAlone) {
  const std::vector<std::string> settings = {"stage.1.steps=8", "stage.1.critic.pretraining_steps=3",
                                             "stage.1.gae.kl_coefficient=0.01", "stage.1.gae.kl_target=0.1",
                                             "output.save_every=1"};
  (void)run_recipe(ppo_recipe(settings), folder_ / "whole");
  const std::vector<json> log_of_critic = steps_with("critic/vf_loss", folder_ / "whole");
  ASSERT_EQ(log_of_critic.size(), 8u);
  EXPECT_LT(log_of_critic[7]["critic/vf_loss"], log_of_critic[0]["critic/vf_loss"]);
  EXPECT_FALSE(log_of_critic[2].contains("loss")) << "the critic alone";
  EXPECT_EQ(log_of_critic[3]["sampling/sampling_logp_difference/max"], 0.0);
  EXPECT_GT(log_of_critic[7]["actor/reward_kl_penalty"], 0.0);
  for (const int64_t last : {62, 65}) {
    (void)run_recipe(ppo_recipe(settings), folder_ / "parts", {.last_step = last});
  }
  (void)run_recipe(ppo_recipe(settings), folder_ / "parts");
  EXPECT_EQ(log(folder_ / "whole"), log(folder_ / "parts"));
  const char* critic = "checkpoints/02-rl/models/critic/model.safetensors";
  EXPECT_EQ(read_file(folder_ / "whole" / critic), read_file(folder_ / "parts" / critic));
  EXPECT_EQ(Model::load((folder_ / "whole" / critic).parent_path()).config().head, HeadKind::kSequenceScore);
}

TEST_F(PpoRunTest, EverySettingActs) {
  const auto log_of = [&](const std::vector<std::string>& changes) {
    const fs::path run = folder_ / "run";
    fs::remove_all(run);
    std::vector<std::string> overrides = {"stage.0.steps=20", "stage.1.steps=3"};
    for (const std::string& change : changes) overrides.push_back("stage.1." + change);
    (void)run_recipe(ppo_recipe(overrides), run);
    return log(run);
  };
  const std::string plain = log_of({});
  for (const char* change :
       {"gae.gamma=0.9", "gae.lambda=0.5", "gae.critic_lambda=0.5", "gae.length_alpha=0.2",
        "gae.whiten=false", "gae.kl_coefficient=0.5", "critic.value_clip=0.001", "critic.warmup_steps=1",
        "critic.pretraining_steps=1", "critic.optimizer.lr=1e-2", "loss.likelihood_coefficient=0.1"}) {
    EXPECT_NE(log_of({change}), plain) << change;
  }
  EXPECT_EQ(log_of({"critic.model=\"stage sft\""}), plain) << "the policy of the stage's start";
  const std::string afresh = "start=\"recipe\"";
  EXPECT_NE(log_of({afresh, "critic.model=\"stage sft\""}), log_of({afresh}));

  const std::string penalty = "gae.kl_coefficient=0.5", target = "gae.kl_target=0.1";
  const std::string fixed = log_of({penalty}), adaptive = log_of({penalty, target});
  EXPECT_NE(log_of({penalty, "gae.kl=\"k2\""}), fixed);
  EXPECT_NE(adaptive, fixed);
  EXPECT_NE(log_of({penalty, target, "gae.kl_horizon=100"}), adaptive);
}

TEST_F(PpoRunTest, SaysWhatContradicts) {
  const auto said = [&](const char* change) {
    try {
      (void)ppo_recipe({change, "stage.1.gae.kl_coefficient=0.1"});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(said("stage.1.loss.kl_coefficient=0.1"),
            "r.toml: stage.1: has the divergence from the reference in the loss and in the rewards; leave "
            "loss.kl_coefficient or gae.kl_coefficient out");
  EXPECT_EQ(said("stage.1.sampling.resample_rounds=1"),
            "r.toml: stage.1: replaces groups with equal rewards, from which a critic's credit is learned; "
            "leave sampling.resample_rounds out");
  EXPECT_EQ(said("stage.1.loss.advantage=\"group-mean\""),
            "r.toml: stage.1: sets loss.advantage or loss.uncertainty_sharpness, and ppo's advantages are a "
            "critic's; leave them out; [stage.gae] has their settings");
  EXPECT_EQ(said("stage.1.critic.warmup_steps=4"),
            "r.toml: stage.1: lets the critic learn alone for 4 steps and has 4; lower "
            "critic.pretraining_steps or critic.warmup_steps");
  EXPECT_EQ(said("stage.1.critic.model=\"stage x\""),
            "r.toml: stage.1.critic.model is \"stage x\", which names no stage before it; name one by its "
            "name, as \"stage NAME\"");
}

}  // namespace
}  // namespace deepscaler

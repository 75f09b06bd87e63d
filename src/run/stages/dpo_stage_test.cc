#include "run/stages/dpo_stage.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "run/digits_test.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class DpoStageTest : public PairsTest {
 protected:
  [[nodiscard]] std::vector<json> steps(const std::vector<std::string>& overrides = {}) const {
    fs::remove_all(folder_ / "run");
    (void)run_recipe(pairs_recipe(overrides), folder_ / "run");
    return steps_with("rewards/margins", folder_ / "run");
  }
};

TEST_F(DpoStageTest, TheMarginGrowsFromTheReferenceThatTheStageStartsFrom) {
  for (const char* loss : {"sigmoid", "ipo"}) {
    const auto log = steps({fmt::format("stage.1.loss=\"{}\"", loss)});
    ASSERT_EQ(log.size(), 12u);
    EXPECT_EQ(log[0]["rewards/margins"], 0.0) << "the policy is its reference still";
    EXPECT_GT(log[11]["rewards/margins"], 0.1) << loss;
    EXPECT_EQ(log[11]["rewards/accuracies"], 1.0) << loss;
    EXPECT_LT(log[11]["loss"], log[0]["loss"]) << loss;
  }
}

TEST_F(DpoStageTest, EverySettingActs) {
  const auto plain = steps({"stage.1.steps=2"});
  EXPECT_NEAR(plain[0]["loss"], std::log(2.0), 1e-6);
  for (const char* change : {"reference_beta=0.5", "label_smoothing=0.2", "per_token=true", "shuffle=false",
                             "examples_per_step=4", "reference=\"stage cold start\""}) {
    const std::string key(change);
    const auto changed = steps({"stage.1." + key, "stage.1.steps=2"});
    const bool same =
        changed[1]["loss"] == plain[1]["loss"] && changed[1]["logps/chosen"] == plain[1]["logps/chosen"];
    // The stage starts from what the cold start ended with: one reference under two names.
    EXPECT_EQ(same, key.starts_with("reference=")) << key;
  }
  const std::string afresh = "stage.1.start=\"recipe\"";
  EXPECT_NE(steps({"stage.1.steps=2", afresh, "stage.1.reference=\"stage cold start\""})[1]["loss"],
            steps({"stage.1.steps=2", afresh})[1]["loss"]);
  try {
    (void)steps({"stage.1.max_tokens=9"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "stage.1.data: all 8 pairs are longer than 9 tokens; raise max_tokens");
  }
}

TEST_F(DpoStageTest, TheReferenceMayBeAModelOrInTheData) {
  (void)steps({"stage.1.steps=2"});
  fs::rename(fs::canonical(folder_ / "run" / "checkpoints" / "01-cold-start"), folder_ / "teacher");
  const std::string path = fs::canonical(folder_ / "teacher").string();
  const auto log = steps({"stage.1.steps=2", "stage.1.reference=\"" + path + "\""});
  EXPECT_EQ(log[0]["rewards/margins"], 0.0);
  const auto attempt = [&](const std::string& reference) -> std::string {
    try {
      (void)steps({"stage.1.reference=\"" + reference + "\""});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(attempt("data"),
            (folder_ / "pairs.jsonl:1").string() +
                ": it has no \"ref_chosen_logps\" and \"ref_rejected_logps\"; write them into each "
                "pair, or set reference = \"start\"");
  EXPECT_EQ(attempt("nowhere"), "stage.1.reference: there is no model at nowhere; correct it");
  std::string lines;
  for (json pair : {json{{"prompt", "p"}, {"chosen", "a"}, {"rejected", "b"}}}) {
    pair["ref_chosen_logps"] = -1;
    pair["ref_rejected_logps"] = -9;
    lines += pair.dump() + "\n";
  }
  write_file_atomically(pairs(), lines);
  const auto given = steps({"stage.1.steps=1", "stage.1.reference=\"data\""});
  EXPECT_NEAR(given[0]["rewards/chosen"], 0.1 * (given[0]["logps/chosen"].get<double>() + 1), 1e-6);
  EXPECT_NEAR(given[0]["rewards/rejected"], 0.1 * (given[0]["logps/rejected"].get<double>() + 9), 1e-6);
}

}  // namespace
}  // namespace deepscaler

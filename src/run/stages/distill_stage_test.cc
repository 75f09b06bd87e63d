#include "run/stages/distill_stage.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "generate/score_file.h"
#include "run/digits_test.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A teacher that answers with the right digit, and a student of few steps that comes near to it.
class TeacherTest : public DigitsTest {
 protected:
  [[nodiscard]] Recipe teacher_recipe(const std::string& stage,
                                      const std::vector<std::string>& overrides = {}) const {
    return recipe_of(fmt::format(R"(
[[stage]]
kind = "sft"
name = "teacher"
steps = 60
data.files = ["{0}"]
optimizer.lr = 1e-2
[[stage]]
kind = "sft"
name = "student"
start = "recipe"
steps = 15
data.files = ["{0}"]
optimizer.lr = 1e-2
[[stage]]
{1}
teacher.model = "stage teacher"
sampling.max_response_tokens = 12
data.files = ["{0}"]
optimizer.lr = 3e-3
)",
                                 problems().string(), stage),
                     overrides);
  }
  // The lines of the stage with a teacher.
  [[nodiscard]] std::vector<json> steps(const std::string& stage,
                                        const std::vector<std::string>& overrides = {}) const {
    fs::remove_all(folder_ / "run");
    (void)run_recipe(teacher_recipe(stage, overrides), folder_ / "run");
    std::vector<json> steps;
    for (json& step : metrics(folder_ / "run")) {
      if (step["stage"] == 2) steps.push_back(std::move(step));
    }
    return steps;
  }
  // The same with models that have hardly learned, where it does not matter what they say.
  [[nodiscard]] std::vector<json> quick_steps(const std::string& stage,
                                              std::vector<std::string> overrides) const {
    for (const char* few : {"stage.0.steps=4", "stage.1.steps=2"}) overrides.emplace_back(few);
    return steps(stage, overrides);
  }
  [[nodiscard]] std::string refusal(const std::string& stage, std::vector<std::string> overrides) const {
    try {
      (void)quick_steps(stage, std::move(overrides));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
};

constexpr const char* kDistill =
    "kind = \"distill\"\nsteps = 12\nsampling.problems_per_step = 8\nsampling.samples_per_problem = 4";
constexpr const char* kGkd = "kind = \"gkd\"\nsteps = 16";

double mean_of(const std::vector<json>& steps, const char* metric, size_t first, size_t count) {
  std::vector<double> values;
  for (const json& step : steps) values.push_back(step[metric]);
  return mean_reward(values, first, count);
}

TEST_F(TeacherTest, CreditForSampledTokensBringsTheStudentNear) {
  for (const char* accuracy : {"0", "1"}) {
    const auto log =
        steps(kDistill, {fmt::format("stage.2.reward.accuracy={}", accuracy), "stage.2.steps=24"});
    ASSERT_EQ(log.size(), 24u);
    EXPECT_GT(mean_of(log, "teacher_kl", 0, 2), 0.1);
    EXPECT_LT(mean_of(log, "teacher_kl", 22, 2), 0.5 * mean_of(log, "teacher_kl", 0, 2)) << accuracy;
    EXPECT_EQ(log[0]["sampling/sampling_logp_difference/max"], 0.0);
    EXPECT_EQ(mean_of(log, "reward", 0, 24) == 0, std::string_view(accuracy) == "0");
  }
}

TEST_F(TeacherTest, WholeDistributionsBringTheStudentNearWhosesoeverTheCompletions) {
  for (const char* divergence : {"forward", "reverse", "jsd"}) {
    const auto log = steps(kGkd, {fmt::format("stage.2.divergence=\"{}\"", divergence)});
    ASSERT_EQ(log.size(), 16u);
    EXPECT_LT(mean_of(log, "loss", 12, 4), 0.5 * mean_of(log, "loss", 0, 2)) << divergence;
    const double share = mean_of(log, "on_policy", 0, 16);
    EXPECT_GT(share, 0.1);
    EXPECT_LT(share, 0.9);
  }
  const auto own = steps(kGkd, {"stage.2.student_share=1", "stage.2.steps=4"});
  EXPECT_EQ(mean_of(own, "on_policy", 0, 4), 1);
  EXPECT_GT(own[0]["completions/mean_length"], 1);
  const auto teachers =
      steps(kGkd, {"stage.2.student_share=0", "stage.2.others=\"teacher\"", "stage.2.steps=4"});
  EXPECT_EQ(mean_of(teachers, "on_policy", 0, 4), 0);
  EXPECT_NE(teachers[0]["loss"], own[0]["loss"]);
  const auto datas = steps(kGkd, {"stage.2.student_share=0", "stage.2.steps=4"});
  EXPECT_FALSE(datas[0].contains("completions/mean_length"));
}

TEST_F(TeacherTest, EverySettingActs) {
  const auto plain_credit = quick_steps(kDistill, {"stage.2.steps=1"});
  for (const char* change : {"teacher.coefficient=0.5", "teacher.discount=0.9"}) {
    const auto changed = quick_steps(kDistill, {fmt::format("stage.2.{}", change), "stage.2.steps=1"});
    EXPECT_EQ(changed[0]["teacher_kl"], plain_credit[0]["teacher_kl"]) << change;
    EXPECT_NE(changed[0]["grad_norm"], plain_credit[0]["grad_norm"]) << change;
  }
  const auto first_loss = [&](std::vector<std::string> overrides) {
    for (std::string& key : overrides) key = "stage.2." + key;
    overrides.emplace_back("stage.2.steps=1");
    return quick_steps(kGkd, overrides)[0]["loss"];
  };
  const auto own = first_loss({"student_share=1"}), datas = first_loss({"student_share=0"});
  EXPECT_NE(own, datas);
  for (const char* change : {"jsd_beta=0.2", "divergence=\"forward\"", "divergence_temperature=2",
                             "sampling.temperature=0.5", "examples_per_step=4"}) {
    EXPECT_NE(first_loss({"student_share=1", change}), own) << change;
  }
  for (const char* change : {"others=\"teacher\"", "divergence_temperature=2", "examples_per_step=4"}) {
    EXPECT_NE(first_loss({"student_share=0", change}), datas) << change;
  }
}

// The teacher is gone, and its most likely tokens are in a file.
TEST_F(TeacherTest, ATeachersMostLikelyTokensAreEnough) {
  (void)steps(kGkd, {"stage.2.steps=1"});
  const fs::path teacher = folder_ / "teacher";
  fs::rename(fs::canonical(folder_ / "run" / "checkpoints" / "01-teacher"), teacher);
  const Tokenizer tokenizer = Tokenizer::load(teacher);
  std::string lines;
  std::istringstream problems(read_file(folder_ / "problems.jsonl"));
  for (std::string line; std::getline(problems, line);) {
    const json problem = json::parse(line);
    auto tokens = tokenizer.encode(problem["solution"].get<std::string>());
    tokens.push_back(tokenizer.ends().front());
    lines += json{{"prompt_token_ids", tokenizer.encode(problem["problem"].get<std::string>())},
                  {"token_ids", tokens},
                  {"text", problem["solution"]}}
                 .dump() +
             "\n";
  }
  write_file_atomically(folder_ / "plain.jsonl", lines);
  Engine engine(Model::load(teacher), {});
  (void)score_file(engine, {.input = folder_ / "plain.jsonl",
                            .output = folder_ / "listed.jsonl",
                            .model = "teacher",
                            .top_tokens = 8});
  const auto listed = [&](const std::string& file, std::vector<std::string> more) {
    for (std::string& key : more) key = "stage.2." + key;
    more.emplace_back("stage.2.teacher.model=\"data\"");
    more.push_back(fmt::format("stage.2.data.files=[\"{}\"]", (folder_ / file).string()));
    return more;
  };
  for (const char* divergence : {"\"forward\"", "\"reverse\"", "\"jsd\""}) {
    const auto log =
        steps(kGkd, listed("listed.jsonl", {"student_share=0", fmt::format("divergence={}", divergence)}));
    ASSERT_EQ(log.size(), 16u);
    EXPECT_LT(mean_of(log, "loss", 12, 4), 0.5 * mean_of(log, "loss", 0, 2)) << divergence;
  }

  const auto refused = [&](const std::string& file, const std::vector<std::string>& more) {
    return refusal(kGkd, listed(file, more));
  };
  EXPECT_EQ(refused("listed.jsonl", {}),
            "r.toml: stage.2: has teacher.model = \"data\", which says nothing of other completions than "
            "the data's; set student_share = 0 and others = \"data\", or name a model");
  EXPECT_EQ(refused("listed.jsonl", {"student_share=0", "data.kinds=[\"sub\"]", "data.count=5"}),
            "r.toml: stage.2: has data.kinds, and a teacher in the data has not read generated problems; "
            "name files of `score --top-tokens` in data.files");
}

TEST_F(TeacherTest, AModelThatCantBeComparedIsRefused) {
  EXPECT_EQ(refusal(kDistill, {"stage.2.sampling.resample_rounds=1"}),
            "r.toml: stage.2: replaces groups with equal rewards, from which a teacher's credit is "
            "learned; leave sampling.resample_rounds out");
  EXPECT_EQ(refusal(kGkd, {"stage.2.teacher.model=\"nowhere\""}),
            "stage.2.teacher.model: there is no model at nowhere; correct it");
  EXPECT_EQ(refusal(kGkd, {"stage.2.teacher.model=\"stage nobody\""}),
            "r.toml: stage.2.teacher.model is \"stage nobody\", which names no stage before it; name one "
            "by its name, as \"stage NAME\"");
  EXPECT_EQ(refusal(kGkd, {"stage.2.sampling.max_response_tokens=255"}),
            (folder_ / "problems.jsonl:1").string() +
                ": a prompt of 2 tokens and 255 of a response exceed the model's context of 256 by 1; lower "
                "sampling.max_response_tokens, or leave the example out");
  (void)quick_steps(kGkd, {"stage.2.steps=1"});
  const fs::path teacher = folder_ / "teacher";
  fs::rename(fs::canonical(folder_ / "run" / "checkpoints" / "01-teacher"), teacher);
  const std::string named = fmt::format("stage.2.teacher.model=\"{}\"", teacher.string());
  EXPECT_EQ(refusal(kGkd, {named, "stage.2.steps=1"}), "no error");

  // Two tokens that have changed places.
  json tokenizer = json::parse(read_file(teacher / "tokenizer.json"));
  json& vocabulary = tokenizer["model"]["vocab"];
  std::swap(vocabulary["0"], vocabulary["1"]);
  write_file_atomically(teacher / "tokenizer.json", tokenizer.dump());
  for (const char* stage : {kGkd, kDistill}) {
    EXPECT_EQ(
        refusal(stage, {named}),
        "stage.2.teacher.model: its token 48 is '1', and the policy's is '0'; models are compared token by "
        "token: name one with the policy's vocabulary");
  }
  std::swap(vocabulary["0"], vocabulary["1"]);
  write_file_atomically(teacher / "tokenizer.json", tokenizer.dump());

  // A context that is too short for what is to be compared.
  json config = json::parse(read_file(teacher / "config.json"));
  config["max_position_embeddings"] = 6;
  write_file_atomically(teacher / "config.json", config.dump());
  EXPECT_EQ(refusal(kGkd, {named, "stage.2.student_share=0", "stage.2.shuffle=false"}),
            fmt::format("stage.2.teacher.model: can't be compared on {}, which has 12 tokens, more than that "
                        "model's context of 6; leave the example out, or name another model",
                        (folder_ / "problems.jsonl:1").string()));
}

}  // namespace
}  // namespace deepscaler

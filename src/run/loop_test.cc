// A whole run on a tiny model: the reward rises, training is exactly on-policy, and a repeated run ends
// in the same weights.
#include "run/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/temporary_folder.h"
#include "engine/engine.h"
#include "generate/score_file.h"
#include "model/model.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kRoot = fs::path(DEEPSCALER_GOLDENS).parent_path().parent_path();

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::current_path(kRoot);  // recipes name files from the top of the tree
  }
  void TearDown() override { set_thread_count(0); }

  static Recipe tiny_recipe(const std::vector<std::string>& overrides = {}) {
    return read_config<Recipe>(kRoot / "recipes" / "tiny.toml", overrides);
  }
  [[nodiscard]] std::vector<json> metrics(const fs::path& run) const {
    std::vector<json> steps;
    std::istringstream lines(read_file(run / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) steps.push_back(json::parse(line));
    return steps;
  }

  TemporaryFolder folder_holder_;
  const fs::path folder_ = folder_holder_.path();
};

double mean_reward(const std::vector<double>& rewards, size_t first, size_t count) {
  double sum = 0;
  for (size_t i = first; i < first + count; ++i) sum += rewards[i];
  return sum / static_cast<double>(count);
}

TEST_F(RunTest, TheRewardOfTheTinyRecipeRises) {
  const auto evaluations = run_recipe(tiny_recipe(), folder_).evaluations;
  ASSERT_EQ(evaluations.size(), 3u);
  std::vector<double> rewards;
  for (const json& step : metrics(folder_)) {
    if (!step.contains("reward")) continue;
    rewards.push_back(step["reward"]);
    EXPECT_GT(step["time/peak_share"], 0);
    if (step.contains("sampling/sampling_logp_difference/max")) {
      EXPECT_EQ(step["sampling/sampling_logp_difference/max"], 0.0) << "step " << step["step"];
    }
  }
  // A step's reward is of 16 problems: only means over many steps tell a rise from chance.
  const size_t fifth = rewards.size() / 5;
  ASSERT_GE(fifth, 20u);
  EXPECT_GT(mean_reward(rewards, rewards.size() - fifth, fifth), mean_reward(rewards, 0, fifth) + 0.05);
  const Interval gain = paired_difference(evaluations[1].report.outcomes(), evaluations[2].report.outcomes());
  EXPECT_GT(gain.low, 0) << "RL's gain on held-out problems is not significant";
}

// A recipe of few and short steps whose RL has a gradient: the model learns to answer with a boxed digit and
// is then sometimes right.
class DigitsTest : public RunTest {
 protected:
  void SetUp() override {
    RunTest::SetUp();
    std::string lines;
    for (int i = 0; i < 8; ++i) {
      const std::string digit = std::to_string(i % 3);
      lines += json{{"id", std::to_string(i)},
                    {"problem", "p" + std::to_string(i)},
                    {"answer", digit},
                    {"solution", "\\boxed{" + digit + "}"}}
                   .dump() +
               "\n";
    }
    write_file_atomically(folder_ / "problems.jsonl", lines);
  }
  [[nodiscard]] Recipe digits_recipe(const std::vector<std::string>& overrides = {}) const {
    const std::string text = fmt::format(R"(
seed = 5
token_budget = 512
model.random = "recipes/tiny-model"
prompt.text = "{{problem}}"
eval = {{max_response_tokens = 12, temperature = 1.0, data.files = ["{0}"]}}
[[stage]]
kind = "sft"
steps = 60
data.files = ["{0}"]
optimizer.lr = 1e-2
[[stage]]
kind = "grpo"
name = "RL"
steps = 4
data.files = ["{0}"]
sampling = {{problems_per_step = 4, samples_per_problem = 4, max_response_tokens = 12}}
loss.mini_batches = 2
optimizer.lr = 1e-3
)",
                                         (folder_ / "problems.jsonl").string());
    Recipe recipe;
    read_config_text(text, "digits.toml", overrides, [&](ConfigSection& s) { bind(s, recipe); });
    return recipe;
  }
  // metrics.jsonl without the clock.
  [[nodiscard]] std::string log(const fs::path& run) const {
    std::string text;
    for (json step : metrics(run)) {
      std::erase_if(step.get_ref<json::object_t&>(),
                    [](const auto& entry) { return entry.first.starts_with("time/"); });
      text += step.dump() + "\n";
    }
    return text;
  }
};

TEST_F(DigitsTest, AHintStandsBelowTheProblemsOfRlAlone) {
  const auto prompts = [&](const char* share) {
    const fs::path run = folder_ / fmt::format("hint-{}", share);
    (void)run_recipe(digits_recipe({"stage.0.steps=1", "stage.1.steps=1",
                                    fmt::format("stage.1.prompt.hint_share={}", share)}),
                     run);
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator(run / "rollouts")) {
      if (entry.is_regular_file()) text += read_file(entry.path());
    }
    return text;
  };
  EXPECT_NE(prompts("1.0").find("p1\\n\\nHint, the beginning of a solution:\\n\\\\boxed{1}"),
            std::string::npos);
  EXPECT_EQ(prompts("0.0").find("Hint"), std::string::npos);
}

// [[stage]] kind "dpo" behind the cold start, on pairs of which the better answer is always 0.
class PairsTest : public DigitsTest {
 protected:
  void SetUp() override {
    DigitsTest::SetUp();
    std::string lines;
    for (int i = 0; i < 8; ++i) {
      lines += json{{"prompt", "p" + std::to_string(i)},
                    {"chosen", "\\boxed{0}"},
                    {"rejected", fmt::format("\\boxed{{{}}}", 1 + i % 2)}}
                   .dump() +
               "\n";
    }
    write_file_atomically(pairs(), lines);
  }
  [[nodiscard]] fs::path pairs() const { return folder_ / "pairs.jsonl"; }
  [[nodiscard]] Recipe pairs_recipe(const std::vector<std::string>& overrides = {}) const {
    const std::string text = fmt::format(R"(
seed = 5
token_budget = 512
model.random = "recipes/tiny-model"
prompt.text = "{{problem}}"
[[stage]]
kind = "sft"
name = "cold start"
steps = 30
data.files = ["{}"]
optimizer.lr = 1e-2
[[stage]]
kind = "dpo"
steps = 12
data.files = ["{}"]
optimizer.lr = 5e-3
)",
                                         (folder_ / "problems.jsonl").string(), pairs().string());
    Recipe recipe;
    read_config_text(text, "pairs.toml", overrides, [&](ConfigSection& s) { bind(s, recipe); });
    validate(recipe, "pairs.toml");
    return recipe;
  }
  [[nodiscard]] std::vector<json> steps(const std::vector<std::string>& overrides = {}) const {
    fs::remove_all(folder_ / "run");
    (void)run_recipe(pairs_recipe(overrides), folder_ / "run");
    std::vector<json> steps;
    for (json& step : metrics(folder_ / "run")) {
      if (step.contains("rewards/margins")) steps.push_back(std::move(step));
    }
    return steps;
  }
};

TEST_F(PairsTest, TheMarginGrowsFromTheReferenceThatTheStageStartsFrom) {
  for (const char* loss : {"sigmoid", "ipo"}) {
    const auto log = steps({fmt::format("stage.1.loss=\"{}\"", loss)});
    ASSERT_EQ(log.size(), 12u);
    EXPECT_EQ(log[0]["rewards/margins"], 0.0) << "the policy is its reference still";
    EXPECT_GT(log[11]["rewards/margins"], 0.1) << loss;
    EXPECT_EQ(log[11]["rewards/accuracies"], 1.0) << loss;
    EXPECT_LT(log[11]["loss"], log[0]["loss"]) << loss;
  }
}

TEST_F(PairsTest, EverySettingActs) {
  const auto plain = steps({"stage.1.steps=2"});
  EXPECT_NEAR(plain[0]["loss"], std::log(2.0), 1e-6);
  for (const char* change : {"reference_beta=0.5", "label_smoothing=0.2", "per_token=true", "shuffle=false",
                             "examples_per_step=4", "reference=\"stage cold start\"", "max_tokens=9"}) {
    const std::string key(change);
    if (key.starts_with("max_tokens")) {
      EXPECT_THROW((void)steps({"stage.1." + key, "stage.1.steps=2"}), Error);
      continue;
    }
    const auto changed = steps({"stage.1." + key, "stage.1.steps=2"});
    const bool same =
        changed[1]["loss"] == plain[1]["loss"] && changed[1]["logps/chosen"] == plain[1]["logps/chosen"];
    // The stage starts from what the cold start ended with: one reference under two names.
    EXPECT_EQ(same, key.starts_with("reference=")) << key;
  }
}

TEST_F(PairsTest, TheReferenceMayBeAModelOrInTheData) {
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

// A teacher that answers with the right digit, and a student of few steps that comes near to it.
class TeacherTest : public DigitsTest {
 protected:
  [[nodiscard]] Recipe teacher_recipe(const std::string& stage,
                                      const std::vector<std::string>& overrides = {}) const {
    const std::string text = fmt::format(R"(
seed = 5
token_budget = 512
model.random = "recipes/tiny-model"
prompt.text = "{{problem}}"
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
                                         (folder_ / "problems.jsonl").string(), stage);
    Recipe recipe;
    read_config_text(text, "teacher.toml", overrides, [&](ConfigSection& s) { bind(s, recipe); });
    validate(recipe, "teacher.toml");
    return recipe;
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
  EXPECT_EQ(
      refused("listed.jsonl", {}),
      "teacher.toml: stage.2: has teacher.model = \"data\", which says nothing of other completions than "
      "the data's; set student_share = 0 and others = \"data\", or name a model");
  EXPECT_EQ(
      refused("listed.jsonl", {"student_share=0", "data.kinds=[\"sub\"]", "data.count=5"}),
      "teacher.toml: stage.2: has data.kinds, and a teacher in the data has not read generated problems; "
      "name files of `score --top-tokens` in data.files");
}

TEST_F(TeacherTest, AModelThatCantBeComparedIsRefused) {
  EXPECT_EQ(refusal(kDistill, {"stage.2.sampling.resample_rounds=1"}),
            "teacher.toml: stage.2: replaces groups with equal rewards, from which a teacher's credit is "
            "learned; leave sampling.resample_rounds out");
  EXPECT_EQ(refusal(kGkd, {"stage.2.teacher.model=\"nowhere\""}),
            "stage.2.teacher.model: there is no model at nowhere; correct it");
  EXPECT_EQ(
      refusal(kGkd, {"stage.2.teacher.model=\"stage nobody\""}),
      "teacher.toml: stage.2.teacher.model is \"stage nobody\", which names no stage before it; name one "
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

TEST_F(DigitsTest, ARepeatedRunEndsInTheSameBitsOnAnyNumberOfThreads) {
  std::vector<std::string> hashes, logs;
  for (int threads : {1, 2, 2}) {
    set_thread_count(threads);
    const fs::path run = folder_ / std::to_string(hashes.size());
    EXPECT_TRUE(run_recipe(digits_recipe(), run).complete);
    hashes.push_back(Model::load(run / "checkpoints" / "02-rl").hash());
    logs.push_back(log(run));
    EXPECT_EQ(read_file(run / "rollouts" / "step-000064.jsonl"),
              read_file(folder_ / "0" / "rollouts" / "step-000064.jsonl"));
    EXPECT_EQ(read_file(run / "eval" / "02-rl.json"), read_file(folder_ / "0" / "eval" / "02-rl.json"));
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[1], hashes[2]);
  EXPECT_EQ(logs[0], logs[1]);
  EXPECT_EQ(logs[1], logs[2]);
  int rl_steps = 0;
  for (const json& step : metrics(folder_ / "0")) {
    if (!step.contains("reward")) continue;
    ++rl_steps;
    EXPECT_GT(step["grad_norm"], 0.0) << "step " << step["step"] << " teaches nothing, so it proves nothing";
  }
  EXPECT_EQ(rl_steps, 4);
}

TEST_F(DigitsTest, EverySettingOfSamplingActsOnRolloutsAndEvaluations) {
  const std::map<std::string_view, std::string> others = {{"temperature", "0.1"},
                                                          {"top_p", "0.2"},
                                                          {"top_k", "2"},
                                                          {"min_p", "0.9"},
                                                          {"repetition_penalty", "50"},
                                                          {"max_response_tokens", "3"}};
  const auto responses = [&](const std::vector<std::string>& overrides) {
    std::vector<std::string> all = {"stage.0.steps=1", "stage.1.steps=1",
                                    "stage.1.sampling.off_policy_sampling=true"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    const TemporaryFolder run;
    (void)run_recipe(digits_recipe(all), run.path());
    std::vector<std::string> texts;
    for (const char* file : {"rollouts/step-000002.jsonl", "eval/00-start.json"})
      texts.push_back(read_file(run / file));
    // The settings stand in a report: what counts here is what it has beside them.
    json report = json::parse(texts[1]);
    report.erase("settings");
    return std::pair(texts[0], report.dump());
  };
  const auto plain = responses({});
  const SamplingConfig settings;
  for_each_setting(settings, [&](std::string_view name, auto) {
    ASSERT_TRUE(others.contains(name)) << name << " is new: give it a value here";
    const auto changed = responses({fmt::format("stage.1.sampling.{}={}", name, others.at(name)),
                                    fmt::format("eval.{}={}", name, others.at(name))});
    EXPECT_NE(changed.first, plain.first) << name << " changes nothing in rollouts";
    EXPECT_NE(changed.second, plain.second) << name << " changes nothing in evaluations";
  });
}

TEST_F(DigitsTest, ProblemsWithoutAnAnswerAreCountedAndSaid) {
  write_file_atomically(folder_ / "problems.jsonl", read_file(folder_ / "problems.jsonl") +
                                                        "{\"problem\": \"p\", \"answer\": null}\n"
                                                        "{\"problem\": \"q\", \"answer\": \"\"}\n");
  testing::internal::CaptureStderr();
  Recipe recipe = digits_recipe({"stage.1.steps=1"});
  recipe.stages.erase(recipe.stages.begin());
  (void)run_recipe(recipe, folder_ / "run");
  const std::string said = testing::internal::GetCapturedStderr();
  for (const char* section : {"stage.0.data", "eval.data"}) {
    EXPECT_NE(
        said.find(fmt::format("warning: {}: 2 of 10 problems have no answer and are left out", section)),
        std::string::npos)
        << said;
  }
}

TEST_F(DigitsTest, AFilesNameDecidesNothing) {
  fs::copy_file(folder_ / "problems.jsonl", folder_ / "countdown.jsonl");
  Recipe recipe = digits_recipe();
  for (StageConfig& stage : recipe.stages) stage.data.files = {folder_ / "countdown.jsonl"};
  recipe.eval.data.files = {folder_ / "countdown.jsonl"};
  const auto evaluations = run_recipe(recipe, folder_ / "run").evaluations;
  ASSERT_EQ(evaluations.size(), 3u);
  EXPECT_EQ(evaluations.back().report.undecided_share(), 0);
  EXPECT_GT(evaluations.back().report.pass_at_1().mean, 0);
}

TEST_F(DigitsTest, ARunWithMoreStepsGoesOnAsIfItHadHadThemFromTheStart) {
  (void)run_recipe(digits_recipe({"stage.1.steps=2"}), folder_ / "grown");
  (void)run_recipe(digits_recipe(), folder_ / "grown");
  (void)run_recipe(digits_recipe(), folder_ / "whole");
  EXPECT_EQ(Model::load(folder_ / "grown/checkpoints/02-rl").hash(),
            Model::load(folder_ / "whole/checkpoints/02-rl").hash());
  const auto grown = metrics(folder_ / "grown"), whole = metrics(folder_ / "whole");
  EXPECT_EQ(grown.size(), whole.size() + 1) << "the evaluation at the old end stays";
  EXPECT_EQ(grown.back()["eval/pass@1"], whole.back()["eval/pass@1"]);
}

TEST_F(DigitsTest, ARunStartsFromAnotherRunsCheckpoint) {
  const Recipe both = digits_recipe({"eval.every=2"});
  EXPECT_EQ(run_recipe(both, folder_ / "both").evaluations.size(), 3u);
  Recipe second = digits_recipe();
  second.model = {.path = folder_ / "both/checkpoints/01-sft"};
  second.stages.erase(second.stages.begin());
  const auto evaluations = run_recipe(second, folder_ / "second").evaluations;
  ASSERT_EQ(evaluations.size(), 2u);
  // It begins where the other run's first stage ended.
  EXPECT_EQ(metrics(folder_ / "second").front()["eval/mean_length"],
            metrics(folder_ / "both")[90]["eval/mean_length"]);
  second.model.path = folder_ / "both/checkpoints/best";
  EXPECT_TRUE(run_recipe(second, folder_ / "third").complete);
}

TEST_F(DigitsTest, AStageEvaluatesAtItsOwnIntervalsAndWithItsOwnSamples) {
  const auto result = run_recipe(
      digits_recipe({"stage.0.eval.at_end=false", "stage.1.eval.every=3", "stage.1.eval.samples=2"}),
      folder_ / "run");
  ASSERT_EQ(result.evaluations.size(), 2u) << "the start, and the end of the second stage";
  EXPECT_EQ(result.evaluations[0].report.settings.config.samples, 1);
  EXPECT_EQ(result.evaluations[1].report.settings.config.samples, 2);
  EXPECT_TRUE(fs::exists(folder_ / "run/eval/step-000063.json"));
}

TEST_F(DigitsTest, APlateauEndsAStageAndItsLastEvaluationIsTheStages) {
  // With a learning rate of 0 every evaluation is the same.
  const auto result = run_recipe(digits_recipe({"eval.every=1", "eval.temperature=0",
                                                "stage.1.optimizer.lr=0", "stage.1.until.plateau=2"}),
                                 folder_ / "run");
  ASSERT_EQ(result.evaluations.size(), 3u);
  EXPECT_EQ(result.evaluations[2].title, "RL");
  EXPECT_EQ(result.step, 63);
  EXPECT_TRUE(fs::exists(folder_ / "run/checkpoints/02-rl/model.safetensors"));
}

// A stage of kind "reward-model" on pairs whose better answer is always 0.
class RewardModelTest : public PairsTest {
 protected:
  [[nodiscard]] Recipe reward_recipe(const std::vector<std::string>& overrides = {}) const {
    std::vector<std::string> all = {"stage.0.steps=3", "stage.1.kind=\"reward-model\"", "stage.1.steps=12"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return pairs_recipe(all);
  }
  [[nodiscard]] std::vector<json> steps(const std::vector<std::string>& overrides = {}) const {
    fs::remove_all(folder_ / "run");
    (void)run_recipe(reward_recipe(overrides), folder_ / "run");
    std::vector<json> steps;
    for (json& step : metrics(folder_ / "run")) {
      if (step.contains("accuracy")) steps.push_back(std::move(step));
    }
    return steps;
  }
  [[nodiscard]] fs::path saved() const { return folder_ / "run/checkpoints/02-reward-model/models/reward"; }
};

TEST_F(RewardModelTest, AccuracyRisesAndTheModelIsSavedAsTransformersNamesIt) {
  const auto log = steps();
  ASSERT_EQ(log.size(), 12u);
  EXPECT_NEAR(log[0]["loss"], std::log(2.0), 0.02) << "scores begin near 0";
  EXPECT_EQ(log[11]["accuracy"], 1.0);
  EXPECT_GT(log[11]["margin"], 0.5);
  EXPECT_EQ(log[11]["ties"], 0.0);
  const Model model = Model::load(saved());
  EXPECT_EQ(model.config().head, HeadKind::kSequenceScore);
  EXPECT_GT(Tokenizer::load(saved()).size(), 0);
  const json config = json::parse(read_file(saved() / "config.json"));
  EXPECT_EQ(config["architectures"], json({"LlamaForSequenceClassification"}));
  EXPECT_GT(config["std"], 0.0);
  // The policy is the cold start's still.
  EXPECT_EQ(Model::load(folder_ / "run/checkpoints/01-cold-start").hash(),
            Model::load(folder_ / "run/checkpoints/02-reward-model").hash());
}

TEST_F(RewardModelTest, EverySettingActs) {
  const auto plain = steps({"stage.1.steps=2"});
  for (const char* change : {"centering=0.5", "model=\"stage cold start\"", "shuffle=false",
                             "examples_per_step=4", "eval_share=0.4"}) {
    const bool same_model = std::string(change).starts_with("model");
    EXPECT_EQ(steps({"stage.1.steps=2", std::string("stage.1.") + change})[1]["loss"] == plain[1]["loss"],
              same_model)
        << change;
  }
  EXPECT_THROW((void)steps({"stage.1.max_tokens=9"}), Error);
}

TEST_F(RewardModelTest, HeldOutPairsAreMeasured) {
  (void)run_recipe(reward_recipe({"stage.1.eval_share=0.4", "eval.every=6"}), folder_ / "run");
  std::vector<json> evaluations;
  for (json& line : metrics(folder_ / "run")) {
    if (line.contains("eval/accuracy")) evaluations.push_back(std::move(line));
  }
  ASSERT_EQ(evaluations.size(), 2u);
  EXPECT_EQ(evaluations[1]["eval/accuracy"], 1.0);
  EXPECT_LT(evaluations[1]["eval/loss"], evaluations[0]["eval/loss"]);
  EXPECT_EQ(evaluations[1]["eval/longer_preferred"], 0.5) << "all answers have one length";
}

TEST_F(RewardModelTest, APointwiseModelTellsGoodAnswersFromBad) {
  std::string lines;
  for (int i = 0; i < 8; ++i) {
    lines += json{{"prompt", "p" + std::to_string(i)},
                  {"completion", fmt::format("\\boxed{{{}}}", i % 2)},
                  {"label", i % 2 == 0}}
                 .dump() +
             "\n";
  }
  write_file_atomically(folder_ / "rated.jsonl", lines);
  const auto log = steps({"stage.1.loss=\"pointwise\"", "stage.1.steps=20",
                          fmt::format("stage.1.data.files=[\"{}\"]", (folder_ / "rated.jsonl").string())});
  EXPECT_EQ(log[19]["accuracy"], 1.0);
  EXPECT_LT(log[19]["loss"], log[0]["loss"]);
  EXPECT_FALSE(log[0].contains("margin"));
}

TEST_F(RewardModelTest, OneThatGoesOnIsTheOneLeftAlone) {
  (void)run_recipe(reward_recipe(), folder_ / "whole");
  for (int64_t last = 4; last < 15; last += 5) {
    (void)run_recipe(reward_recipe({"output.save_every=1"}), folder_ / "parts", {.last_step = last});
  }
  (void)run_recipe(reward_recipe({"output.save_every=1"}), folder_ / "parts");
  const char* file = "checkpoints/02-reward-model/models/reward/model.safetensors";
  EXPECT_EQ(read_file(folder_ / "whole" / file), read_file(folder_ / "parts" / file));
  EXPECT_EQ(log(folder_ / "whole"), log(folder_ / "parts"));
}

// A reward model of two stages before raises its score in the stage that follows.
TEST_F(RewardModelTest, IsARewardOfALaterStage) {
  const std::string text = fmt::format(R"(
seed = 5
token_budget = 512
model.random = "recipes/tiny-model"
prompt.text = "{{problem}}"
[[stage]]
kind = "sft"
name = "cold start"
steps = 60
data.files = ["{0}"]
optimizer.lr = 1e-2
[[stage]]
kind = "reward-model"
name = "scores"
steps = 12
data.files = ["{1}"]
optimizer.lr = 5e-3
[[stage]]
kind = "grpo"
steps = 12
data.files = ["{0}"]
sampling = {{problems_per_step = 4, samples_per_problem = 4, max_response_tokens = 12}}
reward.accuracy = 0.0
optimizer.lr = 1e-3
[[stage.reward.model]]
name = "zeros"
model = "stage scores"
)",
                                       (folder_ / "problems.jsonl").string(), pairs().string());
  const auto recipe_of = [&](const std::vector<std::string>& overrides) {
    Recipe recipe;
    read_config_text(text, "r.toml", overrides, [&](ConfigSection& s) { bind(s, recipe); });
    validate(recipe, "r.toml");
    return recipe;
  };
  (void)run_recipe(recipe_of({}), folder_ / "run");
  std::vector<double> rewards;
  for (const json& step : metrics(folder_ / "run")) {
    if (step.contains("rewards/zeros/mean")) rewards.push_back(step["rewards/zeros/mean"]);
  }
  ASSERT_EQ(rewards.size(), 12u);
  EXPECT_GT(mean_reward(rewards, 9, 3), mean_reward(rewards, 0, 3) + 0.2);
  EXPECT_FALSE(fs::exists(folder_ / "run/checkpoints/03-grpo/models/reward")) << "it is gone with its stage";
  try {
    (void)run_recipe(recipe_of({"stage.2.reward.model.0.model=\"stage cold start\""}), folder_ / "other");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("scores nothing: it is a language model; name a reward model"),
              std::string::npos)
        << error.what();
  }
}

// Stage 1 of the digits by kind "ppo", with a critic.
class PpoRunTest : public DigitsTest {
 protected:
  [[nodiscard]] Recipe ppo_recipe(const std::vector<std::string>& overrides) const {
    std::vector<std::string> all = {"stage.1.kind=\"ppo\"", "stage.1.critic.optimizer.lr=1e-3"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    Recipe recipe = digits_recipe(all);
    validate(recipe, "ppo.toml");
    return recipe;
  }
  [[nodiscard]] std::vector<json> steps(const fs::path& run) const {
    std::vector<json> steps;
    for (json& step : metrics(run)) {
      if (step.contains("critic/vf_loss")) steps.push_back(std::move(step));
    }
    return steps;
  }
};

TEST_F(PpoRunTest, TheCriticsErrorFallsAndARunThatGoesOnIsTheOneLeftAlone) {
  const std::vector<std::string> settings = {"stage.1.steps=8", "stage.1.critic.pretraining_steps=3",
                                             "stage.1.gae.kl_coefficient=0.01", "stage.1.gae.kl_target=0.1",
                                             "output.save_every=1"};
  (void)run_recipe(ppo_recipe(settings), folder_ / "whole");
  const std::vector<json> log_of_critic = steps(folder_ / "whole");
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
  const auto log_of = [&](const char* change) {
    const fs::path run = folder_ / "run";
    fs::remove_all(run);
    std::vector<std::string> overrides = {"stage.0.steps=20", "stage.1.steps=3"};
    if (*change != '\0') overrides.push_back(std::string("stage.1.") + change);
    (void)run_recipe(ppo_recipe(overrides), run);
    return log(run);
  };
  const std::string plain = log_of("");
  for (const char* change :
       {"gae.gamma=0.9", "gae.lambda=0.5", "gae.critic_lambda=0.5", "gae.length_alpha=0.2",
        "gae.whiten=false", "gae.kl_coefficient=0.5", "critic.value_clip=0.001", "critic.warmup_steps=1",
        "critic.pretraining_steps=1", "critic.optimizer.lr=1e-2", "loss.likelihood_coefficient=0.1"}) {
    EXPECT_NE(log_of(change), plain) << change;
  }
  EXPECT_EQ(log_of("critic.model=\"stage sft\""), plain) << "the policy of the stage's start";
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
            "ppo.toml: stage.1: has the divergence from the reference in the loss and in the rewards; leave "
            "loss.kl_coefficient or gae.kl_coefficient out");
  EXPECT_EQ(
      said("stage.1.loss.advantage=\"group-mean\""),
      "ppo.toml: stage.1: sets loss.advantage or loss.uncertainty_sharpness, and ppo's advantages are a "
      "critic's; leave them out; [stage.gae] has their settings");
  EXPECT_EQ(said("stage.1.critic.warmup_steps=4"),
            "ppo.toml: stage.1: lets the critic learn alone for 4 steps and has 4; lower "
            "critic.pretraining_steps or critic.warmup_steps");
  EXPECT_EQ(said("stage.1.critic.model=\"stage x\""),
            "ppo.toml: stage.1.critic.model is \"stage x\", which names no stage before it; name one by its "
            "name, as \"stage NAME\"");
}

TEST_F(RunTest, AFolderInUseIsRefused) {
  write_file_atomically(folder_ / "x", "");
  EXPECT_THROW((void)run_recipe(tiny_recipe(), folder_), Error);
  EXPECT_EQ(read_file(folder_ / "x"), "");
}

}  // namespace
}  // namespace deepscaler

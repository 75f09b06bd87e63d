// One small run is made and kept; each test works on a copy, plants a change there and has it found.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "model/model.h"
#include "run/loop.h"
#include "run/manifest.h"
#include "train/checkpoint.h"
#include "trust/audit.h"
#include "trust/fork.h"
#include "trust/metrics_csv.h"
#include "trust/run_difference.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

const fs::path kRoot = fs::path(DEEPSCALER_GOLDENS).parent_path().parent_path();

// Steps 1 to 20 are of the warm-up, 21 to 24 of reinforcement learning; every fourth has a whole checkpoint.
Recipe small_recipe(const fs::path& folder, const std::vector<std::string>& changes = {}) {
  const std::string text = fmt::format(R"(
seed = 5
token_budget = 512
model.random = "{1}/recipes/tiny-model"
prompt.text = "{{problem}}"
eval = {{max_response_tokens = 4, data.files = ["{0}/problems.jsonl"]}}
output = {{save_every = 100, keep_last = 1, keep_full_every = 4}}
[[stage]]
kind = "sft"
name = "warm up"
steps = 20
data.files = ["{0}/problems.jsonl"]
optimizer.lr = 1e-2
[[stage]]
kind = "grpo"
name = "RL"
steps = 4
data.files = ["{0}/problems.jsonl"]
sampling = {{problems_per_step = 4, samples_per_problem = 4, max_response_tokens = 12}}
optimizer.lr = 1e-3
)",
                                       folder.string(), kRoot.string());
  Recipe recipe;
  read_config_text(text, "small.toml", changes, [&](ConfigSection& s) { bind(s, recipe); });
  return recipe;
}

void copy_run(const fs::path& from, const fs::path& to) {
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

// Changes one line of a JSON Lines file.
void change_line(const fs::path& file, const std::function<bool(const ordered_json&)>& is_it,
                 const std::function<void(ordered_json&)>& change) {
  std::istringstream lines(read_file(file));
  std::string text;
  int changed = 0;
  for (std::string line; std::getline(lines, line);) {
    ordered_json value = ordered_json::parse(line);
    if (is_it(value) && changed++ == 0) change(value);
    text += value.dump() + "\n";
  }
  ASSERT_GE(changed, 1) << "nothing was planted in " << file;
  write_file_atomically(file, text);
}

std::function<bool(const ordered_json&)> training_line(int64_t step) {
  return [step](const ordered_json& line) { return line["step"] == step && line.contains("num_tokens"); };
}

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> texts(const std::vector<RecordDifference>& differences) {
  std::vector<std::string> all;
  for (const RecordDifference& d : differences) all.push_back(difference_text(d));
  return all;
}

bool has_one_with(const std::vector<std::string>& all, const std::string& part) {
  return std::ranges::any_of(all,
                             [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

class TrustTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    made_ = new TemporaryFolder;
    std::string problems;
    for (int i = 0; i < 8; ++i) {
      const std::string digit = std::to_string(i % 3), number = std::to_string(i);
      problems += json{{"id", number},
                       {"problem", "p" + number},
                       {"answer", digit},
                       {"solution", "\\boxed{" + digit + "}"}}
                      .dump() +
                  "\n";
    }
    write_file_atomically(*made_ / "problems.jsonl", problems);
    ASSERT_TRUE(run_recipe(small_recipe(made_->path()), *made_ / "run").complete);
  }
  static void TearDownTestSuite() { delete made_; }
  void SetUp() override { copy_run(*made_ / "run", run_.path); }

  // A rollout of step 22.
  void change_sample(const std::function<void(ordered_json&)>& change) const {
    change_line(
        run_.rollouts(22), [](const ordered_json& line) { return line["sample"] == 2; }, change);
  }
  // One value of the weights in a checkpoint, as somebody might who trains them elsewhere; the file is sound.
  void change_weights(int64_t step) const {
    const fs::path folder = run_.checkpoint(step);
    std::string bytes = read_file(folder / "model.safetensors");
    bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
    write_file_atomically(folder / "model.safetensors", bytes);
  }
  [[nodiscard]] std::string hash_of(int64_t step) const { return Model::load(run_.checkpoint(step)).hash(); }
  [[nodiscard]] std::vector<std::string> audited(int64_t steps = 1000) const {
    return texts(audit_run(run_.path, {.steps = steps}).differences);
  }

  static TemporaryFolder* made_;
  TemporaryFolder folder_;
  const RunLayout run_{folder_ / "copy"};
};

TemporaryFolder* TrustTest::made_ = nullptr;

TEST_F(TrustTest, ARunRecordsTheHashOfItsWeightsAfterEveryStep) {
  const RecordedRun run = read_run(run_.path);
  for (int64_t step = 1; step <= 24; ++step) EXPECT_EQ(recorded_weights(run, step).size(), 16u) << step;
  for (const int64_t step : {4, 12, 20, 24}) EXPECT_EQ(recorded_weights(run, step), hash_of(step));
  EXPECT_NE(recorded_weights(run, 23), recorded_weights(run, 24))
      << "RL has no gradient, so it proves nothing";
  EXPECT_EQ(run_.checkpoint_steps(), (std::vector<int64_t>{4, 8, 12, 16, 20, 24}));
  for (const int64_t step : run_.checkpoint_steps()) EXPECT_TRUE(can_resume(run_.checkpoint(step))) << step;
}

TEST_F(TrustTest, AnAuditOfATrueRunPassesAndTouchesNothing) {
  std::vector<std::pair<fs::path, fs::file_time_type>> before, after;
  const auto list = [&](auto& files) {
    for (const auto& e : fs::recursive_directory_iterator(run_.path)) {
      if (!e.is_symlink()) files.emplace_back(e.path(), e.last_write_time());
    }
    std::ranges::sort(files);
  };
  list(before);
  const Audit all = audit_run(run_.path, {.steps = 1000});
  EXPECT_EQ(audit_text(all),
            "chosen: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24\n"
            "steps 1 to 4, from the start\n"
            "steps 5 to 8, from the checkpoint of step 4\n"
            "steps 9 to 12, from the checkpoint of step 8\n"
            "steps 13 to 16, from the checkpoint of step 12\n"
            "steps 17 to 20, from the checkpoint of step 16\n"
            "steps 21 to 24, from the checkpoint of step 20\n"
            "24 steps computed anew, the weights of 6 checkpoints hashed\n"
            "every record is what the recipe makes: the same bits\n");
  list(after);
  EXPECT_EQ(before, after);
}

TEST_F(TrustTest, AnAuditFindsAManipulatedMetric) {
  change_line(run_.metrics(), training_line(23), [](ordered_json& line) { line["reward"] = 0.9375; });
  const auto found = audited();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].starts_with("step 23, metrics.jsonl, reward: 0.9375 and ")) << found[0];
}

TEST_F(TrustTest, AnAuditFindsAManipulatedReward) {
  change_sample([](ordered_json& line) { line["reward"] = 17; });
  const auto found = audited();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].starts_with("step 22, rollouts/step-000022.jsonl, problem \"")) << found[0];
  EXPECT_NE(found[0].find(", sample 2: reward: 17 and "), std::string::npos) << found[0];
}

TEST_F(TrustTest, AnAuditFindsAManipulatedSample) {
  change_sample([](ordered_json& line) {
    line["text"] = "\\boxed{2}";
    line["token_ids"][1] = 999;
  });
  const auto found = audited();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("sample 2: token_ids[1]: 999 and "), std::string::npos) << found[0];
  fs::remove(run_.rollouts(22));
  EXPECT_EQ(audited(),
            std::vector<std::string>{"step 22, rollouts/step-000022.jsonl, the file: nothing and there"});
}

TEST_F(TrustTest, AnAuditFindsAManipulatedWeight) {
  const std::string recorded = hash_of(12);
  change_weights(12);
  EXPECT_EQ(audited(), std::vector<std::string>{fmt::format(
                           "step 12, checkpoints/step-000012/model.safetensors, weights: {} and {}", recorded,
                           hash_of(12))});
}

// Who changes the weights, the checkpoint's own hash and the step's record is found from the checkpoint
// before.
TEST_F(TrustTest, AnAuditFindsAWeightWhoseHashesWereChangedWithIt) {
  change_weights(12);
  ordered_json state = read_state(run_.checkpoint(12));
  state["model"] = hash_of(12);
  replace_state(run_.checkpoint(12), state);
  change_line(run_.metrics(), training_line(12), [&](ordered_json& line) { line["weights"] = hash_of(12); });
  const Audit audit = audit_run(run_.path, {.steps = 1000});
  const auto found = texts(audit.differences);
  EXPECT_TRUE(has_one_with(found, fmt::format("step 12, metrics.jsonl, weights: \"{}\" and ", hash_of(12))));
  EXPECT_NE(audit_text(audit).find(
                "steps 13 to 16, from the checkpoint of step 12: not computed, its weights are false\n"),
            std::string::npos);
}

TEST_F(TrustTest, AnAuditFindsAManipulatedEvaluationAndAMissingHash) {
  const fs::path file = run_.stage_evaluations().at(1).second;
  ordered_json report = ordered_json::parse(read_file(file));
  report["problems"][3]["samples"][0]["text"] = "of somebody else";
  write_file_atomically(file, report.dump(1));
  change_line(run_.metrics(), training_line(2), [](ordered_json& line) { line.erase("weights"); });
  // A stretch over step 20, after which the evaluation comes.
  fs::remove_all(run_.checkpoint(20));
  const auto found = audited();
  EXPECT_TRUE(has_one_with(
      found, "step 20, eval/01-warm-up.json, problems[3].samples[0].text: \"of somebody else\" and "))
      << fmt::format("{}", found.size());
  EXPECT_TRUE(has_one_with(found, "step 2, metrics.jsonl, weights: nothing and "));
}

TEST_F(TrustTest, AnAuditChoosesStepsBySeedAndWithinTheTime) {
  const RecordedRun run = read_run(run_.path);
  const Audit first = plan_audit(run, {.steps = 5, .seed = 1}),
              again = plan_audit(run, {.steps = 5, .seed = 1});
  EXPECT_EQ(first.chosen.size(), 5u);
  EXPECT_EQ(first.chosen, again.chosen);
  EXPECT_NE(first.chosen, plan_audit(run, {.steps = 5, .seed = 2}).chosen);
  for (int64_t step = 1; step <= 24; ++step) {
    change_line(run_.metrics(), training_line(step), [](ordered_json& line) { line["time/step"] = 60; });
  }
  const RecordedRun slow = read_run(run_.path);
  const Audit two = plan_audit(slow, {.steps = 1000, .seed = 3, .minutes = 2.5});
  int64_t steps = 0;
  for (const AuditedStretch& s : two.stretches) steps += s.to - s.from;
  EXPECT_EQ(steps, 2);
  EXPECT_EQ(
      error_of([&] { (void)plan_audit(slow, {.minutes = 0.1}); }),
      run_.path.string() +
          ": no step can be computed within 0.1 minutes; allow 1.1 minutes; with output.keep_full_every a "
          "run keeps checkpoints to begin from");
}

TEST_F(TrustTest, AnAuditRefusesWhatItCantCompute) {
  EXPECT_EQ(error_of([&] { (void)audit_run(folder_ / "none", {}); }),
            (folder_ / "none").string() +
                ": is no run: it has no config.toml; name a folder that `deepscaler train` wrote");
  Manifest manifest = read_manifest(run_.manifest());
  manifest.program = "0.0.1";
  write_file_atomically(run_.manifest(), manifest_text(manifest));
  EXPECT_EQ(
      error_of([&] { (void)audit_run(run_.path, {}); }),
      fmt::format("{}: can't be audited here, where other bits come out: program: 0.0.1, now {}; use the "
                  "program that made the run",
                  run_.path.string(), DEEPSCALER_VERSION));
  write_file_atomically(run_.metrics(), "");
  EXPECT_EQ(error_of([&] { (void)plan_audit(read_run(run_.path), {}); }),
            run_.path.string() + ": has no steps to audit; wait for the run's first step");
}

TEST_F(TrustTest, AForkWithoutAChangeIsTheSameRun) {
  const fs::path twin = folder_ / "twin";
  const Recipe recipe = fork_run({.run = run_.path, .step = 20, .changes = {}, .output = twin});
  EXPECT_EQ(fs::hard_link_count(run_.checkpoint(20) / "model.safetensors"), 2u);
  EXPECT_TRUE(run_recipe(recipe, twin).complete);
  EXPECT_EQ(run_difference_text(compare_runs(run_.path, twin)),
            "the same settings\nall records to step 24 are the same: the runs differ in time at most\n");
  const Manifest manifest = read_manifest(RunLayout{twin}.manifest());
  ASSERT_TRUE(manifest.forked_from);
  EXPECT_EQ(manifest.forked_from->run, run_.path.string());
  EXPECT_EQ(manifest.forked_from->step, 20);
  EXPECT_EQ(manifest.forked_from->changes, std::vector<std::string>());
}

TEST_F(TrustTest, AForkSharesThePastAndDiffersFromThereOn) {
  const fs::path other = folder_ / "other";
  const std::string before = read_file(run_.metrics());
  const Recipe recipe =
      fork_run({.run = run_.path, .step = 20, .changes = {"stage.1.optimizer.lr=2e-3"}, .output = other});
  EXPECT_TRUE(run_recipe(recipe, other).complete);
  const RunDifference difference = compare_runs(run_.path, other);
  ASSERT_EQ(difference.settings.size(), 1u);
  EXPECT_EQ(difference.settings[0].path, "stage.1.optimizer.lr");
  ASSERT_FALSE(difference.parting.empty());
  EXPECT_EQ(difference.parting[0].step, 21);
  EXPECT_EQ(difference.parting[0].place, "learning_rate");
  EXPECT_EQ(difference.parting.back().place, "weights");
  ASSERT_TRUE(difference.weights);
  EXPECT_EQ(difference.weights->step, 24);
  EXPECT_GT(difference.weights->different, 0);
  EXPECT_GT(difference.weights->greatest, 0);
  EXPECT_EQ(read_file(run_.metrics()), before) << "the run that was forked has changed";
  EXPECT_EQ(audited(), std::vector<std::string>());
  // The fork is a run like others: it can be audited, and gone on with.
  EXPECT_TRUE(audit_run(other, {.steps = 1000}).passed());
  EXPECT_TRUE(run_recipe(recipe, other).complete);
}

TEST_F(TrustTest, AForkAtTheStartIsANewRun) {
  const fs::path other = folder_ / "other";
  const Recipe recipe =
      fork_run({.run = run_.path, .step = 0, .changes = {"seed=6", "stage.0.steps=2"}, .output = other});
  EXPECT_EQ(run_recipe(recipe, other, {.last_step = 2}).step, 2);
  EXPECT_EQ(read_manifest(RunLayout{other}.manifest()).forked_from->changes,
            (std::vector<std::string>{"seed = 6 (was 5)", "stage.0.steps = 2 (was 20)"}));
}

TEST_F(TrustTest, AForkRefusesWhatIsPast) {
  const auto refusal = [&](int64_t step, const std::string& change) {
    return error_of([&] {
      (void)fork_run({.run = run_.path, .step = step, .changes = {change}, .output = folder_ / "new"});
    });
  };
  const std::string run = run_.path.string();
  EXPECT_EQ(refusal(7, "seed=6"),
            run +
                ": has no whole checkpoint of step 7; name 0, the start, or one of 4, 8, 12, "
                "16, 20, 24; output.keep_full_every keeps more");
  EXPECT_EQ(refusal(24, "stage.0.optimizer.lr=1"), run +
                                                       ": stage.0.optimizer.lr has had its effect by step "
                                                       "24; fork at an earlier step, at 0 to begin anew, "
                                                       "or leave the key as it is");
  EXPECT_EQ(refusal(24, "stage.1.optimizer.lr=1e-5"),
            run +
                ": is over after step 24, so nothing would follow in a fork there; fork at an earlier step, "
                "or raise "
                "stage.1.steps");
  EXPECT_NE(refusal(4, "stage.0.optimizr.lr=1"), "");
  EXPECT_FALSE(fs::exists(folder_ / "new"));
  EXPECT_EQ(
      error_of([&] { (void)fork_run({.run = run_.path, .step = 4, .changes = {}, .output = run_.path}); }),
      fmt::format("{0}: is a run already; `deepscaler train {0}/config.toml --output {0}` goes on with it; "
                  "else choose another --output",
                  run));
}

TEST_F(TrustTest, ADiffNamesTheFirstTokenAndTheFirstTensor) {
  const fs::path other = folder_ / "other";
  copy_run(run_.path, other);
  change_sample([](ordered_json& line) { line["token_ids"][0] = 999; });
  change_weights(24);
  const RunDifference difference = compare_runs(run_.path, other);
  ASSERT_EQ(difference.parting.size(), 1u);
  EXPECT_EQ(difference.parting[0].step, 22);
  EXPECT_TRUE(difference.parting[0].place.ends_with("sample 2: token_ids[0]")) << difference.parting[0].place;
  ASSERT_TRUE(difference.weights);
  EXPECT_EQ(difference.weights->different, 1);
  EXPECT_EQ(difference.weights->first, difference.weights->most);
  const std::string text = run_difference_text(difference);
  EXPECT_NE(text.find("the runs part in step 22; all records before it are the same\n  step 22, rollouts/"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("weights after step 24: 1 of "), std::string::npos) << text;
}

TEST_F(TrustTest, ATableOfMetricsHasEveryLine) {
  write_file_atomically(run_.metrics(),
                        "{\"step\":0,\"eval/pass@1\":0.25}\n{\"step\":1,\"loss\":null,\"num_tokens\":3,"
                        "\"rewards/a,b/mean\":1e-7,\"weights\":\"0123\"}\n{\"step\":2,\"loss\"");
  EXPECT_EQ(
      metrics_csv(read_run(run_.path)),
      "step,eval/pass@1,loss,num_tokens,\"rewards/a,b/mean\",weights\r\n0,0.25,,,,\r\n1,,,3,1e-07,0123\r\n");
}

}  // namespace
}  // namespace deepscaler

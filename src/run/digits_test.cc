#include "run/digits_test.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/config.h"
#include "base/file.h"
#include "base/parallel.h"
#include "run/recipe_paths.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kHead = R"(
seed = 5
token_budget = 512
model.random = "recipes/tiny-model"
prompt.text = "{problem}"
)";

fs::path root() { return fs::path(DEEPSCALER_GOLDENS).parent_path().parent_path(); }

}  // namespace

// Recipes name files from the top of the tree.
void RunTest::SetUp() { fs::current_path(root()); }

void RunTest::TearDown() { set_thread_count(0); }

Recipe RunTest::tiny_recipe(const std::vector<std::string>& overrides) {
  const fs::path file = root() / "recipes" / "tiny.toml";
  auto recipe = read_config<Recipe>(file, overrides);
  find_files(recipe, file);
  return recipe;
}

Recipe RunTest::recipe_of(const std::string& stages, const std::vector<std::string>& overrides) {
  Recipe recipe;
  read_config_text(kHead + stages, "r.toml", overrides, [&](ConfigSection& s) { bind(s, recipe); });
  validate(recipe, "r.toml");
  return recipe;
}

std::vector<json> RunTest::metrics(const fs::path& run) {
  std::vector<json> steps;
  std::istringstream lines(read_file(run / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) steps.push_back(json::parse(line));
  return steps;
}

std::vector<json> RunTest::steps_with(const char* figure, const fs::path& run) {
  std::vector<json> steps = metrics(run);
  std::erase_if(steps, [&](const json& step) { return !step.contains(figure); });
  return steps;
}

std::string RunTest::log(const fs::path& run) {
  std::string text;
  for (json step : metrics(run)) {
    std::erase_if(step.get_ref<json::object_t&>(),
                  [](const auto& entry) { return entry.first.starts_with("time/"); });
    text += step.dump() + "\n";
  }
  return text;
}

double mean_reward(const std::vector<double>& rewards, size_t first, size_t count) {
  double sum = 0;
  for (size_t i = first; i < first + count; ++i) sum += rewards[i];
  return sum / static_cast<double>(count);
}

void DigitsTest::SetUp() {
  RunTest::SetUp();
  std::string lines;
  for (int i = 0; i < 8; ++i) {
    const std::string digit = std::to_string(i % 3);
    const json problem = {{"id", std::to_string(i)},
                          {"problem", "p" + std::to_string(i)},
                          {"answer", digit},
                          {"solution", "\\boxed{" + digit + "}"}};
    lines += problem.dump() + "\n";
  }
  write_file_atomically(problems(), lines);
}

Recipe DigitsTest::digits_recipe(const std::vector<std::string>& overrides) const {
  return recipe_of(fmt::format(R"(
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
                               problems().string()),
                   overrides);
}

void PairsTest::SetUp() {
  DigitsTest::SetUp();
  std::string lines;
  for (int i = 0; i < 8; ++i) {
    const json pair = {{"prompt", "p" + std::to_string(i)},
                       {"chosen", "\\boxed{0}"},
                       {"rejected", fmt::format("\\boxed{{{}}}", 1 + i % 2)}};
    lines += pair.dump() + "\n";
  }
  write_file_atomically(pairs(), lines);
}

Recipe PairsTest::pairs_recipe(const std::vector<std::string>& overrides) const {
  return recipe_of(fmt::format(R"(
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
                               problems().string(), pairs().string()),
                   overrides);
}

}  // namespace deepscaler

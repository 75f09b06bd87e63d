// What tests of whole runs share: short recipes on the tiny model, and what their runs leave.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "run/loop.h"

namespace deepscaler {

class RunTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // recipes/tiny.toml.
  static Recipe tiny_recipe(const std::vector<std::string>& overrides = {});
  // A recipe of these stages on the tiny model. Throws Error for one that can't run.
  [[nodiscard]] static Recipe recipe_of(const std::string& stages, const std::vector<std::string>& overrides);

  // The lines of a run's metrics.jsonl; those that have this figure; and all as text without the clock.
  [[nodiscard]] static std::vector<nlohmann::json> metrics(const std::filesystem::path& run);
  [[nodiscard]] static std::vector<nlohmann::json> steps_with(const char* figure,
                                                              const std::filesystem::path& run);
  [[nodiscard]] static std::string log(const std::filesystem::path& run);

  TemporaryFolder folder_holder_;
  const std::filesystem::path folder_ = folder_holder_.path();
};

// The mean of rewards [first, first + count).
[[nodiscard]] double mean_reward(const std::vector<double>& rewards, size_t first, size_t count);

// A recipe of few and short steps whose RL has a gradient: the model learns to answer with a boxed digit and
// is then sometimes right.
class DigitsTest : public RunTest {
 protected:
  void SetUp() override;
  [[nodiscard]] std::filesystem::path problems() const { return folder_ / "problems.jsonl"; }
  [[nodiscard]] Recipe digits_recipe(const std::vector<std::string>& overrides = {}) const;
};

// [[stage]] kind "dpo" behind the cold start, on pairs of which the better answer is always 0.
class PairsTest : public DigitsTest {
 protected:
  void SetUp() override;
  [[nodiscard]] std::filesystem::path pairs() const { return folder_ / "pairs.jsonl"; }
  [[nodiscard]] Recipe pairs_recipe(const std::vector<std::string>& overrides = {}) const;
};

}  // namespace deepscaler

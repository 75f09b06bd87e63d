#include "engine/scorer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

std::vector<float> head_of(const Model& model) {
  const int index = model.table().scalar_head();
  Matrix row(1, model.config().hidden);
  model.read(index, row.view());
  return {row.data(), row.data() + row.size()};
}

TEST(Scorer, HasTheLayersOfTheLanguageModelAndAHeadOfTheSeed) {
  const Model language = Model::load(fs::path(DEEPSCALER_GOLDENS) / "models" / "llama");
  const Model scorer = make_scorer(language, 1);
  EXPECT_EQ(scorer.config().head, HeadKind::kSequenceScore);
  double squares = 0;
  for (const float w : head_of(scorer)) squares += static_cast<double>(w) * w;
  const auto width = static_cast<double>(scorer.config().hidden);
  EXPECT_NEAR(std::sqrt(squares / width), 1 / (width + 1), 0.3 / (width + 1));
  EXPECT_EQ(make_scorer(language, 1).hash(), scorer.hash());
  EXPECT_NE(make_scorer(language, 2).hash(), scorer.hash());
  // A head that is there is taken over.
  EXPECT_EQ(make_scorer(scorer, 2).hash(), scorer.hash());
}

// A critic that begins with a process reward model is saved as a critic.
TEST(Scorer, IsSavedAsWhatItIsNow) {
  const Model scorer = Model::load(fs::path(DEEPSCALER_GOLDENS) / "heads" / "llama");
  for (const auto& [head, name] : {std::pair(HeadKind::kTokenScore, "LlamaForTokenClassification"),
                                   {HeadKind::kSequenceScore, "LlamaForSequenceClassification"}}) {
    const TemporaryFolder folder;
    save_hf_model(make_scorer(make_scorer(scorer, 1, HeadKind::kTokenScore), 1, head), folder.path());
    const auto config = nlohmann::json::parse(read_file(folder / "config.json"));
    EXPECT_EQ(config["architectures"], nlohmann::json({name}));
    EXPECT_EQ(head_of(Model::load(folder.path())), head_of(scorer))
        << "the numbers are those that were there";
  }
}

TEST(Scorer, ItsScaleStandsInItsConfig) {
  const TemporaryFolder folder;
  save_hf_model(Model::load(fs::path(DEEPSCALER_GOLDENS) / "heads" / "llama"), folder.path());
  EXPECT_FALSE(read_score_scale(folder.path()).has_value());
  write_score_scale(folder.path(), {.mean = 3, .std = 2.160246899469287});
  const auto scale = read_score_scale(folder.path());
  ASSERT_TRUE(scale.has_value());
  EXPECT_NEAR(scale->normalized(6), 1.3887301496588271, 1e-15);
  EXPECT_TRUE(Model::load(folder.path()).config().unknown_keys.empty());
}

}  // namespace
}  // namespace deepscaler

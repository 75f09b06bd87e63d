#include "train/sft.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/config.h"
#include "base/error.h"
#include "model/model.h"

namespace deepscaler {
namespace {

Demonstration demonstration(const std::string& id, std::vector<uint8_t> in_loss) {
  Demonstration d{.where = id, .id = id, .tokens = {}, .in_loss = std::move(in_loss)};
  for (size_t i = 0; i < d.in_loss.size(); ++i) d.tokens.push_back(static_cast<int32_t>(3 + i * 5 % 50));
  return d;
}

std::vector<Demonstration> of_lengths(const std::vector<size_t>& lengths) {
  std::vector<Demonstration> demonstrations;
  for (size_t length : lengths) {
    std::vector<uint8_t> in_loss(length, 1);
    in_loss[0] = in_loss[1] = 0;
    demonstrations.push_back(demonstration(fmt::format("a.jsonl:{}", demonstrations.size() + 1), in_loss));
  }
  return demonstrations;
}

std::string message(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LimitLengths, SkipsTruncatesOrRefusesAndCounts) {
  auto all = of_lengths({5, 9, 4, 12});
  LengthCounts counts = limit_lengths(all, 5, TooLong::kSkip);
  EXPECT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].where, "a.jsonl:3");
  EXPECT_EQ(counts.longer, 2);
  EXPECT_EQ(counts.truncated, 0);
  EXPECT_EQ(counts.longest, 12);

  all = of_lengths({5, 9, 4, 12});
  all[3].in_loss = {0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1};
  all.push_back(demonstration("prompt too long", {0, 0, 0, 0, 0, 0, 1}));
  counts = limit_lengths(all, 5, TooLong::kTruncate);
  EXPECT_EQ(counts.longer, 3);
  EXPECT_EQ(counts.truncated, 2);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].tokens.size(), 5u);
  EXPECT_EQ(all[3].tokens.size(), 3u) << "what has no loss at the end is never read";

  all = of_lengths({5, 9});
  EXPECT_EQ(
      message([&] { limit_lengths(all, 5, TooLong::kRefuse); }),
      "a.jsonl:2: it has 9 tokens, more than max_tokens = 5; raise max_tokens, or set too_long to \"skip\" "
      "or \"truncate\"");
  all = of_lengths({8, 9});
  EXPECT_EQ(message([&] { limit_lengths(all, 5, TooLong::kSkip); }),
            "data: all 2 examples are longer than max_tokens = 5; raise it; the longest has 9 tokens");
}

TEST(SplitOff, DependsOnEachExampleAlone) {
  std::vector<size_t> lengths(200, 4);
  auto all = of_lengths(lengths), more = of_lengths(lengths);
  std::reverse(more.begin(), more.end());
  more.push_back(demonstration("another", {0, 1}));
  const auto held_out = split_off(all, 0.2, 7), of_more = split_off(more, 0.2, 7);
  EXPECT_EQ(all.size() + held_out.size(), 200u);
  EXPECT_GT(held_out.size(), 20u);
  EXPECT_LT(held_out.size(), 60u);
  std::set<std::string> ids;
  for (const auto& d : of_more) ids.insert(d.id);
  for (const auto& d : held_out) EXPECT_TRUE(ids.contains(d.id)) << d.id;
  for (const auto& d : all) EXPECT_FALSE(ids.contains(d.id)) << d.id;

  auto one = of_lengths({4});
  EXPECT_EQ(
      message([&] { (void)split_off(one, 0.001, 7); }),
      "eval_share: holding out 0.001 of 1 examples leaves none to evaluate on; choose another share, or "
      "name eval_files");
}

TEST(SftConfig, EitherStepsOrEpochs) {
  const auto attempt = [](const std::string& text) {
    return message([&] {
      SftConfig config;
      read_config_text(text, "r.toml", {}, [&](ConfigSection& section) { bind(section, config); });
    });
  };
  EXPECT_EQ(attempt("steps = 3"), "no error");
  EXPECT_EQ(attempt("epochs = 1.5"), "no error");
  EXPECT_EQ(attempt("steps = 3\nepochs = 1"),
            "r.toml:1: \"steps\" or \"epochs\": exactly one must be set; set one of them");
  EXPECT_EQ(attempt("shuffle = false"),
            "r.toml:1: \"steps\" or \"epochs\": exactly one must be set; set one of them");
}

// Two turns with a loss in one sequence: the same as two sequences, each ending with one of the turns.
TEST(TokenGroupOfADemonstration, TurnsBetweenLearnedOnesAreOnlyRead) {
  const Model model = Model::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / "llama");
  const Demonstration both = demonstration("both", {0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1});
  Demonstration first = demonstration("first", {0, 0, 0, 1, 1}), second = both;
  second.in_loss = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1};
  const auto gradients = [&](const std::vector<Demonstration>& demonstrations) {
    TrainStep step(model, {});
    NegativeLogLikelihood loss(5);
    std::vector<TokenGroup> groups;
    for (const Demonstration& d : demonstrations) groups.push_back(token_group(d));
    LmHead head(loss, 1);
    step.accumulate(groups, head);
    return std::pair(loss.loss(), std::vector<float>(step.gradients().begin(), step.gradients().end()));
  };
  EXPECT_EQ(token_group(both).prompt.size(), 3u);
  EXPECT_EQ(token_group(second).prompt.size(), 8u);
  const auto [loss, gradient] = gradients({both});
  const auto [expected_loss, expected] = gradients({first, second});
  EXPECT_NEAR(loss, expected_loss, 1e-6 * expected_loss);
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(gradient[i]) - expected[i], 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  EXPECT_LT(std::sqrt(difference / norm), 1e-5);

  TrainStep step(model, {.token_budget = 16});
  EXPECT_NEAR(mean_loss(std::vector{first, second}, [&](auto groups) { return step.score(groups, 1); }), loss,
              1e-6 * loss);
}

}  // namespace
}  // namespace deepscaler

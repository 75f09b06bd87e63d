#include "cost/machine.h"

#include <gtest/gtest.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "cost/stage_cost.h"

namespace deepscaler {
namespace {

Machine round_machine() { return {.flops_f32 = 1e9, .flops_bf16 = 4e9, .bandwidth = 1e8, .efficiency = 1}; }

// 2 layers of 8 * (2 * 8 + 2 * 4 + 3 * 16) = 576 weights each; a head of 8 * 32.
ModelConfig small_model() {
  ModelConfig model = {.vocabulary = 32, .hidden = 8, .feed_forward = 16, .layers = 2};
  model.attention = {.heads = 2, .kv_heads = 1, .head_dim = 4};
  model.tied_embeddings = true;
  return model;
}

TEST(Machine, PassesTakeTheLongerOfArithmeticAndTraffic) {
  const PassTimes times = roofline_times(round_machine(), small_model(), {}, 1);
  const double traffic = 2 * 576 * 4 / 1e8, a_row = 2 * 2 * 576 / 1e9;
  EXPECT_DOUBLE_EQ(times.generation.layers.at(1), traffic);
  EXPECT_DOUBLE_EQ(times.generation.layers.at(1000), 1000 * a_row);
  EXPECT_DOUBLE_EQ(times.generation.head.at(1), 8 * 32 * 4 / 1e8);
  EXPECT_DOUBLE_EQ(times.training.layers.at(1000), 3 * 1000 * a_row);
  // A key and a value of 4 numbers in each layer: 64 bytes; 64 FLOP.
  EXPECT_DOUBLE_EQ(times.generation.key_s, 64 / 1e8);
  EXPECT_DOUBLE_EQ(times.scoring.key_s, 64 / 1e9);
}

TEST(Machine, EfficiencyAndPrecisionChangeTheRates) {
  const PassTimes f32 = roofline_times(round_machine(), small_model(), {}, 1);
  const PassTimes half = roofline_times(round_machine(), small_model(), {}, 0.5);
  const PassTimes bf16 = roofline_times(round_machine(), small_model(), {.bf16 = true}, 1);
  const PassTimes again = roofline_times(round_machine(), small_model(), {.recomputes = true}, 1);
  EXPECT_DOUBLE_EQ(half.generation.layers.at(500), 2 * f32.generation.layers.at(500));
  EXPECT_DOUBLE_EQ(half.update_s, 2 * f32.update_s);
  EXPECT_DOUBLE_EQ(4 * bf16.generation.layers.at(1000), f32.generation.layers.at(1000));
  EXPECT_DOUBLE_EQ(2 * bf16.generation.layers.at(1), f32.generation.layers.at(1));
  EXPECT_DOUBLE_EQ(3 * again.training.layers.at(1000), 4 * f32.training.layers.at(1000));
}

std::string message_of(const auto& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Machine, AFileIsReadAndCheckedAndANameMayBeUnknown) {
  const TemporaryFolder folder;
  const std::string text =
      "name = \"m\"\nflops_f32 = 1e12\nflops_bf16 = 2e12\nbandwidth = 1e11\nmemory_gib = 8\n"
      "efficiency_low = 0.2\nefficiency = 0.4\nefficiency_high = 0.5\nwatts = 100\n"
      "[network]\ninside.bandwidth = 1e10\nbetween.bandwidth = 1e9\n";
  write_file_atomically(folder / "m.toml", text);
  EXPECT_EQ(read_machine((folder / "m.toml").string()).network.between.bytes_per_s, 1e9);
  write_file_atomically(folder / "bad.toml", text + "[extra]\n");
  EXPECT_NE(message_of([&] { (void)read_machine((folder / "bad.toml").string()); }), "");
  EXPECT_EQ(message_of([] { (void)read_machine("abacus"); }),
            "abacus: is no machine that comes with the program; name one of machines/, or a file that ends "
            "in .toml");
}

TEST(StageCost, IsTheStepsAndTheEvaluations) {
  RankTimes ranks;
  ranks.passes.generation.layers = RowTimes({{1, 1}, {1000, 1}});  // a second a pass
  ranks.passes.update_s = 5;
  ranks.passes.step_s = 2;
  StageWork work = {
      .steps = 36, .groups = 4, .samples = 2, .limit = 100, .evaluations = 2, .eval_problems = 3};
  work.eval_limit = 50;
  work.lengths = {LengthModel::constant(1000), 1};
  const StageCost cost = cost_of(work, ranks);
  EXPECT_NEAR(cost.generate, 36 * 100 / 3600.0, 1e-9);
  EXPECT_NEAR(cost.train, 36 * 5 / 3600.0, 1e-9);
  EXPECT_NEAR(cost.other, 36 * 2 / 3600.0, 1e-9);
  EXPECT_NEAR(cost.evaluate, 2 * 50 / 3600.0, 1e-9);
  EXPECT_NEAR(cost.tokens, 36 * 8 * 100, 1e-6);
  EXPECT_NEAR(cost.total(), 1 + 0.05 + 0.02 + 100 / 3600.0, 1e-9);
}

}  // namespace
}  // namespace deepscaler

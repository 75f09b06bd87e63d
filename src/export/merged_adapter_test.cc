// Merged adapters, beside the products that they stand for.
#include "export/merged_adapter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/rng.h"

namespace deepscaler {
namespace {

const std::filesystem::path kGoldens = DEEPSCALER_GOLDENS;

Matrix rows_of(const Model& model, int index) {
  Matrix rows(model.table()[index].rows, model.table()[index].cols);
  model.read(index, rows.view());
  return rows;
}

TEST(MergedAdapter, IsTheBasePlusTheScaledProduct) {
  for (const char* name : {"llama", "qwen2", "qwen3"}) {
    const Model adapted = Model::load(kGoldens / "lora" / name), merged = merged_model(adapted);
    const ParameterTable& table = adapted.table();
    int changed = 0;
    for (size_t i = 0; i < merged.table().all().size(); ++i) {
      const int index = static_cast<int>(i);
      const Matrix before = rows_of(*adapted.base(), index), after = rows_of(merged, index);
      std::string module = table[index].name;
      const bool is_weight = module.ends_with(".weight");
      module.resize(module.rfind('.'));
      int a = -1;
      for (size_t k = 0; is_weight && k < table.all().size(); ++k) {
        if (table.all()[k].name == module + ".lora_A.weight") a = static_cast<int>(k);
      }
      if (a < 0) {
        EXPECT_TRUE(std::equal(before.data(), before.data() + before.size(), after.data())) << module;
        continue;
      }
      ++changed;
      const Matrix first = rows_of(adapted, a), second = rows_of(adapted, a + 1);
      for (int64_t r = 0; r < before.rows(); ++r) {
        for (int64_t c = 0; c < before.cols(); ++c) {
          double change = 0;
          for (int64_t k = 0; k < first.rows(); ++k)
            change += static_cast<double>(second.row(r)[k]) * first.row(k)[c];
          ASSERT_NEAR(after.row(r)[c], before.row(r)[c] + adapted.lora().scale() * change, 1e-6) << module;
        }
      }
    }
    EXPECT_EQ(changed, 2 * static_cast<int>(adapted.lora().targets.size())) << name;
  }
}

// Weights of N(0, 0.02^2) in bf16 and a change of about 1e-5, as after a short training: what is known of
// such merges is that 88 % of the weights stay and the change is off by 90 %.
TEST(MergedAdapter, SaysWhatANarrowTypeLoses) {
  Model base = Model::load(kGoldens / "models" / "qwen3");
  randomize(base, 1, 0.02f);
  {
    const WeightEdit weights = base.edit_weights();
    for (int64_t i = 0; i < base.table().size(); ++i) weights[i] = bf16_to_f32(f32_to_bf16(weights[i]));
  }
  Model adapted = Model::adapt(std::move(base), {.rank = 4, .alpha = 4}, 1);
  EXPECT_EQ(merge_loss(adapted, DType::kBF16).unchanged, 1) << "a new adapter changes nothing";
  {
    const WeightEdit weights = adapted.edit_weights();
    const Rng rng(3, {});
    for (int64_t i = 0; i < adapted.table().trainable_size(); ++i) weights[i] = 0.00224f * rng.normal(i);
  }
  const MergeLoss loss = merge_loss(adapted, DType::kBF16);
  EXPECT_NEAR(loss.unchanged, 0.88, 0.03);
  EXPECT_NEAR(loss.error, 0.9, 0.1);
  const MergeLoss finer = merge_loss(adapted, DType::kF16);
  EXPECT_LT(finer.unchanged, loss.unchanged);
  EXPECT_LT(finer.error, loss.error);
}

}  // namespace
}  // namespace deepscaler

// The plan of memory against what a training step holds.
#include <gtest/gtest.h>
#include <malloc.h>

#include <filesystem>

#include "base/parallel.h"
#include "model/memory_plan.h"
#include "model/model.h"
#include "train/optimizers/adamw.h"
#include "train/sft.h"
#include "train/step.h"

namespace deepscaler {
namespace {

int64_t held_bytes() {
  const auto info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

class StepMemoryTest : public testing::TestWithParam<const char*> {
 protected:
  // Another thread may take no task in the first pass, and its memory in the one that counts.
  void SetUp() override { set_thread_count(1); }
  void TearDown() override { set_thread_count(0); }
};
INSTANTIATE_TEST_SUITE_P(Models, StepMemoryTest, testing::Values("llama", "qwen3"));

constexpr int64_t kRows = 500;

// Bytes that a model, its optimizer and a training step hold after one pass.
int64_t measured(const std::filesystem::path& path, ComputeType type, Recompute recompute) {
  const int64_t before = held_bytes();
  Model model = Model::load(path);
  model.compute_in(type);
  AdamW optimizer(model.table());
  TrainStep step(model, {.token_budget = kRows, .recompute = recompute});
  std::vector<int32_t> text(kRows + 1, 7);
  const std::vector<TokenGroup> groups = {{std::span(text).first(1), {std::span(text).subspan(1)}}};
  NegativeLogLikelihood loss(kRows);
  LmHead head(loss, 1);
  step.accumulate(groups, head);
  return held_bytes() - before;
}

TEST_P(StepMemoryTest, ThePlanIsWhatAStepHolds) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "mallinfo knows nothing of the sanitizer's allocator";
#endif
  const std::filesystem::path path = std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / GetParam();
  for (const ComputeType type : {ComputeType::kF32, ComputeType::kBf16}) {
    // Threads keep the memory in which products pack panels or round factors: a first pass takes it.
    (void)measured(path, type, Recompute::kNone);
    for (const Recompute recompute : {Recompute::kNone, Recompute::kLayer}) {
      const auto held = static_cast<double>(measured(path, type, recompute));
      Model model = Model::load(path);
      model.compute_in(type);
      const MemoryPlan plan = plan_memory(
          model.config(), {.bf16 = type == ComputeType::kBf16},
          {.rows = kRows,
           .keep = recompute == Recompute::kNone ? Activations::Keep::kAllLayers : Activations::Keep::kInputs,
           .optimizer_bytes = adamw_memory(model.table())},
          {});
      int64_t planned = plan.total();
      for (const MemoryPart& part : plan.parts) {
        // What the step gives back, and what the threads kept.
        if (part.name == "backward pass" || part.name == "factors in bf16") planned -= part.bytes;
      }
      EXPECT_NEAR(static_cast<double>(planned), held, 0.1 * held) << compute_type_name(type);
    }
  }
}

}  // namespace
}  // namespace deepscaler

// Checkpoints: what is saved comes back bit for bit, and a save that fails leaves nothing.
#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"
#include "track/run_layout.h"
#include "train/optimizers/adamw.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

class CheckpointTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { randomize(model_, 5, 0.1f); }

  // An update with gradients from N(0, 1), where parameters are.
  void update(AdamW& optimizer, Model& model, uint64_t seed) const {
    Model gradients(model.config());
    randomize(gradients, seed, 1);
    (void)optimizer.step({}, 1e-3f, {gradients.weights(), static_cast<size_t>(model.table().size())},
                         model.edit_weights().data());
  }
  void save(const fs::path& folder, const AdamW& optimizer) const {
    save_checkpoint(folder, {.model = model_,
                             .tokenizer = tokenizer_,
                             .state = {{"step", 3}},
                             .save_training = [&](const fs::path& path) {
                               optimizer.save(CheckpointLayout{path}.optimizer());
                             }});
  }

  const TemporaryFolder folder_;
  Model model_{read_hf_config(fs::path(DEEPSCALER_GOLDENS) / "models" / GetParam())};
  const Tokenizer tokenizer_ = byte_tokenizer();
};

INSTANTIATE_TEST_SUITE_P(Models, CheckpointTest, testing::Values("llama", "llama3", "qwen2", "qwen3"));

TEST_P(CheckpointTest, TrainingGoesOnInTheSameBits) {
  AdamW optimizer(model_.table());
  for (uint64_t i = 0; i < 3; ++i) update(optimizer, model_, i);
  save(folder_ / "c", optimizer);
  Model model = Model::load(folder_ / "c");
  EXPECT_EQ(model.hash(), model_.hash());
  EXPECT_EQ(hf_config_json(model.config(), DType::kF32), hf_config_json(model_.config(), DType::kF32));
  EXPECT_EQ(model.config().rope_frequencies(), model_.config().rope_frequencies());
  EXPECT_EQ(model.config().norm_eps, model_.config().norm_eps);
  AdamW resumed(model.table());
  resumed.load(CheckpointLayout{folder_ / "c"}.optimizer());
  EXPECT_EQ(resumed.steps(), 3);
  update(optimizer, model_, 3);
  update(resumed, model, 3);
  EXPECT_EQ(model.hash(), model_.hash());

  AdamW fresh(model.table());
  Model other = Model::load(folder_ / "c");
  update(fresh, other, 3);
  EXPECT_NE(other.hash(), model_.hash()) << "the moments must matter";
  resumed.reset();
  Model after_reset = Model::load(folder_ / "c");
  update(resumed, after_reset, 3);
  EXPECT_EQ(after_reset.hash(), other.hash());
}

using SavedCheckpointTest = CheckpointTest;
INSTANTIATE_TEST_SUITE_P(Llama, SavedCheckpointTest, testing::Values("llama"));

TEST_P(SavedCheckpointTest, IsThereWholeOrNotAtAll) {
  const AdamW optimizer(model_.table());
  EXPECT_FALSE(can_resume(folder_ / "c"));
  const auto failing = [&] {
    save_checkpoint(
        folder_ / "c",
        {.model = model_, .tokenizer = tokenizer_, .state = {}, .save_training = [](const fs::path&) {
           throw Error("x", "disk full", "y");
         }});
  };
  EXPECT_THROW(failing(), Error);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
  save(folder_ / "c", optimizer);
  EXPECT_TRUE(can_resume(folder_ / "c"));
  EXPECT_EQ(read_state(folder_ / "c")["step"], 3);
  replace_state(folder_ / "c", {{"step", 4}});
  EXPECT_EQ(read_state(folder_ / "c")["step"], 4);

  fs::create_directories(folder_ / "d.tmp");
  remove_unfinished(folder_.path());
  EXPECT_FALSE(fs::exists(folder_ / "d.tmp"));
  reduce_to_model(folder_ / "c");
  EXPECT_FALSE(can_resume(folder_ / "c"));
  EXPECT_FALSE(fs::exists(folder_ / "c" / "optimizer.safetensors"));
  EXPECT_EQ(Model::load(folder_ / "c").hash(), model_.hash());
  remove_checkpoint(folder_ / "c");
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

// A critic or a reward model is what a stage has made; a reference is not.
TEST_P(SavedCheckpointTest, ScorersBesideTheModelStay) {
  const AdamW optimizer(model_.table());
  save(folder_ / "c", optimizer);
  const fs::path models = CheckpointLayout{folder_ / "c"}.models();
  ModelConfig config = model_.config();
  config.head = HeadKind::kSequenceScore;
  for (const auto& [name, head] : {std::pair("reference", model_.config()), std::pair("reward", config)}) {
    fs::create_directories(models / name);
    save_hf_model(Model(head), models / name);
    write_file_atomically(CheckpointLayout{models / name}.optimizer(), "");
  }
  fs::create_directories(models / "half-removed");
  reduce_to_model(folder_ / "c");
  std::set<fs::path> left;
  for (const auto& entry : fs::recursive_directory_iterator(models)) left.insert(entry.path());
  EXPECT_EQ(left, (std::set<fs::path>{models / "reward", models / "reward" / "config.json",
                                      models / "reward" / "model.safetensors"}));
  fs::remove_all(models / "reward");
  reduce_to_model(folder_ / "c");
  EXPECT_FALSE(fs::exists(models));
}

TEST_P(SavedCheckpointTest, DamagedMomentsAreRefused) {
  const AdamW optimizer(model_.table());
  save(folder_ / "c", optimizer);
  const fs::path path = CheckpointLayout{folder_ / "c"}.optimizer();
  std::string bytes = read_file(path);
  bytes[bytes.size() - 10] ^= 1;
  write_file_atomically(path, bytes);
  AdamW other(model_.table());
  try {
    other.load(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              path.string() +
                  ": its numbers are not those that were saved; the checkpoint is damaged: remove its folder "
                  "and go on from an earlier one");
  }
  EXPECT_THROW(other.load(folder_ / "c" / "model.safetensors"), Error);
}

}  // namespace
}  // namespace deepscaler

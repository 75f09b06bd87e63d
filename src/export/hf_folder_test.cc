#include "export/hf_folder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/json_text.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

const std::filesystem::path kModels = std::filesystem::path(DEEPSCALER_GOLDENS) / "models";

TEST(HfFolder, KeepsEveryBitInF32) {
  const TemporaryFolder folder;
  for (const char* name : {"llama", "llama3", "qwen2", "qwen3"}) {
    const Model model = Model::load(kModels / name);
    write_hf_folder(model, byte_tokenizer(), DType::kF32, folder / name);
    const Model copy = Model::load(folder / name);
    EXPECT_EQ(copy.hash(), model.hash()) << name;
    EXPECT_EQ(copy.config().rope_frequencies(), model.config().rope_frequencies()) << name;
    EXPECT_EQ(Tokenizer::load(folder / name).encode("a b"), byte_tokenizer().encode("a b"));
  }
}

TEST(HfFolder, RoundsToSixteenBits) {
  const TemporaryFolder folder;
  const Model model = Model::load(kModels / "qwen2");
  for (const auto& [dtype, name, error] :
       {std::tuple{DType::kBF16, "bfloat16", 0x1p-7}, std::tuple{DType::kF16, "float16", 0x1p-10}}) {
    write_hf_folder(model, byte_tokenizer(), dtype, folder / name);
    EXPECT_EQ(read_json_file(folder / name / "config.json")["torch_dtype"].get<std::string>(), name);
    const Model copy = Model::load(folder / name);
    for (int64_t i = 0; i < model.table().size(); ++i) {
      const float w = model.weights()[i];
      // Half a unit in the last place; below 2^-14 binary16 has a fixed spacing.
      ASSERT_NEAR(copy.weights()[i], w, error / 2 * std::abs(w) + 0x1p-25) << name;
    }
    // Rounding again changes nothing.
    write_hf_folder(copy, byte_tokenizer(), dtype, folder / (std::string(name) + "2"));
    EXPECT_EQ(Model::load(folder / (std::string(name) + "2")).hash(), copy.hash());
  }
}

TEST(HfFolder, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  Model model = Model::load(kModels / "llama");
  model.edit_weights()[0] = 70000;
  try {
    write_hf_folder(model, byte_tokenizer(), DType::kF16, folder / "f16");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "model.embed_tokens.weight: has a weight of 70000, too large for F16; use BF16 or F32");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(HfFolder, LeavesAnExistingFolderAlone) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "mine", "");
  EXPECT_THROW(write_hf_folder(Model::load(kModels / "llama"), byte_tokenizer(), DType::kF32, folder.path()),
               Error);
  EXPECT_TRUE(std::filesystem::exists(folder / "mine"));
}

}  // namespace
}  // namespace deepscaler

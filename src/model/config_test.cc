// Where configs come from beside the plain HF folder: the list of tokens that end a text, and GGUF
// files with Llama 3's RoPE scaling (tests/goldens/make_gguf_goldens.py).
#include "model/config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/gguf.h"
#include "formats/json_text.h"
#include "model/model.h"

namespace deepscaler {
namespace {

const std::filesystem::path kModels = std::filesystem::path(DEEPSCALER_GOLDENS) / "models";
const std::filesystem::path kLlama3Gguf = std::filesystem::path(DEEPSCALER_GOLDENS) / "gguf" / "llama3.gguf";

TEST(ModelConfig, EndsATextWhereEitherConfigSaysSo) {
  const TemporaryFolder folder;
  nlohmann::json config = read_json_file(kModels / "qwen2" / "config.json");
  config["eos_token_id"] = 7;
  write_file_atomically(folder / "config.json", config.dump());
  EXPECT_EQ(read_hf_config(folder.path()).eos, (std::vector<int32_t>{7}));
  write_file_atomically(folder / "generation_config.json", R"({"eos_token_id": [5, 7, 9]})");
  EXPECT_EQ(read_hf_config(folder.path()).eos, (std::vector<int32_t>{7, 5, 9}));
  write_file_atomically(folder / "generation_config.json", R"({"eos_token_id": null})");
  EXPECT_EQ(read_hf_config(folder.path()).eos, (std::vector<int32_t>{7}));
  for (const char* bad : {"263", "-1", "[1, \"2\"]", "1.5", "1e300", "18446744073709551615"}) {
    write_file_atomically(folder / "generation_config.json", std::string(R"({"eos_token_id": )") + bad + "}");
    EXPECT_THROW((void)read_hf_config(folder.path()), Error) << bad;
  }
}

TEST(ModelConfig, ReadsLlama3ScalingOutOfAGgufFile) {
  const ModelConfig gguf = read_gguf_config(GgufFile(kLlama3Gguf));
  const ModelConfig hf = read_hf_config(kModels / "llama3");
  ASSERT_TRUE(gguf.rope_scaling.has_value());
  EXPECT_EQ(*gguf.rope_scaling, *hf.rope_scaling);
  EXPECT_EQ(gguf.rope_frequencies(), hf.rope_frequencies());
  EXPECT_EQ(gguf.eos, (std::vector<int32_t>{2, 9}));
}

TEST(ModelConfig, AGgufFileGivesTheWeightsOfItsHfFolder) {
  EXPECT_EQ(Model::load(kLlama3Gguf).hash(), Model::load(kModels / "llama3").hash());
}

TEST(ModelConfig, RefusesDivisorsThatAreNotLlama3s) {
  std::string bytes = read_file(kLlama3Gguf);
  const GgufFile good(std::as_bytes(std::span(bytes)), "m.gguf");
  const auto* tensor = good.tensors().find("rope_freqs.weight");
  ASSERT_NE(tensor, nullptr);
  const size_t at = reinterpret_cast<const char*>(tensor->bytes.data()) - bytes.data();
  for (const float wrong : {1.5f, -1.0f, 0.0f, NAN, INFINITY}) {
    std::string damaged = bytes;
    std::memcpy(damaged.data() + at, &wrong, sizeof wrong);
    const GgufFile file(std::as_bytes(std::span(damaged)), "m.gguf");
    try {
      (void)read_gguf_config(file);
      FAIL() << "no error for " << wrong;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(),
                   "m.gguf: tensor 'rope_freqs.weight' is not the RoPE scaling of a Llama 3; use the model's "
                   "Hugging Face folder");
    }
  }
}

}  // namespace
}  // namespace deepscaler

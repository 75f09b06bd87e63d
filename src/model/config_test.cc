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

std::string refusal_of(const char* key, const nlohmann::json& value) {
  nlohmann::json config = read_json_file(kModels / "llama" / "config.json");
  config[key] = value;
  try {
    (void)parse_hf_config(config.dump(), "c");
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

// A key that changes the arithmetic is computed or refused, never passed over.
TEST(ModelConfig, KeysThatAreNotComputedAreRefusedByName) {
  const std::string other = "; a model that computes with it is not supported";
  EXPECT_EQ(refusal_of("hidden_act", "quick_gelu"),
            "c: hidden_act 'quick_gelu' is not supported; the known ones are silu, gelu, gelu_pytorch_tanh "
            "and relu");
  EXPECT_EQ(refusal_of("mlp_bias", true), "c: key 'mlp_bias' is 'true'" + other);
  EXPECT_EQ(refusal_of("partial_rotary_factor", 0.5), "c: key 'partial_rotary_factor' is '0.5'" + other);
  EXPECT_EQ(refusal_of("logits_scaling", 8), "c: key 'logits_scaling' is '8'" + other);
  EXPECT_EQ(refusal_of("quantization_config", {{"bits", 4}}),
            "c: key 'quantization_config' is '{\"bits\":4}'" + other);
  EXPECT_EQ(refusal_of("attention_bias", true),
            "c: attention_bias is true; biases are supported in qwen2 models only");
  EXPECT_EQ(refusal_of("use_sliding_window", true),
            "c: use_sliding_window is true; sliding-window attention is not supported");
  EXPECT_EQ(refusal_of("layer_types", {"full_attention", "sliding_attention"}),
            "c: layer_types has others than full_attention; such layers are not supported");
  EXPECT_EQ(refusal_of("rope_scaling", {{"rope_type", "longrope"}}),
            "c: RoPE scaling 'longrope' is not supported; the known ones are default, linear, dynamic, yarn "
            "and llama3");
  EXPECT_EQ(refusal_of("rope_scaling", {{"rope_type", "linear"}, {"factor", 0.5}}),
            "c: RoPE scaling out of range: {\"factor\":0.5,\"rope_type\":\"linear\"}; compare with a "
            "published model");
  EXPECT_EQ(refusal_of("rope_parameters", {{"full_attention", {{"rope_theta", 1e6}}}}),
            "c: key 'rope_parameters.full_attention' is '{\"rope_theta\":1000000.0}'" + other);
  for (const auto& [key, value] :
       std::vector<std::pair<const char*, nlohmann::json>>{{"partial_rotary_factor", 1.0},
                                                           {"mlp_bias", false},
                                                           {"quantization_config", nullptr},
                                                           {"attention_dropout", 0.1},
                                                           {"layer_types", {"full_attention"}},
                                                           {"sliding_window", 4096}}) {
    EXPECT_EQ(refusal_of(key, value), "accepted") << key;
  }
}

TEST(ModelConfig, KeysThatNobodyReadsAreRemembered) {
  nlohmann::json config = read_json_file(kModels / "llama" / "config.json");
  EXPECT_TRUE(parse_hf_config(config.dump(), "c").unknown_keys.empty());
  config["my_key"] = 1;
  config["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 2.0}, {"extra", 1}};
  EXPECT_EQ(parse_hf_config(config.dump(), "c").unknown_keys,
            (std::vector<std::string>{"my_key", "rope_scaling.extra"}));
}

// As transformers reads them: a scaling without a type is none, and each type has keys of its own.
TEST(ModelConfig, KeysOfAnotherRopeScalingAreReadByNothing) {
  nlohmann::json config = read_json_file(kModels / "llama" / "config.json");
  const auto unknown = [&](const nlohmann::json& scaling) {
    config["rope_scaling"] = scaling;
    return parse_hf_config(config.dump(), "c").unknown_keys;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(unknown({{"factor", 4.0}}), Names{"rope_scaling.factor"});
  EXPECT_EQ(unknown({{"rope_type", "default"}, {"type", "linear"}, {"factor", 4.0}}),
            Names{"rope_scaling.factor"});
  EXPECT_EQ(unknown({{"type", "linear"}, {"factor", 4.0}, {"beta_fast", 32.0}}),
            Names{"rope_scaling.beta_fast"});
  EXPECT_EQ(unknown({{"type", "yarn"}, {"factor", 4.0}, {"beta_fast", 32.0}, {"attn_factor", 0.8}}),
            Names{"rope_scaling.attn_factor"});
}

// Qwen3's heads have a size of their own where the config does not say.
TEST(ModelConfig, HeadSizesThatAreNotThere) {
  nlohmann::json config = read_json_file(kModels / "qwen3" / "config.json");
  config.erase("head_dim");
  EXPECT_EQ(parse_hf_config(config.dump(), "c").attention.head_dim, 128);
  config["model_type"] = "llama";
  config["hidden_size"] = 64;
  EXPECT_EQ(parse_hf_config(config.dump(), "c").attention.head_dim, 16);
}

TEST(ModelConfig, ReadsLlama3ScalingOutOfAGgufFile) {
  const ModelConfig gguf = read_gguf_config(GgufFile(kLlama3Gguf));
  const ModelConfig hf = read_hf_config(kModels / "llama3");
  ASSERT_TRUE(std::holds_alternative<Llama3RopeScaling>(gguf.rope_scaling));
  EXPECT_EQ(gguf.rope_scaling, hf.rope_scaling);
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

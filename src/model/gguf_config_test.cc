// What keys of GGUF files change, and which are refused (tests/goldens/make_gguf_variant_goldens.py).
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "formats/gguf.h"
#include "model/config.h"

namespace deepscaler {
namespace {

const std::filesystem::path kVariants = std::filesystem::path(DEEPSCALER_GOLDENS) / "gguf" / "variants";

ModelConfig read(const std::string& name) { return read_gguf_config(GgufFile(kVariants / (name + ".gguf"))); }

std::string refusal(const std::string& name) {
  try {
    (void)read(name);
    return "accepted";
  } catch (const Error& error) {
    return std::string(error.what()).substr(kVariants.string().size() + 1);
  }
}

TEST(GgufConfig, RopeScalingIsThatOfTheKeys) {
  EXPECT_EQ(read("plain").rope_scaling, RopeScaling());
  EXPECT_EQ(read("no_scaling").rope_scaling, RopeScaling());
  EXPECT_EQ(read("linear").rope_scaling, RopeScaling(LinearRopeScaling{4}));
  EXPECT_EQ(read("factor_alone").rope_scaling, RopeScaling(LinearRopeScaling{4}));
  EXPECT_EQ(read("scale_linear").rope_scaling, RopeScaling(LinearRopeScaling{2}));
  const RopeScaling yarn = read("yarn").rope_scaling;
  EXPECT_EQ(yarn, RopeScaling(YarnRopeScaling{
                      .factor = 4, .original_context = 128, .attention_factor = yarn_attention_factor(4)}));
  // The folder of the same model.
  const ModelConfig folder = parse_hf_config(
      R"({"model_type": "llama", "vocab_size": 262, "hidden_size": 16, "intermediate_size": 16,
          "num_hidden_layers": 1, "num_attention_heads": 1, "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
          "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}})",
      "config.json");
  EXPECT_EQ(folder.rope_scaling, yarn);
  EXPECT_EQ(folder.rope_frequencies(), read("yarn").rope_frequencies());
}

TEST(GgufConfig, WhatIsNotComputedIsRefusedByName) {
  const std::string other = "; a model that computes with it is not supported";
  EXPECT_EQ(refusal("longrope"),
            "longrope.gguf: RoPE scaling 'longrope' is not supported; the known ones are none, "
            "linear and yarn");
  EXPECT_EQ(refusal("partial"),
            "partial.gguf: key 'llama.rope.dimension_count' is 8, and 16 is supported only; use "
            "another model");
  EXPECT_EQ(refusal("value_length"),
            "value_length.gguf: key 'llama.attention.value_length' is 32, and 16 is supported "
            "only; use another model");
  EXPECT_EQ(refusal("window"),
            "window.gguf: key 'llama.attention.sliding_window' is 128; sliding-window attention is "
            "not supported");
  EXPECT_EQ(refusal("experts"), "experts.gguf: key 'llama.expert_count' is 8.0" + other);
  EXPECT_EQ(refusal("unknown_key"),
            "unknown_key.gguf: key 'llama.attention.softcapping' is not known; it may change "
            "what the model computes; use the model's Hugging Face folder");
  EXPECT_EQ(refusal("wide_window"), "accepted") << "a window as wide as the context changes nothing";
  EXPECT_EQ(refusal("harmless"), "accepted");
}

TEST(GgufConfig, EveryEndOfATurnIsRead) {
  EXPECT_EQ(read("plain").eos, (std::vector<int32_t>{257}));
  EXPECT_EQ(read("eot").eos, (std::vector<int32_t>{257, 259, 261}));
}

}  // namespace
}  // namespace deepscaler

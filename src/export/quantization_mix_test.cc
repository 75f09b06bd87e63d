#include "export/quantization_mix.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "model/model_file.h"

namespace deepscaler {
namespace {

ModelConfig smollm2_135m() {
  return {.architecture = Architecture::kLlama,
          .vocabulary = 49152,
          .hidden = 576,
          .feed_forward = 1536,
          .layers = 30,
          .attention = {.heads = 9, .kv_heads = 3, .head_dim = 64},
          .tied_embeddings = true};
}

ModelConfig r1_distill_qwen_1_5b() {
  return {.architecture = Architecture::kQwen2,
          .vocabulary = 151936,
          .hidden = 1536,
          .feed_forward = 8960,
          .layers = 28,
          .attention = {.heads = 12, .kv_heads = 2, .head_dim = 128},
          .attention_bias = true};
}

std::string tensor_name(const ParameterInfo& info) { return gguf_parameter_name(info.name); }

// The format of every tensor of a model.
std::map<std::string, DType> formats(const ModelConfig& config, const Mix& mix, bool has_importance = false) {
  const MixedModel model{
      .layers = config.layers, .has_output = !config.tied_embeddings, .has_importance = has_importance};
  std::map<std::string, DType> formats;
  const ParameterTable table(config);
  for (const ParameterInfo& info : table.all()) {
    const std::string name = tensor_name(info);
    const TensorShape shape{name, info.rows, info.cols};
    formats[name] = is_quantizable(shape) ? choose(mix, model, shape).dtype : DType::kF32;
  }
  return formats;
}

int64_t bytes_of(const ModelConfig& config, std::string_view type) {
  const auto all = formats(config, {.type = find_file_type(type)});
  const ParameterTable table(config);
  int64_t bytes = 0;
  for (const ParameterInfo& info : table.all()) {
    bytes += *storage_bytes(all.at(tensor_name(info)), info.rows * info.cols);
  }
  return bytes;
}

// The bytes of all tensors in files that llama-quantize makes.
TEST(QuantizationMix, SizesAreThoseOfTheReference) {
  const struct {
    const char* type;
    int64_t qwen, smollm;
  } kSizes[] = {
      {"F16", 3554465792, 269100288},  {"BF16", 3554465792, 269100288},   {"Q8_0", 1888581632, 143025408},
      {"Q6_K", 1458228224, 136597248}, {"Q5_K_M", 1279543808, 110317824}, {"Q5_K_S", 1253222912, 108188928},
      {"Q5_0", 1253222912, 103212288}, {"Q4_K_M", 1111370240, 103668480}, {"Q4_K_S", 1065634304, 100253952},
      {"Q4_1", 1156749824, 96576768},  {"Q4_0", 1060276736, 89941248}};
  for (const auto& [type, qwen, smollm] : kSizes) {
    EXPECT_EQ(bytes_of(r1_distill_qwen_1_5b(), type), qwen) << type;
    EXPECT_EQ(bytes_of(smollm2_135m(), type), smollm) << type;
  }
}

TEST(QuantizationMix, MediumMixesGiveMoreBitsToSomeLayers) {
  const auto all = formats(r1_distill_qwen_1_5b(), {.type = find_file_type("Q4_K_M")});
  for (int64_t layer = 0; layer < 28; ++layer) {
    const bool more = std::set<int64_t>{0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27}.contains(layer);
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    for (const char* name : {"attn_v.weight", "ffn_down.weight"}) {
      EXPECT_EQ(all.at(prefix + name), more ? DType::kQ6_K : DType::kQ4_K) << prefix << name;
    }
    for (const char* name : {"attn_q.weight", "attn_k.weight", "attn_output.weight", "ffn_gate.weight"}) {
      EXPECT_EQ(all.at(prefix + name), DType::kQ4_K) << prefix << name;
    }
    for (const char* name : {"attn_norm.weight", "attn_q.bias"})
      EXPECT_EQ(all.at(prefix + name), DType::kF32);
  }
  EXPECT_EQ(all.at("output.weight"), DType::kQ6_K);
  EXPECT_EQ(all.at("token_embd.weight"), DType::kQ4_K);
}

TEST(QuantizationMix, WhatDoesNotFitFallsBack) {
  const Mix mix{.type = find_file_type("Q4_K_M")};
  const MixedModel model{.layers = 30};
  const Choice narrow = choose(mix, model, {"blk.4.attn_q.weight", 576, 576});
  EXPECT_EQ(narrow.dtype, DType::kQ5_0);
  EXPECT_EQ(narrow.instead_of, DType::kQ4_K);
  EXPECT_EQ(choose(mix, model, {"blk.0.attn_v.weight", 192, 576}).dtype, DType::kQ8_0);
  EXPECT_EQ(choose(mix, model, {"token_embd.weight", 49152, 576}).dtype, DType::kQ8_0);
  EXPECT_EQ(choose(mix, model, {"blk.4.attn_q.weight", 576, 100}).dtype, DType::kF16);
  EXPECT_EQ(choose({.type = find_file_type("Q5_K_S")}, model, {"blk.4.attn_q.weight", 576, 576}).dtype,
            DType::kQ5_1);
  EXPECT_EQ(choose({.type = find_file_type("Q4_0")}, model, {"blk.4.attn_q.weight", 576, 100}).dtype,
            DType::kF16);
}

TEST(QuantizationMix, AnImportanceChangesTheFirstLayersOfSomeTypes) {
  const ModelConfig config = r1_distill_qwen_1_5b();
  const Mix mix{.type = find_file_type("Q4_0")};
  EXPECT_EQ(formats(config, mix).at("blk.2.ffn_down.weight"), DType::kQ4_0);
  EXPECT_EQ(formats(config, mix, true).at("blk.2.ffn_down.weight"), DType::kQ4_1);
  EXPECT_EQ(formats(config, mix, true).at("blk.3.ffn_down.weight"), DType::kQ4_0);
  const Mix five{.type = find_file_type("Q5_0")};
  EXPECT_EQ(formats(config, five, true).at("blk.2.ffn_down.weight"), DType::kQ5_1);
}

auto finds(const char* expression) {
  return [names = std::regex(expression)](const std::string& name) { return std::regex_search(name, names); };
}

TEST(QuantizationMix, PureAndRulesOfTheUser) {
  const ModelConfig config = r1_distill_qwen_1_5b();
  Mix mix{.type = find_file_type("Q4_K_M"), .pure = true};
  for (const char* name : {"output.weight", "token_embd.weight", "blk.0.ffn_down.weight"}) {
    EXPECT_EQ(formats(config, mix).at(name), DType::kQ4_K) << name;
  }
  EXPECT_EQ(formats(config, mix).at("output_norm.weight"), DType::kF32);
  mix.pure = false;
  mix.rules.push_back({finds("^output"), DType::kQ8_0});
  mix.rules.push_back({finds("ffn_(up|down)"), DType::kQ5_1});
  mix.rules.push_back({finds("ffn"), DType::kF16});
  const auto all = formats(config, mix);
  EXPECT_EQ(all.at("output.weight"), DType::kQ8_0);
  EXPECT_EQ(all.at("blk.0.ffn_down.weight"), DType::kQ5_1);
  EXPECT_EQ(all.at("blk.0.ffn_gate.weight"), DType::kF16);
  EXPECT_EQ(all.at("blk.0.attn_q.weight"), DType::kQ4_K);
}

TEST(QuantizationMix, LargeModelsThatShareValues) {
  const Mix mix{.type = find_file_type("Q4_K_M")};
  const MixedModel model{.layers = 80, .shares_values = true};
  EXPECT_EQ(choose(mix, model, {"blk.11.attn_v.weight", 1024, 8192}).dtype, DType::kQ5_K);
  EXPECT_EQ(choose(mix, model, {"blk.0.attn_v.weight", 1024, 8192}).dtype, DType::kQ6_K);
}

TEST(QuantizationMix, TypesHaveTheNumbersOfTheReference) {
  EXPECT_EQ(find_file_type("Q4_K_M")->number, 15u);
  EXPECT_EQ(find_file_type("BF16")->number, 32u);
  EXPECT_EQ(find_file_type("Q3_K"), nullptr);
}

}  // namespace
}  // namespace deepscaler

// Models whose matrices stay in blocks, beside the same files loaded as floats.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/temporary_folder.h"
#include "export/gguf_file.h"
#include "export/hf_folder.h"
#include "infer/generator.h"
#include "ops/kernel_target.h"
#include "text/tokenizer/byte_tokenizer.h"
#include "train/step.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// 256 columns, so that no format falls back; llama's q and k stand in another order in GGUF files.
ModelConfig config_of(Architecture architecture) {
  return {.architecture = architecture,
          .vocabulary = 260,
          .hidden = 256,
          .feed_forward = 512,
          .layers = 2,
          .attention = {.heads = 8, .kv_heads = 2, .head_dim = 32},
          .context = 128,
          .tied_embeddings = architecture == Architecture::kQwen2,
          .attention_bias = architecture == Architecture::kQwen2,
          .eos = {256}};
}

class Quantized : public testing::Test {
 protected:
  void TearDown() override {
    set_thread_count(0);
    force_kernel_target("auto");
  }

  // A random model as a GGUF file of its own.
  fs::path file(Architecture architecture, const Mix& mix, const std::string& name) {
    const fs::path folder = folder_ / std::string(architecture_name(architecture)), path = folder_ / name;
    if (!fs::exists(folder)) {
      Model model(config_of(architecture));
      randomize(model, 1, 0.05f);
      write_hf_folder(model, byte_tokenizer(), DType::kF32, folder);
    }
    GgufExport(ModelFile(folder), {.mix = mix}).write(path, [](int64_t) {});
    return path;
  }
  fs::path file(Architecture architecture, const char* type) {
    return file(architecture, {.type = find_file_type(type)},
                fmt::format("{}-{}.gguf", architecture_name(architecture), type));
  }

 private:
  TemporaryFolder folder_;
};

const std::vector<int32_t> kPrompt = [] {
  std::vector<int32_t> tokens;
  for (int32_t t = 0; t < 37; ++t) tokens.push_back(11 * t % 250 + 3);
  return tokens;
}();

// A group of three responses.
std::vector<TokenGroup> groups() {
  static const std::vector<int32_t> responses[] = {{5, 9, 30, 77, 3}, {8}, {100, 101, 102, 103}};
  TokenGroup group{kPrompt, {}};
  for (const auto& response : responses) group.responses.emplace_back(response);
  return {group};
}

std::vector<float> log_probs(const Model& model) {
  TrainStep step(model, {.token_budget = 256});
  std::vector<float> all;
  const auto scores = step.score(groups(), 1.0f);
  for (const auto& response : scores[0]) {
    for (const TokenScore& score : response) all.push_back(score.log_prob);
  }
  return all;
}

class SomeLoss : public TokenLoss {
 public:
  void evaluate(std::span<const PredictedToken>, std::span<const TokenScore>,
                std::span<TokenDerivative> derivatives) override {
    for (TokenDerivative& d : derivatives) d.log_prob = 0.1f;
  }
};

std::vector<float> gradients(const Model& model) {
  TrainStep step(model, {.token_budget = 256});
  SomeLoss loss;
  LmHead head(loss, 1.0f);
  step.accumulate(groups(), head);
  const auto all = step.gradients();
  return {all.begin(), all.end()};
}

bool is_vector(std::string_view name) { return name.ends_with("norm.weight") || name.ends_with(".bias"); }

constexpr const char* kTypes[] = {"Q4_0", "Q4_1",   "Q5_0",   "Q5_1",   "Q8_0",
                                  "Q6_K", "Q4_K_M", "Q5_K_M", "Q4_K_S", "Q5_K_S"};

TEST_F(Quantized, FloatProductsHaveTheBitsOfFloats) {
  for (const auto architecture : {Architecture::kLlama, Architecture::kQwen2}) {
    for (const char* type : kTypes) {
      const fs::path path = file(architecture, type);
      Model floats = Model::load(path), blocks = Model::load(path, QuantizedAs::kBlocks);
      ASSERT_TRUE(blocks.is_quantized());
      EXPECT_LT(blocks.table().size(), 8000) << "no float of a matrix";
      EXPECT_EQ(blocks.table().count(), floats.table().count());
      EXPECT_EQ(blocks.hash(), floats.hash());
      // All that can be trained over them.
      floats.train_only(is_vector);
      blocks.train_only(is_vector);
      for (const auto compute : {ComputeType::kF32, ComputeType::kBf16}) {
        floats.compute_in(compute);
        blocks.compute_in(compute);
        EXPECT_EQ(log_probs(blocks), log_probs(floats)) << type;
        EXPECT_EQ(gradients(blocks), gradients(floats)) << type;
      }
    }
  }
}

// Where some matrices are no blocks, also among those that read the same inputs.
TEST_F(Quantized, MixedFilesToo) {
  const auto holds = [](const std::string& name) { return name.find("attn_k.") != std::string::npos; };
  const fs::path path =
      file(Architecture::kQwen2, {.type = find_file_type("Q4_K_M"), .rules = {{holds, DType::kF16}}},
           "mixed.gguf");
  Model floats = Model::load(path), blocks = Model::load(path, QuantizedAs::kBlocks);
  floats.train_only(is_vector);
  blocks.train_only(is_vector);
  for (const auto compute : {ComputeType::kF32, ComputeType::kBf16}) {
    floats.compute_in(compute);
    blocks.compute_in(compute);
    EXPECT_EQ(log_probs(blocks), log_probs(floats));
    EXPECT_EQ(gradients(blocks), gradients(floats));
  }
  blocks.compute_in(ComputeType::kF32, Products::kInteger);
  EXPECT_NE(log_probs(blocks), log_probs(floats));
}

TEST_F(Quantized, AFileWithoutBlocksIsLoadedAsEver) {
  const fs::path path = file(Architecture::kLlama, "F16");
  EXPECT_FALSE(Model::load(path, QuantizedAs::kBlocks).is_quantized());
}

TEST_F(Quantized, AModelCanBeSavedAndCopied) {
  const fs::path path = file(Architecture::kLlama, "Q4_K_M");
  const Model blocks = Model::load(path, QuantizedAs::kBlocks);
  Model copy(blocks.config());
  copy_parameters(blocks, copy);
  EXPECT_EQ(copy.hash(), blocks.hash());
  const TemporaryFolder folder;
  save_hf_model(blocks, folder.path());
  EXPECT_EQ(Model::load(folder.path()).hash(), blocks.hash());
}

// Of rounding the inputs to eight bits, beside the products of the same weights in floats: the mean over
// tokens of the change of a log-probability. Logits here are about 0.8 apart.
TEST_F(Quantized, IntegerProductsAreCloseInEveryType) {
  for (const char* type : kTypes) {
    Model model = Model::load(file(Architecture::kQwen2, type), QuantizedAs::kBlocks);
    const std::vector<float> exact = log_probs(model);
    model.compute_in(ComputeType::kF32, Products::kInteger);
    const std::vector<float> rounded = log_probs(model);
    double change = 0;
    for (size_t i = 0; i < exact.size(); ++i) change += std::abs(rounded[i] - exact[i]);
    change /= static_cast<double>(exact.size());
    EXPECT_GT(change, 1e-5) << type;
    EXPECT_LT(change, 0.02) << type;
  }
}

struct Sampled {
  std::vector<Generation> generations;
  bool operator==(const Sampled& other) const {
    for (size_t i = 0; i < generations.size(); ++i) {
      if (generations[i].tokens != other.generations[i].tokens ||
          generations[i].log_probs != other.generations[i].log_probs) {
        return false;
      }
    }
    return generations.size() == other.generations.size();
  }
};

Sampled sample(const Model& model, int64_t samples, int64_t kv_memory) {
  Sampled result{std::vector<Generation>(static_cast<size_t>(samples))};
  Generator generator(model, kv_memory);
  GenerationRequest request{.prompt = kPrompt, .samples = samples, .stream = 1};
  generator.generate(std::vector{request},
                     {.sampling = {.temperature = 0.7f, .max_response_tokens = 40}, .seed = 9},
                     [&](int64_t, int64_t s, Generation&& g) { result.generations[s] = std::move(g); });
  return result;
}

// What is sampled, whatever is beside it, on any number of threads, where memory is short and on any
// instruction set with fused multiply-adds; and what is scored.
TEST_F(Quantized, AnswersDependOnTheirPromptAlone) {
  for (const bool q8 : {false, true}) {
    for (const char* type : {"Q4_0", "Q8_0", "Q4_K_M", "Q5_K_M"}) {
      Model model = Model::load(file(Architecture::kQwen2, type), QuantizedAs::kBlocks);
      model.compute_in(ComputeType::kF32, Products::kInteger);
      if (q8) model.store_keys_values_in_q8();
      const Sampled group = sample(model, 9, 1 << 30);
      set_thread_count(3);
      EXPECT_EQ(sample(model, 9, 7 * kv_block_bytes(model)), group) << type;
      set_thread_count(1);
      Sampled first = sample(model, 1, 1 << 30);
      EXPECT_EQ(first.generations[0].log_probs, group.generations[0].log_probs) << type;
      for (const std::string& target : available_kernel_targets()) {
        if (target == "baseline") continue;
        force_kernel_target(target);
        EXPECT_EQ(sample(model, 9, 1 << 30), group) << type << " on " << target;
      }
      force_kernel_target("auto");
      TokenGroup tokens{kPrompt, {}};
      for (const Generation& g : group.generations) tokens.responses.emplace_back(g.tokens);
      TrainStep step(model, {.token_budget = 100});
      const auto scores = step.score(std::vector{tokens}, 0.7f)[0];
      for (size_t s = 0; s < scores.size(); ++s) {
        for (size_t t = 0; t < scores[s].size(); ++t) {
          ASSERT_EQ(scores[s][t].log_prob, group.generations[s].log_probs[t]) << type;
        }
      }
    }
  }
}

// Adapters stand over floats of either kind and over blocks: with the bits of the same weights as floats,
// forward and backward, and one form in generation and in training.
TEST_F(Quantized, AdaptersHaveTheBitsOfAdaptersOverFloats) {
  const auto holds = [](const std::string& name) { return name.find("attn_k.") != std::string::npos; };
  const Mix mixed = {.type = find_file_type("Q4_K_M"), .rules = {{holds, DType::kF16}}};
  for (const fs::path& path :
       {file(Architecture::kQwen2, "F16"), file(Architecture::kQwen2, "Q8_0"),
        file(Architecture::kLlama, "Q4_K_M"), file(Architecture::kQwen2, mixed, "mixed.gguf")}) {
    for (const auto compute : {ComputeType::kF32, ComputeType::kBf16}) {
      const auto adapted = [&](QuantizedAs quantized) {
        Model model = Model::adapt(Model::load(path, quantized), {.rank = 3}, 1);
        model.compute_in(compute);
        const WeightEdit weights = model.edit_weights();
        const Rng rng(2, {});
        for (int64_t i = 0; i < model.table().trainable_size(); ++i) weights[i] = 0.05f * rng.normal(i);
        return model;
      };
      const Model floats = adapted(QuantizedAs::kFloats), blocks = adapted(QuantizedAs::kBlocks);
      EXPECT_EQ(log_probs(blocks), log_probs(floats)) << path;
      EXPECT_EQ(gradients(blocks), gradients(floats)) << path;
      EXPECT_NE(log_probs(blocks), log_probs(*blocks.base()));

      const Sampled group = sample(blocks, 5, 1 << 30);
      set_thread_count(3);
      EXPECT_EQ(sample(blocks, 5, 7 * kv_block_bytes(blocks)), group) << path;
      set_thread_count(0);
      TokenGroup tokens{kPrompt, {}};
      for (const Generation& g : group.generations) tokens.responses.emplace_back(g.tokens);
      TrainStep step(blocks, {.token_budget = 100});
      const auto scores = step.score(std::vector{tokens}, 0.7f)[0];
      for (size_t s = 0; s < scores.size(); ++s) {
        for (size_t t = 0; t < scores[s].size(); ++t) {
          ASSERT_EQ(scores[s][t].log_prob, group.generations[s].log_probs[t]) << path;
        }
      }
    }
  }
}

TEST_F(Quantized, HeadsThatAreTooNarrowAreNotStoredInEightBits) {
  ModelConfig config = config_of(Architecture::kLlama);
  config.attention.head_dim = 16;
  Model model(config);
  try {
    model.store_keys_values_in_q8();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "--kv: q8_0 takes heads in runs of 32 numbers, and a head has 16; leave the option out");
  }
}

}  // namespace
}  // namespace deepscaler

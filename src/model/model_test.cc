// Models that are damaged, or that say what is not so: one clear line each, and no more memory than the
// file deserves.
#include "model/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/json_text.h"
#include "formats/mutation.h"
#include "formats/safetensors.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kGoldens = DEEPSCALER_GOLDENS;
const fs::path kLlama = kGoldens / "models" / "llama";

// What loading says, with the folder's name as M; empty where it is content. Anything else than Error
// (an allocation that fails, say) goes on to the test and fails it.
std::string verdict(const fs::path& model, const TemporaryFolder& folder) {
  try {
    (void)Model::load(model);
    return "";
  } catch (const Error& error) {
    std::string text = error.what();
    const std::string path = folder.path().string();
    for (size_t at; (at = text.find(path)) != std::string::npos;) text.replace(at, path.size(), "M");
    return text;
  }
}

std::string verdict_of_config(const TemporaryFolder& folder, const std::string& text) {
  write_file_atomically(folder / "config.json", text);
  if (!fs::exists(folder / "model.safetensors")) {
    fs::copy_file(kLlama / "model.safetensors", folder / "model.safetensors");
  }
  return verdict(folder.path(), folder);
}

TEST(ModelLoad, AConfigThatDoesNotFitItsWeights) {
  const TemporaryFolder folder;
  const json good = read_json_file(kLlama / "config.json");
  const std::string other = "; config and weights must be of one model";
  const std::string shape = "; this is no model of a supported shape";
  const std::vector<std::tuple<std::string, json, std::string>> cases = {
      {"num_hidden_layers", 3,
       "M: tensor 'model.layers.2.input_layernorm.weight' is missing; use a complete model"},
      {"num_hidden_layers", 1,
       "M: tensor 'model.layers.1.input_layernorm.weight' is no part of a llama model; this "
       "kind of model is not supported"},
      {"num_hidden_layers", 16777216, "M: 16777216 layers are more than there are tensors" + other},
      {"vocab_size", 16777216,
       "M: tensor 'model.embed_tokens.weight' has another shape than the config says" + other},
      {"hidden_size", 16777216,
       "M: tensor 'model.embed_tokens.weight' has another shape than the config says" + other},
      {"vocab_size", 1e18,
       "M/config.json: key 'vocab_size' has an unexpected type; compare with a published model"},
      {"vocab_size", 1000000000000, "M/config.json: vocabulary size is 1000000000000" + shape},
      {"max_position_embeddings", 16777216, "M/config.json: context length is 16777216" + shape},
      {"num_attention_heads", 0, "M/config.json: number of heads is 0" + shape},
      {"num_key_value_heads", 3, "M/config.json: 4 heads can't share 3 key/value heads" + shape},
      {"head_dim", 24, "M/config.json: head size 24 is not a multiple of 32" + shape},
      {"rms_norm_eps", -1, "M/config.json: norm epsilon is -1" + shape},
      {"model_type", "gpt2",
       "M/config.json: unknown architecture 'gpt2'; the known ones are llama, qwen2 and qwen3"},
      {"bos_token_id", 263, "M/config.json: key 'bos_token_id': there is no token 263; use a complete model"},
      {"tie_word_embeddings", false, "M: tensor 'lm_head.weight' is missing; use a complete model"},
  };
  EXPECT_EQ(verdict_of_config(folder, good.dump()), "");
  for (const auto& [key, value, message] : cases) {
    json config = good;
    config[key] = value;
    EXPECT_EQ(verdict_of_config(folder, config.dump()), message);
  }
}

TEST(ModelLoad, WeightsThatAreNotFinite) {
  const TemporaryFolder folder;
  Model model = Model::load(kLlama);
  model.weights()[model.table().all()[1].offset + 5] = INFINITY;
  save_hf_model(model, folder.path());
  EXPECT_EQ(
      verdict(folder.path(), folder),
      "M: tensor 'model.layers.0.input_layernorm.weight' holds a number that is not finite, at 5; the file "
      "is damaged or the model has diverged");
}

TEST(ModelLoad, MutatedConfigsAreRefusedOrRead) {
  const TemporaryFolder folder;
  const std::string good = read_file(kLlama / "config.json");
  int refused = 0;
  for (uint64_t i = 0; i < 600; ++i) refused += !verdict_of_config(folder, mutated(good, i)).empty();
  EXPECT_GT(refused, 300);
}

// The file without its last bytes, and with mutations of everything before the tensors' data.
TEST(ModelLoad, MutatedGgufFilesAreRefusedOrRead) {
  const TemporaryFolder folder;
  const fs::path path = folder / "m.gguf";
  const std::string good = read_file(kGoldens / "gguf" / "llama3.gguf");
  constexpr size_t kHeader = 1792;
  int refused = 0;
  for (uint64_t i = 0; i < 500; ++i) {
    write_file_atomically(path, mutated(good.substr(0, kHeader), i) + good.substr(kHeader));
    refused += !verdict(path, folder).empty();
  }
  EXPECT_GT(refused, 250);
  for (size_t cut : {size_t{1}, size_t{100}, good.size() / 2, good.size() - 8, good.size()}) {
    write_file_atomically(path, good.substr(0, good.size() - cut));
    EXPECT_NE(verdict(path, folder), "") << cut;
  }
}

}  // namespace
}  // namespace deepscaler

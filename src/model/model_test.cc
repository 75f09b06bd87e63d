// Models that are damaged, or that say what is not so: one clear line each, and no more memory than the
// file deserves.
#include "model/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
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
      {"head_dim", 24,
       "M/config.json: head size 24 is not supported: heads of 16, or of a multiple of 32, are" + shape},
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

// A safetensors file from its parts: a name, a type, a shape and the bytes.
struct Part {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::string bytes;
};

void write_parts(const fs::path& path, const std::vector<Part>& parts) {
  json header = json::object();
  std::string data;
  for (const Part& part : parts) {
    header[part.name] = {{"dtype", part.dtype},
                         {"shape", part.shape},
                         {"data_offsets", {data.size(), data.size() + part.bytes.size()}}};
    data += part.bytes;
  }
  const std::string text = header.dump();
  const uint64_t length = text.size();
  write_file_atomically(path,
                        std::string(reinterpret_cast<const char*>(&length), sizeof length) + text + data);
}

std::vector<Part> parts_of(const fs::path& path) {
  const SafetensorsFile file(path);
  std::vector<Part> parts;
  for (const StoredTensor& tensor : file.tensors().all()) {
    parts.push_back({tensor.name,
                     std::string(dtype_name(tensor.dtype)),
                     tensor.shape,
                     {reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()}});
  }
  return parts;
}

// FNV-1a over the words of each parameter, whichever are hashed side by side.
TEST(Model, TheHashTakesOneWordAfterTheOther) {
  constexpr uint64_t kPrime = 0x100000001b3;
  const Model model = Model::load(kLlama);
  const std::span parameters(model.table().all());
  for (size_t count : {size_t{1}, size_t{7}, parameters.size()}) {
    uint64_t expected = 42;
    for (const ParameterInfo& p : parameters.first(count)) {
      uint64_t part = hash_name(p.name);
      for (int64_t i = 0; i < p.size; ++i) {
        part = (part ^ std::bit_cast<uint32_t>(model.weights()[p.offset + i])) * kPrime;
      }
      expected = (expected ^ part) * kPrime;
    }
    EXPECT_EQ(hash_parameters(parameters.first(count), model.weights(), 42, {}), expected) << count;
  }
}

// As transformers reads files that other programs wrote.
TEST(ModelLoad, WeightsUnderOtherNamesAndTypes) {
  const TemporaryFolder folder;
  fs::copy_file(kLlama / "config.json", folder / "config.json");
  const std::vector<Part> good = parts_of(kLlama / "model.safetensors");
  const std::string hash = Model::load(kLlama).hash();
  const auto hash_of = [&](const std::vector<Part>& parts) -> std::string {
    write_parts(folder / "model.safetensors", parts);
    try {
      return Model::load(folder.path()).hash();
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(hash_of(good), hash);

  std::vector<Part> parts = good;  // of a base model
  for (Part& part : parts) part.name = part.name.substr(std::string("model.").size());
  EXPECT_EQ(hash_of(parts), hash);

  parts = good;  // a tied matrix under the other of its names, and under both
  const auto embedding = std::ranges::find(parts, "model.embed_tokens.weight", &Part::name);
  embedding->name = "lm_head.weight";
  EXPECT_EQ(hash_of(parts), hash);
  parts.push_back(*std::ranges::find(good, "model.embed_tokens.weight", &Part::name));
  EXPECT_EQ(hash_of(parts), hash);

  parts = good;  // buffers that are no weights
  parts.push_back({"model.layers.0.self_attn.bias", "BOOL", {3}, std::string(3, '\1')});
  parts.push_back({"model.position_ids", "I64", {1, 2}, std::string(16, '\0')});
  EXPECT_EQ(hash_of(parts), hash);

  parts = good;  // twice as wide
  std::string wide;
  for (size_t i = 0; i < parts[0].bytes.size(); i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, parts[0].bytes.data() + i, sizeof value);
    const double twice = value;
    wide.append(reinterpret_cast<const char*>(&twice), sizeof twice);
  }
  parts[0].bytes = wide;
  parts[0].dtype = "F64";
  EXPECT_EQ(hash_of(parts), hash);

  parts = good;
  parts[0].dtype = "I32";
  EXPECT_EQ(hash_of(parts), folder.path().string() + ": tensor '" + parts[0].name +
                                "' is stored as I32; convert it to F32, F16 or BF16");
}

TEST(ModelLoad, FoldersOfOtherKindsAreNamed) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "adapter_config.json", "{}");
  EXPECT_EQ(
      verdict(folder.path(), folder),
      "M/adapter_config.json: names no base model; set base_model_name_or_path to the folder or file of the "
      "base");
  fs::remove(folder / "adapter_config.json");
  fs::copy_file(kLlama / "config.json", folder / "config.json");
  write_file_atomically(folder / "pytorch_model.bin", "");
  EXPECT_EQ(verdict(folder.path(), folder),
            "M: has its weights in pytorch_model.bin, which is not read; convert them to safetensors");
}

TEST(ModelLoad, WeightsThatAreNotFinite) {
  const TemporaryFolder folder;
  Model model = Model::load(kLlama);
  model.edit_weights()[model.table().all()[1].offset + 5] = INFINITY;
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

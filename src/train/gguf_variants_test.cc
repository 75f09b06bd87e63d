// Every kind of GGUF file that is accepted is the model of its Hugging Face folder, bit for bit: architecture
// x RoPE scaling and how the keys say it x head of its own or tied x the keys that may be left out x element
// type. The weights are those of tests/goldens/variants, which transformers was asked about
// (variants_parity_test.cc).
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/json_text.h"
#include "model/model.h"
#include "train/parity_test.h"
#include "train/step.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kVariants = fs::path(DEEPSCALER_GOLDENS) / "variants";

// The bytes of a GGUF file (formats/gguf.h).
class GgufBytes {
 public:
  void key(const std::string& name, const std::string& value) { add_key(name, 8, string(value)); }
  void key(const std::string& name, uint32_t value) { add_key(name, 4, raw(value)); }
  void key(const std::string& name, float value) { add_key(name, 6, raw(value)); }

  // The shape outermost first.
  void tensor(const std::string& name, const std::vector<int64_t>& shape, uint32_t type, std::string bytes) {
    tensors_ += string(name) + raw(static_cast<uint32_t>(shape.size()));
    for (auto size = shape.rbegin(); size != shape.rend(); ++size)
      tensors_ += raw(static_cast<uint64_t>(*size));
    tensors_ += raw(type) + raw(static_cast<uint64_t>(data_.size()));
    ++tensor_count_;
    data_ += std::move(bytes);
    pad(data_);
  }

  void write(const fs::path& path) const {
    std::string file = "GGUF" + raw(uint32_t{3}) + raw(tensor_count_) + raw(key_count_) + keys_ + tensors_;
    pad(file);
    write_file_atomically(path, file + data_);
  }

 private:
  template <class T>
  static std::string raw(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  static std::string string(const std::string& text) { return raw(uint64_t{text.size()}) + text; }
  static void pad(std::string& bytes) { bytes.append(-bytes.size() % 32, '\0'); }
  void add_key(const std::string& name, uint32_t type, const std::string& value) {
    keys_ += string(name) + raw(type) + value;
    ++key_count_;
  }

  std::string keys_, tensors_, data_;
  uint64_t key_count_ = 0, tensor_count_ = 0;
};

struct ElementType {
  const char* name;
  uint32_t number;                           // in GGUF files
  std::function<std::string(float)> stored;  // the bytes of a number
  std::function<float(float)> rounded;       // what they are read as
};

template <class T>
std::string bytes_of(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

const ElementType kElementTypes[] = {
    {"F32", 0, bytes_of<float>, [](float x) { return x; }},
    {"F16", 1, [](float x) { return bytes_of(f32_to_f16(x)); },
     [](float x) { return f16_to_f32(f32_to_f16(x)); }},
    {"BF16", 30, [](float x) { return bytes_of(f32_to_bf16(x)); },
     [](float x) { return bf16_to_f32(f32_to_bf16(x)); }},
};

// How a scaling is said in a GGUF file, behind the architecture's name, and in a config.json.
struct Scaling {
  const char* name;
  json in_config;
  std::function<void(GgufBytes&, const std::string& prefix)> in_gguf;
  double attention_factor_error = 0;  // GGUF keys are of 32 bits
};

const std::vector<Scaling> kScalings = {
    {"none", json(), [](GgufBytes&, const std::string&) {}},
    {"none, said", json(),
     [](GgufBytes& g, const std::string& p) {
       g.key(p + "rope.scaling.type", "none");
       g.key(p + "rope.scaling.factor", 4.0f);
     }},
    {"linear",
     {{"rope_type", "linear"}, {"factor", 4.0}},
     [](GgufBytes& g, const std::string& p) {
       g.key(p + "rope.scaling.type", "linear");
       g.key(p + "rope.scaling.factor", 4.0f);
     }},
    {"linear, without a type",
     {{"rope_type", "linear"}, {"factor", 2.5}},
     [](GgufBytes& g, const std::string& p) { g.key(p + "rope.scaling.factor", 2.5f); }},
    {"linear, by its old name",
     {{"rope_type", "linear"}, {"factor", 2.0}},
     [](GgufBytes& g, const std::string& p) { g.key(p + "rope.scale_linear", 2.0f); }},
    {"yarn",
     {{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 16}},
     [](GgufBytes& g, const std::string& p) {
       g.key(p + "rope.scaling.type", "yarn");
       g.key(p + "rope.scaling.factor", 4.0f);
       g.key(p + "rope.scaling.original_context_length", 16u);
     }},
    {"yarn, every key",
     {{"rope_type", "yarn"},
      {"factor", 8.0},
      {"original_max_position_embeddings", 16},
      {"attention_factor", 0.9},
      {"beta_fast", 4.0},
      {"beta_slow", 0.5}},
     [](GgufBytes& g, const std::string& p) {
       g.key(p + "rope.scaling.type", "yarn");
       g.key(p + "rope.scaling.factor", 8.0f);
       g.key(p + "rope.scaling.original_context_length", 16u);
       g.key(p + "rope.scaling.attn_factor", static_cast<float>(0.9 / yarn_attention_factor(8)));
       g.key(p + "rope.scaling.yarn_beta_fast", 4.0f);
       g.key(p + "rope.scaling.yarn_beta_slow", 0.5f);
       g.key(p + "rope.scaling.yarn_ext_factor", 1.0f);
     },
     1e-7},
    {"llama3",
     {{"rope_type", "llama3"},
      {"factor", 8.0},
      {"low_freq_factor", 1.0},
      {"high_freq_factor", 4.0},
      {"original_max_position_embeddings", 16}},
     nullptr},  // a tensor: its numbers depend on theta
};

// The name in GGUF files, by the parts of the name in the golden.
std::string gguf_name(const std::string& name) {
  if (name == "model.embed_tokens.weight") return "token_embd.weight";
  if (name == "model.norm.weight") return "output_norm.weight";
  if (name == "lm_head.weight") return "output.weight";
  static const std::map<std::string, std::string> kParts = {
      {"input_layernorm", "attn_norm"},    {"post_attention_layernorm", "ffn_norm"},
      {"self_attn.q_proj", "attn_q"},      {"self_attn.k_proj", "attn_k"},
      {"self_attn.v_proj", "attn_v"},      {"self_attn.o_proj", "attn_output"},
      {"self_attn.q_norm", "attn_q_norm"}, {"self_attn.k_norm", "attn_k_norm"},
      {"mlp.gate_proj", "ffn_gate"},       {"mlp.up_proj", "ffn_up"},
      {"mlp.down_proj", "ffn_down"}};
  const std::string rest = name.substr(std::string("model.layers.").size());
  const size_t layer = rest.find('.'), kind = rest.rfind('.');
  return "blk." + rest.substr(0, layer) + "." + kParts.at(rest.substr(layer + 1, kind - layer - 1)) +
         rest.substr(kind);
}

// llama.cpp's files of llama models rotate neighbours: row 2 j + c of a head is row c d/2 + j of a folder's.
std::vector<float> with_neighbours(const std::vector<float>& rows, int64_t columns, int64_t head_dim) {
  std::vector<float> result(rows.size());
  const int64_t count = std::ssize(rows) / columns;
  for (int64_t r = 0; r < count; ++r) {
    const int64_t in_head = r % head_dim;
    const int64_t from = r - in_head + in_head % 2 * head_dim / 2 + in_head / 2;
    std::copy_n(rows.begin() + from * columns, columns, result.begin() + r * columns);
  }
  return result;
}

struct Variant {
  const Scaling& scaling;
  const ElementType& type;
  bool tied;
  bool all_keys;  // also those that have a default
};

// A folder and a GGUF file of the same model.
class ModelTwice {
 public:
  ModelTwice(const std::string& architecture, const json& config, const SafetensorsFile& weights,
             const Variant& v)
      : architecture_(architecture), prefix_(architecture + "."), config_(config), weights_(weights), v_(v) {
    config_["tie_word_embeddings"] = v.tied;
    config_["rope_theta"] = v.all_keys ? 1e6 : 10000.0;
    if (!v.scaling.in_config.is_null()) config_["rope_scaling"] = v.scaling.in_config;
  }

  void write_folder(const fs::path& folder) const {
    write_file_atomically(folder / "config.json", config_.dump());
    std::vector<TensorDeclaration> declarations;
    for (const StoredTensor* tensor : stored())
      declarations.push_back({tensor->name, DType::kF32, tensor->shape});
    SafetensorsWriter writer(folder / "model.safetensors", declarations);
    for (const StoredTensor* tensor : stored()) {
      const std::vector<float> values = values_of(*tensor);
      writer.write(std::as_bytes(std::span(values)));
    }
    writer.commit();
  }

  [[nodiscard]] GgufBytes gguf() const {
    GgufBytes file;
    write_keys(file);
    for (const StoredTensor* tensor : stored()) write_tensor(file, *tensor);
    return file;
  }

 private:
  [[nodiscard]] uint32_t size(const char* key) const { return config_[key].get<uint32_t>(); }

  void write_keys(GgufBytes& file) const {
    file.key("general.architecture", architecture_);
    const std::pair<const char*, const char*> kSizes[] = {{"embedding_length", "hidden_size"},
                                                          {"feed_forward_length", "intermediate_size"},
                                                          {"block_count", "num_hidden_layers"},
                                                          {"attention.head_count", "num_attention_heads"},
                                                          {"attention.head_count_kv", "num_key_value_heads"},
                                                          {"context_length", "max_position_embeddings"}};
    for (const auto& [key, in_config] : kSizes) file.key(prefix_ + key, size(in_config));
    file.key(prefix_ + "attention.layer_norm_rms_epsilon", config_["rms_norm_eps"].get<float>());
    if (v_.all_keys) {
      file.key(prefix_ + "rope.freq_base", 1e6f);
      for (const char* key : {"attention.key_length", "attention.value_length", "rope.dimension_count"}) {
        file.key(prefix_ + key, size("head_dim"));
      }
      file.key(prefix_ + "vocab_size", size("vocab_size"));
      file.key(prefix_ + "attention.sliding_window", size("max_position_embeddings"));
    }
    if (v_.scaling.in_gguf) {
      v_.scaling.in_gguf(file, prefix_);
    } else {
      write_divisors(file);
    }
  }

  // As convert_hf_to_gguf.py writes Llama 3's scaling.
  void write_divisors(GgufBytes& file) const {
    const ModelConfig scaled = parse_hf_config(config_.dump(), "config.json");
    ModelConfig plain = scaled;
    plain.rope_scaling = {};
    std::string divisors;
    for (size_t i = 0; i < plain.rope_frequencies().size(); ++i) {
      divisors += bytes_of(static_cast<float>(plain.rope_frequencies()[i] / scaled.rope_frequencies()[i]));
    }
    file.tensor("rope_freqs.weight", {std::ssize(plain.rope_frequencies())}, 0, divisors);
  }

  [[nodiscard]] std::vector<const StoredTensor*> stored() const {
    std::vector<const StoredTensor*> tensors;
    for (const StoredTensor& tensor : weights_.tensors().all()) {
      if (!v_.tied || tensor.name != "lm_head.weight") tensors.push_back(&tensor);
    }
    return tensors;
  }

  // Vectors are always in F32 there.
  [[nodiscard]] const ElementType& type_of(const StoredTensor& tensor) const {
    return tensor.shape.size() == 2 ? v_.type : kElementTypes[0];
  }

  [[nodiscard]] std::vector<float> values_of(const StoredTensor& tensor) const {
    std::vector<float> values = golden_floats(weights_, tensor.name);
    for (float& value : values) value = type_of(tensor).rounded(value);
    return values;
  }

  void write_tensor(GgufBytes& file, const StoredTensor& tensor) const {
    std::vector<float> values = values_of(tensor);
    const bool rotated =
        tensor.name.find("q_proj") != std::string::npos || tensor.name.find("k_proj") != std::string::npos;
    if (architecture_ == "llama" && rotated) {
      values = with_neighbours(values, tensor.shape.back(), size("head_dim"));
    }
    std::string bytes;
    for (const float value : values) bytes += type_of(tensor).stored(value);
    file.tensor(gguf_name(tensor.name), tensor.shape, type_of(tensor).number, bytes);
  }

  std::string architecture_, prefix_;
  json config_;
  const SafetensorsFile& weights_;
  const Variant& v_;
};

std::vector<TokenScore> score(const fs::path& path, const std::vector<int32_t>& tokens) {
  const Model model = Model::load(path);
  TrainStep step(model, {.token_budget = 64});
  const std::span all(tokens);
  const std::vector<TokenGroup> groups = {{all.first(1), {all.subspan(1)}}};
  return step.score(groups, 1)[0][0];
}

class GgufVariants : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Architectures, GgufVariants, testing::Values("llama", "qwen2", "qwen3"));

TEST_P(GgufVariants, AreTheModelsOfTheirFolders) {
  const fs::path golden = kVariants / GetParam();
  const json cases = read_json_file(golden / "cases.json");
  const auto tokens = cases["tokens"].get<std::vector<int32_t>>();
  const SafetensorsFile weights(golden / "model.safetensors");
  for (const Scaling& scaling : kScalings) {
    for (const ElementType& type : kElementTypes) {
      for (int i = 0; i < 4; ++i) {
        const Variant variant = {scaling, type, i % 2 == 1, i / 2 == 1};
        SCOPED_TRACE(fmt::format("{}, {}{}{}", scaling.name, type.name, variant.tied ? ", tied" : "",
                                 variant.all_keys ? ", every key" : ""));
        const TemporaryFolder folder;
        const fs::path gguf = folder / "model.gguf";
        const ModelTwice model(GetParam(), cases["config"], weights, variant);
        model.write_folder(folder.path());
        model.gguf().write(gguf);
        ASSERT_EQ(Model::load(gguf).hash(), Model::load(folder.path()).hash());
        const auto of_gguf = score(gguf, tokens), of_folder = score(folder.path(), tokens);
        for (size_t t = 0; t < of_folder.size(); ++t) {
          ASSERT_NEAR(of_gguf[t].log_prob, of_folder[t].log_prob, 100 * scaling.attention_factor_error) << t;
        }
      }
    }
  }
}

// A file may hold biases that models of its architecture have not: they are named, not dropped.
TEST_P(GgufVariants, BiasesThatAreNotComputedAreRefused) {
  const std::string architecture = GetParam();
  const json cases = read_json_file(kVariants / architecture / "cases.json");
  const SafetensorsFile weights(kVariants / architecture / "model.safetensors");
  const Variant variant = {kScalings[0], kElementTypes[0], false, false};
  for (const std::string name : {"attn_q.bias", "attn_output.bias", "ffn_up.bias", "ffn_down.bias"}) {
    if (architecture == "qwen2" && name == "attn_q.bias") continue;  // which has it
    const TemporaryFolder folder;
    GgufBytes file = ModelTwice(architecture, cases["config"], weights, variant).gguf();
    file.tensor("blk.0." + name, {32}, 0, std::string(128, '\0'));
    file.write(folder / "model.gguf");
    try {
      (void)Model::load(folder / "model.gguf");
      ADD_FAILURE() << name << " is accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), (folder / "model.gguf").string() + ": tensor 'blk.0." + name +
                                  "' is no part of a " + architecture +
                                  " model; this kind of model is not supported");
    }
  }
}

}  // namespace
}  // namespace deepscaler

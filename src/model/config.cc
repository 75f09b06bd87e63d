#include "model/config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "formats/gguf.h"
#include "ops/panels.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

using nlohmann::json;

struct ArchitectureName {
  Architecture architecture;
  std::string_view model_type;
  const char* class_prefix;  // in transformers, before what kHeads has
};

constexpr std::array kArchitectures = {
    ArchitectureName{Architecture::kLlama, "llama", "Llama"},
    ArchitectureName{Architecture::kQwen2, "qwen2", "Qwen2"},
    ArchitectureName{Architecture::kQwen3, "qwen3", "Qwen3"},
};

const ArchitectureName& name_of(Architecture architecture) {
  return *std::ranges::find(kArchitectures, architecture, &ArchitectureName::architecture);
}

Architecture architecture_from(std::string_view name, const std::string& where) {
  const auto* found = std::ranges::find(kArchitectures, name, &ArchitectureName::model_type);
  if (found == kArchitectures.end()) {
    throw Error(where, fmt::format("unknown architecture '{}'", name),
                "the known ones are llama, qwen2 and qwen3");
  }
  return found->architecture;
}

// A hostile config could ask for more than any machine has; no model of these families comes near.
constexpr int64_t kLargestDimension = int64_t{1} << 24;
constexpr int64_t kLongestContext = int64_t{1} << 20;  // its rotary angles are in memory

void check(const ModelConfig& c, const std::string& where) {
  const auto require = [&](bool holds, std::string_view what) {
    if (!holds) throw Error(where, what, "this is no model of a supported shape");
  };
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, int64_t>>{
           {"vocabulary size", c.vocabulary},
           {"hidden size", c.hidden},
           {"feed-forward size", c.feed_forward},
           {"number of layers", c.layers},
           {"number of heads", c.attention.heads},
           {"number of key/value heads", c.attention.kv_heads},
           {"head size", c.attention.head_dim},
           {"context length", c.context}}) {
    require(value > 0 && value <= kLargestDimension, fmt::format("{} is {}", name, value));
  }
  require(c.context <= kLongestContext, fmt::format("context length is {}", c.context));
  require(c.attention.heads % c.attention.kv_heads == 0,
          fmt::format("{} heads can't share {} key/value heads", c.attention.heads, c.attention.kv_heads));
  require(c.attention.head_dim % (2 * kPanelWidth) == 0 || c.attention.head_dim == kPanelWidth,
          fmt::format("head size {} is not a multiple of 32", c.attention.head_dim));
  require(c.norm_eps > 0 && c.norm_eps < 1, fmt::format("norm epsilon is {}", c.norm_eps));
  require(c.rope_theta > 1, fmt::format("rope theta is {}", c.rope_theta));
  if (!c.rope_scaling) return;
  const Llama3RopeScaling& r = *c.rope_scaling;
  require(r.factor >= 1 && r.low_freq_factor > 0 && r.high_freq_factor > r.low_freq_factor &&
              r.original_context > 0,
          fmt::format("RoPE scaling has factor {}, low {}, high {}, context {}", r.factor, r.low_freq_factor,
                      r.high_freq_factor, r.original_context));
}

// The keys of a config.json, with errors that name them.
class JsonKeys {
 public:
  JsonKeys(const json& object, const std::string& where) : object_(object), where_(where) {}

  template <class T>
  std::optional<T> find(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    if constexpr (std::is_same_v<T, bool>) {
      if (found->is_boolean()) return found->template get<T>();
    } else if constexpr (std::is_integral_v<T>) {
      if (found->is_number_integer()) return found->template get<T>();
    } else if constexpr (std::is_floating_point_v<T>) {
      if (found->is_number()) return found->template get<T>();
    } else if (found->is_string()) {
      return found->template get<T>();
    }
    throw Error(where_, fmt::format("key '{}' has an unexpected type", key),
                "compare with a published model");
  }

  template <class T>
  T get(const char* key) const {
    auto value = find<T>(key);
    if (!value)
      throw Error(where_, fmt::format("key '{}' is missing", key), "compare with a published model");
    return *std::move(value);
  }

 private:
  const json& object_;
  const std::string& where_;
};

json parse_json_object(std::string_view text, const std::string& where) {
  json object = json::parse(text, nullptr, false);
  if (!object.is_object()) throw Error(where, "is not a JSON object", "download the model again");
  return object;
}

// RoPE settings stand in `rope_parameters` (transformers 5) or in `rope_theta` and `rope_scaling`.
void read_rope(const json& object, const std::string& where, ModelConfig& c) {
  const JsonKeys keys(object, where);
  c.rope_theta = keys.find<double>("rope_theta").value_or(c.rope_theta);
  for (const char* name : {"rope_scaling", "rope_parameters"}) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) continue;
    if (!found->is_object()) throw Error(where, fmt::format("key '{}' is not an object", name), "");
    const JsonKeys rope(*found, where);
    c.rope_theta = rope.find<double>("rope_theta").value_or(c.rope_theta);
    auto type = rope.find<std::string>("rope_type");
    if (!type) type = rope.find<std::string>("type");
    if (!type || *type == "default") continue;
    if (*type != "llama3") {
      throw Error(where, fmt::format("RoPE scaling '{}' is not supported", *type),
                  "the known ones are default and llama3");
    }
    c.rope_scaling = Llama3RopeScaling{rope.get<double>("factor"), rope.get<double>("low_freq_factor"),
                                       rope.get<double>("high_freq_factor"),
                                       rope.get<int64_t>("original_max_position_embeddings")};
  }
}

struct NamedHead {
  HeadKind head;
  std::string_view suffix;  // of the class in "architectures"
};
constexpr NamedHead kHeads[] = {{HeadKind::kLanguageModel, "ForCausalLM"},
                                {HeadKind::kSequenceScore, "ForSequenceClassification"},
                                {HeadKind::kTokenScore, "ForTokenClassification"}};

std::string_view suffix_of(HeadKind head) {
  return std::ranges::find(kHeads, head, &NamedHead::head)->suffix;
}

// A config without "architectures" is a language model's.
void read_head(const json& object, const std::string& where, ModelConfig& c) {
  const auto found = object.find("architectures");
  if (found == object.end() || !found->is_array() || found->empty() || !(*found)[0].is_string()) return;
  const std::string name = (*found)[0];
  for (const NamedHead& head : kHeads) {
    if (name.ends_with(head.suffix)) c.head = head.head;
  }
  if (!c.scalar_head()) return;
  const auto labels = object.find("id2label");
  if (labels == object.end() || labels->size() != 1) {
    throw Error(where, fmt::format("{} has {} labels", name, labels == object.end() ? 2 : labels->size()),
                "only heads of one number are supported");
  }
}

int32_t token_of(const ModelConfig& c, int64_t id, const char* key, const std::string& where) {
  if (id < 0 || id >= c.vocabulary) {
    throw Error(where, fmt::format("key '{}': there is no token {}", key, id), "use a complete model");
  }
  return static_cast<int32_t>(id);
}

// eos_token_id is a token, a list of tokens, or null.
void add_eos(const json& object, const std::string& where, ModelConfig& c) {
  const auto found = object.find("eos_token_id");
  if (found == object.end() || found->is_null()) return;
  const json ids = found->is_array() ? *found : json::array({*found});
  for (const json& id : ids) {
    if (!id.is_number_integer() || id < 0 || id >= c.vocabulary) {
      throw Error(where, "key 'eos_token_id' holds something that is no token of the model",
                  "compare with a published model");
    }
    if (std::ranges::count(c.eos, id.get<int32_t>()) == 0) c.eos.push_back(id.get<int32_t>());
  }
}

// GGUF files have Llama 3's scaling as what each frequency is divided by. These divisors are 1 for short
// wavelengths, `factor` for long ones, and tell the context L by those between, where
// 1 / divisor = (1 - s) / factor + s with s = (L / wavelength - low) / (high - low); low is 1 and high 4
// in every Llama 3.
Llama3RopeScaling scaling_of_divisors(const ModelConfig& c, std::span<const float> divisors,
                                      const std::string& where) {
  const auto fail = [&]() {
    return Error(where, "tensor 'rope_freqs.weight' is not the RoPE scaling of a Llama 3",
                 "use the model's Hugging Face folder");
  };
  Llama3RopeScaling scaling = {.factor = *std::ranges::max_element(divisors),
                               .low_freq_factor = 1,
                               .high_freq_factor = 4,
                               .original_context = 8192};
  if (!(scaling.factor > 1) || !(scaling.factor < 1e6)) throw fail();
  const std::vector<double> plain = c.rope_frequencies();
  for (size_t i = 0; i < divisors.size(); ++i) {
    if (!(divisors[i] > 1.01) || !(divisors[i] < 0.99 * scaling.factor)) continue;
    const double s = (1 / static_cast<double>(divisors[i]) - 1 / scaling.factor) / (1 - 1 / scaling.factor);
    scaling.original_context = std::llround(2 * std::numbers::pi / plain[i] * (1 + 3 * s));
    break;
  }
  ModelConfig scaled = c;
  scaled.rope_scaling = scaling;
  const std::vector<double> frequencies = scaled.rope_frequencies();
  for (size_t i = 0; i < divisors.size(); ++i) {
    if (!(std::abs(plain[i] / frequencies[i] / divisors[i] - 1) < 1e-4)) throw fail();
  }
  return scaling;
}

void read_gguf_rope_scaling(const GgufFile& file, ModelConfig& c) {
  const StoredTensor* stored = file.tensors().find("rope_freqs.weight");
  if (stored == nullptr) return;
  if (stored->dtype != DType::kF32 || stored->shape != std::vector<int64_t>{c.attention.head_dim / 2}) {
    throw Error(file.where(), "tensor 'rope_freqs.weight' is not one F32 number for each pair of a head",
                "use a complete model file");
  }
  std::vector<float> divisors(static_cast<size_t>(c.attention.head_dim / 2));
  dequantize(stored->dtype, stored->bytes, divisors);
  c.rope_scaling = scaling_of_divisors(c, divisors, file.where());
}

void add_gguf_eos(const GgufFile& file, const char* key, ModelConfig& c) {
  const auto id = file.find_integer(key);
  if (!id) return;
  const int32_t token = token_of(c, *id, key, file.where());
  if (std::ranges::count(c.eos, token) == 0) c.eos.push_back(token);
}

}  // namespace

std::string_view architecture_name(Architecture architecture) { return name_of(architecture).model_type; }

std::vector<double> ModelConfig::rope_frequencies() const {
  std::vector<double> frequencies(static_cast<size_t>(attention.head_dim / 2));
  for (size_t i = 0; i < frequencies.size(); ++i) {
    double& f = frequencies[i];
    f = std::pow(rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(attention.head_dim));
    if (!rope_scaling) continue;
    const Llama3RopeScaling& s = *rope_scaling;
    const double wavelength = 2 * std::numbers::pi / f;
    const auto original = static_cast<double>(s.original_context);
    const double smooth =
        (original / wavelength - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
    f = f / s.factor + std::clamp(smooth, 0.0, 1.0) * (f - f / s.factor);
  }
  return frequencies;
}

ModelConfig parse_hf_config(std::string_view text, const std::string& where) {
  const json object = parse_json_object(text, where);
  const JsonKeys keys(object, where);
  ModelConfig c;
  c.architecture = architecture_from(keys.get<std::string>("model_type"), where);
  read_head(object, where, c);
  c.vocabulary = keys.get<int64_t>("vocab_size");
  c.hidden = keys.get<int64_t>("hidden_size");
  c.feed_forward = keys.get<int64_t>("intermediate_size");
  c.layers = keys.get<int64_t>("num_hidden_layers");
  c.attention.heads = keys.get<int64_t>("num_attention_heads");
  c.attention.kv_heads = keys.find<int64_t>("num_key_value_heads").value_or(c.attention.heads);
  c.attention.head_dim =
      keys.find<int64_t>("head_dim").value_or(c.attention.heads > 0 ? c.hidden / c.attention.heads : 0);
  c.context = keys.get<int64_t>("max_position_embeddings");
  c.norm_eps = keys.get<float>("rms_norm_eps");
  c.tied_embeddings = keys.find<bool>("tie_word_embeddings").value_or(false);
  c.attention_bias =
      keys.find<bool>("attention_bias").value_or(false) || c.architecture == Architecture::kQwen2;
  if (c.attention_bias && c.architecture != Architecture::kQwen2) {
    throw Error(where, "attention_bias is true", "biases are supported in qwen2 models only");
  }
  if (keys.find<bool>("use_sliding_window").value_or(false)) {
    throw Error(where, "use_sliding_window is true", "sliding-window attention is not supported");
  }
  read_rope(object, where, c);
  check(c, where);
  if (const auto bos = keys.find<int64_t>("bos_token_id")) c.bos = token_of(c, *bos, "bos_token_id", where);
  add_eos(object, where, c);
  return c;
}

ModelConfig read_hf_config_file(const std::filesystem::path& file) {
  return parse_hf_config(read_file(file), file.string());
}

// generation_config.json is what generation goes by where the two differ; both end a text.
ModelConfig read_hf_config(const std::filesystem::path& folder) {
  ModelConfig c = read_hf_config_file(folder / "config.json");
  const std::filesystem::path generation = folder / "generation_config.json";
  if (std::filesystem::exists(generation)) {
    add_eos(parse_json_object(read_file(generation), generation.string()), generation.string(), c);
  }
  return c;
}

ModelConfig read_gguf_config(const GgufFile& file) {
  ModelConfig c;
  const std::string name(file.string("general.architecture"));
  c.architecture = architecture_from(name, file.where());
  const auto key = [&](const char* suffix) { return name + "." + suffix; };
  c.hidden = file.integer(key("embedding_length"));
  c.feed_forward = file.integer(key("feed_forward_length"));
  c.layers = file.integer(key("block_count"));
  c.attention.heads = file.integer(key("attention.head_count"));
  c.attention.kv_heads = file.find_integer(key("attention.head_count_kv")).value_or(c.attention.heads);
  c.attention.head_dim = file.find_integer(key("attention.key_length"))
                             .value_or(c.attention.heads > 0 ? c.hidden / c.attention.heads : 0);
  c.context = file.integer(key("context_length"));
  c.norm_eps = static_cast<float>(file.number(key("attention.layer_norm_rms_epsilon")));
  c.rope_theta = file.find_number(key("rope.freq_base")).value_or(c.rope_theta);
  const StoredTensor* embedding = file.tensors().find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2) {
    throw Error(file.where(), "has no tensor token_embd.weight", "use a complete model file");
  }
  c.vocabulary = embedding->shape[0];
  c.tied_embeddings = file.tensors().find("output.weight") == nullptr;
  c.attention_bias = c.architecture == Architecture::kQwen2;
  if (const auto bos = file.find_integer("tokenizer.ggml.bos_token_id")) {
    c.bos = token_of(c, *bos, "tokenizer.ggml.bos_token_id", file.where());
  }
  // Llama 3 and Qwen2.5 end a turn with one token and a text with another.
  for (const char* name : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) {
    add_gguf_eos(file, name, c);
  }
  check(c, file.where());
  read_gguf_rope_scaling(file, c);
  return c;
}

json hf_config_json(const ModelConfig& c, DType dtype) {
  const char* dtype_in_torch = dtype == DType::kBF16  ? "bfloat16"
                               : dtype == DType::kF16 ? "float16"
                                                      : "float32";
  json object = {
      {"architectures", {fmt::format("{}{}", name_of(c.architecture).class_prefix, suffix_of(c.head))}},
      {"model_type", architecture_name(c.architecture)},
      {"vocab_size", c.vocabulary},
      {"hidden_size", c.hidden},
      {"intermediate_size", c.feed_forward},
      {"num_hidden_layers", c.layers},
      {"num_attention_heads", c.attention.heads},
      {"num_key_value_heads", c.attention.kv_heads},
      {"head_dim", c.attention.head_dim},
      {"max_position_embeddings", c.context},
      {"rms_norm_eps", c.norm_eps},
      {"rope_theta", c.rope_theta},
      {"tie_word_embeddings", c.tied_embeddings},
      {"hidden_act", "silu"},
      {"torch_dtype", dtype_in_torch}};
  if (c.rope_scaling) {
    object["rope_scaling"] = {{"rope_type", "llama3"},
                              {"factor", c.rope_scaling->factor},
                              {"low_freq_factor", c.rope_scaling->low_freq_factor},
                              {"high_freq_factor", c.rope_scaling->high_freq_factor},
                              {"original_max_position_embeddings", c.rope_scaling->original_context}};
  }
  if (c.scalar_head()) {
    object["id2label"] = {{"0", "score"}};
    object["label2id"] = {{"score", 0}};
  }
  if (c.bos) object["bos_token_id"] = *c.bos;
  if (c.eos.size() == 1) object["eos_token_id"] = c.eos.front();
  if (c.eos.size() > 1) object["eos_token_id"] = c.eos;
  return object;
}

}  // namespace deepscaler

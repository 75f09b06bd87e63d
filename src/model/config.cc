#include "model/config.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "formats/json_text.h"
#include "model/config_keys.h"
#include "ops/panels.h"

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

struct ActivationName {
  std::string_view name;  // as in transformers
  Activation activation;
};

// The first name of each is the one that is written.
constexpr std::array kActivations = {
    ActivationName{"silu", Activation::kSilu},
    ActivationName{"swish", Activation::kSilu},
    ActivationName{"gelu", Activation::kGelu},
    ActivationName{"gelu_python", Activation::kGelu},
    ActivationName{"gelu_pytorch_tanh", Activation::kGeluTanh},
    ActivationName{"gelu_new", Activation::kGeluTanh},
    ActivationName{"gelu_fast", Activation::kGeluTanh},
    ActivationName{"gelu_python_tanh", Activation::kGeluTanh},
    ActivationName{"gelu_accurate", Activation::kGeluTanh},
    ActivationName{"relu", Activation::kRelu},
};

Activation activation_from(std::string_view name, const std::string& where) {
  const auto* found = std::ranges::find(kActivations, name, &ActivationName::name);
  if (found == kActivations.end()) {
    throw Error(where, fmt::format("hidden_act '{}' is not supported", name),
                "the known ones are silu, gelu, gelu_pytorch_tanh and relu");
  }
  return found->activation;
}

// A hostile config could ask for more than any machine has; no model of these families comes near.
constexpr int64_t kLargestDimension = int64_t{1} << 24;
constexpr int64_t kLongestContext = int64_t{1} << 20;  // its rotary angles are in memory

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

// The context that the frequencies were trained for: beside the scaling, in it, or the model's.
int64_t original_context(const JsonKeys& config, const JsonKeys& rope, const ModelConfig& c) {
  constexpr const char* kKey = "original_max_position_embeddings";
  if (const auto beside = config.find<int64_t>(kKey)) return *beside;
  return rope.find<int64_t>(kKey).value_or(c.context);
}

RopeScaling read_yarn(const JsonKeys& config, const JsonKeys& rope, const ModelConfig& c) {
  const int64_t original = original_context(config, rope, c);
  const double factor = rope.find<double>("factor").value_or(
      static_cast<double>(c.context) / static_cast<double>(std::max<int64_t>(original, 1)));
  const double mscale = rope.find<double>("mscale").value_or(0);
  const double mscale_all = rope.find<double>("mscale_all_dim").value_or(0);
  // 0.1 m ln(factor) + 1 for m = 1 is the factor without them.
  const auto with = [&](double m) { return 1 + m * (yarn_attention_factor(factor) - 1); };
  const double inferred = mscale != 0 && mscale_all != 0 ? with(mscale) / with(mscale_all) : with(1);
  YarnRopeScaling yarn{.factor = factor,
                       .original_context = original,
                       .attention_factor = rope.find<double>("attention_factor").value_or(inferred),
                       .truncate = rope.find<bool>("truncate").value_or(true)};
  if (const double fast = rope.find<double>("beta_fast").value_or(0); fast != 0) yarn.beta_fast = fast;
  if (const double slow = rope.find<double>("beta_slow").value_or(0); slow != 0) yarn.beta_slow = slow;
  return yarn;
}

RopeScaling read_rope_scaling(const std::string& type, const JsonKeys& config, const JsonKeys& rope,
                              const ModelConfig& c, const std::string& where) {
  if (type == "linear") return LinearRopeScaling{rope.get<double>("factor")};
  if (type == "dynamic") return DynamicRopeScaling{rope.get<double>("factor")};
  if (type == "yarn") return read_yarn(config, rope, c);
  if (type == "llama3") {
    return Llama3RopeScaling{rope.get<double>("factor"), rope.get<double>("low_freq_factor"),
                             rope.get<double>("high_freq_factor"), original_context(config, rope, c)};
  }
  throw Error(where, fmt::format("RoPE scaling '{}' is not supported", type),
              "the known ones are default, linear, dynamic, yarn and llama3");
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
    if (!type) type = rope.find<std::string>("type").value_or("default");
    const std::vector<std::string> unknown = check_rope_keys(*found, *type, name, where);
    c.unknown_keys.insert(c.unknown_keys.end(), unknown.begin(), unknown.end());
    if (*type != "default") c.rope_scaling = read_rope_scaling(*type, keys, rope, c, where);
  }
}

// Every layer must look at the whole context.
void check_attention(const json& object, const std::string& where) {
  const JsonKeys keys(object, where);
  if (keys.find<bool>("use_sliding_window").value_or(false)) {
    throw Error(where, "use_sliding_window is true", "sliding-window attention is not supported");
  }
  const json types = object.value("layer_types", json());
  if (types.is_null()) return;
  if (!types.is_array() || !std::ranges::all_of(types, [](const json& t) { return t == "full_attention"; })) {
    throw Error(where, "layer_types has others than full_attention", "such layers are not supported");
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

// What transformers' classes take where a config does not say. Qwen3 heads need not share the hidden size.
int64_t default_head_dim(const ModelConfig& c) {
  constexpr int64_t kOfQwen3 = 128;
  if (c.architecture == Architecture::kQwen3) return kOfQwen3;
  return c.attention.heads > 0 ? c.hidden / c.attention.heads : 0;
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

}  // namespace

std::string_view architecture_name(Architecture architecture) { return name_of(architecture).model_type; }

Architecture architecture_from_name(std::string_view name, const std::string& where) {
  const auto* found = std::ranges::find(kArchitectures, name, &ArchitectureName::model_type);
  if (found == kArchitectures.end()) {
    throw Error(where, fmt::format("unknown architecture '{}'", name),
                "the known ones are llama, qwen2 and qwen3");
  }
  return found->architecture;
}

std::string_view activation_name(Activation activation) {
  return std::ranges::find(kActivations, activation, &ActivationName::activation)->name;
}

void check_dimensions(const ModelConfig& c, const std::string& where) {
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
          fmt::format("head size {} is not supported: heads of 16, or of a multiple of 32, are",
                      c.attention.head_dim));
  require(c.norm_eps > 0 && c.norm_eps < 1, fmt::format("norm epsilon is {}", c.norm_eps));
  require(c.rope_theta > 1, fmt::format("rope theta is {}", c.rope_theta));
  check_rope_scaling(c.rope_scaling, where);
}

ModelConfig parse_hf_config(std::string_view text, const std::string& where) {
  const json object = parse_model_object(text, where);
  const JsonKeys keys(object, where);
  ModelConfig c;
  c.architecture = architecture_from_name(keys.get<std::string>("model_type"), where);
  c.unknown_keys = check_config_keys(object, where);
  read_head(object, where, c);
  c.vocabulary = keys.get<int64_t>("vocab_size");
  c.hidden = keys.get<int64_t>("hidden_size");
  c.feed_forward = keys.get<int64_t>("intermediate_size");
  c.layers = keys.get<int64_t>("num_hidden_layers");
  c.attention.heads = keys.get<int64_t>("num_attention_heads");
  c.attention.kv_heads = keys.find<int64_t>("num_key_value_heads").value_or(c.attention.heads);
  c.attention.head_dim = keys.find<int64_t>("head_dim").value_or(default_head_dim(c));
  c.context = keys.get<int64_t>("max_position_embeddings");
  c.norm_eps = keys.get<float>("rms_norm_eps");
  c.activation = activation_from(keys.find<std::string>("hidden_act").value_or("silu"), where);
  c.tied_embeddings = keys.find<bool>("tie_word_embeddings").value_or(false);
  c.attention_bias =
      keys.find<bool>("attention_bias").value_or(false) || c.architecture == Architecture::kQwen2;
  if (c.attention_bias && c.architecture != Architecture::kQwen2) {
    throw Error(where, "attention_bias is true", "biases are supported in qwen2 models only");
  }
  check_attention(object, where);
  read_rope(object, where, c);
  check_dimensions(c, where);
  if (const auto bos = keys.find<int64_t>("bos_token_id")) c.bos = token_of(c, *bos, "bos_token_id", where);
  add_eos(object, where, c);
  return c;
}

ModelConfig read_hf_config_file(const std::filesystem::path& file) {
  return parse_hf_config(read_file(file), file.string());
}

// generation_config.json is what generation goes by where the two differ; both end a text.
ModelConfig read_hf_config(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / "config.json") &&
      std::filesystem::exists(folder / "adapter_config.json")) {
    throw Error(folder.string(), "holds an adapter (PEFT), not a whole model",
                "merge it into its base model first");
  }
  std::error_code ignored;
  if (std::filesystem::status(folder / "config.json", ignored).type() ==
      std::filesystem::file_type::not_found) {
    throw Error(folder.string(), "has no config.json", "name a folder that holds a Hugging Face model");
  }
  ModelConfig c = read_hf_config_file(folder / "config.json");
  const std::filesystem::path generation = folder / "generation_config.json";
  if (std::filesystem::exists(generation)) {
    add_eos(read_model_object(generation), generation.string(), c);
  }
  return c;
}

AttentionShape attention_shape(const ModelConfig& config, KvStore store) {
  const auto& [heads, kv_heads, head_dim] = config.attention;
  return {.heads = heads, .kv_heads = kv_heads, .head_dim = head_dim, .store = store};
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
      {"hidden_act", activation_name(c.activation)},
      {"torch_dtype", dtype_in_torch}};
  if (json scaling = rope_scaling_json(c.rope_scaling); !scaling.is_null()) {
    object["rope_scaling"] = std::move(scaling);
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

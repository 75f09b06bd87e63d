// The configuration in a GGUF file's keys, as llama.cpp writes and reads them.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "base/error.h"
#include "formats/gguf.h"
#include "model/config.h"
#include "model/config_keys.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

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

std::optional<RopeScaling> scaling_of_tensor(const GgufFile& file, const ModelConfig& c) {
  const StoredTensor* stored = file.tensors().find("rope_freqs.weight");
  if (stored == nullptr) return std::nullopt;
  if (stored->dtype != DType::kF32 || stored->shape != std::vector<int64_t>{c.attention.head_dim / 2}) {
    throw Error(file.where(), "tensor 'rope_freqs.weight' is not one F32 number for each pair of a head",
                "use a complete model file");
  }
  std::vector<float> divisors(static_cast<size_t>(c.attention.head_dim / 2));
  dequantize(stored->dtype, stored->bytes, divisors);
  return scaling_of_divisors(c, divisors, file.where());
}

// Keys of one architecture.
class ArchitectureKeys {
 public:
  explicit ArchitectureKeys(const GgufFile& file)
      : file_(file), prefix_(std::string(file.string("general.architecture")) + ".") {}

  [[nodiscard]] std::string operator()(const char* suffix) const { return prefix_ + suffix; }
  [[nodiscard]] int64_t integer(const char* suffix) const { return file_.integer(prefix_ + suffix); }
  [[nodiscard]] double number(const char* suffix) const { return file_.number(prefix_ + suffix); }
  [[nodiscard]] auto find_integer(const char* suffix) const { return file_.find_integer(prefix_ + suffix); }
  [[nodiscard]] auto find_number(const char* suffix) const { return file_.find_number(prefix_ + suffix); }
  [[nodiscard]] auto find_string(const char* suffix) const { return file_.find_string(prefix_ + suffix); }

  // An integer that must be `expected` where it is there.
  void require(const char* suffix, int64_t expected) const {
    const auto value = find_integer(suffix);
    if (!value || *value == expected) return;
    throw Error(file_.where(),
                fmt::format("key '{}{}' is {}, and {} is supported only", prefix_, suffix, *value, expected),
                "use another model");
  }

 private:
  const GgufFile& file_;
  std::string prefix_;
};

// As llama.cpp reads the keys: a factor without a type is linear; YaRN's attention factor is one more factor
// beside that of the paper.
RopeScaling scaling_of_keys(const ArchitectureKeys& keys, const ModelConfig& c, const std::string& where) {
  const double factor =
      keys.find_number("rope.scaling.factor").value_or(keys.find_number("rope.scale_linear").value_or(0));
  const std::string_view type = keys.find_string("rope.scaling.type").value_or("linear");
  if (type == "none" || ((factor == 0 || factor == 1) && type == "linear")) return {};
  if (type == "linear") return LinearRopeScaling{factor};
  if (type != "yarn") {
    throw Error(where, fmt::format("RoPE scaling '{}' is not supported", type),
                "the known ones are none, linear and yarn");
  }
  YarnRopeScaling yarn{
      .factor = factor == 0 ? 1 : factor,
      .original_context = keys.find_integer("rope.scaling.original_context_length").value_or(c.context),
      .attention_factor = 1};
  yarn.attention_factor =
      yarn_attention_factor(yarn.factor) * keys.find_number("rope.scaling.attn_factor").value_or(1);
  yarn.beta_fast = keys.find_number("rope.scaling.yarn_beta_fast").value_or(yarn.beta_fast);
  yarn.beta_slow = keys.find_number("rope.scaling.yarn_beta_slow").value_or(yarn.beta_slow);
  return yarn;
}

RopeScaling read_gguf_rope_scaling(const GgufFile& file, const ArchitectureKeys& keys, const ModelConfig& c) {
  const RopeScaling of_keys = scaling_of_keys(keys, c, file.where());
  const auto of_tensor = scaling_of_tensor(file, c);
  if (!of_tensor) return of_keys;
  if (of_keys != RopeScaling()) {
    throw Error(file.where(), "has RoPE scaling both in its keys and in 'rope_freqs.weight'",
                "use the model's Hugging Face folder");
  }
  return *of_tensor;
}

int32_t token_of(const GgufFile& file, const std::string& key, int64_t id, const ModelConfig& c) {
  if (id < 0 || id >= c.vocabulary) {
    throw Error(file.where(), fmt::format("key '{}': there is no token {}", key, id), "use a complete model");
  }
  return static_cast<int32_t>(id);
}

void add_token(const GgufFile& file, const std::string& key, int64_t id, ModelConfig& c) {
  const int32_t token = token_of(file, key, id, c);
  if (std::ranges::count(c.eos, token) == 0) c.eos.push_back(token);
}

void add_gguf_eos(const GgufFile& file, const std::string& key, ModelConfig& c) {
  if (const auto id = file.find_integer(key)) add_token(file, key, *id, c);
}

}  // namespace

ModelConfig read_gguf_config(const GgufFile& file) {
  ModelConfig c;
  const std::string name(file.string("general.architecture"));
  c.architecture = architecture_from_name(name, file.where());
  c.unknown_keys = check_gguf_keys(file, name);
  if (const int64_t parts = file.find_integer("split.count").value_or(1); parts > 1) {
    throw Error(file.where(), fmt::format("is one of {} parts of a model", parts),
                "join them with `llama-gguf-split --merge`");
  }
  const ArchitectureKeys keys(file);
  c.hidden = keys.integer("embedding_length");
  c.feed_forward = keys.integer("feed_forward_length");
  c.layers = keys.integer("block_count");
  c.attention.heads = keys.integer("attention.head_count");
  c.attention.kv_heads = keys.find_integer("attention.head_count_kv").value_or(c.attention.heads);
  c.attention.head_dim = keys.find_integer("attention.key_length")
                             .value_or(c.attention.heads > 0 ? c.hidden / c.attention.heads : 0);
  c.context = keys.integer("context_length");
  c.norm_eps = static_cast<float>(keys.number("attention.layer_norm_rms_epsilon"));
  c.rope_theta = keys.find_number("rope.freq_base").value_or(c.rope_theta);
  const StoredTensor* embedding = file.tensors().find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2) {
    throw Error(file.where(), "has no tensor token_embd.weight", "use a complete model file");
  }
  c.vocabulary = embedding->shape[0];
  c.tied_embeddings = file.tensors().find("output.weight") == nullptr;
  c.attention_bias = c.architecture == Architecture::kQwen2;
  check_dimensions(c, file.where());
  // Each head is rotated whole, its values are as wide as its keys, and it sees the whole context.
  keys.require("rope.dimension_count", c.attention.head_dim);
  keys.require("attention.value_length", c.attention.head_dim);
  if (const int64_t window = keys.find_integer("attention.sliding_window").value_or(0);
      window > 0 && window < c.context) {
    throw Error(file.where(), fmt::format("key '{}' is {}", keys("attention.sliding_window"), window),
                "sliding-window attention is not supported");
  }
  c.rope_scaling = read_gguf_rope_scaling(file, keys, c);
  check_rope_scaling(c.rope_scaling, file.where());
  if (const auto bos = file.find_integer("tokenizer.ggml.bos_token_id")) {
    c.bos = token_of(file, "tokenizer.ggml.bos_token_id", *bos, c);
  }
  // Llama 3 and Qwen2.5 end a turn with one token, a message to a tool with another, and a text with a third.
  for (const char* name : {"eos", "eot", "eom"}) {
    add_gguf_eos(file, fmt::format("tokenizer.ggml.{}_token_id", name), c);
  }
  // As Ollama writes several.
  for (const int64_t id :
       file.find_integers("tokenizer.ggml.eos_token_ids").value_or(std::vector<int64_t>())) {
    add_token(file, "tokenizer.ggml.eos_token_ids", id, c);
  }
  return c;
}

}  // namespace deepscaler

#include "export/gguf_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <variant>

#include "base/error.h"
#include "formats/json_text.h"
#include "text/tokenizer/tokenizer_definition.h"

namespace deepscaler {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kUseFolder = "use the Hugging Face folder as it is";

// Keys of one architecture.
class ArchitectureKeys {
 public:
  ArchitectureKeys(const ModelConfig& config, GgufKeys& keys)
      : prefix_(std::string(architecture_name(config.architecture)) + "."), keys_(keys) {}

  void u32(const char* suffix, int64_t value) {
    keys_.set_u32(prefix_ + suffix, static_cast<uint32_t>(value));
  }
  void f32(const char* suffix, double value) { keys_.set_f32(prefix_ + suffix, static_cast<float>(value)); }
  void string(const char* suffix, std::string_view value) { keys_.set_string(prefix_ + suffix, value); }

 private:
  std::string prefix_;
  GgufKeys& keys_;
};

void set_yarn(const YarnRopeScaling& yarn, const std::string& where, ArchitectureKeys& keys) {
  if (!yarn.truncate) {
    throw Error(where, "has YaRN scaling that is not truncated, which a GGUF file can't say", kUseFolder);
  }
  const YarnRopeScaling usual{};
  keys.string("rope.scaling.type", "yarn");
  keys.f32("rope.scaling.factor", yarn.factor);
  keys.u32("rope.scaling.original_context_length", yarn.original_context);
  // What there is beside the factor of the paper.
  const double factor = yarn.attention_factor / yarn_attention_factor(yarn.factor);
  if (std::abs(factor - 1) > 1e-6) keys.f32("rope.scaling.attn_factor", factor);
  if (yarn.beta_fast != usual.beta_fast) keys.f32("rope.scaling.yarn_beta_fast", yarn.beta_fast);
  if (yarn.beta_slow != usual.beta_slow) keys.f32("rope.scaling.yarn_beta_slow", yarn.beta_slow);
}

void set_architecture(const ModelConfig& c, const std::string& where, GgufKeys& all) {
  ArchitectureKeys keys(c, all);
  keys.u32("block_count", c.layers);
  keys.u32("context_length", c.context);
  keys.u32("embedding_length", c.hidden);
  keys.u32("feed_forward_length", c.feed_forward);
  keys.u32("attention.head_count", c.attention.heads);
  keys.u32("attention.head_count_kv", c.attention.kv_heads);
  keys.f32("rope.freq_base", c.rope_theta);
  keys.f32("attention.layer_norm_rms_epsilon", c.norm_eps);
  if (c.architecture == Architecture::kQwen3 || c.query_width() != c.hidden) {
    keys.u32("attention.key_length", c.attention.head_dim);
    keys.u32("attention.value_length", c.attention.head_dim);
  }
  if (c.architecture == Architecture::kLlama) {
    keys.u32("rope.dimension_count", c.attention.head_dim);
    keys.u32("vocab_size", c.vocabulary);
  }
  if (const auto* linear = std::get_if<LinearRopeScaling>(&c.rope_scaling)) {
    keys.string("rope.scaling.type", "linear");
    keys.f32("rope.scaling.factor", linear->factor);
  }
  if (const auto* yarn = std::get_if<YarnRopeScaling>(&c.rope_scaling)) set_yarn(*yarn, where, keys);
}

// The settings that a model wants to be sampled with.
void set_sampling(const fs::path& folder, GgufKeys& keys) {
  const fs::path path = folder / "generation_config.json";
  if (!fs::exists(path)) return;
  const json config = read_model_object(path);
  const auto number = [&](const char* name) -> const json* {
    const auto found = config.find(name);
    return found != config.end() && found->is_number() ? &*found : nullptr;
  };
  if (const json* v = number("top_k")) keys.set_i32("general.sampling.top_k", v->get<int32_t>());
  if (const json* v = number("top_p")) keys.set_f32("general.sampling.top_p", v->get<float>());
  if (const json* v = number("min_p")) keys.set_f32("general.sampling.min_p", v->get<float>());
  if (const json* v = number("temperature")) keys.set_f32("general.sampling.temp", v->get<float>());
}

// All that end a text beside the tokenizer's own: a second one, a third, and a list where there are more.
void set_ends(const TokenizerDefinition& tokenizer, const ModelConfig& config, GgufKeys& keys) {
  std::vector<int32_t> ends = config.eos;
  if (!tokenizer.eos && !ends.empty()) {
    keys.set_u32("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(ends.front()));
    ends.erase(ends.begin());
  } else if (tokenizer.eos) {
    std::erase(ends, *tokenizer.eos);
  }
  if (ends.size() > 2) keys.set_i32s("tokenizer.ggml.eos_token_ids", ends);
  if (!ends.empty()) keys.set_u32("tokenizer.ggml.eot_token_id", static_cast<uint32_t>(ends[0]));
  if (ends.size() > 1) keys.set_u32("tokenizer.ggml.eom_token_id", static_cast<uint32_t>(ends[1]));
  if (!tokenizer.bos && config.bos)
    keys.set_u32("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(*config.bos));
}

}  // namespace

GgufKeys gguf_keys_of_folder(const fs::path& folder, const ModelConfig& config) {
  const std::string where = folder.string();
  if (config.scalar_head()) {
    throw Error(where, "has a head of one number; a GGUF file holds language models", kUseFolder);
  }
  if (config.activation != Activation::kSilu) {
    throw Error(
        where,
        fmt::format("has the activation {}; a GGUF file can't say so", activation_name(config.activation)),
        kUseFolder);
  }
  GgufKeys keys;
  keys.set_string("general.architecture", architecture_name(config.architecture));
  keys.set_string("general.type", "model");
  const fs::path named = fs::absolute(folder).lexically_normal();
  keys.set_string("general.name", (named.has_filename() ? named : named.parent_path()).filename().string());
  set_sampling(folder, keys);
  set_architecture(config, where, keys);
  const TokenizerDefinition tokenizer = read_hf_tokenizer(folder);
  write_gguf_tokenizer(tokenizer, config.vocabulary, keys);
  set_ends(tokenizer, config, keys);
  return keys;
}

std::vector<float> rope_divisors(const ModelConfig& config) {
  if (!std::holds_alternative<Llama3RopeScaling>(config.rope_scaling)) return {};
  ModelConfig plain = config;
  plain.rope_scaling = {};
  std::vector<float> divisors;
  const std::vector<double> scaled = config.rope_frequencies();
  std::ranges::transform(plain.rope_frequencies(), scaled, std::back_inserter(divisors),
                         [](double without, double with) { return static_cast<float>(without / with); });
  return divisors;
}

}  // namespace deepscaler

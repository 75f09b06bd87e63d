#include "model/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "base/error.h"
#include "formats/excerpt.h"
#include "formats/gguf.h"

namespace deepscaler {
namespace {

using nlohmann::json;

struct KnownKey {
  std::string_view name;
  // Nothing: read, or known to change no number. Else the JSON values that it may have, separated by spaces;
  // absent and null are among them.
  std::string_view only = {};
};

constexpr KnownKey kConfigKeys[] = {
    // Read.
    {"attention_bias"},
    {"bos_token_id"},
    {"eos_token_id"},
    {"head_dim"},
    {"hidden_act"},
    {"hidden_size"},
    {"intermediate_size"},
    {"layer_types"},
    {"max_position_embeddings"},
    {"model_type"},
    {"num_attention_heads"},
    {"num_hidden_layers"},
    {"num_key_value_heads"},
    {"original_max_position_embeddings"},
    {"rms_norm_eps"},
    {"rope_parameters"},
    {"rope_scaling"},
    {"rope_theta"},
    {"tie_word_embeddings"},
    {"use_sliding_window"},
    {"vocab_size"},
    // Changes no number: how a model is stored, started, padded or sharded, and what only training reads.
    // Dropout is never applied here.
    {"_attn_implementation"},
    {"_attn_implementation_autoset"},
    {"_name_or_path"},
    {"architectures"},
    {"attention_dropout"},
    {"attn_implementation"},
    {"auto_map"},
    {"cache_implementation"},
    {"chunk_size_feed_forward"},
    {"dtype"},
    {"embd_pdrop"},
    {"hidden_dropout"},
    {"hidden_dropout_prob"},
    {"id2label"},
    {"initializer_range"},
    {"is_decoder"},
    {"is_encoder_decoder", "false"},
    {"label2id"},
    {"max_window_layers"},
    {"mean"},  // of a reward model's scores, which others normalize by
    {"output_attentions"},
    {"output_hidden_states"},
    {"output_router_logits"},
    {"pad_token_id"},
    {"pretraining_tp"},
    {"problem_type"},
    {"resid_pdrop"},
    {"return_dict"},
    {"sep_token_id"},
    {"sliding_window"},  // without use_sliding_window; llama has none
    {"std"},             // of a reward model's scores, likewise
    {"task_specific_params"},
    {"tokenizer_class"},
    {"torch_dtype"},
    {"transformers.js_config"},
    {"transformers_version"},
    {"unk_token_id"},
    {"unsloth_fixed"},
    {"unsloth_version"},
    {"use_bfloat16"},
    {"use_cache"},
    // Of models that compute something else.
    {"add_cross_attention", "false"},
    {"alibi", "false"},
    {"attention_chunk_size", "0"},
    {"attention_multiplier", ""},
    {"attn_logit_softcapping", ""},
    {"clip_qkv", ""},
    {"cross_attention_layers", "[]"},
    {"dim_model_base", ""},
    {"embedding_multiplier", "1"},
    {"final_logit_softcapping", ""},
    {"is_causal", "true"},
    {"logit_scale", "1"},
    {"logits_scaling", "1"},
    {"mlp_bias", "false"},
    {"num_experts", "0"},
    {"num_local_experts", "0"},
    {"num_nextn_predict_layers", "0"},
    {"n_routed_experts", "0"},
    {"no_rope_layers", "[]"},
    {"parallel_attn", "false"},
    {"partial_rotary_factor", "1"},
    {"qk_layernorm", "false"},
    {"quantization_config", ""},
    {"query_pre_attn_scalar", ""},
    {"residual_multiplier", "1"},
    {"rotary_pct", "1"},
    {"scale_depth", ""},
    {"scale_emb", "1"},
    {"use_mrope", "false"},
    {"use_parallel_residual", "false"},
    {"use_qk_norm", "false"},
};

constexpr KnownKey kRopeKeys[] = {
    {"finetuned"},
    {"rope_theta"},
    {"rope_type"},
    {"type"},
    {"partial_rotary_factor", "1"},
    {"full_attention", ""},
    {"sliding_attention", ""},  // one for each kind of layer
};

// Beside them, of one type of scaling; transformers reads those of its own type alone.
struct ScalingKeys {
  std::string_view type;
  std::vector<std::string_view> names;
};
const ScalingKeys kScalingKeys[] = {
    {"linear", {"factor"}},
    {"dynamic", {"factor", "original_max_position_embeddings"}},
    {"llama3", {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}},
    {"yarn",
     {"factor", "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow", "mscale",
      "mscale_all_dim", "truncate"}},
};

bool is_of_scaling(std::string_view key, std::string_view type) {
  const auto* scaling = std::ranges::find(kScalingKeys, type, &ScalingKeys::type);
  return scaling != std::end(kScalingKeys) && std::ranges::count(scaling->names, key) > 0;
}

// Behind the architecture's name and a dot.
constexpr KnownKey kGgufArchitectureKeys[] = {
    {"attention.head_count"},
    {"attention.head_count_kv"},
    {"attention.key_length"},
    {"attention.layer_norm_rms_epsilon"},
    {"attention.sliding_window"},
    {"attention.value_length"},
    {"block_count"},
    {"context_length"},
    {"embedding_length"},
    {"feed_forward_length"},
    {"rope.dimension_count"},
    {"rope.freq_base"},
    {"rope.scale_linear"},
    {"rope.scaling.attn_factor"},
    {"rope.scaling.factor"},
    {"rope.scaling.original_context_length"},
    {"rope.scaling.type"},
    {"rope.scaling.yarn_beta_fast"},
    {"rope.scaling.yarn_beta_slow"},
    // Changes no number.
    {"rope.scaling.finetuned"},
    {"tensor_data_layout"},
    {"vocab_size"},
    // Of models that compute something else.
    {"attention.causal", "true"},
    {"attention.clamp_kqv", "0"},
    {"attention.max_alibi_bias", "0"},
    {"attention.scale", "0"},
    {"embedding_scale", "0 1"},
    {"expert_count", "0"},
    {"expert_used_count", "0"},
    {"logit_scale", "0 1"},
    {"nextn_predict_layers", "0"},
    {"residual_scale", "0 1"},
    {"rope.scaling.yarn_ext_factor", "-1 1"},
    {"rope.scaling.yarn_attn_factor", "1"},
    {"rope.scaling.yarn_log_multiplier", "0"},
    {"use_parallel_residual", "false"},
};

constexpr KnownKey kGgufTokenizerKeys[] = {
    {"tokenizer.ggml.add_bos_token"},
    {"tokenizer.ggml.add_eos_token"},
    {"tokenizer.ggml.bos_token_id"},
    {"tokenizer.ggml.eom_token_id"},
    {"tokenizer.ggml.eos_token_id"},
    {"tokenizer.ggml.eos_token_ids"},
    {"tokenizer.ggml.eot_token_id"},
    {"tokenizer.ggml.merges"},
    {"tokenizer.ggml.model"},
    {"tokenizer.ggml.padding_token_id"},
    {"tokenizer.ggml.pre"},
    {"tokenizer.ggml.token_type"},
    {"tokenizer.ggml.tokens"},
    // Read by nothing here: tokens for filling in, what other kinds of tokenizers need.
    {"tokenizer.ggml.add_sep_token"},
    {"tokenizer.ggml.cls_token_id"},
    {"tokenizer.ggml.fim_mid_token_id"},
    {"tokenizer.ggml.fim_pad_token_id"},
    {"tokenizer.ggml.fim_pre_token_id"},
    {"tokenizer.ggml.fim_rep_token_id"},
    {"tokenizer.ggml.fim_sep_token_id"},
    {"tokenizer.ggml.fim_suf_token_id"},
    {"tokenizer.ggml.mask_token_id"},
    {"tokenizer.ggml.middle_token_id"},
    {"tokenizer.ggml.prefix_token_id"},
    {"tokenizer.ggml.scores"},
    {"tokenizer.ggml.seperator_token_id"},
    {"tokenizer.ggml.suffix_token_id"},
    {"tokenizer.ggml.token_type_count"},
    {"tokenizer.ggml.unknown_token_id"},
    {"tokenizer.huggingface.json"},
    // Change ids.
    {"tokenizer.ggml.add_space_prefix", "false"},
    {"tokenizer.ggml.remove_extra_whitespaces", "false"},
};

const KnownKey* find(std::span<const KnownKey> keys, std::string_view name) {
  const auto found = std::ranges::find(keys, name, &KnownKey::name);
  return found == keys.end() ? nullptr : &*found;
}

// Keys without a list of values have a null pointer in `only`; an empty list allows null alone.
bool allows(const KnownKey& key, const json& value) {
  if (key.only.data() == nullptr || value.is_null()) return true;
  for (std::string_view rest = key.only; !rest.empty();) {
    const size_t end = std::min(rest.find(' '), rest.size());
    if (value == json::parse(rest.substr(0, end))) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

[[noreturn]] void refuse(const std::string& where, std::string_view key, const std::string& value) {
  throw Error(where, fmt::format("key '{}' is {}", key, value),
              "a model that computes with it is not supported");
}

std::vector<std::string> check_keys(const json& object, std::span<const KnownKey> keys,
                                    const std::string& prefix, const std::string& where) {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : object.items()) {
    const KnownKey* key = find(keys, name);
    if (key == nullptr) {
      unknown.push_back(prefix + name);
    } else if (!allows(*key, value)) {
      refuse(where, prefix + name, excerpt(value.dump(-1, ' ', false, json::error_handler_t::replace)));
    }
  }
  return unknown;
}

// What a key has that may have these values only.
json scalar(const GgufFile& file, std::string_view name, const KnownKey& key) {
  const bool is_flag = key.only == "true" || key.only == "false";
  return is_flag ? json(*file.find_bool(name)) : json(*file.find_number(name));
}

}  // namespace

std::vector<std::string> check_config_keys(const json& config, const std::string& where) {
  return check_keys(config, kConfigKeys, "", where);
}

std::vector<std::string> check_rope_keys(const json& rope, std::string_view type, std::string_view name,
                                         const std::string& where) {
  const std::string prefix = std::string(name) + ".";
  std::vector<std::string> unknown = check_keys(rope, kRopeKeys, prefix, where);
  std::erase_if(unknown, [&](const std::string& key) {
    return is_of_scaling(std::string_view(key).substr(prefix.size()), type);
  });
  return unknown;
}

std::vector<std::string> check_gguf_keys(const GgufFile& file, std::string_view architecture) {
  std::vector<std::string> unknown;
  const std::string prefix = std::string(architecture) + ".";
  for (const std::string_view name : file.keys()) {
    const bool of_architecture = name.starts_with(prefix);
    if (!of_architecture && !name.starts_with("tokenizer.")) continue;
    if (name.starts_with("tokenizer.chat_template")) continue;  // one is read, others are for other uses
    const KnownKey* key = of_architecture ? find(kGgufArchitectureKeys, name.substr(prefix.size()))
                                          : find(kGgufTokenizerKeys, name);
    if (key == nullptr && of_architecture) {
      throw Error(file.where(), fmt::format("key {} is not known", excerpt(std::string(name))),
                  "it may change what the model computes; use the model's Hugging Face folder");
    }
    if (key == nullptr) {
      unknown.emplace_back(name);
      continue;
    }
    if (key->only.data() == nullptr) continue;
    const json value = scalar(file, name, *key);
    if (!allows(*key, value)) refuse(file.where(), name, value.dump());
  }
  return unknown;
}

}  // namespace deepscaler

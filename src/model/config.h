// What a decoder-only transformer of the llama, qwen2 and qwen3 families is made of, read from an HF
// config.json or the keys of a GGUF file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/rope_scaling.h"
#include "ops/attention/attention.h"
#include "ops/rows/pointwise.h"
#include "tensor/dtype.h"

namespace deepscaler {

class GgufFile;

enum class Architecture { kLlama, kQwen2, kQwen3 };

[[nodiscard]] std::string_view architecture_name(Architecture architecture);  // as in model_type
[[nodiscard]] std::string_view activation_name(Activation activation);        // as in hidden_act

// What stands on the last hidden states: transformers' ...ForCausalLM, ...ForSequenceClassification and
// ...ForTokenClassification, the latter two with one label. They differ in where the label is read: at a
// sequence's end, or at every token.
enum class HeadKind { kLanguageModel, kSequenceScore, kTokenScore };

// Of an attention layer; what its keys and values are kept as is the model's choice (model/model.h).
struct AttentionHeads {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
};

struct ModelConfig {
  Architecture architecture = Architecture::kLlama;
  int64_t vocabulary = 0;
  int64_t hidden = 0;
  int64_t feed_forward = 0;
  int64_t layers = 0;
  AttentionHeads attention;
  int64_t context = 0;  // positions that the model was made for
  double rope_theta = 10000;
  RopeScaling rope_scaling;
  Activation activation = Activation::kSilu;  // of the feed-forward layer's gate
  float norm_eps = 1e-5f;
  HeadKind head = HeadKind::kLanguageModel;
  bool tied_embeddings = false;
  bool attention_bias = false;  // on q, k and v
  std::optional<int32_t> bos;
  std::vector<int32_t> eos;  // any of them ends a text
  // Keys of the file that this program does not know: read by nothing, as transformers would not read them.
  std::vector<std::string> unknown_keys;

  // A model with a scalar head, "score.weight", has no LM head.
  [[nodiscard]] bool scalar_head() const { return head != HeadKind::kLanguageModel; }
  [[nodiscard]] bool head_norms() const { return architecture == Architecture::kQwen3; }
  [[nodiscard]] int64_t query_width() const { return attention.heads * attention.head_dim; }
  [[nodiscard]] int64_t kv_width() const { return attention.kv_heads * attention.head_dim; }
  [[nodiscard]] std::vector<double> rope_frequencies() const {
    return deepscaler::rope_frequencies(rope_theta, attention.head_dim, rope_scaling);
  }
};

// Throws Error naming the file and key for what is missing, out of range or not supported. Every key that a
// file has is used, known to change no number, or refused unless it says what this program computes
// (model/config_keys.h).
[[nodiscard]] ModelConfig read_hf_config(const std::filesystem::path& folder);
[[nodiscard]] ModelConfig parse_hf_config(std::string_view text, const std::string& where);
// From a config.json alone: what ends a text may also stand in the generation_config.json beside it.
[[nodiscard]] ModelConfig read_hf_config_file(const std::filesystem::path& file);
[[nodiscard]] ModelConfig read_gguf_config(const GgufFile& file);

// Throws Error naming `where` for dimensions that no model of these families has.
void check_dimensions(const ModelConfig& config, const std::string& where);
[[nodiscard]] Architecture architecture_from_name(std::string_view name, const std::string& where);

// The layers' attention over keys and values that are stored so.
[[nodiscard]] AttentionShape attention_shape(const ModelConfig& config, KvStore store);

// config.json as transformers reads it, for weights stored in `dtype` (F32, BF16 or F16).
[[nodiscard]] nlohmann::json hf_config_json(const ModelConfig& config, DType dtype);

}  // namespace deepscaler

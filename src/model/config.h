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

#include "ops/attention/attention.h"
#include "tensor/dtype.h"

namespace deepscaler {

class GgufFile;

enum class Architecture { kLlama, kQwen2, kQwen3 };

[[nodiscard]] std::string_view architecture_name(Architecture architecture);  // as in model_type

// What stands on the last hidden states: transformers' ...ForCausalLM, ...ForSequenceClassification and
// ...ForTokenClassification, the latter two with one label. They differ in where the label is read: at a
// sequence's end, or at every token.
enum class HeadKind { kLanguageModel, kSequenceScore, kTokenScore };

// Llama 3's stretching of the rotary frequencies for contexts beyond the one it was trained on.
struct Llama3RopeScaling {
  double factor;
  double low_freq_factor;
  double high_freq_factor;
  int64_t original_context;

  bool operator==(const Llama3RopeScaling&) const = default;
};

struct ModelConfig {
  Architecture architecture = Architecture::kLlama;
  int64_t vocabulary = 0;
  int64_t hidden = 0;
  int64_t feed_forward = 0;
  int64_t layers = 0;
  AttentionShape attention;  // how it keeps keys and values goes by what the model computes in
  int64_t context = 0;       // positions that the model was made for
  double rope_theta = 10000;
  std::optional<Llama3RopeScaling> rope_scaling;
  float norm_eps = 1e-5f;
  HeadKind head = HeadKind::kLanguageModel;
  bool tied_embeddings = false;
  bool attention_bias = false;  // on q, k and v
  std::optional<int32_t> bos;
  std::vector<int32_t> eos;  // any of them ends a text

  // A model with a scalar head, "score.weight", has no LM head.
  [[nodiscard]] bool scalar_head() const { return head != HeadKind::kLanguageModel; }
  [[nodiscard]] bool head_norms() const { return architecture == Architecture::kQwen3; }
  [[nodiscard]] int64_t query_width() const { return attention.heads * attention.head_dim; }
  [[nodiscard]] int64_t kv_width() const { return attention.kv_heads * attention.head_dim; }
  // Radians per position of each pair of a head, scaling applied.
  [[nodiscard]] std::vector<double> rope_frequencies() const;
};

// Throws Error naming the file and key for what is missing, out of range or not supported.
[[nodiscard]] ModelConfig read_hf_config(const std::filesystem::path& folder);
[[nodiscard]] ModelConfig parse_hf_config(std::string_view text, const std::string& where);
// From a config.json alone: what ends a text may also stand in the generation_config.json beside it.
[[nodiscard]] ModelConfig read_hf_config_file(const std::filesystem::path& file);
[[nodiscard]] ModelConfig read_gguf_config(const GgufFile& file);

// config.json as transformers reads it, for weights stored in `dtype` (F32, BF16 or F16).
[[nodiscard]] nlohmann::json hf_config_json(const ModelConfig& config, DType dtype);

}  // namespace deepscaler

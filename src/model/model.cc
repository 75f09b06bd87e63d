#include "model/model.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "formats/excerpt.h"
#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "model/kv_cache.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

// The name in GGUF files of a parameter that HF calls `name`.
std::string gguf_name(std::string name) {
  static const std::pair<std::string_view, std::string_view> kNames[] = {
      {"model.embed_tokens.", "token_embd."},
      {"model.norm.", "output_norm."},
      {"lm_head.", "output."},
      {"model.layers.", "blk."},
      {"input_layernorm.", "attn_norm."},
      {"post_attention_layernorm.", "ffn_norm."},
      {"self_attn.q_proj.", "attn_q."},
      {"self_attn.k_proj.", "attn_k."},
      {"self_attn.v_proj.", "attn_v."},
      {"self_attn.o_proj.", "attn_output."},
      {"self_attn.q_norm.", "attn_q_norm."},
      {"self_attn.k_norm.", "attn_k_norm."},
      {"mlp.gate_proj.", "ffn_gate."},
      {"mlp.up_proj.", "ffn_up."},
      {"mlp.down_proj.", "ffn_down."}};
  for (const auto& [hf, gguf] : kNames) {
    if (const size_t at = name.find(hf); at != std::string::npos) name.replace(at, hf.size(), gguf);
  }
  return name;
}

// GGUF files of llama models store the rows of q and k for rotations of neighbours (2j, 2j + 1);
// ours, like HF's, pair j with j + d/2. Row c d/2 + j of a head is row 2j + c there.
void undo_interleaved_rope(MatrixView rows, int64_t head_dim) {
  Matrix head(head_dim, rows.cols);
  for (int64_t first = 0; first < rows.rows; first += head_dim) {
    for (int64_t r = 0; r < head_dim; ++r) std::copy_n(rows.row(first + r), rows.cols, head.row(r));
    for (int64_t c = 0; c < 2; ++c) {
      for (int64_t j = 0; j < head_dim / 2; ++j) {
        std::copy_n(head.row(2 * j + c), rows.cols, rows.row(first + c * head_dim / 2 + j));
      }
    }
  }
}

constexpr std::string_view kEmbedding = "model.embed_tokens.weight";
constexpr std::string_view kHead = "lm_head.weight";

// A model file: its tensors, and what they are called there.
struct ModelFile {
  const StoredTensors& tensors;
  std::string where;
  bool gguf;

  [[nodiscard]] std::string name(const ParameterInfo& info) const {
    return gguf ? gguf_name(info.name) : info.name;
  }
  // Null where there is none. Files of transformers' base models leave "model." out, and a tied matrix may be
  // stored as the head alone.
  [[nodiscard]] const StoredTensor* find(std::string_view name) const {
    constexpr std::string_view kBase = "model.";
    const StoredTensor* found = tensors.find(name);
    if (found == nullptr && name.starts_with(kBase)) found = tensors.find(name.substr(kBase.size()));
    return found;
  }
  [[nodiscard]] const StoredTensor* find(const ParameterInfo& info, const ModelConfig& config) const {
    const StoredTensor* found = find(name(info));
    if (found == nullptr && !gguf && config.tied_embeddings && info.name == kEmbedding) found = find(kHead);
    return found;
  }
};

const StoredTensor& find_parameter(const ParameterInfo& info, const ModelConfig& config,
                                   const ModelFile& file) {
  const std::string name = file.name(info);
  const StoredTensor* stored = file.find(info, config);
  if (stored == nullptr) {
    throw Error(file.where, fmt::format("tensor '{}' is missing", name), "use a complete model");
  }
  if (!stored->other_type.empty()) {
    throw Error(file.where, fmt::format("tensor '{}' is stored as {}", name, stored->other_type),
                "convert it to F32, F16 or BF16");
  }
  const std::vector<int64_t> shape =
      info.is_matrix() ? std::vector{info.rows, info.cols} : std::vector{info.cols};
  if (stored->shape != shape) {
    throw Error(file.where, fmt::format("tensor '{}' has another shape than the config says", name),
                "config and weights must be of one model");
  }
  return *stored;
}

// Tensors beside the parameters that files of these families have: what is computed from the config, a
// second copy of a tied embedding, and buffers of integers.
bool is_redundant(const StoredTensor& tensor, const ModelConfig& config) {
  return tensor.name == "rope_freqs.weight" || tensor.name.ends_with(".rotary_emb.inv_freq") ||
         (config.tied_embeddings && tensor.name == kHead) || !tensor.other_type.empty();
}

// File and config must agree before memory is taken for what the config says; and a tensor that would
// not be used means another kind of model.
void check_tensors(const ModelConfig& config, const ModelFile& file) {
  if (config.layers > std::ssize(file.tensors.all())) {
    throw Error(file.where, fmt::format("{} layers are more than there are tensors", config.layers),
                "config and weights must be of one model");
  }
  const ParameterTable table(config);
  std::vector<std::string_view> used;
  for (const ParameterInfo& info : table.all()) used.push_back(find_parameter(info, config, file).name);
  std::ranges::sort(used);
  for (const StoredTensor& tensor : file.tensors.all()) {
    if (std::ranges::binary_search(used, tensor.name) || is_redundant(tensor, config)) continue;
    throw Error(file.where,
                fmt::format("tensor {} is no part of a {} model", excerpt(tensor.name),
                            architecture_name(config.architecture)),
                "this kind of model is not supported");
  }
}

bool same_values(const StoredTensor& a, const StoredTensor& b) {
  if (a.shape != b.shape || a.dtype != b.dtype) return false;
  return std::ranges::equal(a.bytes, b.bytes);
}

// A config may tie the head to the embedding where the file has a head of its own, trained apart.
// transformers and vLLM take the one that is there.
void use_stored_head(ModelConfig& config, const ModelFile& file) {
  if (!config.tied_embeddings || file.gguf) return;
  const StoredTensor* embedding = file.find(kEmbedding);
  const StoredTensor* head = file.find(kHead);
  config.tied_embeddings = embedding == nullptr || head == nullptr || same_values(*embedding, *head);
}

void load_parameter(const ParameterInfo& info, const ModelFile& file, Model& model) {
  const StoredTensor& stored = find_parameter(info, model.config(), file);
  Matrix rows(info.rows, info.cols);
  dequantize(stored.dtype, stored.bytes, {rows.data(), static_cast<size_t>(rows.size())});
  for (int64_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(rows.data()[i])) {
      throw Error(file.where,
                  fmt::format("tensor '{}' holds a number that is not finite, at {}", stored.name, i),
                  "the file is damaged or the model has diverged");
    }
  }
  const bool rotated =
      info.name.find("q_proj") != std::string::npos || info.name.find("k_proj") != std::string::npos;
  if (file.gguf && rotated && model.config().architecture == Architecture::kLlama) {
    undo_interleaved_rope(rows.view(), model.config().attention.head_dim);
  }
  write_parameter(info, rows.view(), model.edit_weights().data());
}

// What the config does not say is computed, or not as it says.
void warn_of_differences(const ModelConfig& said, const ModelConfig& config, const std::string& where) {
  if (said.tied_embeddings != config.tied_embeddings) {
    log_warning(
        "{}: tie_word_embeddings is true, and lm_head.weight is another matrix than the embedding; it is "
        "used",
        where);
  }
  if (!config.unknown_keys.empty()) {
    log_warning("{}: keys that are read by nothing: {}", where, fmt::join(config.unknown_keys, ", "));
  }
}

Model load(ModelConfig config, const ModelFile& file) {
  const ModelConfig said = config;
  use_stored_head(config, file);
  check_tensors(config, file);
  warn_of_differences(said, config, file.where);
  Model model(std::move(config));
  for (const ParameterInfo& info : model.table().all()) load_parameter(info, file, model);
  return model;
}

}  // namespace

Model::Model(ModelConfig config)
    : config_(std::move(config)),
      table_(std::make_unique<const ParameterTable>(config_)),
      rope_(config_.rope_frequencies(), config_.context, rope_magnitude(config_.rope_scaling)),
      weights_(table_->size()),
      form_(make_weight_form(compute_type_, *table_, weights_.data())) {}

namespace {

enum class ModelFormat { kHf, kGguf };

ModelFormat format_of(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return ModelFormat::kHf;
  if (path.extension() == ".gguf") return ModelFormat::kGguf;
  throw Error(path.string(), "is neither a folder with a config.json nor a .gguf file",
              "name a model: an HF folder or a GGUF file");
}

}  // namespace

ModelConfig read_model_config(const std::filesystem::path& path) {
  if (format_of(path) == ModelFormat::kGguf) return read_gguf_config(GgufFile(path));
  ModelConfig config = read_hf_config(path);
  // A folder may hold a config alone, for random weights.
  if (config.tied_embeddings && SafetensorsFolder::is_there(path)) {
    const SafetensorsFolder folder(path);
    use_stored_head(config, {folder.tensors(), path.string(), false});
  }
  return config;
}

Model Model::load(const std::filesystem::path& path) {
  if (format_of(path) == ModelFormat::kHf) {
    ModelConfig config = read_hf_config(path);
    const SafetensorsFolder folder(path);
    return deepscaler::load(std::move(config), {folder.tensors(), path.string(), false});
  }
  const GgufFile file(path);
  return deepscaler::load(read_gguf_config(file), {file.tensors(), path.string(), true});
}

void Model::compute_in(ComputeType type) {
  form_.reset();  // before the new one takes memory
  try {
    form_ = make_weight_form(type, *table_, weights_.data());
  } catch (...) {
    form_ = make_weight_form(compute_type_, *table_, weights_.data());
    throw;
  }
  compute_type_ = type;
}

void Model::train_only(const ParameterTable::Trains& trains) {
  auto table = std::make_unique<const ParameterTable>(config_, trains);
  Buffer<float> weights(table->size());
  for (size_t i = 0; i < table->all().size(); ++i) {
    const ParameterInfo& from = table_->all()[i];
    std::copy_n(weights_.data() + from.offset, from.size, weights.data() + table->all()[i].offset);
  }
  form_.reset();
  table_ = std::move(table);
  weights_ = std::move(weights);
  form_ = make_weight_form(compute_type_, *table_, weights_.data());
}

int64_t kv_block_bytes(const Model& model) {
  return KvCache::block_bytes(model.attention(), model.config().layers);
}

std::string Model::hash() const {
  return fmt::format("{:016x}", hash_parameters(table_->all(), weights_.data(),
                                                hash_name(architecture_name(config_.architecture))));
}

void randomize(Model& model, uint64_t seed, float std) {
  const WeightEdit weights = model.edit_weights();
  for (const ParameterInfo& info : model.table().all()) {
    Matrix rows(info.rows, info.cols);
    const Rng rng(seed, {hash_name(info.name)});
    const bool norm = info.name.find("norm") != std::string::npos;
    parallel_for(info.rows, [&](int64_t r) {
      for (int64_t i = 0; i < info.cols; ++i) rows.row(r)[i] = norm ? 1 : std * rng.normal(r * info.cols + i);
    });
    write_parameter(info, rows.view(), weights.data());
  }
}

void copy_parameters(const Model& from, Model& to) {
  const WeightEdit weights = to.edit_weights();
  for (const ParameterInfo& target : to.table().all()) {
    const auto& all = from.table().all();
    const auto source = std::ranges::find(all, target.name, &ParameterInfo::name);
    if (source == all.end() || source->rows != target.rows || source->cols != target.cols) continue;
    if (source->layout == target.layout) {
      std::copy_n(from.weights() + source->offset, source->size, weights.data() + target.offset);
    } else {
      Matrix rows(source->rows, source->cols);
      read_parameter(*source, from.weights(), rows.view());
      write_parameter(target, rows.view(), weights.data());
    }
  }
}

namespace {

std::vector<uint16_t> rounded(std::span<const float> values, DType dtype, const std::string& name) {
  std::vector<uint16_t> halves;
  halves.reserve(values.size());
  for (float value : values) {
    if (dtype == DType::kF16 && std::isinf(f16_to_f32(f32_to_f16(value)))) {
      throw Error(name, fmt::format("has a weight of {}, too large for F16", value), "use BF16 or F32");
    }
    halves.push_back(dtype == DType::kF16 ? f32_to_f16(value) : f32_to_bf16(value));
  }
  return halves;
}

}  // namespace

void save_hf_model(const Model& model, const std::filesystem::path& folder, DType dtype) {
  DEEPSCALER_CHECK(dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kF16);
  std::vector<TensorDeclaration> declarations;
  for (const ParameterInfo& info : model.table().all()) {
    declarations.push_back(
        {info.name, dtype, info.is_matrix() ? std::vector{info.rows, info.cols} : std::vector{info.cols}});
  }
  SafetensorsWriter writer(folder / "model.safetensors", declarations);
  for (const ParameterInfo& info : model.table().all()) {
    Matrix rows(info.rows, info.cols);
    read_parameter(info, model.weights(), rows.view());
    const std::span<const float> values(rows.data(), static_cast<size_t>(rows.size()));
    if (dtype == DType::kF32) {
      writer.write(std::as_bytes(values));
    } else {
      const auto halves = rounded(values, dtype, info.name);
      writer.write(std::as_bytes(std::span(halves)));
    }
  }
  writer.commit();
  write_file_atomically(folder / "config.json", hf_config_json(model.config(), dtype).dump(2) + "\n");
}

}  // namespace deepscaler

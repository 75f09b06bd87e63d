#include "model/model_file.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "formats/excerpt.h"
#include "model/adapter_file.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

constexpr std::string_view kEmbedding = "model.embed_tokens.weight";
constexpr std::string_view kHead = "lm_head.weight";

// Null where there is none. Files of transformers' base models leave "model." out.
const StoredTensor* find_in_folder(const StoredTensors& tensors, std::string_view name) {
  constexpr std::string_view kBase = "model.";
  const StoredTensor* found = tensors.find(name);
  if (found == nullptr && name.starts_with(kBase)) found = tensors.find(name.substr(kBase.size()));
  return found;
}

// A model's own weights are read here, and an adapter has none.
const std::filesystem::path& no_adapter(const std::filesystem::path& path) {
  if (!is_adapter(path)) return path;
  throw Error(path.string(), "is an adapter, and a model of its own is wanted",
              "merge it into its base with deepscaler convert");
}

// A layer more than there are tensors would ask for memory that no file backs.
const ModelConfig& checked_layers(const ModelConfig& config, const StoredTensors& tensors,
                                  const std::string& where) {
  if (config.layers <= std::ssize(tensors.all())) return config;
  throw Error(where, fmt::format("{} layers are more than there are tensors", config.layers),
              "config and weights must be of one model");
}

enum class ModelFormat { kHf, kGguf };

ModelFormat format_of(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return ModelFormat::kHf;
  if (path.extension() == ".gguf") return ModelFormat::kGguf;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (std::filesystem::exists(path) && std::filesystem::exists(folder / "config.json")) {
    throw Error(path.string(), "is one file of a model's folder", "name the folder, " + folder.string());
  }
  throw Error(path.string(), "is neither a folder with a config.json nor a .gguf file",
              "name a model: an HF folder or a GGUF file");
}

bool same_values(const StoredTensor& a, const StoredTensor& b) {
  return a.shape == b.shape && a.dtype == b.dtype && std::ranges::equal(a.bytes, b.bytes);
}

// A config may tie the head to the embedding where the folder has a head of its own, trained apart.
// transformers and vLLM take the one that is there.
bool has_own_head(const StoredTensors& tensors) {
  const StoredTensor* embedding = find_in_folder(tensors, kEmbedding);
  const StoredTensor* head = find_in_folder(tensors, kHead);
  return embedding != nullptr && head != nullptr && !same_values(*embedding, *head);
}

bool is_rotated(const ParameterInfo& info) {
  return info.name.find("q_proj") != std::string::npos || info.name.find("k_proj") != std::string::npos;
}

}  // namespace

std::string gguf_parameter_name(std::string name) {
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

ModelConfig read_model_config(const std::filesystem::path& path) {
  if (is_adapter(path)) return read_model_config(adapter_base(path));
  if (format_of(path) == ModelFormat::kGguf) return read_gguf_config(GgufFile(path));
  ModelConfig config = read_hf_config(path);
  // A folder may hold a config alone, for random weights.
  if (config.tied_embeddings && SafetensorsFolder::is_there(path)) {
    config.tied_embeddings = !has_own_head(SafetensorsFolder(path).tensors());
  }
  return config;
}

ModelFile::ModelFile(const std::filesystem::path& path)
    : where_(no_adapter(path).string()),
      config_(read_model_config(path)),
      gguf_(std::filesystem::is_directory(path) ? nullptr : std::make_unique<GgufFile>(path)),
      folder_(gguf_ ? nullptr : std::make_unique<SafetensorsFolder>(path)),
      table_(checked_layers(config_, tensors(), where_)) {
  check();
}

const StoredTensor* ModelFile::find(const ParameterInfo& info) const {
  if (gguf_) return tensors().find(gguf_parameter_name(info.name));
  const StoredTensor* found = find_in_folder(tensors(), info.name);
  // A tied matrix may be stored as the head alone.
  if (found == nullptr && config_.tied_embeddings && info.name == kEmbedding) found = tensors().find(kHead);
  return found;
}

const StoredTensor& ModelFile::tensor(const ParameterInfo& info) const {
  const StoredTensor* stored = find(info);
  const std::string name = gguf_ ? gguf_parameter_name(info.name) : info.name;
  if (stored == nullptr) {
    throw Error(where_, fmt::format("tensor '{}' is missing", name), "use a complete model");
  }
  if (!stored->other_type.empty()) {
    throw Error(where_, fmt::format("tensor '{}' is stored as {}", name, stored->other_type),
                "convert it to F32, F16 or BF16");
  }
  const std::vector<int64_t> shape =
      info.is_matrix() ? std::vector{info.rows, info.cols} : std::vector{info.cols};
  if (stored->shape != shape) {
    throw Error(where_, fmt::format("tensor '{}' has another shape than the config says", name),
                "config and weights must be of one model");
  }
  return *stored;
}

// Tensors beside the parameters that files of these families have: what is computed from the config, a
// second copy of a tied embedding, and buffers of integers.
bool ModelFile::is_redundant(const StoredTensor& tensor) const {
  return tensor.name == "rope_freqs.weight" || tensor.name.ends_with(".rotary_emb.inv_freq") ||
         (config_.tied_embeddings && tensor.name == kHead) || !tensor.other_type.empty();
}

// A tensor that would not be used means another kind of model.
void ModelFile::check() const {
  std::vector<std::string_view> used;
  for (const ParameterInfo& info : table_.all()) used.push_back(tensor(info).name);
  std::ranges::sort(used);
  for (const StoredTensor& tensor : tensors().all()) {
    if (std::ranges::binary_search(used, tensor.name) || is_redundant(tensor)) continue;
    throw Error(where_,
                fmt::format("tensor {} is no part of a {} model", excerpt(tensor.name),
                            architecture_name(config_.architecture)),
                "this kind of model is not supported");
  }
}

bool ModelFile::is_reordered(const ParameterInfo& info, RowOrder order) const {
  const RowOrder stored = gguf_ ? RowOrder::kGguf : RowOrder::kHuggingFace;
  return stored != order && config_.architecture == Architecture::kLlama && is_rotated(info);
}

// Row c d/2 + j of a head is row 2j + c in a GGUF file.
int64_t ModelFile::stored_row(const ParameterInfo& info, RowOrder order, int64_t row) const {
  if (!is_reordered(info, order)) return row;
  const int64_t d = config_.attention.head_dim;
  const int64_t head = row / d * d, i = row % d;
  return head + (order == RowOrder::kGguf ? i % 2 * (d / 2) + i / 2 : i % (d / 2) * 2 + i / (d / 2));
}

bool ModelFile::is_in_blocks(const ParameterInfo& info) const {
  return info.is_matrix() && block_elements(tensor(info).dtype) > 1;
}

BlockMatrix ModelFile::blocks(const ParameterInfo& info) const {
  const StoredTensor& stored = tensor(info);
  BlockMatrix matrix = blocks_in_rows(stored.dtype, info.rows, info.cols, stored.bytes);
  if (is_reordered(info, RowOrder::kHuggingFace)) {
    matrix.row = [this, info, row = std::move(matrix.row)](int64_t o) {
      return row(stored_row(info, RowOrder::kHuggingFace, o));
    };
  }
  return matrix;
}

void ModelFile::check_blocks(const ParameterInfo& info) const {
  const BlockMatrix matrix = blocks(info);
  constexpr int64_t kRowsOfTask = 64;
  std::vector<int64_t> bad(static_cast<size_t>(ceil_div(info.rows, kRowsOfTask)), info.rows);
  parallel_for(std::ssize(bad), [&](int64_t task) {
    const int64_t end = std::min(info.rows, (task + 1) * kRowsOfTask);
    int64_t r = task * kRowsOfTask;
    while (r < end && blocks_are_finite(matrix.dtype, matrix.row_blocks(r))) ++r;
    if (r < end) bad[static_cast<size_t>(task)] = r;
  });
  const int64_t first = *std::ranges::min_element(bad);
  if (first == info.rows) return;
  Matrix row(1, info.cols);
  read_rows(info, RowOrder::kHuggingFace, first, row.view());  // which says where
}

void ModelFile::forget(const ParameterInfo& info) const {
  if (gguf_) gguf_->forget(tensor(info));
}

void ModelFile::read_rows(const ParameterInfo& info, RowOrder order, int64_t first, MatrixView rows) const {
  const StoredTensor& stored = tensor(info);
  const auto row_bytes = static_cast<size_t>(*storage_bytes(stored.dtype, info.cols));
  const auto bytes_of_row = [&](int64_t r) {
    const int64_t row = stored_row(info, order, first + r);
    return stored.bytes.subspan(static_cast<size_t>(row) * row_bytes, row_bytes);
  };
  std::vector<uint8_t> finite(static_cast<size_t>(rows.rows));
  parallel_for(rows.rows, [&](int64_t r) {
    const std::span numbers(rows.row(r), static_cast<size_t>(rows.cols));
    dequantize(stored.dtype, bytes_of_row(r), numbers);
    finite[static_cast<size_t>(r)] = std::ranges::all_of(numbers, [](float x) { return std::isfinite(x); });
  });
  const auto bad = std::ranges::find(finite, uint8_t{0});
  if (bad == finite.end()) return;
  const int64_t r = bad - finite.begin();
  const int64_t column =
      std::find_if(rows.row(r), rows.row(r) + rows.cols, [](float x) { return !std::isfinite(x); }) -
      rows.row(r);
  throw Error(where_,
              fmt::format("tensor '{}' holds a number that is not finite, at {}", stored.name,
                          stored_row(info, order, first + r) * info.cols + column),
              "the file is damaged or the model has diverged");
}

}  // namespace deepscaler

#include "model/model_file.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "formats/excerpt.h"
#include "model/model.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

constexpr std::string_view kEmbedding = "model.embed_tokens.weight";
constexpr std::string_view kHead = "lm_head.weight";

// A layer more than there are tensors would ask for memory that no file backs.
const ModelConfig& checked_layers(const ModelConfig& config, const StoredTensors& tensors,
                                  const std::string& where) {
  if (config.layers <= std::ssize(tensors.all())) return config;
  throw Error(where, fmt::format("{} layers are more than there are tensors", config.layers),
              "config and weights must be of one model");
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

ModelFile::ModelFile(const std::filesystem::path& path)
    : where_(path.string()),
      config_(read_model_config(path)),
      gguf_(std::filesystem::is_directory(path) ? nullptr : std::make_unique<GgufFile>(path)),
      folder_(gguf_ ? nullptr : std::make_unique<SafetensorsFolder>(path)),
      table_(checked_layers(config_, tensors(), where_)) {
  check();
}

// Files of transformers' base models leave "model." out, and a tied matrix may be stored as the head alone.
const StoredTensor* ModelFile::find(const ParameterInfo& info) const {
  if (gguf_) return tensors().find(gguf_parameter_name(info.name));
  constexpr std::string_view kBase = "model.";
  const StoredTensor* found = tensors().find(info.name);
  if (found == nullptr && info.name.starts_with(kBase))
    found = tensors().find(info.name.substr(kBase.size()));
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

// Row c d/2 + j of a head is row 2j + c in a GGUF file.
int64_t ModelFile::stored_row(const ParameterInfo& info, RowOrder order, int64_t row) const {
  const RowOrder stored = gguf_ ? RowOrder::kGguf : RowOrder::kHuggingFace;
  if (stored == order || config_.architecture != Architecture::kLlama || !is_rotated(info)) return row;
  const int64_t d = config_.attention.head_dim;
  const int64_t head = row / d * d, i = row % d;
  return head + (order == RowOrder::kGguf ? i % 2 * (d / 2) + i / 2 : i % (d / 2) * 2 + i / (d / 2));
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

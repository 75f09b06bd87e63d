#include "export/quantization_mix.h"

#include <algorithm>
#include <charconv>

namespace deepscaler {
namespace {

constexpr FileType kFileTypes[] = {
    {"F32", 0, DType::kF32},      {"F16", 1, DType::kF16},      {"BF16", 32, DType::kBF16},
    {"Q8_0", 7, DType::kQ8_0},    {"Q6_K", 18, DType::kQ6_K},   {"Q5_K_M", 17, DType::kQ5_K},
    {"Q5_K_S", 16, DType::kQ5_K}, {"Q5_1", 9, DType::kQ5_1},    {"Q5_0", 8, DType::kQ5_0},
    {"Q4_K_M", 15, DType::kQ4_K}, {"Q4_K_S", 14, DType::kQ4_K}, {"Q4_1", 3, DType::kQ4_1},
    {"Q4_0", 2, DType::kQ4_0},
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "blk.12.ffn_down.weight" is in layer 12.
int64_t layer_of(std::string_view name) {
  constexpr std::string_view kPrefix = "blk.";
  int64_t layer = 0;
  if (name.starts_with(kPrefix)) {
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), layer);
  }
  return layer;
}

// The first and last eighth of the layers, and every third between.
bool takes_more_bits(int64_t layer, int64_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

bool fits(DType dtype, const TensorShape& tensor) { return tensor.cols % block_elements(dtype) == 0; }

// The matrix that logits come from is kept finer than the rest.
DType head_format(DType base, const TensorShape& tensor) {
  if (!fits(base, tensor)) return DType::kQ8_0;
  return base == DType::kQ8_0 ? base : DType::kQ6_K;
}

DType value_format(const FileType& type, const MixedModel& model, int64_t layer) {
  const bool medium = type.name == "Q4_K_M" || type.name == "Q5_K_M";
  if (medium && takes_more_bits(layer, model.layers)) return DType::kQ6_K;
  if (type.name == "Q4_K_S" && layer < 4) return DType::kQ5_K;
  if (model.shares_values && type.base == DType::kQ4_K) return DType::kQ5_K;
  return type.base;
}

DType down_format(const FileType& type, const MixedModel& model, int64_t layer) {
  const bool medium = type.name == "Q4_K_M" || type.name == "Q5_K_M";
  if (medium && takes_more_bits(layer, model.layers)) return DType::kQ6_K;
  if (layer >= model.layers / 8) return type.base;
  if (type.name == "Q4_K_S") return DType::kQ5_K;
  // An importance can go badly wrong in the first layers.
  if (type.name == "Q4_0" && model.has_importance) return DType::kQ4_1;
  if (type.name == "Q5_0" && model.has_importance) return DType::kQ5_1;
  return type.base;
}

DType mixed_format(const Mix& mix, const MixedModel& model, const TensorShape& tensor) {
  const DType base = mix.type->base;
  if (mix.pure || block_elements(base) == 1) return base;
  const int64_t layer = layer_of(tensor.name);
  const bool is_head = tensor.name == (model.has_output ? "output.weight" : "token_embd.weight");
  if (is_head) return head_format(base, tensor);
  if (contains(tensor.name, "attn_v.weight")) return value_format(*mix.type, model, layer);
  if (contains(tensor.name, "ffn_down")) return down_format(*mix.type, model, layer);
  return base;
}

// What stands in for a format whose blocks do not divide a row.
DType fallback(DType dtype, const TensorShape& tensor) {
  const DType smaller = dtype == DType::kQ4_K   ? DType::kQ5_0
                        : dtype == DType::kQ5_K ? DType::kQ5_1
                        : dtype == DType::kQ6_K ? DType::kQ8_0
                                                : DType::kF16;
  return fits(smaller, tensor) ? smaller : DType::kF16;
}

}  // namespace

std::span<const FileType> file_types() { return kFileTypes; }

const FileType* find_file_type(std::string_view name) {
  const auto found = std::ranges::find(kFileTypes, name, &FileType::name);
  return found == std::end(kFileTypes) ? nullptr : found;
}

bool is_quantizable(const TensorShape& tensor) {
  return tensor.rows > 1 && tensor.name.ends_with("weight") && !contains(tensor.name, "_norm.weight");
}

const TensorRule* rule_for(const Mix& mix, std::string_view name) {
  const auto rule =
      std::ranges::find_if(mix.rules, [&](const TensorRule& each) { return each.holds(std::string(name)); });
  return rule == mix.rules.end() ? nullptr : &*rule;
}

Choice choose(const Mix& mix, const MixedModel& model, const TensorShape& tensor) {
  const TensorRule* rule = rule_for(mix, tensor.name);
  const DType dtype = rule == nullptr ? mixed_format(mix, model, tensor) : rule->dtype;
  if (fits(dtype, tensor)) return {dtype};
  return {fallback(dtype, tensor), dtype};
}

}  // namespace deepscaler
